"""The neighborhood that all texture matrices share: directions, crop, padding, ranks."""

from __future__ import annotations

import numpy as np

# One of each pair of opposite directions (z, y, x), so that every pair of voxels is met once.
IN_PLANE = ((0, 0, 1), (0, 1, 0), (0, 1, 1), (0, 1, -1))
ACROSS = ((1, 0, 0), (1, 0, 1), (1, 0, -1), (1, 1, 0), (1, -1, 0), (1, 1, 1), (1, 1, -1), (1, -1, 1), (1, -1, -1))


def crop_and_pad(array: np.ndarray) -> np.ndarray:
    """The bounding box of the non-zero voxels with one layer of zeros around, so that no neighbor leaves the array."""
    box = []
    for axis in range(3):
        other = tuple(a for a in range(3) if a != axis)
        inside = np.flatnonzero(array.any(axis=other))
        box.append(slice(inside[0], inside[-1] + 1))
    return np.pad(array[tuple(box)], 1)


def ranks(array: np.ndarray, n_levels: int) -> tuple[np.ndarray, np.ndarray]:
    """Gray levels replaced by their place 1 ... n_present among the levels that occur, and those levels.

    Returns
    -------
    rank : uint16 (uint32 above 65535 levels), same shape, 0 outside.
    present : int64, (n_present,), ascending.
    """
    occurs = np.zeros(n_levels + 1, dtype=bool)
    occurs[array.ravel()] = True
    occurs[0] = False
    present = np.flatnonzero(occurs)
    table = np.cumsum(occurs) * occurs
    return table.astype(np.uint16 if len(present) < 1 << 16 else np.uint32)[array], present


def shifted_pair(array: np.ndarray, direction: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The interior of a padded array and the same voxels moved by one direction."""
    interior = tuple(slice(1, n - 1) for n in array.shape)
    moved = tuple(slice(1 + d, n - 1 + d) for d, n in zip(direction, array.shape, strict=True))
    return array[interior], array[moved]
