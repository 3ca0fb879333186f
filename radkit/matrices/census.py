"""The census of a region: how many groups of like voxels there are of each gray level and each extent.

A group is a run (its extent is a length) or a zone (its extent is a size, or the distance to the region's border).
The matrices of all of them are read in the same way, so that one formula text serves them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from radkit.kernels import kernel


@dataclass(frozen=True, eq=False)
class Census:
    """One matrix, or a stack of them, as its occupied cells, in order of matrix, i and j; ``starts`` tells them apart.

    Parameters
    ----------
    i : gray level of the groups in a cell, float64, (n_cells,).
    j : their extent, float64, (n_cells,).
    n : how many groups there are, float64, (n_cells,).
    starts : first cell of each matrix, int64, (n_matrices,).
    n_voxels : voxels that were grouped for each matrix, float64, (n_matrices,); of merged directions, those of each.
    """

    i: np.ndarray
    j: np.ndarray
    n: np.ndarray
    starts: np.ndarray
    n_voxels: np.ndarray

    @classmethod
    def of_groups(cls, level: np.ndarray, extent: np.ndarray, matrix: np.ndarray, n_voxels: np.ndarray) -> Self:
        """Count groups, one by one of a level, an extent and a matrix 0 ... len(n_voxels) - 1, (n_groups,) each."""
        (levels, i), (extents, j) = _distinct(level), _distinct(extent)
        cell = (matrix * len(levels) + i) * len(extents) + j
        if len(n_voxels) * len(levels) * len(extents) < 8 * len(cell) + 10_000:
            n = np.bincount(cell)
            cell = np.flatnonzero(n)
            n = n[cell]
        else:  # too many counters for so few groups
            cell, n = np.unique(cell, return_counts=True)
        rest, j = np.divmod(cell, len(extents))
        matrix, i = np.divmod(rest, len(levels))
        starts = np.flatnonzero(np.diff(matrix, prepend=-1))
        return cls(levels[i], extents[j], n.astype(float), starts, n_voxels[matrix[starts]].astype(float))

    def __len__(self) -> int:
        return len(self.starts)

    def split(self) -> tuple[Self, ...]:
        """The matrices of the stack one by one."""
        first = np.zeros(1, dtype=np.int64)
        return tuple(
            type(self)(self.i[a:b], self.j[a:b], self.n[a:b], first, self.n_voxels[k : k + 1])
            for k, (a, b) in enumerate(zip(self.starts, self.starts + self._sizes, strict=True))
        )

    def mean(self, x: np.ndarray) -> np.ndarray:
        """Mean over the groups of each matrix of what ``x`` (n_cells,) says of a cell, (n_matrices,)."""
        return np.add.reduceat(self.p * x, self.starts)

    @cached_property
    def n_groups(self) -> np.ndarray:
        """Number of groups of each matrix, (n_matrices,)."""
        return np.add.reduceat(self.n, self.starts)

    @cached_property
    def p(self) -> np.ndarray:
        """Probability that a group of the matrix stands in a cell, (n_cells,)."""
        return self.n / np.repeat(self.n_groups, self._sizes)

    @cached_property
    def levels(self) -> np.ndarray:
        """The gray levels that occur in the stack, ascending."""
        return self._by_level[0]

    @cached_property
    def p_level(self) -> np.ndarray:
        """Probability that a group has each of ``levels``, (n_matrices, n)."""
        return self._by_level[1]

    @cached_property
    def extents(self) -> np.ndarray:
        """The extents that occur in the stack, ascending."""
        return self._by_extent[0]

    @cached_property
    def p_extent(self) -> np.ndarray:
        """Probability that a group has each of ``extents``, (n_matrices, n)."""
        return self._by_extent[1]

    @cached_property
    def level_variance(self) -> np.ndarray:
        """Variance of the gray level of a group, (n_matrices,)."""
        return _variance(self.levels, self.p_level)

    @cached_property
    def extent_variance(self) -> np.ndarray:
        """Variance of the extent of a group, (n_matrices,)."""
        return _variance(self.extents, self.p_extent)

    @cached_property
    def entropy(self) -> np.ndarray:
        """-Σ p log2 p over the cells of each matrix, in bits, (n_matrices,)."""
        return np.maximum(-self.mean(np.log2(self.p)), 0.0)  # 0, not -0, where all groups are alike

    @cached_property
    def _sizes(self) -> np.ndarray:
        return np.diff(np.append(self.starts, len(self.n)))

    @cached_property
    def _by_level(self) -> tuple[np.ndarray, np.ndarray]:
        return self._marginal(self.i)

    @cached_property
    def _by_extent(self) -> tuple[np.ndarray, np.ndarray]:
        return self._marginal(self.j)

    def _marginal(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The values of ``x`` that occur, ascending, and the probability of each in each matrix."""
        values, column = _distinct(x)
        n = _add_up(column, self.n, np.append(self.starts, len(x)), len(values))
        return values, n / self.n_groups[:, None]


@kernel
def _add_up(column, n, bounds, size):
    """Sum of n over the cells of each matrix that stand in a column, (n_matrices, size)."""
    sums = np.zeros((len(bounds) - 1, size))
    for m in range(len(sums)):
        for cell in range(bounds[m], bounds[m + 1]):
            sums[m, column[cell]] += n[cell]
    return sums


def _distinct(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The numbers that occur among whole numbers, ascending, float64, and the place of each of ``x`` among them."""
    place = np.zeros(int(x.max()) + 1, np.int64)
    column = np.empty(len(x), np.int64)
    n = _number(x, place, column)
    values = np.empty(n)
    values[place[place > 0] - 1] = np.flatnonzero(place)
    return values, column


@kernel
def _number(x, place, column):
    """place[value] becomes the number of a value that occurs, from 1, ascending; column holds that of each, from 0."""
    for value in x:
        place[int(value)] = 1
    n = 0
    for value in range(len(place)):
        if place[value]:
            n += 1
            place[value] = n
    for k in range(len(x)):
        column[k] = place[int(x[k])] - 1
    return n


def _variance(values: np.ndarray, p: np.ndarray) -> np.ndarray:
    return ((values - (p @ values)[:, None]) ** 2 * p).sum(axis=1)
