"""What is done to a scan before the recipe sees it: noise is added, the outline is moved."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.ndimage import distance_transform_edt

from radkit.physics import CtNoise, ct_noise
from radkit.volume import EmptyMask, Grid, Image, Mask, SettingError

TIE = 1e-9  # mm: rounding must not decide whether a voxel at exactly the distance goes

_CT = CtNoise(sigma_z_mm=0.0)  # each slice by itself, so that a crop of the scan gets the scan's noise


def noise_kind(image: Image) -> str:
    """In words: which noise ``add_noise`` adds to this image."""
    if image.unit == "HU":
        return f"CT noise of a soft kernel (cutoff {_CT.cutoff_per_mm:g} per mm), each slice by itself"
    return "white Gaussian noise"


def add_noise(image: Image, sd: float, seed: Sequence[int]) -> Image:
    """The image with noise of a standard deviation ``sd``, in its unit, added.

    An image in HU gets the correlated noise of filtered backprojection with a soft kernel (``physics.ct_noise``),
    scaled to exactly ``sd`` in every slice; any other image gets white Gaussian noise. Real noise in PET grows with
    activity and that of a magnitude MR image is Rician: this is a perturbation, not a scanner.

    Parameters
    ----------
    seed : whole numbers, 0 or more. The same seed gives the same field at any ``sd``, and gives a crop of a scan the
        field that the whole scan would have there.

    Raises
    ------
    SettingError : ``sd`` is negative, or an image in HU has too few voxels in a slice to hold the noise.

    Examples
    --------
    >>> flat = Image.of(np.zeros((2, 64, 64)), spacing_mm=(3, 1, 1), modality="CT", unit="HU")
    >>> round(float(add_noise(flat, 10.0, (0,)).array.std()), 6)
    10.0
    """
    if not (math.isfinite(sd) and sd >= 0):
        raise SettingError(f"the noise's standard deviation is {sd}; it must be 0 or more.")
    if sd == 0:
        return image
    array = image.array.astype(float)
    (_, y, x), (z0, y0, x0) = image.grid.shape, image.grid.offset
    for z, plane in enumerate(array):
        field = _plane(image, np.random.default_rng([*seed, z0 + z]))
        plane += sd * field[y0 : y0 + y, x0 : x0 + x]
    return image.with_array(array, note=f"{noise_kind(image)} of SD {sd:g} {image.unit} added")


def _plane(image: Image, rng: np.random.Generator) -> np.ndarray:
    """Noise of standard deviation 1 for one whole slice of the full scan, (y, x)."""
    shape = (1, *image.grid.full_shape[1:])
    if image.unit != "HU":
        return rng.standard_normal(shape[1:])
    return ct_noise(Grid(shape=shape, spacing_mm=image.grid.spacing_mm), _CT, 1.0, rng)[0]


def erode(mask: Mask, erosion_mm: float) -> Mask:
    """The mask without the voxels whose center lies within ``erosion_mm`` of the center of a voxel outside.

    This is erosion by a ball, in mm on the mask's own grid; a negative ``erosion_mm`` dilates by a ball. A radius below
    the spacing of an axis does nothing along it. Beyond the scan counts as outside.

    Raises
    ------
    EmptyMask : no voxel is left.
    SettingError : ``erosion_mm`` is not finite.

    Examples
    --------
    >>> cube = Mask.of(np.pad(np.ones((5, 5, 5), bool), 2), spacing_mm=(3, 1, 1))
    >>> erode(cube, 1.0).n_voxels == 5 * 3 * 3, erode(cube, -1.0).n_voxels == 5 * (5 * 5 + 4 * 5)
    (True, True)
    """
    if not math.isfinite(erosion_mm):
        raise SettingError(f"erosion_mm is {erosion_mm}; it must be a finite number of mm (below 0 dilates).")
    if erosion_mm == 0:
        return mask
    spacing = mask.grid.spacing_mm
    window = _window(mask.array, [math.ceil(max(-erosion_mm, 0) / d) for d in spacing])
    inside = np.pad(mask.array[window], 1)
    if erosion_mm > 0:
        inside = distance_transform_edt(inside, sampling=spacing) > erosion_mm + TIE
    else:
        inside = distance_transform_edt(~inside, sampling=spacing) <= -erosion_mm + TIE
    if not inside.any():
        raise EmptyMask(
            f"an erosion of {erosion_mm:g} mm leaves none of the {mask.n_voxels} voxels of mask {mask.name!r}. "
            "Erode by less."
        )
    array = np.zeros(mask.grid.shape, dtype=bool)
    array[window] = inside[1:-1, 1:-1, 1:-1]
    return Mask(array, mask.grid, mask.name)


def _window(inside: np.ndarray, margin: Sequence[int]) -> tuple[slice, ...]:
    """The bounding box of a mask and ``margin`` voxels (z, y, x) around it, as far as the grid reaches."""
    window = []
    for axis, more in enumerate(margin):
        where = np.flatnonzero(inside.any(axis=tuple(a for a in range(3) if a != axis)))
        window.append(slice(max(0, int(where[0]) - more), int(where[-1]) + 1 + more))
    return tuple(window)
