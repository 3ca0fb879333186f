"""Tallies over the 3 x 3 (x 3) neighborhood of every voxel: what the NGTDM and the NGLDM are counted from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from radkit.kernels import kernel
from radkit.matrices.aggregations import WITHOUT_DIRECTION, require_aggregation
from radkit.matrices.packed import packed
from radkit.volume import Levels

SIDES = 28  # a tally by number of voxels in a neighborhood has room for 0 ... 27
VOLUME = -1  # the number of the matrix that is counted across slices


@dataclass(frozen=True, eq=False)
class Cells:
    """The occupied cells of one tally, or of one after the other, ordered by matrix, gray level and ``j``.

    Parameters
    ----------
    matrix : number of the matrix, int64, (n_cells,).
    level : gray level, int64, (n_cells,).
    j : how many voxels of the neighborhood count, int64, (n_cells,).
    sums : what was added up in the cell; the first column is its voxels, int64, (n_cells, n_sums).
    """

    matrix: np.ndarray
    level: np.ndarray
    j: np.ndarray
    sums: np.ndarray

    def __len__(self) -> int:
        return len(self.matrix)

    @property
    def starts(self) -> np.ndarray:
        """First cell of each matrix, int64, (n_matrices,)."""
        return np.flatnonzero(np.diff(self.matrix, prepend=-2))


@kernel
def _flush(table, matrix, held, cells, n):
    """Append the occupied cells of a tally (n_present + 1, 28, n_sums) to ``cells`` from n on, clear it; the new n.

    ``held`` : voxels of each rank that were tallied; ranks without any are passed over.
    """
    _, sides, n_sums = table.shape
    for i in np.flatnonzero(held):
        for j in range(1, sides):
            if table[i, j, 0] > 0:
                cells[n, 0], cells[n, 1], cells[n, 2] = matrix, i, j
                for k in range(n_sums):
                    cells[n, 3 + k] = table[i, j, k]
                    table[i, j, k] = 0
                n += 1
    return n


def tally(levels: Levels, aggregations: tuple[str, ...], count: Callable, n_sums: int) -> dict[str, Cells]:
    """The occupied cells of every aggregation, from one traversal of the region by the kernel ``count``.

    Parameters
    ----------
    count : takes the packed region, its levels (0 first), two tallies (of a slice, of the volume), room for the cells,
        and whether slices and the volume are wanted; fills the cells and returns their number.
    n_sums : what it adds up in a cell.

    Raises
    ------
    SettingError : an aggregation other than "2D", "2_5D" and "3D".
    """
    for name in aggregations:
        require_aggregation("neighborhood matrix", name, WITHOUT_DIRECTION)
    wanted = any(name != "3D" for name in aggregations), "3D" in aggregations
    region = packed(levels)
    in_volume = region.held.sum(axis=0)
    tallies = np.zeros((2, len(in_volume), SIDES, n_sums), np.int64)
    rooms = [
        np.minimum(held, SIDES - 1).sum() for held, asked in zip((region.held, in_volume), wanted, strict=True) if asked
    ]
    cells = np.empty((sum(rooms), 3 + n_sums), np.int64)  # a cell has a voxel at least
    cells = cells[: count(region, in_volume, np.append(0, region.present), tallies, cells, wanted)]
    by_slice = cells[:, 0] != VOLUME
    parts = {"2D": cells[by_slice], "3D": cells[~by_slice]}
    if "2_5D" in aggregations:
        parts["2_5D"] = _merged(parts["2D"], len(region.present))
    return {
        name: Cells(matrix=part[:, 0], level=region.present[part[:, 1] - 1], j=part[:, 2], sums=part[:, 3:])
        for name, part in ((name, parts[name]) for name in aggregations)
    }


def _merged(cells: np.ndarray, n_present: int) -> np.ndarray:
    """The cells of all slices added up."""
    where = cells[:, 1] * SIDES + cells[:, 2]
    size = (n_present + 1) * SIDES
    sums = np.stack([np.bincount(where, weights=column, minlength=size) for column in cells[:, 3:].T], axis=1)
    occupied = np.flatnonzero(sums[:, 0])
    level, j = np.divmod(occupied, SIDES)
    return np.column_stack([np.zeros_like(level), level, j, sums[occupied].astype(np.int64)])


@kernel
def count_tones(region, in_volume, level_of, tallies, cells, wanted):
    """Voxels, and sums of |level x neighbors - sum of the neighbors' levels|, by rank and number of neighbors."""
    nz, ny, nx = region.rank.shape
    in_plane, across = wanted
    within, beyond, last = np.int64(0), np.int64(1), np.int64(VOLUME)  # numba would compile once for each plain number
    n = np.int64(0)
    code = _encode(region.rank, level_of)
    columns, around = np.zeros(ny * nx, np.uint32), np.zeros(ny * nx, np.uint32)
    for z in range(1, nz - 1):
        if in_plane:
            _sum_neighbors(code, z, within, nx, columns, around)
            _add_tones(tallies[0], region.rank[z], region.rows[z], level_of, around)
            n = _flush(tallies[0], z - 1, region.held[z - 1], cells, n)
        if across:
            _sum_neighbors(code, z, beyond, nx, columns, around)
            _add_tones(tallies[1], region.rank[z], region.rows[z], level_of, around)
    if across:
        n = _flush(tallies[1], last, in_volume, cells, n)
    return n


@kernel
def _encode(rank, level_of):
    """32 * gray level + 1 inside, 0 outside: 27 of them hold the sum of levels beside the number of voxels (% 32)."""
    nz, ny, nx = rank.shape
    code = np.empty((nz, ny * nx), np.uint32)  # 27 * 32 * 65535 still fits
    code_of = ((32 * level_of + 1) * (level_of > 0)).astype(np.uint32)
    ranks, codes = rank.ravel(), code.ravel()
    for v in range(len(ranks)):
        codes[v] = code_of[np.uint64(ranks[v])]
    return code


@kernel
def _sum_neighbors(code, z, reach, nx, columns, around):
    """The sum of codes in the neighborhood of every voxel of a slice, ``reach`` slices up and down, without its own."""
    start, stop = nx, code.shape[1] - nx
    columns[:] = 0
    for dz in range(-reach, reach + 1):
        plane = code[z + dz]
        above, here, below = plane[start - nx : stop - nx], plane[start:stop], plane[start + nx : stop + nx]
        total = columns[start:stop]
        for v in range(len(total)):  # all rows at once
            total[v] += above[v] + here[v] + below[v]
    left, middle, right = columns[start - 1 : stop - 1], columns[start:stop], columns[start + 1 : stop + 1]
    own, total = code[z, start:stop], around[start:stop]
    for v in range(len(total)):
        total[v] = left[v] + middle[v] + right[v] - own[v]


@kernel
def _add_tones(table, ranks, rows, level_of, around):
    """Count the voxels of a slice."""
    flat, width = table.ravel(), np.uint64(2 * table.shape[1])
    ny, nx = ranks.shape
    rank = ranks.ravel()
    for y in range(1, ny - 1):
        for v in range(np.uint64(y * nx + rows[y, 0]), np.uint64(y * nx + rows[y, 1])):
            neighbors = np.int64(around[v] & np.uint32(31))
            if rank[v] != 0 and neighbors > 0:
                place = np.uint64(rank[v])
                cell = place * width + np.uint64(2 * neighbors)
                flat[cell] += 1
                flat[cell + np.uint64(1)] += abs(level_of[place] * neighbors - np.int64(around[v] >> np.uint32(5)))


@kernel
def count_likes(region, in_volume, level_of, tallies, cells, wanted):
    """Voxels by rank and dependence."""
    nz, ny, nx = region.rank.shape
    in_plane, across = wanted
    rank, like = region.rank.reshape(nz, ny * nx), np.zeros(ny * nx, np.uint8)
    n, last = np.int64(0), np.int64(VOLUME)
    for z in range(1, nz - 1):
        like[:] = 0
        _compare(rank[z], rank[z], nx, like)
        if in_plane:
            _add_likes(tallies[0], region.rank[z], region.rows[z], like)
            n = _flush(tallies[0], z - 1, region.held[z - 1], cells, n)
        if across:
            _compare(rank[z], rank[z - 1], nx, like)
            _compare(rank[z], rank[z + 1], nx, like)
            _add_likes(tallies[1], region.rank[z], region.rows[z], like)
    if across:
        n = _flush(tallies[1], last, in_volume, cells, n)
    return n


@kernel
def _compare(plane, other, nx, like):
    """Add to ``like`` how many of the nine voxels around each voxel's place in another slice have its rank."""
    start, stop = nx + 1, len(plane) - nx - 1
    here, total = plane[start:stop], like[start:stop]
    for step in (-nx, 0, nx):
        left, middle = other[start + step - 1 : stop + step - 1], other[start + step : stop + step]
        right = other[start + step + 1 : stop + step + 1]
        for v in range(len(total)):  # all rows at once; 8-bit sums are what the compiler does 32 at a time
            total[v] += np.uint8(here[v] == left[v]) + np.uint8(here[v] == middle[v]) + np.uint8(here[v] == right[v])


@kernel
def _add_likes(table, ranks, rows, like):
    """Count the voxels of a slice."""
    flat, width = table.ravel(), np.uint64(table.shape[1])
    ny, nx = ranks.shape
    rank = ranks.ravel()
    for y in range(1, ny - 1):
        for v in range(np.uint64(y * nx + rows[y, 0]), np.uint64(y * nx + rows[y, 1])):
            if rank[v] != 0:
                flat[np.uint64(rank[v]) * width + np.uint64(like[v])] += 1
