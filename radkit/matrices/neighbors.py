"""The neighborhood that all texture matrices share: directions, crop, padding, ranks."""

from __future__ import annotations

import numpy as np

from radkit.matrices.kernels import kernel

# One of each pair of opposite directions (z, y, x), so that every pair of voxels is met once.
IN_PLANE = ((0, 0, 1), (0, 1, 0), (0, 1, 1), (0, 1, -1))
ACROSS = ((1, 0, 0), (1, 0, 1), (1, 0, -1), (1, 1, 0), (1, -1, 0), (1, 1, 1), (1, 1, -1), (1, -1, 1), (1, -1, -1))


def bounding_box(mask: np.ndarray) -> tuple[slice, slice, slice]:
    """The smallest box (z, y, x) that holds every voxel of a mask that is not empty."""
    plane = mask.any(axis=0)
    box = []
    for line in (mask.any(axis=(1, 2)), plane.any(axis=1), plane.any(axis=0)):
        inside = np.flatnonzero(line)
        box.append(slice(int(inside[0]), int(inside[-1]) + 1))
    return tuple(box)


def pad(array: np.ndarray) -> np.ndarray:
    """The array with one layer of zeros around, so that no neighbor leaves it."""
    padded = np.zeros([n + 2 for n in array.shape], dtype=array.dtype)
    padded[1:-1, 1:-1, 1:-1] = array
    return padded


def ranks(array: np.ndarray, n_levels: int, box: tuple[slice, slice, slice]) -> tuple[np.ndarray, np.ndarray]:
    """Gray levels in a box, replaced by their place 1 ... n_present among the levels that occur, and those levels.

    Parameters
    ----------
    array : gray levels 1 ... n_levels (z, y, x), 0 outside the region.
    box : holds every voxel of the region.

    Returns
    -------
    rank : uint16 (uint32 above 65535 levels), the box with one layer of zeros around.
    present : int64, (n_present,), ascending.
    """
    occurs = np.zeros(n_levels + 1, dtype=bool)
    _mark(array, occurs)
    occurs[0] = False
    present = np.flatnonzero(occurs)
    dtype = np.uint16 if len(present) < 1 << 16 else np.uint32
    rank = np.zeros([b.stop - b.start + 2 for b in box], dtype)
    _look_up(array, np.array([b.start for b in box]), (np.cumsum(occurs) * occurs).astype(dtype), rank)
    return rank, present


@kernel
def _mark(array, occurs):
    """occurs[level] = True for every level of the array."""
    for level in array.ravel():
        occurs[level] = True


@kernel
def _look_up(array, corner, table, rank):
    """Fill the interior of ``rank`` with table[array], voxel by voxel from a corner of the box on."""
    nz, ny, nx = rank.shape
    for z in range(nz - 2):
        for y in range(ny - 2):
            levels, row = array[corner[0] + z, corner[1] + y], rank[z + 1, y + 1]
            for x in range(nx - 2):
                row[x + 1] = table[levels[corner[2] + x]]


def shifted_pair(array: np.ndarray, direction: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The interior of a padded array and the same voxels moved by one direction."""
    interior = tuple(slice(1, n - 1) for n in array.shape)
    moved = tuple(slice(1 + d, n - 1 + d) for d, n in zip(direction, array.shape, strict=True))
    return array[interior], array[moved]
