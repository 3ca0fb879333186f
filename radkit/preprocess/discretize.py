"""Discretization: intensities to gray levels 1 ... n (IBSI 1, section 2.7)."""

from __future__ import annotations

from typing import assert_never

import numpy as np

from radkit.preprocess.settings import MAX_LEVELS, AsIs, Binning, FixedBinCount, FixedBinWidth
from radkit.volume import Levels, Roi, SettingError, UnitMismatch

EDGE = 1e-9  # in bins: a value on an edge belongs to the bin above, whatever rounding made of the division


def discretize(roi: Roi, binning: Binning) -> Levels:
    """The gray levels of the intensity mask.

    Fixed width: ``level = floor((x - origin) / width) + 1``; ``n_levels`` is the level of the maximum; values below
    the origin go into level 1. Fixed count: ``level = floor(n (x - min) / (max - min)) + 1``, the maximum in level n;
    a flat region is all level 1. As is: the intensities are whole numbers from 1.
    Raises UnitMismatch for a bin width in another unit than the image's, SettingError beyond MAX_LEVELS, 65536.

    Examples
    --------
    >>> import numpy as np
    >>> from radkit.volume import Image, Mask, Roi
    >>> image = Image.of(np.array([[[-100.0, 399, 400]]]), spacing_mm=(1, 1, 1), modality="CT", unit="HU")
    >>> roi = Roi.of(image, Mask.of(np.ones((1, 1, 3)), spacing_mm=(1, 1, 1)))
    >>> discretize(roi, FixedBinWidth(width=25, origin=-100, unit="HU")).array.ravel()
    array([ 1, 20, 21], dtype=int32)
    """
    values = roi.values
    match binning:
        case FixedBinWidth():
            levels, n_levels, edges = _fixed_width(roi, binning)
        case FixedBinCount(n_bins=n_levels):
            low, high = float(values.min()), float(values.max())
            scale = n_levels / (high - low) if high > low else 0.0
            levels = np.minimum(np.floor((values - low) * scale + EDGE).astype(np.int32) + 1, n_levels)
            edges = np.linspace(low, high if high > low else low + 1, n_levels + 1)
        case AsIs():
            levels, n_levels, edges = _as_is(values)
        case _:
            assert_never(binning)
    array = np.zeros(roi.image.grid.shape, dtype=np.int32)
    array[roi.intensity_mask] = levels
    return Levels(array, roi.image.grid, int(n_levels), edges, binning, roi.image.unit, roi.morphological_mask)


def below_origin(roi: Roi, binning: Binning) -> int:
    """How many voxels lie below a fixed bin width's origin, and so were put into level 1."""
    return int((roi.values < binning.origin).sum()) if isinstance(binning, FixedBinWidth) else 0


def _fixed_width(roi: Roi, binning: FixedBinWidth):
    if binning.unit != roi.image.unit:
        raise UnitMismatch(
            f"the bin width is {binning.width:g} {binning.unit}, the image is in {roi.image.unit}. "
            "Choose a recipe for this modality, or a fixed number of bins."
        )
    quotient = (roi.values - binning.origin) / binning.width
    n_levels = max(1, int(np.floor(quotient.max() + EDGE)) + 1)
    _check_count(n_levels, f"a bin width of {binning.width:g} {binning.unit}")
    levels = np.maximum(np.floor(quotient + EDGE), 0).astype(np.int32) + 1
    return levels, n_levels, binning.origin + binning.width * np.arange(n_levels + 1)


def _as_is(values: np.ndarray):
    levels = np.rint(values)
    if values.min() < 1 or np.abs(values - levels).max() > 0:
        raise SettingError(
            f"intensities from {values.min():g} to {values.max():g} are not gray levels (whole numbers from 1). "
            "Choose a fixed bin width or a fixed number of bins."
        )
    n_levels = int(levels.max())
    _check_count(n_levels, "taking intensities as gray levels")
    return levels.astype(np.int32), n_levels, np.arange(n_levels + 1) + 0.5


def _check_count(n_levels: int, why: str) -> None:
    if n_levels > MAX_LEVELS:
        raise SettingError(f"{why} makes {n_levels} gray levels; at most {MAX_LEVELS} are computed. Choose wider bins.")
