"""Neighboring gray level dependence matrices (NGLDM): how many neighbors share a voxel's gray level."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from radkit.matrices.neighborhoods import SIDES, count_likes, tally
from radkit.volume import Levels


@dataclass(frozen=True, eq=False)
class Ngldm:
    """One dependence matrix, or a stack of them, as its occupied cells.

    Cells lie matrix after matrix, then by gray level and dependence; ``starts`` says where each matrix begins.

    Parameters
    ----------
    i : gray level, float64, (n_cells,).
    j : dependence: the voxel itself and its neighbors of the same level, 1 ... 27, float64, (n_cells,).
    count : voxels of that level and dependence, int64, (n_cells,).
    starts : first cell of each matrix, int64, (n_matrices,).
    """

    i: np.ndarray
    j: np.ndarray
    count: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.starts)

    def total(self, x: np.ndarray) -> np.ndarray:
        """Sum of ``x`` (n_cells,) over the cells of each matrix, (n_matrices,)."""
        return np.add.reduceat(x, self.starts)

    def mean(self, x: np.ndarray) -> np.ndarray:
        """Mean of ``x`` (n_cells,) over the voxels of each matrix, Σᵢⱼ x pᵢⱼ, (n_matrices,)."""
        return self.total(x * self.count) / self.n_voxels

    def split(self) -> tuple[Ngldm, ...]:
        """The matrices of the stack one by one."""
        first = np.zeros(1, dtype=np.int64)
        ends = self.starts + self.sizes
        return tuple(
            Ngldm(self.i[a:b], self.j[a:b], self.count[a:b], first) for a, b in zip(self.starts, ends, strict=True)
        )

    @cached_property
    def sizes(self) -> np.ndarray:
        """Occupied cells of each matrix, (n_matrices,)."""
        return np.diff(np.append(self.starts, len(self.i)))

    @cached_property
    def n_voxels(self) -> np.ndarray:
        """N_s, the neighborhoods behind each matrix: one for each voxel, (n_matrices,)."""
        return self.total(self.count)

    @cached_property
    def p(self) -> np.ndarray:
        """Probability of each cell, (n_cells,)."""
        return self.count / np.repeat(self.n_voxels, self.sizes)

    @cached_property
    def level_squares(self) -> np.ndarray:
        """Σᵢ sᵢ.², the squared voxels of each gray level, (n_matrices,)."""
        new = np.diff(self.i, prepend=0) != 0
        new[self.starts] = True
        first = np.flatnonzero(new)
        of_level = np.add.reduceat(self.count, first).astype(float)
        return np.add.reduceat(of_level**2, np.searchsorted(first, self.starts))

    @cached_property
    def dependence_squares(self) -> np.ndarray:
        """Σⱼ s.ⱼ², the squared voxels of each dependence, (n_matrices,)."""
        where = np.repeat(np.arange(len(self)), self.sizes) * SIDES + self.j.astype(np.int64)
        of_dependence = np.bincount(where, weights=self.count, minlength=len(self) * SIDES)
        return (of_dependence.reshape(len(self), SIDES) ** 2).sum(axis=1)


def ngldm(levels: Levels, aggregation: str) -> tuple[Ngldm, ...]:
    """The dependence matrices of a region: one, or one for each slice.

    A neighbor at Chebyshev distance 1 (up to 26, or 8 within a slice) counts where it has the same gray level
    (IBSI's coarseness parameter α is 0).

    Parameters
    ----------
    levels : the discretized region.
    aggregation : "2D" (a matrix for each slice), "2_5D" (slice by slice, merged) or "3D".

    Raises
    ------
    SettingError : unknown aggregation.

    Examples
    --------
    >>> import numpy as np
    >>> from radkit.volume import Grid
    >>> row = np.array([[[1, 1, 2]]])
    >>> levels = Levels(row, Grid(shape=row.shape, spacing_mm=(1, 1, 1)), n_levels=2, edges=np.array([0.5, 1.5, 2.5]))
    >>> matrix = ngldm(levels, "3D")[0]
    >>> [(int(i), int(j), int(n)) for i, j, n in zip(matrix.i, matrix.j, matrix.count)]
    [(1, 2, 2), (2, 1, 1)]
    """
    return ngldms(levels, (aggregation,))[aggregation].split()


def ngldms(levels: Levels, aggregations: tuple[str, ...]) -> dict[str, Ngldm]:
    """The stack of matrices of every aggregation, from one traversal of the region."""
    return {
        name: Ngldm(cells.level.astype(float), cells.j.astype(float), cells.sums[:, 0], cells.starts)
        for name, cells in tally(levels, aggregations, count_likes, n_sums=1).items()
    }
