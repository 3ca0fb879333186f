"""Local intensity: the hottest cubic centimeter (IBSI family 9ST6).

The mean over a sphere of 1 cm³ around a voxel of the intensity mask takes in every voxel of the image whose center
lies within the sphere, inside the region or not; what lies beyond the image's border does not count. Such a mean
varies less than the maximum of one noisy voxel.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from radkit.features.catalogue import Moves, feature
from radkit.matrices.kernels import kernel
from radkit.volume import Roi

RADIUS_MM = 10 * (3 / (4 * math.pi)) ** (1 / 3)  # of 1 cm³: 6.2 mm
TIE = 1e-9  # relative: a center at the radius, up to rounding, lies within


class Peaks:
    """Means over 1 cm³ around the voxels of a region.

    Parameters
    ----------
    values : intensities of the voxels, (n,), in (z, y, x) order.
    means : mean over the sphere around each of them, (n,), in the image's unit.
    """

    def __init__(self, values: np.ndarray, means: np.ndarray):
        self.values = values
        self.means = means

    @classmethod
    def of(cls, roi: Roi) -> Peaks:
        """The means around every voxel of the intensity mask, from the image around the region."""
        rows = sphere(roi.image.grid.spacing_mm)
        reach = rows.max(axis=0)
        mask, image = _around(roi.intensity_mask, roi, reach), _around(roi.image.array, roi, reach)
        n_voxels = len(roi.values)
        sums = _sphere_sums(image, mask, rows, np.empty(n_voxels))
        if _leaves_the_image(roi, reach):
            inside = _around(np.ones(roi.image.array.shape), roi, reach)
            number = _sphere_sums(inside, mask, rows, np.empty(n_voxels))
        else:
            number = float(((2 * rows[:, 2] + 1) * np.where(rows[:, 0] > 0, 2, 1)).sum())
        return cls(roi.values, sums / number)

    @cached_property
    def local(self) -> float:
        """Mean around the voxel of the highest intensity; the highest such mean where several voxels share it."""
        return float(self.means[self.values == self.values.max()].max())

    @cached_property
    def highest(self) -> float:
        """Highest mean around any voxel of the region."""
        return float(self.means.max())


def sphere(spacing_mm: tuple[float, float, float]) -> np.ndarray:
    """Voxel centers within 1 cm³ around a voxel, as rows (dz, dy, half) that hold x - half ... x + half, (n_rows, 3).

    Only the upper half, dz ≥ 0, slice by slice.

    Examples
    --------
    >>> sphere((6, 6, 6)).tolist()
    [[0, -1, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]]
    """
    dz, dy, dx = spacing_mm
    radius = RADIUS_MM * (1 + TIE)
    rows = []
    for z in range(int(radius / dz) + 1):
        for y in range(-int(radius / dy), int(radius / dy) + 1):
            left = radius**2 - (z * dz) ** 2 - (y * dy) ** 2
            if left >= 0:
                rows.append((z, y, int(math.sqrt(left) / dx)))
    return np.array(rows)


def _box(mask: np.ndarray) -> list[tuple[int, int]]:
    """First voxel inside, and the one after the last, of each axis."""
    occupied = (np.flatnonzero(mask.any(axis=other)) for other in ((1, 2), (0, 2), (0, 1)))
    return [(int(where[0]), int(where[-1]) + 1) for where in occupied]


def _leaves_the_image(roi: Roi, reach: np.ndarray) -> bool:
    box = zip(_box(roi.intensity_mask), reach, roi.intensity_mask.shape, strict=True)
    return any(start < r or stop + r > n for (start, stop), r, n in box)


def _around(array: np.ndarray, roi: Roi, reach: np.ndarray) -> np.ndarray:
    """``array`` in the region's bounding box and ``reach`` (z, y, x) around it; 0 beyond the image."""
    box = _box(roi.intensity_mask)
    shape = [stop - start + 2 * r for (start, stop), r in zip(box, reach, strict=True)]
    found = np.zeros(shape, bool if array.dtype == bool else float)
    there, here = [], []
    for (start, stop), r, n in zip(box, reach, array.shape, strict=True):
        first, end = max(0, start - r), min(n, stop + r)
        there.append(slice(first, end))
        here.append(slice(first - start + r, end - start + r))
    found[tuple(here)] = array[tuple(there)]
    return found


@kernel
def _sphere_sums(image, mask, rows, found):
    """Sum over the sphere around each voxel of the mask, which lies too far inside for a sphere to leave the array."""
    nz, ny, nx = image.shape
    upto = _running_sums(image)
    total = np.empty((ny, nx))
    n = 0
    for z in range(nz):
        first, stop = _extent(mask[z])
        if not stop.any():
            continue
        total[:] = 0.0
        slices = upto[z]
        for k in range(len(rows)):
            dz, dy, half = rows[k]
            if k > 0 and dz > rows[k - 1, 0]:
                slices = upto[z - dz] + upto[z + dz]  # the sphere is the same below and above
            for y in range(ny):
                a, b = first[y], stop[y]
                if a < b:
                    row = slices[y + dy]
                    _add_runs(row[a - half : b - half], row[a + half + 1 : b + half + 1], total[y, a:b])
        for y in range(ny):
            for x in np.flatnonzero(mask[z, y]):
                found[n] = total[y, x]
                n += 1
    return found


@kernel
def _running_sums(image):
    """Sum of the row's voxels before x, (z, y, x + 1)."""
    nz, ny, nx = image.shape
    upto = np.zeros((nz, ny, nx + 1))
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                upto[z, y, x + 1] = upto[z, y, x] + image[z, y, x]
    return upto


@kernel
def _extent(mask):
    """Where the voxels of each row of a slice begin and end; 0, 0 in a row without any."""
    first, stop = np.zeros(len(mask), np.int64), np.zeros(len(mask), np.int64)
    for y in range(len(mask)):
        for x in range(mask.shape[1]):
            if mask[y, x]:
                first[y] = x if stop[y] == 0 else first[y]
                stop[y] = x + 1
    return first, stop


@kernel
def _add_runs(before, through, total):
    for x in range(len(total)):
        total[x] += through[x] - before[x]


@feature("loc_peak_loc", ibsi="VJGA", name="Local intensity peak", unit="{unit}", moves=Moves(wider_bins="none"))
def local_intensity_peak(p: Peaks) -> float:
    """Mean over 1 cm³ around the voxel of the highest intensity; SUVpeak in a PET image.

    max of the means over the spheres around the voxels with x = max xₖ
    """
    return p.local


@feature(
    "loc_peak_glob",
    ibsi="0F91",
    name="Global intensity peak",
    unit="{unit}",
    moves=Moves(blur="down", wider_bins="none"),
)
def global_intensity_peak(p: Peaks) -> float:
    """Highest mean over 1 cm³ around any voxel of the region.

    max of the means over the spheres around all voxels
    """
    return p.highest
