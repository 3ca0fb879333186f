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
def flush(table, matrix, held, cells, n):
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
