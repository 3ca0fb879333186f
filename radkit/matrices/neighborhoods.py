"""Tallies over the 3 x 3 (x 3) neighborhood of every voxel: what the NGTDM and the NGLDM are counted from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from radkit.matrices.aggregations import WITHOUT_DIRECTION, require_aggregation
from radkit.matrices.kernels import kernel
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


def pad(levels: Levels) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The region as the kernels want it.

    Returns
    -------
    code : 32 * gray level + 1 inside, 0 outside, with one layer of zeros around, (z + 2, y + 2, x + 2). A sum of up to
        27 codes holds the sum of the levels (// 32) beside the number of voxels (% 32).
    bounds : where the voxels of each row begin and end, int64, (z + 2, y + 2, 2).
    place : place 1 ... n_present of a gray level among those that occur, int64, (n_levels + 1,).
    """
    nz, ny, nx = levels.array.shape
    dtype = np.uint32 if levels.n_levels < 1 << 22 else np.uint64  # 27 * 32 * 2^22 still fits into 32 bits
    code = np.zeros((nz + 2, ny + 2, nx + 2), dtype)
    bounds = np.zeros((nz + 2, ny + 2, 2), np.int64)
    occurs = np.zeros(levels.n_levels + 1, np.uint8)
    _encode(levels.array, code, bounds, occurs)
    occurs[0] = 0
    return code, bounds, np.cumsum(occurs, dtype=np.int64)


@kernel
def _encode(levels, code, bounds, occurs):
    nz, ny, nx = levels.shape
    for z in range(nz):
        for y in range(ny):
            row = levels[z, y]
            padded = code[z + 1, y + 1]
            for x in range(nx):
                padded[x + 1] = 32 * row[x] + (row[x] != 0)
            a, b = 0, nx
            while a < nx and row[a] == 0:
                a += 1
            while b > a and row[b - 1] == 0:
                b -= 1
            for x in range(a, b):
                occurs[row[x]] = 1
            bounds[z + 1, y + 1, 0], bounds[z + 1, y + 1, 1] = a + 1, b + 1


@kernel
def flush(table, matrix, cells, n):
    """Append the occupied cells of a tally (n_present + 1, 28, n_sums) to ``cells`` from n on, clear it; the new n."""
    n_places, sides, n_sums = table.shape
    for i in range(1, n_places):
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
    count : takes what ``pad`` returns, two tallies (of a slice, of the volume), room for the cells, and whether slices
        and the volume are wanted; fills the cells and returns their number.
    n_sums : what it adds up in a cell.

    Raises
    ------
    SettingError : an aggregation other than "2D", "2_5D" and "3D".
    """
    for name in aggregations:
        require_aggregation("neighborhood matrix", name, WITHOUT_DIRECTION)
    wanted = any(name != "3D" for name in aggregations), "3D" in aggregations
    code, bounds, place = pad(levels)
    tallies = np.zeros((2, place[-1] + 1, SIDES, n_sums), np.int64)
    most = int(np.diff(bounds).sum()) * sum(wanted)  # a cell has a voxel at least
    cells = np.empty((most, 3 + n_sums), np.int64)
    cells = cells[: count(code, bounds, place, tallies, cells, wanted)]
    by_slice = cells[:, 0] != VOLUME
    parts = {"2D": cells[by_slice], "3D": cells[~by_slice]}
    if "2_5D" in aggregations:
        parts["2_5D"] = _merged(parts["2D"], int(place[-1]))
    present = np.flatnonzero(np.diff(place, prepend=0))
    return {
        name: Cells(matrix=part[:, 0], level=present[part[:, 1] - 1], j=part[:, 2], sums=part[:, 3:])
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
