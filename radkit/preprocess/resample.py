"""Resampling as IBSI wants it: grid centers aligned, intensities linear or cubic, the mask linear at 0.5.

Every new voxel's position is computed in the frame of the *full* image (``Grid.full_shape``, ``Grid.offset``),
and each axis is interpolated by itself, so that a crop gives the same numbers as the whole scan.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from radkit.preprocess.settings import Resample
from radkit.volume import EmptyMask, Grid, Image, Mask, Roi, bounding_box

# How far, in voxels, an interpolated value reaches: the cubic B-spline's prefilter decays as 0.268^n.
SUPPORT_VOXELS = {"linear": 2, "cubic": 26}
TIE = 1e-9  # an interpolated mask of 0.5 - TIE counts as 0.5: rounding must not decide a tie


@dataclass(frozen=True)
class _Axis:
    """Where the new voxels of one axis lie among the old ones."""

    base: np.ndarray  # index of the old voxel at or below each new one, in the crop's frame
    fraction: np.ndarray  # distance above it, in old voxels, 0 <= fraction < 1
    n_full: int  # new voxels of the full image along this axis
    first: int  # index of the crop's first new voxel among them

    @property
    def position(self) -> np.ndarray:
        return self.base + self.fraction


def resample(roi: Roi, setting: Resample) -> Roi:
    """The region on a grid of another spacing; image and masks together.

    Size: ``ceil(n * spacing / new spacing)``; old and new grid share their center (IBSI 1, section 2.4).
    Raises EmptyMask where no voxel of the mask survives.
    """
    axes, grid = _plan(roi.image.grid, setting)
    array = roi.image.array.astype(float)
    interpolate = _cubic if setting.interpolation == "cubic" else _linear
    array = interpolate(array, axes)
    if setting.round_hu and roi.image.unit == "HU":
        array = np.rint(array)
    morphological = _mask(roi.morphological_mask, axes, setting.mask_threshold)
    if not morphological.any():
        n = int(roi.morphological_mask.sum())
        spacing = ", ".join(f"{s:.3g}" for s in grid.spacing_mm)
        raise EmptyMask(
            f"no voxel is left of the mask's {n} after resampling to ({spacing}) mm (z, y, x). Choose a finer spacing."
        )
    if roi.intensity_mask is roi.morphological_mask:
        intensity = morphological
    else:
        intensity = _mask(roi.intensity_mask, axes, setting.mask_threshold)
    new = ", ".join(f"{s:.4g}" for s in grid.spacing_mm)
    note = f"resampled to ({new}) mm (z, y, x), {setting.interpolation}"
    image = roi.image.with_array(array, grid=grid, note=note)
    return Roi(image, morphological, intensity)


def resample_like(mask: Mask, image: Image, threshold: float = 0.5) -> Mask:
    """A mask brought onto an image's grid by linear interpolation, inside where it reaches ``threshold``.

    Works for any spacing, origin and direction. Raises EmptyMask where the mask lies outside the image.
    """
    source = mask.array.astype(np.float32)
    inside = np.empty(image.grid.shape, dtype=bool)
    plane = np.indices((1, *image.grid.shape[1:])).reshape(3, -1).T  # (n, 3): one slice at a time bounds the memory
    for z in range(image.grid.shape[0]):
        index = mask.grid.to_index(image.grid.to_world(plane + np.array((z, 0, 0)))).T  # (3, n)
        values = ndimage.map_coordinates(source, index, order=1, mode="grid-constant", cval=0.0, output=float)
        inside[z] = (values >= threshold - 1e-6).reshape(inside[z].shape)
    if not inside.any():
        raise EmptyMask(f"mask {mask.name!r} does not reach into the image. Check that both come from one examination.")
    return Mask(inside, image.grid, mask.name)


def crop(roi: Roi, margin_voxels: tuple[int, int, int]) -> Roi:
    """The region's bounding box and ``margin_voxels`` (z, y, x) around it, as far as the image reaches."""
    same = roi.intensity_mask is roi.morphological_mask
    occupied = roi.morphological_mask if same else roi.morphological_mask | roi.intensity_mask
    box = bounding_box(occupied)
    start = [max(0, side.start - margin) for side, margin in zip(box, margin_voxels, strict=True)]
    stop = [min(n, side.stop + m) for side, n, m in zip(box, occupied.shape, margin_voxels, strict=True)]
    window = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    if all(a == 0 and b == n for a, b, n in zip(start, stop, occupied.shape, strict=True)):
        return roi
    image = roi.image.with_array(roi.image.array[window], grid=roi.image.grid.crop(tuple(start), tuple(stop)))
    morphological = roi.morphological_mask[window]
    return Roi(image, morphological, morphological if same else roi.intensity_mask[window], roi.range)


def _plan(grid: Grid, setting: Resample) -> tuple[list[_Axis], Grid]:
    axes, spacing, first_position = [], [], []
    for n, n_crop, offset, old, wanted in zip(
        grid.full_shape, grid.shape, grid.offset, grid.spacing_mm, setting.spacing_mm, strict=True
    ):
        new = old if wanted is None else wanted
        ratio = new / old
        n_new = max(1, math.ceil(n / ratio - 1e-6))
        position = (n - 1) / 2 + (
            np.arange(n_new) - (n_new - 1) / 2
        ) * ratio  # (n_new,) in old voxels of the full image
        base = np.floor(position + TIE)
        fraction = np.clip(position - base, 0, None)
        kept = np.flatnonzero((position >= offset - 0.5) & (position <= offset + n_crop - 0.5))
        if not kept.size:
            kept = np.array([np.abs(position - offset - (n_crop - 1) / 2).argmin()])
        axes.append(_Axis(base[kept].astype(int) - offset, fraction[kept], n_new, int(kept[0])))
        spacing.append(new)
        first_position.append(axes[-1].position[0])
    new_grid = replace(
        grid,
        shape=tuple(axis.base.size for axis in axes),
        spacing_mm=tuple(spacing),
        origin_mm=tuple(grid.to_world(first_position)),
        full_shape=tuple(axis.n_full for axis in axes),
        offset=tuple(axis.first for axis in axes),
    )
    return axes, new_grid


def _linear(array: np.ndarray, axes: list[_Axis]) -> np.ndarray:
    for k, axis in enumerate(axes):
        n = array.shape[k]
        if n == axis.base.size and not axis.fraction.any() and np.array_equal(axis.base, np.arange(n)):
            continue
        low = array.take(np.clip(axis.base, 0, n - 1), axis=k)
        high = array.take(np.clip(axis.base + 1, 0, n - 1), axis=k)
        weight = axis.fraction.reshape([-1 if a == k else 1 for a in range(3)])
        array = low * (1 - weight) + high * weight
    return array


def _cubic(array: np.ndarray, axes: list[_Axis]) -> np.ndarray:
    for k, axis in enumerate(axes):
        n = array.shape[k]
        if n < 2 or (n == axis.base.size and not axis.fraction.any() and np.array_equal(axis.base, np.arange(n))):
            continue
        coefficients = ndimage.spline_filter1d(array, order=3, axis=k, mode="mirror")
        t = axis.fraction
        weights = ((1 - t) ** 3 / 6, (4 - 6 * t**2 + 3 * t**3) / 6, (1 + 3 * t + 3 * t**2 - 3 * t**3) / 6, t**3 / 6)
        shape = [-1 if a == k else 1 for a in range(3)]
        array = sum(
            coefficients.take(_mirror(axis.base + shift, n), axis=k) * weight.reshape(shape)
            for shift, weight in zip((-1, 0, 1, 2), weights, strict=True)
        )
    return array


def _mirror(index: np.ndarray, n: int) -> np.ndarray:
    period = 2 * n - 2
    index = np.abs(index) % period
    return np.where(index < n, index, period - index)


def _mask(mask: np.ndarray, axes: list[_Axis], threshold: float) -> np.ndarray:
    return _linear(mask.astype(float), axes) >= threshold - TIE
