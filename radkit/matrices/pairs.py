"""Counting neighbor pairs of gray levels: one traversal of the region serves every aggregation of the GLCM."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from radkit.matrices.aggregations import Ways
from radkit.matrices.kernels import kernel
from radkit.matrices.neighbors import ACROSS, IN_PLANE, bounding_box, ranks, shifted_pair

DENSE_COUNTERS = 1 << 24  # above this many counters (64 MB of uint32) the pairs are sorted instead
DENSE_VOXELS = 1 << 28  # up to here no uint32 counter of merged pairs can overflow
Cells = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # matrix, i, j, count of the occupied cells, in order


@dataclass(frozen=True, eq=False)
class Pairs:
    """Counts of neighbor pairs per slice and direction, before aggregation.

    Parameters
    ----------
    counts : either counters (n, n_present + 1, n_present + 1), where row and column 0 are outside the region, or
        the occupied cells (matrix, i, j, count) where so many counters would not fit. Each pair is counted once.
    slice, direction : slice and direction (index into IN_PLANE + ACROSS) of each of the n matrices, int64, (n,).
    present : gray levels that occur, (n_present,); i and j are indices into it.
    n_levels : number of gray levels of the discretization.
    """

    counts: np.ndarray | Cells
    slice: np.ndarray
    direction: np.ndarray
    present: np.ndarray
    n_levels: int

    def merged(self, target: np.ndarray) -> Cells:
        """Occupied cells of the symmetric matrices: matrix k joins number ``target[k]``, or none where that is -1."""
        if isinstance(self.counts, np.ndarray):
            return _merge_counters(self.counts, target)
        return _merge_cells(self.counts, target, len(self.present))


def count_pairs(array: np.ndarray, n_levels: int, ways: Ways) -> Pairs:
    """Count the pairs of neighboring gray levels of ``array`` (z, y, x), 0 being outside."""
    rank, present = ranks(array, n_levels, bounding_box(array > 0))
    directions = IN_PLANE + ACROSS if ways.across else IN_PLANE
    n_slices = rank.shape[0] - 2 if ways.by_slice else 1
    slice_, direction = np.divmod(np.arange(n_slices * len(IN_PLANE)), len(IN_PLANE))
    if ways.across:
        slice_ = np.append(slice_, np.full(len(ACROSS), -1))
        direction = np.append(direction, np.arange(len(IN_PLANE), len(directions)))
    if len(direction) * (len(present) + 1) ** 2 > DENSE_COUNTERS or rank.size > DENSE_VOXELS:
        counts = _count_sorted(rank, directions, ways, len(present))
        return Pairs(counts, slice_, direction, present, n_levels)
    _, ny, nx = rank.shape
    steps = np.array([(z * ny + y) * nx + x for z, y, x in directions])
    counts = np.zeros((len(direction), len(present) + 1, len(present) + 1), dtype=np.uint32)
    _count(rank.astype(np.uint16, copy=False), steps, ways.by_slice, counts)
    return Pairs(counts, slice_, direction, present, n_levels)


@kernel
def _count(rank, steps, by_slice, counts):
    """counts[matrix, a, b] += 1 for every voxel a and its neighbor b one step ahead; 0 is outside."""
    flat = rank.ravel()
    nz, ny, nx = rank.shape
    in_plane = 4
    ahead = in_plane * (nz - 2) if by_slice else in_plane  # matrices before those across slices
    for z in range(1, nz - 1):
        first = in_plane * (z - 1) if by_slice else 0
        for y in range(1, ny - 1):
            for v in range((z * ny + y) * nx + 1, (z * ny + y) * nx + nx - 1):
                a = flat[v]
                if a == 0:
                    continue
                for d in range(in_plane):
                    counts[first + d, a, flat[v + steps[d]]] += 1
                for d in range(in_plane, len(steps)):
                    counts[ahead + d - in_plane, a, flat[v + steps[d]]] += 1


def _merge_counters(counts: np.ndarray, target: np.ndarray) -> Cells:
    used = np.flatnonzero(target >= 0)
    if np.array_equal(target[used], np.arange(len(used))) and len(used) and used[-1] == len(used) - 1:
        return _occupied(counts[: len(used)])
    summed = np.zeros((target.max(initial=-1) + 1, *counts.shape[1:]), dtype=np.uint32)
    for k in used:
        summed[target[k]] += counts[k]
    return _occupied(summed)


@kernel
def _occupied(counts):
    """The cells of counts + counts^T that are not 0, row 0 and column 0 (outside) left out."""
    n_matrices, size, _ = counts.shape
    n = 0
    for m in range(n_matrices):
        for i in range(1, size):
            for j in range(1, size):
                n += counts[m, i, j] + counts[m, j, i] > 0
    matrix, row, column = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    count = np.empty(n, np.int64)
    n = 0
    for m in range(n_matrices):
        for i in range(1, size):
            for j in range(1, size):
                both = np.int64(counts[m, i, j]) + np.int64(counts[m, j, i])
                if both > 0:
                    matrix[n], row[n], column[n], count[n] = m, i - 1, j - 1, both
                    n += 1
    return matrix, row, column, count


def _count_sorted(rank: np.ndarray, directions: tuple, ways: Ways, size: int) -> Cells:
    """The same counts as occupied cells, by sorting: for gray levels too many for a table of counters."""
    parts = []
    ahead = len(IN_PLANE) * (rank.shape[0] - 2 if ways.by_slice else 1)
    for d, direction in enumerate(directions):
        a, b = shifted_pair(rank, direction)
        both = (a > 0) & (b > 0)
        if d >= len(IN_PLANE):
            matrix = np.full(np.count_nonzero(both), ahead + d - len(IN_PLANE))
        else:
            matrix = np.nonzero(both)[0] * len(IN_PLANE) * ways.by_slice + d
        code = (matrix * size + a[both] - 1) * size + b[both] - 1
        parts.append(np.unique(code, return_counts=True))
    return _decode(np.concatenate([p[0] for p in parts]), size, np.concatenate([p[1] for p in parts]))


def _merge_cells(cells: Cells, target: np.ndarray, size: int) -> Cells:
    matrix, i, j, count = cells
    used = target[matrix] >= 0
    matrix, i, j, count = target[matrix[used]], i[used], j[used], count[used]
    code = np.concatenate([(matrix * size + i) * size + j, (matrix * size + j) * size + i])
    code, which = np.unique(code, return_inverse=True)
    return _decode(code, size, np.bincount(which, weights=np.tile(count, 2)).astype(np.int64))


def _decode(code: np.ndarray, size: int, count: np.ndarray) -> Cells:
    rest, j = np.divmod(code, size)
    matrix, i = np.divmod(rest, size)
    return matrix, i, j, count
