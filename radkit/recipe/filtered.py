"""The filtered images of a recipe: their settings checked, their reach, and their place in YAML."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from radkit.filters import KINDS, Filter
from radkit.preprocess import FixedBinCount
from radkit.volume import Grid, SettingError

if TYPE_CHECKING:
    from radkit.recipe.recipe import Recipe

_WORDS = {kind: word for word, kind in KINDS.items()}
MAX_FILTERS = 200  # a filtered image of 2.4 million voxels takes 19 MB and about a second


def check_filters(recipe: Recipe) -> None:
    """Raise SettingError for anything that is not a filter, two filters of one name, or nothing left to compute."""
    object.__setattr__(recipe, "filters", tuple(recipe.filters))
    for filter in recipe.filters:
        if not isinstance(filter, Filter):
            names = ", ".join(kind.__name__ for kind in KINDS.values())
            raise SettingError(f"filters holds a {type(filter).__name__}; use {names}.")
    if len(recipe.filters) > MAX_FILTERS:
        raise SettingError(f"recipe has {len(recipe.filters)} filters; at most {MAX_FILTERS} are computed at a time.")
    twice = [name for name, n in Counter(f.name for f in recipe.filters).items() if n > 1]
    if twice:
        raise SettingError(f"filter {twice[0]!r} stands in the recipe more than once; keep one.")
    if not isinstance(recipe.filter_binning, FixedBinCount):
        raise SettingError(
            f"filter_binning is a {type(recipe.filter_binning).__name__}; it must be a FixedBinCount: a response has "
            "no unit for a bin width."
        )
    if not isinstance(recipe.original, bool):
        raise SettingError(f"original is {recipe.original!r}; use true or false.")
    if not recipe.original and not recipe.filters:
        raise SettingError("recipe has neither the original image nor a filter; set original to true, or add a filter.")


def filter_reach(recipe: Recipe, grid: Grid) -> tuple[int, int, int]:
    """How far (z, y, x), in voxels of the scan's ``grid``, the filters look on the resampled image."""
    wanted = recipe.resample.spacing_mm if recipe.resample else (None, None, None)
    spacing = tuple(old if new is None else new for old, new in zip(grid.spacing_mm, wanted, strict=True))
    reach = [0, 0, 0]
    for filter in recipe.filters:
        for axis, voxels in enumerate(filter.reach(spacing)):
            old = grid.full_shape[axis] if math.isinf(voxels) else voxels * spacing[axis] / grid.spacing_mm[axis]
            reach[axis] = max(reach[axis], math.ceil(old - 1e-9))
    return tuple(reach)


def plain_filters(recipe: Recipe) -> dict[str, Any]:
    """What a recipe without filters leaves out: its filters, their bin count, and that the original is left out."""
    if not recipe.filters:
        return {}
    return {
        "original": recipe.original,
        "filters": [_plain(filter) for filter in recipe.filters],
        "filter_binning": {"n_bins": recipe.filter_binning.n_bins},
    }


def _plain(filter: Filter) -> dict[str, Any]:
    fields = {}
    for field in dataclasses.fields(filter):
        value = getattr(filter, field.name)
        if isinstance(value, Filter):
            value = _plain(value)
        if value is not None:
            fields[field.name] = list(value) if isinstance(value, tuple) else value
    return {_WORDS[type(filter)]: fields}


def parse_filters(key: str, value: Any, build: Callable[[type, Any, str], Any]) -> Any:
    """The value of "filters", "filter_binning" or "original" from plain data; ``build`` makes one setting."""
    if key == "original":
        return value
    if key == "filter_binning":
        return build(FixedBinCount, value, key)
    if not isinstance(value, list):
        raise SettingError(f"filters is {value!r}; it must be a list, such as [log: {{sigma_mm: 1.5}}].")
    return tuple(_parse(item, "filters", build) for item in value)


def _parse(item: Any, where: str, build: Callable[[type, Any, str], Any]) -> Filter:
    if not isinstance(item, Mapping) or len(item) != 1:
        raise SettingError(f"{where} holds {str(item)[:80]!r}; each filter is one of {', '.join(KINDS)}.")
    ((word, fields),) = item.items()
    if word not in KINDS:
        raise SettingError(f"{where} has no filter {str(word)[:80]!r}; use one of {', '.join(KINDS)}.")
    fields = {} if fields is None else fields
    if isinstance(fields, Mapping) and isinstance(fields.get("of"), Mapping) and word == "riesz":
        fields = {**fields, "of": _parse(fields["of"], f"{where}.riesz.of", build)}
    return build(KINDS[word], fields, f"{where}.{word}")
