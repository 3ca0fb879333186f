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


def crop_and_pad(array: np.ndarray) -> np.ndarray:
    """The bounding box of the non-zero voxels with one layer of zeros around, so that no neighbor leaves the array."""
    return pad(array[bounding_box(array != 0)])


def pad(array: np.ndarray) -> np.ndarray:
    """The array with one layer of zeros around."""
    padded = np.zeros([n + 2 for n in array.shape], dtype=array.dtype)
    padded[1:-1, 1:-1, 1:-1] = array
    return padded


def ranks(array: np.ndarray, n_levels: int) -> tuple[np.ndarray, np.ndarray]:
    """Gray levels replaced by their place 1 ... n_present among the levels that occur, and those levels.

    Returns
    -------
    rank : uint16 (uint32 above 65535 levels), same shape, 0 outside.
    present : int64, (n_present,), ascending.
    """
    occurs = np.zeros(n_levels + 1, dtype=bool)
    _mark(array, occurs)
    occurs[0] = False
    present = np.flatnonzero(occurs)
    dtype = np.uint16 if len(present) < 1 << 16 else np.uint32
    rank = np.empty(array.shape, dtype)
    _look_up(array, (np.cumsum(occurs) * occurs).astype(dtype), rank)
    return rank, present


@kernel
def _mark(array, occurs):
    """occurs[level] = True for every level of the array."""
    for level in array.ravel():
        occurs[level] = True


@kernel
def _look_up(array, table, result):
    """result = table[array], voxel by voxel."""
    flat, found = array.ravel(), result.ravel()
    for v in range(flat.size):
        found[v] = table[flat[v]]


def shifted_pair(array: np.ndarray, direction: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The interior of a padded array and the same voxels moved by one direction."""
    interior = tuple(slice(1, n - 1) for n in array.shape)
    moved = tuple(slice(1 + d, n - 1 + d) for d, n in zip(direction, array.shape, strict=True))
    return array[interior], array[moved]
