"""A recipe as YAML: one mapping a stage, units beside the numbers, read back through the settings' own checks."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import yaml

from radkit.physics import GaussianPsf, ZScore
from radkit.preprocess import AlignedBinWidth, AsIs, FixedBinCount, FixedBinWidth, Resample, Resegment
from radkit.recipe.filtered import parse_filters, plain_filters
from radkit.recipe.recipe import Recipe
from radkit.volume import SettingError

_VERSION = 1
_STAGES = {"psf": GaussianPsf, "normalize": ZScore, "resample": Resample, "resegment": Resegment}
_BINNINGS = {
    "fixed_bin_width": FixedBinWidth,
    "aligned_bin_width": AlignedBinWidth,
    "fixed_bin_count": FixedBinCount,
    "as_is": AsIs,
}
_BINNING_NAMES = {kind: name for name, kind in _BINNINGS.items()}
_MAX_CHARACTERS = 100_000


def plain(recipe: Recipe) -> dict[str, Any]:
    """The settings as plain data; stages that are off are left out."""
    data: dict[str, Any] = {"radkit_recipe": _VERSION, "name": recipe.name}
    for key in _STAGES:
        stage = getattr(recipe, key)
        if stage is not None:
            data[key] = _fields(stage)
    for key in ("binning", "ivh_binning"):
        binning = getattr(recipe, key)
        if binning is not None:
            data[key] = {_BINNING_NAMES[type(binning)]: _fields(binning)}
    data["families"] = list(recipe.families)
    data["aggregations"] = list(recipe.aggregations)
    if recipe.leave_out:
        data["leave_out"] = list(recipe.leave_out)
    data.update(plain_filters(recipe))
    return data


def write(recipe: Recipe) -> str:
    """YAML text of a recipe."""
    return yaml.safe_dump(plain(recipe), sort_keys=False, default_flow_style=None, allow_unicode=True)


def parse(text: str) -> Recipe:
    """The recipe that YAML text describes. Raises SettingError with the nearest valid name for an unknown key."""
    if len(text) > _MAX_CHARACTERS:
        raise SettingError(f"recipe has {len(text)} characters; at most {_MAX_CHARACTERS} are read. Check the file.")
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise SettingError(f"recipe is not valid YAML{where}. See radkit recipes show default.") from None
    except RecursionError:
        raise SettingError("recipe is nested too deeply to be one. See radkit recipes show default.") from None
    if not isinstance(data, Mapping):
        raise SettingError(
            f"recipe is a {type(data).__name__}, not a list of settings. See radkit recipes show default."
        )
    data = dict(data)
    version = data.pop("radkit_recipe", _VERSION)
    if version != _VERSION:
        raise SettingError(f"recipe has format {version!r}; this radkit reads {_VERSION}. Update radkit.")
    known = tuple(f.name for f in dataclasses.fields(Recipe))
    settings = {}
    for key, value in data.items():
        _require_known(key, known, "recipe")
        if value is None:
            continue
        settings[key] = _stage(key, value)
    return Recipe(**settings)


def _stage(key: str, value: Any) -> Any:
    if key in _STAGES:
        return _build(_STAGES[key], value, key)
    if key in ("binning", "ivh_binning"):
        if not isinstance(value, Mapping) or len(value) != 1:
            raise SettingError(f"{key} holds {value!r}; it must hold one of {', '.join(_BINNINGS)}.")
        ((kind, fields),) = value.items()
        _require_known(kind, tuple(_BINNINGS), key)
        return _build(_BINNINGS[kind], fields or {}, f"{key}.{kind}")
    if key in ("filters", "filter_binning", "original"):
        return parse_filters(key, value, _build)
    if key == "name":
        return str(value)
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise SettingError(f"{key} is {value!r}; it must be a list of names.")
    return tuple(value)


def _build(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise SettingError(f"{where} is {value!r}; it must be a mapping of settings.")
    fields = {f.name: f for f in dataclasses.fields(kind)}
    settings = {}
    for key, item in value.items():
        _require_known(key, tuple(fields), where)
        settings[key] = tuple(item) if isinstance(item, list) else item
    missing = [
        name
        for name, f in fields.items()
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING and name not in settings
    ]
    if missing:
        raise SettingError(f"{where} lacks {missing[0]!r}; add it. It has {', '.join(settings) or 'nothing'}.")
    try:
        return kind(**settings)
    except (TypeError, OverflowError) as error:
        raise SettingError(f"{where} has a value of the wrong kind: {error}.") from None
    except ValueError as error:
        if isinstance(error, SettingError):
            raise
        raise SettingError(f"{where} has an impossible value: {error}.") from None


def _fields(setting: Any) -> dict[str, Any]:
    values = ((f.name, getattr(setting, f.name)) for f in dataclasses.fields(setting))
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values if value is not None}


def _require_known(key: Any, known: tuple[str, ...], where: str) -> None:
    if key in known:
        return
    close = get_close_matches(str(key), known, n=1, cutoff=0.4)
    hint = f"did you mean {close[0]!r}?" if close else "remove it."
    raise SettingError(f"{where} has no setting {str(key)[:80]!r}; {hint} It has {', '.join(known)}.")
