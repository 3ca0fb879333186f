"""apply: an image and a filter's frozen settings in, the response map out."""

from __future__ import annotations

import math

import numpy as np

from radkit.filters.gabor import Gabor
from radkit.filters.laws import Laws
from radkit.filters.log import LaplacianOfGaussian
from radkit.filters.mean import Mean
from radkit.filters.riesz import Riesz
from radkit.filters.simoncelli import Simoncelli
from radkit.filters.wavelet import Wavelet
from radkit.volume import Grid, Image, SettingError

Filter = Mean | LaplacianOfGaussian | Laws | Gabor | Wavelet | Simoncelli | Riesz

# the word for each kind in recipes
KINDS: dict[str, type] = {
    "mean": Mean,
    "log": LaplacianOfGaussian,
    "laws": Laws,
    "gabor": Gabor,
    "wavelet": Wavelet,
    "simoncelli": Simoncelli,
    "riesz": Riesz,
}


def apply(image: Image, filter: Filter) -> Image:
    """The response map of a filter: the same grid, float64, one note more.

    A mean keeps the image's unit. Any other response is a contrast, not an intensity: its unit is "1".

    Parameters
    ----------
    image : (z, y, x); resampled to the voxels that the filter shall see.
    filter : frozen settings.

    Raises
    ------
    SettingError : not a filter, or a wavelength shorter than two voxels.

    Examples
    --------
    >>> point = np.zeros((1, 5, 5)); point[0, 2, 2] = 25
    >>> response = apply(Image.of(point, spacing_mm=(1, 1, 1), unit="HU"), Mean(support=5, dimensions=2))
    >>> round(float(response.array[0, 0, 0]), 12), response.unit, response.notes
    (1.0, 'HU', ('filtered: mean_5_2D',))
    """
    if not isinstance(filter, Filter):
        names = ", ".join(kind.__name__ for kind in KINDS.values())
        raise SettingError(f"filter is a {type(filter).__name__}; use one of {names}.")
    _check_sampling(filter, image.grid.spacing_mm)
    response = filter.respond(image.array.astype(np.float64), image.grid.spacing_mm)
    unit = image.unit if isinstance(filter, Mean) else "1"
    return image.with_array(response, unit=unit, note=f"filtered: {filter.name}")


def support_voxels(filter: Filter, grid: Grid) -> tuple[int, int, int]:
    """How far (z, y, x), in voxels, one voxel of the response looks into the image.

    The whole axis for a Simoncelli wavelet, a Riesz transform, and anything on a periodic image.

    Examples
    --------
    >>> grid = Grid(shape=(9, 99, 99), spacing_mm=(3.0, 1.0, 1.0))
    >>> support_voxels(LaplacianOfGaussian(sigma_mm=1.5), grid), support_voxels(Simoncelli(level=1, dimensions=2), grid)
    ((2, 6, 6), (0, 99, 99))
    """
    reach = filter.reach(grid.spacing_mm)
    return tuple(n if math.isinf(r) else int(r) for r, n in zip(reach, grid.full_shape, strict=True))


def _check_sampling(filter: Filter, spacing_mm) -> None:
    """Raise where a wave is shorter than two voxels: it would come out as another wave."""
    if not isinstance(filter, Gabor):
        return
    coarsest = max(spacing_mm if filter.orthogonal_planes else spacing_mm[1:])
    if filter.wavelength_mm < 2 * coarsest * (1 - 1e-6):
        raise SettingError(
            f"wavelength_mm is {filter.wavelength_mm:g} mm on voxels of {coarsest:.4g} mm; it must be at least two "
            "voxels. Resample to a finer spacing, or choose a longer wave."
        )
