"""Small regions that the feature tests share."""

import numpy as np

from radkit import features
from radkit.matrices.aggregations import BY_DIRECTION
from radkit.volume import Grid, Image, Levels, Roi


def roi_of(array, mask=None, spacing_mm=(1.0, 1.0, 1.0), unit="1"):
    """A region of interest of an array (z, y, x); without a mask all of it."""
    array = np.asarray(array, dtype=float)
    mask = np.ones(array.shape, dtype=bool) if mask is None else np.asarray(mask, dtype=bool)
    return Roi(Image.of(array, spacing_mm=spacing_mm, unit=unit), mask, mask)


def levels_of(array, n_levels=None):
    """Levels from an array (z, y, x) of gray levels, 0 outside."""
    array = np.asarray(array)
    n = n_levels or int(array.max())
    grid = Grid(shape=array.shape, spacing_mm=(1.0, 1.0, 1.0))
    return Levels(array, grid, n_levels=n, edges=np.arange(n + 1) + 0.5)


def everything(roi, levels):
    """Every feature of the catalogue in every aggregation, by tag."""
    found = [v for f in features.families() for v in features.compute(f, roi, levels, tuple(BY_DIRECTION))]
    return {v.tag: v for v in found}


def row(*numbers):
    """Numbers side by side as a volume (1, 1, n)."""
    return np.array(numbers).reshape(1, 1, -1)


def ball(radius, spacing_mm=(1.0, 1.0, 1.0), semi_axes=(1, 1, 1)):
    """Mask of an ellipsoid with semi-axes radius * semi_axes in mm."""
    axes = [np.arange(-np.ceil(radius * a / s) - 1, np.ceil(radius * a / s) + 2) * s / a
            for a, s in zip(semi_axes, spacing_mm, strict=True)]  # fmt: skip
    z, y, x = np.meshgrid(*axes, indexing="ij")
    return z**2 + y**2 + x**2 <= radius**2
