"""How the stored files follow from the public originals: crop around the tumor, thin CT and MR in plane, int16.

The steps and their order give the same voxels as the published crops: crop first, round to int16, then smooth with
a Gaussian of 1.2 mm (ITK's recursive filter) in plane and sample linearly every 3 mm from the first voxel on.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np

from radkit.volume import Grid, Image, Mask, RefusedFile, ShapeError

PET_MARGIN_MM = 20.0
ANATOMY_MARGIN_MM = 10.0  # CT and MR
IN_PLANE_MM = 3.0
SMOOTHING_SIGMA_MM = 1.2  # 0.4 of the new spacing: enough against aliasing, FWHM 2.8 mm
SUV_PER_COUNT = 0.001
INT16 = np.iinfo(np.int16)


@dataclass(frozen=True, eq=False)
class Stored:
    """What goes to disk: int16 counts (z, y, x), their grid, the value of one count, and the mask."""

    counts: np.ndarray
    grid: Grid
    slope: float
    mask: Mask
    n_clipped: int = 0  # voxels beyond what int16 holds


def derive(image: Image, mask: Mask, modality: str, *, native: bool = False) -> Stored:
    """Stored form of one original: PET on its own grid in 0.001 SUV, CT and MR at 3 mm in plane (or native).

    Parameters
    ----------
    image, mask : the original, on one grid; intensities in SUV, HU or a.u.
    modality : "PET", "CT" or "MR".
    native : keep the grid of CT and MR as it is.
    """
    image.grid.require_match(mask.grid, "image", "mask")
    if modality == "PET":
        image, mask = crop_to_mask(image, mask, PET_MARGIN_MM)
        counts, n_clipped = to_int16(image.array / SUV_PER_COUNT)
        return Stored(counts, image.grid, SUV_PER_COUNT, mask, n_clipped)
    image, mask = crop_to_mask(image, mask, ANATOMY_MARGIN_MM)
    counts, n_clipped = to_int16(image.array)
    if native:
        return Stored(counts, image.grid, 1.0, mask, n_clipped)
    counts, mask = thin(counts, mask)
    return Stored(counts, mask.grid, 1.0, mask, n_clipped)


def crop_to_mask(image: Image, mask: Mask, margin_mm: float) -> tuple[Image, Mask]:
    """Image and mask cut to the mask's box and at least ``margin_mm`` around it, as far as the image goes."""
    start, stop = [], []
    for axis, (n, spacing) in enumerate(zip(image.grid.shape, image.grid.spacing_mm, strict=True)):
        others = tuple(a for a in range(3) if a != axis)
        inside = np.flatnonzero(mask.array.any(axis=others))
        margin = math.ceil(margin_mm / spacing - 1e-9)
        start.append(max(int(inside[0]) - margin, 0))
        stop.append(min(int(inside[-1]) + margin + 1, n))
    box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    grid = image.grid.crop(tuple(start), tuple(stop))
    return image.with_array(image.array[box], grid=grid), Mask(mask.array[box], grid, mask.name)


def to_int16(values: np.ndarray) -> tuple[np.ndarray, int]:
    """Values rounded to the nearest int16, and how many lay beyond it and were clipped."""
    rounded = np.rint(values)
    n_clipped = int(np.count_nonzero((rounded < INT16.min) | (rounded > INT16.max)))
    if n_clipped > 0.01 * rounded.size:
        raise RefusedFile(
            f"{n_clipped} of {rounded.size} voxels do not fit into int16 (largest {float(np.abs(rounded).max()):.6g}); "
            "these are not the intensities expected. Check that the original is the published file."
        )
    return np.clip(rounded, INT16.min, INT16.max).astype(np.int16), n_clipped


def thin(counts: np.ndarray, mask: Mask) -> tuple[np.ndarray, Mask]:
    """Counts and mask every 3 mm in plane from the first voxel on; slices stay where they are.

    A last sample beyond the outermost voxel's edge is 0, as in the published crops.
    """
    z, y, x = mask.grid.spacing_mm
    if max(y, x) > IN_PLANE_MM:
        raise ShapeError(f"in-plane spacing is ({y:.4g}, {x:.4g}) mm; only finer grids than 3 mm are thinned.")
    n_z, n_y, n_x = mask.grid.shape
    size = (n_z, math.ceil(n_y * y / IN_PLANE_MM - 1e-9), math.ceil(n_x * x / IN_PLANE_MM - 1e-9))
    grid = Grid(
        shape=size,
        spacing_mm=(z, IN_PLANE_MM, IN_PLANE_MM),
        origin_mm=mask.grid.origin_mm,
        direction=mask.grid.direction,
    )
    values = _sample(counts.astype(np.float32), mask.grid, grid, smooth=True)
    inside = _sample(mask.array.astype(np.float32), mask.grid, grid, smooth=False) >= 0.5
    return to_int16(values)[0], Mask(inside, grid, mask.name)


def _sample(array: np.ndarray, old: Grid, new: Grid, *, smooth: bool) -> np.ndarray:
    """Linear samples of a float32 array (z, y, x) on a grid with the same first voxel and direction."""
    import SimpleITK as sitk

    volume = sitk.GetImageFromArray(array)
    volume.SetSpacing([float(np.float32(s)) for s in old.spacing_mm[::-1]])  # as stored in a NIfTI header
    if smooth:
        zero_order = sitk.RecursiveGaussianImageFilter.ZeroOrder
        for axis in (0, 1):  # x, y
            volume = sitk.RecursiveGaussian(volume, SMOOTHING_SIGMA_MM, False, zero_order, axis)
    sampled = sitk.Resample(
        volume, new.shape[::-1], sitk.Transform(), sitk.sitkLinear,
        volume.GetOrigin(), new.spacing_mm[::-1], volume.GetDirection(), 0.0,
    )  # fmt: skip
    return sitk.GetArrayFromImage(sampled)


def voxel_digest(array: np.ndarray) -> str:
    """First 16 hex digits of the SHA-256 of voxels: int16 little-endian, or uint8 for a mask."""
    kind = np.uint8 if array.dtype == bool else np.dtype("<i2")
    return hashlib.sha256(np.ascontiguousarray(array, dtype=kind).tobytes()).hexdigest()[:16]
