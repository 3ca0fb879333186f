"""The shape of a region: what the morphological features share, each computed once and only if needed."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from radkit.features.ellipsoid import enclosing_ellipsoid
from radkit.features.hull import Hull
from radkit.features.mesh import mesh_volume_and_area
from radkit.features.spatial import PairSums, pair_sums
from radkit.features.vertices import extreme_vertices
from radkit.kernels import kernel
from radkit.volume import EmptyMask, Roi, bounding_box


class Shape:
    """A region's two masks and its intensities, cropped to their common bounding box.

    Lengths are in mm along the array's axes (z, y, x): no feature depends on where or how the grid lies in the patient.

    Parameters
    ----------
    morphological_mask, intensity_mask : bool, (z, y, x).
    field : intensities inside the intensity mask, 0 outside, in the image's unit, float64, same shape.
    values : the intensities inside, float64, (n,).
    spacing_mm : voxel spacing (z, y, x).
    """

    def __init__(self, morphological_mask, intensity_mask, field, values, spacing_mm):
        self.morphological_mask = morphological_mask
        self.intensity_mask = intensity_mask
        self.field = field
        self.values = values
        self.spacing_mm = np.asarray(spacing_mm)

    @classmethod
    def of(cls, roi: Roi) -> Shape:
        """The shape of a region of interest.

        Raises
        ------
        EmptyMask : no voxel in the morphological mask.
        """
        if not roi.morphological_mask.any():
            raise EmptyMask("no voxel is left in the morphological mask. Resample less coarsely.")
        same = roi.intensity_mask is roi.morphological_mask
        box = bounding_box(roi.morphological_mask if same else roi.morphological_mask | roi.intensity_mask)
        morphological = np.ascontiguousarray(roi.morphological_mask[box])
        intensity = morphological if same else np.ascontiguousarray(roi.intensity_mask[box])
        field = np.zeros(intensity.shape)
        field[intensity] = roi.values
        return cls(morphological, intensity, field, roi.values, roi.image.grid.spacing_mm)

    @cached_property
    def n_voxels(self) -> int:
        """Voxels of the morphological mask."""
        return int(self._moments[0])

    @cached_property
    def _mesh(self) -> tuple[float, float]:
        return mesh_volume_and_area(self.morphological_mask, tuple(self.spacing_mm))

    @property
    def volume(self) -> float:
        """Volume of the mesh in mm^3."""
        return self._mesh[0]

    @property
    def area(self) -> float:
        """Area of the mesh in mm^2."""
        return self._mesh[1]

    @cached_property
    def hull(self) -> Hull:
        """Convex hull of the mesh."""
        return Hull(extreme_vertices(self.morphological_mask), self.spacing_mm / 2)

    @cached_property
    def semi_axes(self) -> tuple[float, float, float]:
        """2 √λ of the principal components of the voxel centers (sample covariance), in mm, longest first."""
        n, first, second = self._moments
        scatter = n * second - np.outer(first, first)  # whole numbers: a region one voxel thick has exactly 0
        covariance = scatter / (n * max(n - 1, 1)) * np.outer(self.spacing_mm, self.spacing_mm)
        variances = np.linalg.eigvalsh(covariance)[::-1]
        negligible = 1e-12 * max(variances[0], 0.0)  # rounding of an oblique plane of voxels
        return tuple(2 * float(np.sqrt(v)) if v > negligible else 0.0 for v in variances)

    @cached_property
    def _moments(self) -> tuple[int, np.ndarray, np.ndarray]:
        """Voxels of the morphological mask, the sum of their indices (3,), and of the products of these (3, 3).

        Whole numbers, as float only where 64 bits do not hold the number of voxels times the largest of them.
        """
        n, z, y, x, zz, yy, xx, zy, zx, yx = sums = _index_sums(self.morphological_mask.view(np.uint8)).tolist()
        dtype = np.int64 if n * max(sums) < 1 << 62 else float
        second = np.array([[zz, zy, zx], [zy, yy, yx], [zx, yx, xx]], dtype)
        return n, np.array([z, y, x], dtype), second

    @cached_property
    def enclosing_ellipsoid(self) -> tuple[float, float, float]:
        """Semi-axes of the smallest ellipsoid around the hull, in mm, longest first."""
        return enclosing_ellipsoid(self.hull.vertices)

    @cached_property
    def center(self) -> np.ndarray:
        """Center of the morphological mask, (3,), in mm from the box's first voxel."""
        n, first, _ = self._moments
        return first / n * self.spacing_mm

    @cached_property
    def intensity_center(self) -> np.ndarray:
        """Center of the intensity mask weighted by intensity, (3,); NaN where the intensities add up to 0."""
        by_row, by_slice = _projections(self.field)
        total = by_slice.sum()
        if total == 0:
            return np.full(3, np.nan)
        sums = (by_slice, by_row.sum(axis=1), by_row.sum(axis=0))
        return np.array([weight @ np.arange(len(weight)) for weight in sums]) / total * self.spacing_mm

    @cached_property
    def pairs(self) -> PairSums:
        """Sums over all pairs of voxels of the intensity mask."""
        return pair_sums(self.field, self.intensity_mask, tuple(self.spacing_mm))


@kernel
def _index_sums(mask):
    """Over the voxels of a mask: how many, Σ z, Σ y, Σ x, Σ z², Σ y², Σ x², Σ z y, Σ z x, Σ y x; int64, (10,)."""
    nz, ny, nx = mask.shape
    sums = np.zeros(10, np.int64)
    for z in range(nz):
        for y in range(ny):
            row = mask[z, y]
            n, first, second = 0, 0, 0
            for x in range(nx):  # many voxels at once
                n += row[x]
                first += row[x] * x
                second += row[x] * x * x
            sums += np.array([n, z * n, y * n, first, z * z * n, y * y * n, second, z * y * n, z * first, y * first])
    return sums


@kernel
def _projections(field):
    """Sums over all slices, (y, x), and over each slice, (z,)."""
    nz, ny, nx = field.shape
    by_row, by_slice, line = np.zeros((ny, nx)), np.zeros(nz), np.zeros(nx)
    for z in range(nz):
        line[:] = 0
        for y in range(ny):
            for x in range(nx):  # many columns at once
                by_row[y, x] += field[z, y, x]
                line[x] += field[z, y, x]
        by_slice[z] = line.sum()
    return by_row, by_slice
