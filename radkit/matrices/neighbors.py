"""The neighborhood that all texture matrices share."""

from __future__ import annotations

import numpy as np

# One of each pair of opposite directions (z, y, x), so that every pair of voxels is met once.
IN_PLANE = ((0, 0, 1), (0, 1, 0), (0, 1, 1), (0, 1, -1))
ACROSS = ((1, 0, 0), (1, 0, 1), (1, 0, -1), (1, 1, 0), (1, -1, 0), (1, 1, 1), (1, 1, -1), (1, -1, 1), (1, -1, -1))
DIRECTIONS = IN_PLANE + ACROSS


def steps(directions: tuple, shape: tuple[int, int, int]) -> tuple[np.uint64, ...]:
    """How far ahead the neighbor along each direction lies in a flattened array of that shape.

    Unsigned, as an index in the innermost loop of a kernel should be: a signed one is compared with 0 before each use.
    """
    _, ny, nx = shape
    return tuple(np.uint64((z * ny + y) * nx + x) for z, y, x in directions)


def shifted_pair(array: np.ndarray, direction: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The interior of a padded array and the same voxels moved by one direction."""
    interior = tuple(slice(1, n - 1) for n in array.shape)
    moved = tuple(slice(1 + d, n - 1 + d) for d, n in zip(direction, array.shape, strict=True))
    return array[interior], array[moved]
