"""Counting neighbor pairs of gray levels: one traversal of the region serves every aggregation of the GLCM."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from radkit.kernels import kernel
from radkit.matrices.aggregations import Ways
from radkit.matrices.neighbors import ACROSS, DIRECTIONS, IN_PLANE, shifted_pair, steps
from radkit.matrices.packed import Packed, packed
from radkit.volume import Levels

DENSE_COUNTERS = 1 << 24  # above this many counters (64 MB of uint32) the pairs are sorted instead
DENSE_VOXELS = 1 << 28  # up to here no uint32 counter of merged pairs can overflow


class Cells(NamedTuple):
    """The occupied cells of symmetric matrices, in order of matrix, i and j; i and j are places among the levels.

    ``starts`` : the first cell of each matrix that has one.
    """

    starts: np.ndarray
    i: np.ndarray
    j: np.ndarray
    count: np.ndarray


@dataclass(frozen=True, eq=False)
class Pairs:
    """Counters of neighbor pairs per direction, before aggregation. Each pair is counted once.

    Parameters
    ----------
    in_plane : by slice (or all slices as one), first rank, direction of IN_PLANE, second rank, (n, size, 4, size);
        rank 0 is outside the region.
    across : the same along ACROSS, (1, size, 9, size); empty where nobody asked for it.
    held : voxels of each rank in each slice, (n_slices, size).
    present : gray levels that occur, (n_present,).
    n_levels : number of gray levels of the discretization.
    """

    in_plane: np.ndarray
    across: np.ndarray
    held: np.ndarray
    present: np.ndarray
    n_levels: int

    @cached_property
    def _in_volume(self) -> np.ndarray:
        """Counters along IN_PLANE with all slices added up."""
        return self.in_plane if len(self.in_plane) == 1 else self.in_plane.sum(axis=0, keepdims=True, dtype=np.uint32)

    def cells(self, aggregation: str) -> Cells:
        """The cells of an aggregation's matrices."""
        by_slice = aggregation.startswith("2D")
        counts = self.in_plane if by_slice else self._in_volume
        if aggregation.startswith("3D"):
            counts = np.concatenate([counts, self.across], axis=2)
        if aggregation.endswith("_comb"):
            counts = counts.sum(axis=2, keepdims=True, dtype=np.uint32)
        held = self.held if by_slice else self.held.sum(axis=0, keepdims=True)
        return Cells(*_occupied(counts, held))


@dataclass(frozen=True, eq=False)
class SortedPairs:
    """The same as a list of pairs, for gray levels too many for a table of counters.

    ``slice``, ``direction``, ``i``, ``j``, ``count``: occupied cells, int64, (n,); i and j are places from 0.
    """

    slice: np.ndarray
    direction: np.ndarray
    i: np.ndarray
    j: np.ndarray
    count: np.ndarray
    present: np.ndarray
    n_levels: int

    def cells(self, aggregation: str) -> Cells:
        """The cells of an aggregation's matrices."""
        matrix = np.zeros_like(self.direction)
        if aggregation.startswith("2D"):
            matrix = self.slice
        if aggregation.endswith("_avg"):
            matrix = matrix * len(DIRECTIONS) + self.direction
        used = slice(None) if aggregation.startswith("3D") else self.direction < len(IN_PLANE)
        matrix, i, j, count = matrix[used], self.i[used], self.j[used], self.count[used]
        size = len(self.present)
        code = np.concatenate([(matrix * size + i) * size + j, (matrix * size + j) * size + i])
        code, which = np.unique(code, return_inverse=True)
        count = np.bincount(which, weights=np.tile(count, 2), minlength=len(code)).astype(np.int64)
        rest, j = np.divmod(code, size)
        matrix, i = np.divmod(rest, size)
        return Cells(np.flatnonzero(np.diff(matrix, prepend=-1)), i, j, count)


def count_pairs(levels: Levels, ways: Ways) -> Pairs | SortedPairs:
    """Count the pairs of neighboring gray levels of a region."""
    region = packed(levels)
    n_slices, size = region.held.shape
    groups = n_slices if ways.by_slice else 1
    n_counters = (groups * len(IN_PLANE) + len(ACROSS) * ways.across) * size**2
    if n_counters > DENSE_COUNTERS or region.rank.size > DENSE_VOXELS:
        return _sorted_pairs(region, ways, levels.n_levels)
    in_plane = np.zeros((groups, size, len(IN_PLANE), size), np.uint32)
    _count(region.rank, region.rows, steps(IN_PLANE, region.rank.shape), in_plane)
    across = np.zeros((1, size, len(ACROSS) if ways.across else 0, size), np.uint32)
    if ways.across:
        _count(region.rank, region.rows, steps(ACROSS, region.rank.shape), across)
    return Pairs(in_plane, across, region.held, region.present, levels.n_levels)


@kernel
def _count(rank, rows, steps, counts):
    """counts[slice, a, d, b] += 1 for every voxel a and its neighbor b one step along direction d; 0 is outside."""
    nz, ny, nx = rank.shape
    region, counter, one = rank.ravel(), counts.ravel(), np.uint32(1)
    n_groups, size, n_directions, _ = counts.shape
    line, block = np.uint64(size), np.uint64(n_directions * size)
    for z in range(1, nz - 1):
        group = np.uint64(z - 1 if n_groups > 1 else 0) * line * block
        for y in range(1, ny - 1):
            row = (z * ny + y) * nx
            for v in range(np.uint64(row + rows[z, y, 0]), np.uint64(row + rows[z, y, 1])):
                a = np.uint64(region[v])
                if a == 0:
                    continue
                place = group + a * block
                for step in steps:
                    counter[place + np.uint64(region[v + step])] += one
                    place += line


@kernel
def _occupied(counts, held):
    """The cells of counts + counts^T that are not 0, row 0 and column 0 (outside) left out, direction by direction."""
    n_groups, _, n_directions, _ = counts.shape
    n = 0
    for g in range(n_groups):
        occurs = np.flatnonzero(held[g]).astype(np.uint64)
        for d in range(n_directions):
            for i in occurs:
                for j in occurs:
                    n += (counts[g, i, d, j] | counts[g, j, d, i]) != 0
    starts, row = np.empty(n, np.int64), np.empty(n, np.int64)
    column, count = np.empty(n, np.int64), np.empty(n, np.int64)
    n = n_starts = 0
    for g in range(n_groups):
        occurs = np.flatnonzero(held[g]).astype(np.uint64)
        for d in range(n_directions):
            first = n
            for i in occurs:
                for j in occurs:
                    both = np.int64(counts[g, i, d, j]) + np.int64(counts[g, j, d, i])
                    if both > 0:
                        row[n], column[n], count[n] = np.int64(i) - 1, np.int64(j) - 1, both
                        n += 1
            if n > first:
                starts[n_starts] = first
                n_starts += 1
    return starts[:n_starts], row, column, count


def _sorted_pairs(region: Packed, ways: Ways, n_levels: int) -> SortedPairs:
    size, parts = len(region.present), []
    for d, direction in enumerate(DIRECTIONS if ways.across else IN_PLANE):
        a, b = shifted_pair(region.rank, direction)
        both = (a > 0) & (b > 0)
        slices = np.nonzero(both)[0] * ways.by_slice
        code = (slices * size + a[both] - 1) * size + b[both] - 1
        code, count = np.unique(code, return_counts=True)
        rest, j = np.divmod(code, size)
        slices, i = np.divmod(rest, size)
        parts.append((slices, np.full_like(i, d), i, j, count))
    return SortedPairs(*(np.concatenate(part) for part in zip(*parts, strict=True)), region.present, n_levels)
