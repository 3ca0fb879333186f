"""Local intensity: the hottest cubic centimeter (IBSI family 9ST6).

The mean over a sphere of 1 cm³ around a voxel of the intensity mask takes in every voxel of the image whose center
lies within the sphere, inside the region or not; what lies beyond the image's border does not count. Such a mean
varies less than the maximum of one noisy voxel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from radkit.features.catalogue import Moves, feature
from radkit.kernels import kernel
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
        window = _Window.of(roi.intensity_mask, rows.max(axis=0))
        mask = window.cut(roi.intensity_mask)
        sums = _sphere_sums(window.cut(roi.image.array), mask, rows, np.empty(len(roi.values)))
        number = float(((2 * rows[:, 2] + 1) * np.where(rows[:, 0] > 0, 2, 1)).sum())
        if window.leaves_the_image:
            inside = window.cut(np.ones(roi.image.grid.shape))
            number = _sphere_sums(inside, mask, rows, np.empty(len(roi.values)))
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


@dataclass(frozen=True)
class _Window:
    """The region's bounding box and as much around it as a sphere reaches, on each axis: first voxel, one after last.

    ``wanted`` may begin before the image and end after it, ``there`` is what the image has of it.
    """

    wanted: tuple[tuple[int, int], ...]
    there: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, mask: np.ndarray, reach: np.ndarray) -> _Window:
        occupied = [np.flatnonzero(mask.any(axis=other)) for other in ((1, 2), (0, 2), (0, 1))]
        wanted = [(int(where[0] - r), int(where[-1] + 1 + r)) for where, r in zip(occupied, reach, strict=True)]
        there = [(max(0, start), min(n, stop)) for (start, stop), n in zip(wanted, mask.shape, strict=True)]
        return cls(tuple(wanted), tuple(there))

    @property
    def leaves_the_image(self) -> bool:
        """True where a sphere could reach beyond the image."""
        return self.wanted != self.there

    def cut(self, array: np.ndarray) -> np.ndarray:
        """The window's part of ``array``, bool or float64; 0 beyond the image."""
        found = np.zeros([stop - start for start, stop in self.wanted], bool if array.dtype == bool else float)
        pairs = list(zip(self.wanted, self.there, strict=True))
        here = tuple(slice(first - start, end - start) for (start, _), (first, end) in pairs)
        found[here] = array[tuple(slice(first, end) for _, (first, end) in pairs)]
        return found


@kernel
def _sphere_sums(image, mask, rows, found):
    """Sum over the sphere around each voxel of the mask, which lies too far inside for a sphere to leave the array."""
    nz, ny, nx = image.shape
    upto = _running_sums(image)
    total, slices = np.empty((ny, nx)), np.empty((ny, nx + 1))
    first, stop = np.empty(ny, np.int64), np.empty(ny, np.int64)
    n = 0
    for z in range(nz):
        if not _extent(mask[z], first, stop):
            continue
        total[:] = 0.0
        for k in range(len(rows)):
            dz, dy, half = rows[k, 0], rows[k, 1], rows[k, 2]
            if k == 0 or dz > rows[k - 1, 0]:
                _add_slices(upto, z, dz, slices)
            for y in range(ny):
                a, b = first[y], stop[y]
                if a < b:
                    row = slices[y + dy]
                    _add_runs(row[a - half : b - half], row[a + half + 1 : b + half + 1], total[y, a:b])
        for y in range(ny):
            for x in range(first[y], stop[y]):
                if mask[z, y, x]:
                    found[n] = total[y, x]
                    n += 1
    return found


@kernel
def _running_sums(image):
    """Sum of the row's voxels before x, (z, y, x + 1)."""
    nz, ny, nx = image.shape
    upto = np.empty((nz, ny, nx + 1))
    for z in range(nz):
        for y in range(ny):
            upto[z, y, 0] = 0.0
            for x in range(nx):
                upto[z, y, x + 1] = upto[z, y, x] + image[z, y, x]
    return upto


@kernel
def _extent(mask, first, stop):
    """Where the voxels of each row of a slice begin and end, 0 and 0 in a row without any; True if there is one."""
    some = False
    for y in range(len(mask)):
        first[y], stop[y] = 0, 0
        for x in range(mask.shape[1]):
            if mask[y, x]:
                first[y] = x if stop[y] == 0 else first[y]
                stop[y] = x + 1
                some = True
    return some


@kernel
def _add_slices(upto, z, dz, slices):
    """The sphere is the same below and above: the sums of both slices become one."""
    for y in range(slices.shape[0]):
        for x in range(slices.shape[1]):
            slices[y, x] = upto[z - dz, y, x] + upto[z + dz, y, x] if dz > 0 else upto[z, y, x]


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
    moves=Moves(wider_bins="none"),
)
def global_intensity_peak(p: Peaks) -> float:
    """Highest mean over 1 cm³ around any voxel of the region.

    max of the means over the spheres around all voxels
    """
    return p.highest
