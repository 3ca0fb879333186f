"""Discretization: intensities to gray levels 1 ... n (IBSI 1, section 2.7)."""

from __future__ import annotations

import math
from typing import NamedTuple, assert_never

import numpy as np

from radkit.kernels import kernel
from radkit.preprocess.settings import AlignedBinWidth, AsIs, Binning, FixedBinCount, FixedBinWidth
from radkit.volume import MAX_LEVELS, Levels, Roi, SettingError, UnitMismatch

EDGE = 1e-9  # in bins: a value on an edge belongs to the bin above, whatever rounding made of the division


def discretize(roi: Roi, binning: Binning) -> Levels:
    """The gray levels of the intensity mask.

    Fixed width: ``level = floor((x - origin) / width) + 1``; ``n_levels`` is the level of the maximum; values below
    the origin go into level 1. Aligned width: the same, the origin being the multiple of the width at or below the
    region's minimum. Fixed count: ``level = floor(n (x - min) / (max - min)) + 1``, the maximum in level n; a flat
    region is all level 1. As is: the intensities are whole numbers from 1.
    Raises UnitMismatch for a bin width in another unit than the image's, SettingError beyond 65535 levels.

    Examples
    --------
    >>> import numpy as np
    >>> from radkit.volume import Image, Mask, Roi
    >>> image = Image.of(np.array([[[-100.0, 399, 400]]]), spacing_mm=(1, 1, 1), modality="CT", unit="HU")
    >>> roi = Roi.of(image, Mask.of(np.ones((1, 1, 3)), spacing_mm=(1, 1, 1)))
    >>> discretize(roi, FixedBinWidth(width=25, origin=-100, unit="HU")).array.ravel()
    array([ 1, 20, 21], dtype=uint16)
    """
    low, high = roi.extremes
    match binning:
        case FixedBinWidth():
            bins = _fixed_width(roi, binning)
        case AlignedBinWidth(width=width):
            bins = _fixed_width(roi, binning.from_origin(width * math.floor(low / width + EDGE)))
        case FixedBinCount(n_bins=n):
            scale = n / (high - low) if high > low else 0.0
            bins = _Bins(low, scale, 1.0, n, np.linspace(low, high if high > low else low + 1, n + 1))
        case AsIs():
            bins = _as_is(roi)
        case _:
            assert_never(binning)
    array = np.zeros(roi.image.grid.shape, dtype=np.uint16)
    _assign(roi.values, roi.intensity_mask, bins.origin, bins.factor, bins.divisor, bins.n_levels, array)
    array.flags.writeable = False
    return Levels(array, roi.image.grid, bins.n_levels, bins.edges, binning, roi.image.unit, roi.morphological_mask)


class _Bins(NamedTuple):
    """level = floor((x - origin) * factor / divisor) + 1, kept within 1 ... n_levels; one of the two is 1."""

    origin: float
    factor: float
    divisor: float
    n_levels: int
    edges: np.ndarray


@kernel
def _assign(values, mask, origin, factor, divisor, n_levels, array):
    """Fill in the level of every voxel of the mask, whose intensities stand in ``values`` one after the other."""
    inside, levels = mask.ravel(), array.ravel()
    found = np.empty(len(values), np.float64)
    top = float(n_levels)
    for k in range(len(values)):  # many at once
        found[k] = min(max(np.floor((values[k] - origin) * factor / divisor + EDGE) + 1.0, 1.0), top)
    k = np.uint64(0)
    for v in range(np.uint64(len(inside))):
        if inside[v]:
            levels[v] = np.uint16(found[k])
            k += np.uint64(1)


def below_origin(roi: Roi, binning: Binning) -> int:
    """How many voxels lie below a fixed bin width's origin, and so were put into level 1."""
    if not isinstance(binning, FixedBinWidth) or roi.extremes[0] >= binning.origin:
        return 0
    return int(np.count_nonzero(roi.values < binning.origin))


def _fixed_width(roi: Roi, binning: FixedBinWidth) -> _Bins:
    if binning.unit != roi.image.unit:
        raise UnitMismatch(
            f"the bin width is {binning.width:g} {binning.unit}, the image is in {roi.image.unit}. "
            "Choose a recipe for this modality, or a fixed number of bins."
        )
    top = (roi.extremes[1] - binning.origin) / binning.width
    n_levels = max(1, math.floor(top + EDGE) + 1)
    _check_count(n_levels, f"a bin width of {binning.width:g} {binning.unit}")
    return _Bins(binning.origin, 1.0, binning.width, n_levels, binning.origin + binning.width * np.arange(n_levels + 1))


def _as_is(roi: Roi) -> _Bins:
    low, high = roi.extremes
    if low < 1 or (roi.values != np.rint(roi.values)).any():
        raise SettingError(
            f"intensities from {low:g} to {high:g} are not gray levels (whole numbers from 1). "
            "Choose a fixed bin width or a fixed number of bins."
        )
    n_levels = int(high)
    _check_count(n_levels, "taking intensities as gray levels")
    return _Bins(1.0, 1.0, 1.0, n_levels, np.arange(n_levels + 1) + 0.5)


def _check_count(n_levels: int, why: str) -> None:
    if n_levels > MAX_LEVELS:
        raise SettingError(f"{why} makes {n_levels} gray levels; at most {MAX_LEVELS} are computed. Choose wider bins.")
