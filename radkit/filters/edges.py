"""What lies beyond the image's border, and the checks that every filter's settings share."""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np

from radkit.volume import SettingError

Boundary = Literal["constant", "nearest", "wrap", "mirror"]
BOUNDARIES: tuple[str, ...] = get_args(Boundary)
_NDIMAGE = {"constant": "constant", "nearest": "nearest", "wrap": "wrap", "mirror": "reflect"}  # scipy.ndimage's words
_PAD = {"constant": "constant", "nearest": "edge", "wrap": "wrap", "mirror": "symmetric"}  # numpy.pad's words

Reach = tuple[float, float, float]  # voxels (z, y, x) that a response looks beyond its own; infinite: the whole axis


def ndimage_mode(boundary: Boundary) -> str:
    """SciPy's word for a boundary."""
    return _NDIMAGE[boundary]


def pad(array: np.ndarray, margins: tuple[tuple[int, int], ...], boundary: Boundary) -> np.ndarray:
    """The array continued outward by (before, after) voxels an axis.

    Examples
    --------
    >>> pad(np.array([1, 2, 3]), ((2, 2),), "mirror")
    array([2, 1, 1, 2, 3, 3, 2])
    """
    return np.pad(array, margins, mode=_PAD[boundary])


def axes_of(dimensions: int) -> tuple[int, ...]:
    """The axes of a (z, y, x) array that a filter works along: (1, 2) slice by slice, (0, 1, 2) in 3-D."""
    return (1, 2) if dimensions == 2 else (0, 1, 2)


def reach_along(axes: tuple[int, ...], voxels: tuple[float, ...] | float, boundary: Boundary) -> Reach:
    """``voxels`` on each of ``axes``, nothing on the others; the whole axis where the image is periodic."""
    if not isinstance(voxels, tuple):
        voxels = (voxels,) * len(axes)
    reach = dict(zip(axes, voxels, strict=True))
    return tuple((math.inf if boundary == "wrap" else float(reach[a])) if a in reach else 0.0 for a in range(3))


def check_boundary(boundary: str) -> None:
    """Raise SettingError for an unknown boundary."""
    if boundary not in BOUNDARIES:
        raise SettingError(f"boundary is {boundary!r}; use one of {', '.join(BOUNDARIES)}.")


def check_dimensions(dimensions: int) -> None:
    """Raise SettingError unless a filter works in 2 or 3 dimensions."""
    if dimensions not in (2, 3) or isinstance(dimensions, bool):
        raise SettingError(f"dimensions is {dimensions!r}; use 2 (slice by slice) or 3.")


def check_range(name: str, value: float, low: float, high: float, unit: str = "") -> float:
    """The value as a float. Raises SettingError outside ``low`` to ``high``."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not low <= value <= high:
        raise SettingError(f"{name} is {value!r}; it must lie in {low:g} to {high:g}{unit and ' ' + unit}.")
    return float(value)


def check_whole(name: str, value: int, low: int, high: int) -> int:
    """The value as an int. Raises SettingError unless it is a whole number from ``low`` to ``high``."""
    if check_range(name, value, low, high) != int(value):
        raise SettingError(f"{name} is {value!r}; it must be a whole number from {low} to {high}.")
    return int(value)


def number(value: float) -> str:
    """A number as short as names want it: "1.5", "2".

    Examples
    --------
    >>> number(2.0), number(1.5), number(1 / 3)
    ('2', '1.5', '0.3333333333333333')
    """
    return str(int(value)) if value == int(value) else repr(float(value))


def join_name(*parts: str, dimensions: int = 3, boundary: Boundary = "mirror") -> str:
    """A filter's name from its parts; what differs from 3-D and mirrored borders is said."""
    extra = ("2D" if dimensions == 2 else "", boundary if boundary != "mirror" else "")
    return "_".join(part for part in (*parts, *extra) if part)
