"""The mean filter: the average of a cube of voxels (IBSI 2, section 3.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

from radkit.filters.edges import (
    Boundary,
    Reach,
    axes_of,
    check_boundary,
    check_dimensions,
    check_whole,
    join_name,
    ndimage_mode,
    reach_along,
)
from radkit.volume import SettingError


@dataclass(frozen=True, kw_only=True)
class Mean:
    """The average of ``support`` voxels along each axis.

    ``h = 1/M^D sum_k f(x + k)``, M the support, D the dimensions.

    Parameters
    ----------
    support : odd number of voxels, 1 to 255.
    dimensions : 3, or 2 for slice by slice.
    boundary : "constant" (zeros), "nearest", "wrap" (periodic), "mirror" (half-sample).

    Examples
    --------
    >>> round(float(Mean(support=3, dimensions=2).respond(np.eye(3)[None], (1, 1, 1))[0, 1, 1]), 4)
    0.3333
    """

    support: int
    dimensions: int = 3
    boundary: Boundary = "mirror"

    def __post_init__(self):
        support = check_whole("support", self.support, 1, 255)
        if support % 2 == 0:
            raise SettingError(f"support is {support} voxels; it must be odd, so that it has a voxel in the middle.")
        object.__setattr__(self, "support", support)
        check_dimensions(self.dimensions)
        check_boundary(self.boundary)

    @property
    def name(self) -> str:
        """As in feature names, "mean_5"."""
        return join_name("mean", str(self.support), dimensions=self.dimensions, boundary=self.boundary)

    def reach(self, spacing_mm: tuple[float, float, float]) -> Reach:
        """How many voxels (z, y, x) a response looks beyond its own."""
        return reach_along(axes_of(self.dimensions), self.support // 2, self.boundary)

    def respond(self, array: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
        """The response (z, y, x), in the image's unit."""
        return average(array, self.support, axes_of(self.dimensions), self.boundary)


def average(array: np.ndarray, support: int, axes: tuple[int, ...], boundary: Boundary) -> np.ndarray:
    """The mean over ``support`` voxels along each of ``axes``."""
    for axis in axes:
        array = uniform_filter1d(array, support, axis=axis, mode=ndimage_mode(boundary))
    return array
