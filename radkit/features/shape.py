"""The shape of a region: what the morphological features share, each computed once and only if needed."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from radkit.features.ellipsoid import enclosing_ellipsoid
from radkit.features.hull import Hull
from radkit.features.mesh import extreme_vertices, mesh_volume_and_area
from radkit.features.spatial import PairSums, pair_sums
from radkit.volume import EmptyMask, Roi

OTHER = ((1, 2), (0, 2), (0, 1))  # the two axes besides each


class Shape:
    """A region's two masks and its intensities, cropped to their common bounding box.

    Lengths are in mm along the array's axes (z, y, x): no feature depends on where or how the grid lies in the patient.

    Parameters
    ----------
    morphological_mask, intensity_mask : bool, (z, y, x).
    intensities : same shape, in the image's unit.
    spacing_mm : voxel spacing (z, y, x).
    """

    def __init__(self, morphological_mask, intensity_mask, intensities, spacing_mm):
        self.morphological_mask = morphological_mask
        self.intensity_mask = intensity_mask
        self.intensities = intensities
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
        either = roi.morphological_mask | roi.intensity_mask
        box = tuple(
            slice(where[0], where[-1] + 1) for where in (np.flatnonzero(either.any(axis=other)) for other in OTHER)
        )
        return cls(
            roi.morphological_mask[box], roi.intensity_mask[box], roi.image.array[box], roi.image.grid.spacing_mm
        )

    @cached_property
    def n_voxels(self) -> int:
        """Voxels of the morphological mask."""
        return int(np.count_nonzero(self.morphological_mask))

    @cached_property
    def values(self) -> np.ndarray:
        """Intensities inside the intensity mask, (n,)."""
        return self.intensities[self.intensity_mask].astype(float)

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
        return Hull(extreme_vertices(self.morphological_mask, tuple(self.spacing_mm)))

    @cached_property
    def semi_axes(self) -> tuple[float, float, float]:
        """2 √λ of the principal components of the voxel centers (sample covariance), in mm, longest first."""
        centers = np.argwhere(self.morphological_mask) * self.spacing_mm
        centers -= centers.mean(axis=0)
        variances = np.linalg.eigvalsh(centers.T @ centers / max(self.n_voxels - 1, 1))[::-1]
        negligible = 1e-12 * max(variances[0], 0.0)  # a flat region's least variance is 0 up to rounding
        return tuple(2 * float(np.sqrt(v)) if v > negligible else 0.0 for v in variances)

    @cached_property
    def enclosing_ellipsoid(self) -> tuple[float, float, float]:
        """Semi-axes of the smallest ellipsoid around the hull, in mm, longest first."""
        return enclosing_ellipsoid(self.hull.vertices)

    @cached_property
    def center(self) -> np.ndarray:
        """Center of the morphological mask, (3,), in mm from the box's first voxel."""
        return self._weighted_center(self.morphological_mask.astype(float))

    @cached_property
    def intensity_center(self) -> np.ndarray:
        """Center of the intensity mask weighted by intensity, (3,); NaN where the intensities add up to 0."""
        return self._weighted_center(np.where(self.intensity_mask, self.intensities, 0).astype(float))

    @cached_property
    def pairs(self) -> PairSums:
        """Sums over all pairs of voxels of the intensity mask."""
        return pair_sums(self.intensities.astype(float), self.intensity_mask, tuple(self.spacing_mm))

    def _weighted_center(self, weight: np.ndarray) -> np.ndarray:
        total = weight.sum()
        if total == 0:
            return np.full(3, np.nan)
        sums = [weight.sum(axis=OTHER[axis]) @ np.arange(n) for axis, n in enumerate(weight.shape)]
        return np.array(sums) / total * self.spacing_mm
