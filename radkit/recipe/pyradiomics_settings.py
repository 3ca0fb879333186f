"""A PyRadiomics parameter file, read as the hostile text it may be and checked setting by setting."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from radkit.features.pyradiomics_names import pyradiomics_names
from radkit.volume import SettingError

SECTIONS = ("imageType", "featureClass", "setting", "voxelSetting")
IMAGE_TYPES = (
    "Original", "LoG", "Wavelet", "Square", "SquareRoot", "Logarithm", "Exponential", "Gradient", "LBP2D", "LBP3D",
)  # fmt: skip
_MAX_CHARACTERS = 100_000
_EXPONENT = re.compile(r"[-+]?\d{1,20}(\.\d{0,20})?[eE][-+]?\d{1,3}")
_DECADES = 1e12  # no setting of a scan is larger

Check = tuple[Callable[[Any], bool], str]  # whether a value can be, and what it must be


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -_DECADES < value < _DECADES


def _number(low: float = -math.inf, *, above: bool = False) -> Callable[[Any], bool]:
    return lambda v: _is_number(v) and (v > low if above else v >= low)


def _whole(low: int, high: float = _DECADES) -> Check:
    words = f"a whole number from {low}" + (f" to {high:g}" if high < _DECADES else "")
    return (lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= high), words


def _list(check: Callable[[Any], bool], sizes: range) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, list) and len(v) in sizes and all(map(check, v))


def _one_of(*words: str) -> Check:
    return (lambda v: isinstance(v, str) and v in words), f"one of {', '.join(words)}"


_POSITIVE: Check = (_number(0, above=True), "a number above 0")
_FLAG: Check = (lambda v: isinstance(v, bool), "true or false")
_WORD: Check = (lambda v: isinstance(v, str) and len(v) < 40, "a name")
_INTERPOLATORS = (
    "sitkNearestNeighbor", "sitkLinear", "sitkBSpline", "sitkGaussian", "sitkLabelGaussian", "sitkHammingWindowedSinc",
    "sitkCosineWindowedSinc", "sitkWelchWindowedSinc", "sitkLanczosWindowedSinc", "sitkBlackmanWindowedSinc",
)  # fmt: skip

SETTINGS: dict[str, Check] = {
    "binWidth": _POSITIVE,
    "binCount": _whole(1),
    "normalize": _FLAG,
    "normalizeScale": _POSITIVE,
    "removeOutliers": _POSITIVE,
    "resampledPixelSpacing": (_list(_number(0), range(3, 4)), "three numbers (x, y, z) in mm, 0 to keep an axis"),
    "interpolator": (
        lambda v: v is None or v in _INTERPOLATORS if isinstance(v, (str, type(None))) else _whole(1, 10)[0](v),
        f"one of {', '.join(_INTERPOLATORS)}",
    ),
    "padDistance": _whole(0),
    "preCrop": _FLAG,
    "resegmentRange": (_list(_is_number, range(1, 3)), "one or two numbers"),
    "resegmentMode": _one_of("absolute", "relative", "sigma"),
    "resegmentShape": _FLAG,
    "label": _whole(1),
    "label_channel": _whole(0),
    "minimumROIDimensions": _whole(1, 3),
    "minimumROISize": _whole(1),
    "geometryTolerance": _POSITIVE,
    "correctMask": _FLAG,
    "additionalInfo": _FLAG,
    "voxelArrayShift": _whole(-int(_DECADES)),
    "symmetricalGLCM": _FLAG,
    "distances": (_list(_whole(1)[0], range(1, 100)), "a list of whole numbers from 1"),
    "weightingNorm": _one_of("euclidean", "manhattan", "infinity", "no_weighting"),
    "gldm_a": _whole(0),
    "force2D": _FLAG,
    "force2Ddimension": _whole(0, 2),
    "sigma": (_list(_number(0, above=True), range(1, 100)), "a list of numbers above 0, in mm"),
    "wavelet": _WORD,
    "start_level": _whole(0),
    "level": _whole(1),
    "gradientUseSpacing": _FLAG,
    "lbp2DRadius": _POSITIVE,
    "lbp2DSamples": _whole(1),
    "lbp2DMethod": _one_of("default", "ror", "uniform", "var"),
    "lbp3DLevels": _whole(1),
    "lbp3DIcosphereRadius": _POSITIVE,
    "lbp3DIcosphereSubdivision": _whole(0),
}
VOXEL_SETTINGS: dict[str, Check] = {
    "kernelRadius": _whole(1),
    "maskedKernel": _FLAG,
    "initValue": (lambda v: isinstance(v, (int, float)), "a number"),
    "voxelBatch": _whole(1),
}


def is_pyradiomics(text: str) -> bool:
    """True where YAML text is a PyRadiomics parameter file: a mapping with one of its sections.

    Examples
    --------
    >>> is_pyradiomics("setting: {binWidth: 25}"), is_pyradiomics("binning: {as_is: {}}"), is_pyradiomics("{")
    (True, False, False)
    """
    try:
        data = _parse(text)
    except SettingError:
        return False
    return any(section in data for section in SECTIONS)


def read(source: str | Path | Mapping) -> dict[str, dict[str, Any]]:
    """The four sections, checked; a section that is not there is empty, and a setting that is null is left out.

    Parameters
    ----------
    source : a path, the text of a file (it has a line break or a colon and a space), or what YAML made of it.

    Raises
    ------
    SettingError : not such a file, a name that PyRadiomics does not know, or a value that cannot be.
    """
    data = source if isinstance(source, Mapping) else _parse(_text(source))
    for section in data:
        _require_known(section, SECTIONS, "a PyRadiomics parameter file")
    sections = {name: _mapping(data.get(name), name) for name in SECTIONS}
    return {
        "setting": _checked(sections["setting"], SETTINGS, "setting"),
        "voxelSetting": _checked(sections["voxelSetting"], VOXEL_SETTINGS, "voxelSetting"),
        "imageType": _image_types(sections["imageType"]),
        "featureClass": _feature_classes(sections["featureClass"]),
    }


def show(value: Any) -> str:
    """A value in few characters, whatever a file put there: a list that holds itself a million times is not written."""
    if isinstance(value, list) and 1 <= len(value) <= 3 and all(isinstance(v, (int, float, str)) for v in value):
        return f"[{', '.join(map(show, value))}]"
    if isinstance(value, (list, Mapping)) and not value:
        return "empty"
    if isinstance(value, (list, Mapping)):
        return f"a {'list' if isinstance(value, list) else 'mapping'} of {len(value)}"
    if isinstance(value, int) and abs(value) > _DECADES:
        return "a number beyond all bounds"  # Python refuses to write a number of 5,000 digits
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return repr(value)[:80] if isinstance(value, str) else str(value)[:80]


def _text(source: str | Path) -> str:
    if isinstance(source, str) and ("\n" in source or ": " in source or source.lstrip().startswith("{")):
        return source
    path = Path(source)
    if not path.is_file():
        raise SettingError(f"parameter file {path.name[:80]!r} does not exist. Check the path.")
    if path.stat().st_size > 4 * _MAX_CHARACTERS:
        raise SettingError(f"parameter file {path.name[:80]!r} is too large to be one. Check the path.")
    return path.read_text(encoding="utf-8-sig", errors="replace")


def _parse(text: str) -> Mapping:
    if len(text) > _MAX_CHARACTERS:
        raise SettingError(f"parameter file has {len(text)} characters; at most {_MAX_CHARACTERS} are read. Check it.")
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, AttributeError, TypeError, RecursionError, OverflowError) as error:
        # besides its own errors, PyYAML lets through those of int() and datetime() on impossible scalars
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise SettingError(f"parameter file is not valid YAML{where}. Open it in an editor and correct it.") from None
    if not isinstance(data, Mapping):
        raise SettingError(f"parameter file is {show(data)}, not a mapping with {', '.join(SECTIONS)}.")
    return data


def _mapping(value: Any, where: str) -> Mapping:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise SettingError(f"{where} is {show(value)}; it must be a mapping.")
    return value


def _checked(values: Mapping, known: Mapping[str, Check], where: str) -> dict[str, Any]:
    checked = {}
    for name, value in values.items():
        _require_known(name, tuple(known), where)
        if value is None and name != "interpolator":  # without an interpolator, PyRadiomics does not resample
            continue
        value = [_yaml_1_2(v) for v in value] if isinstance(value, list) else _yaml_1_2(value)
        is_possible, words = known[name]
        if not is_possible(value):
            raise SettingError(f"{where}.{name} is {show(value)}; it must be {words}.")
        checked[name] = value
    return checked


def _yaml_1_2(value: Any) -> Any:
    """1e-5 is a number in YAML 1.2, which PyRadiomics reads; PyYAML knows 1.1, where it is text."""
    return float(value) if isinstance(value, str) and _EXPONENT.fullmatch(value) else value


def _image_types(values: Mapping) -> dict[str, dict[str, Any]]:
    for name in values:
        _require_known(name, IMAGE_TYPES, "imageType")
    return {
        name: _checked(_mapping(own, f"imageType.{name}"), SETTINGS, f"imageType.{name}")
        for name, own in values.items()
    }


def _feature_classes(values: Mapping) -> dict[str, list[str]]:
    names: dict[str, tuple[str, ...]] = {}
    for row in pyradiomics_names():
        names[row.feature_class] = (*names.get(row.feature_class, ()), row.name)
    wanted = {}
    for name, chosen in values.items():
        _require_known(name, tuple(names), "featureClass")
        if not isinstance(chosen, (list, type(None))):
            raise SettingError(f"featureClass.{name} is {show(chosen)}; it must be a list of features, or empty.")
        for feature in chosen or ():
            _require_known(feature, names[name], f"featureClass.{name}")
        wanted[name] = list(chosen or ())
    return wanted


def _require_known(name: Any, known: tuple[str, ...], where: str) -> None:
    if isinstance(name, str) and name in known:
        return
    close = get_close_matches(show(name).strip("'"), known, n=1, cutoff=0.4)
    hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(known[:12])}."
    raise SettingError(f"{where} has no {show(name)}; {hint}")
