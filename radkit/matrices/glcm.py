"""Gray level co-occurrence matrices (GLCM): how often two gray levels lie side by side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from radkit.kernels import kernel
from radkit.matrices.aggregations import BY_DIRECTION, require_aggregation, ways
from radkit.matrices.pairs import Pairs, SortedPairs, count_pairs
from radkit.volume import Levels


@dataclass(frozen=True, eq=False)
class Glcm:
    """One co-occurrence matrix, or a stack of them, as its occupied cells.

    A matrix is symmetric and normalized: ``pij`` sums to 1. Cells lie matrix after matrix; ``starts`` says where each
    begins. A matrix without a single pair of voxels does not exist, so a stack may be empty.

    Parameters
    ----------
    i, j : gray levels of the two voxels, float64, (n_cells,).
    pij : probability of that pair within its matrix, float64, (n_cells,).
    starts : first cell of each matrix, int64, (n_matrices,).
    n_levels : number of gray levels of the discretization, with the empty ones.
    n_pairs : voxel pairs behind each matrix (each counted once), int64, (n_matrices,).
    """

    i: np.ndarray
    j: np.ndarray
    pij: np.ndarray
    starts: np.ndarray
    n_levels: int
    n_pairs: np.ndarray

    def __len__(self) -> int:
        return len(self.starts)

    def total(self, x: np.ndarray) -> np.ndarray:
        """Sum of ``x`` (n_cells,) over the cells of each matrix, (n_matrices,)."""
        return np.add.reduceat(x, self.starts)

    def split(self) -> tuple[Glcm, ...]:
        """The matrices of the stack one by one."""
        first = np.zeros(1, dtype=np.int64)
        return tuple(
            Glcm(self.i[a:b], self.j[a:b], self.pij[a:b], first, self.n_levels, n_pairs=self.n_pairs[k : k + 1])
            for k, (a, b) in enumerate(zip(self.starts, self.starts + self.sizes, strict=True))
        )

    @cached_property
    def sizes(self) -> np.ndarray:
        """Occupied cells of each matrix, (n_matrices,)."""
        return np.diff(np.append(self.starts, len(self.pij)))

    @cached_property
    def p(self) -> np.ndarray:
        """The full matrix, (n_levels, n_levels); of a stack (n_matrices, n_levels, n_levels). Index 0 is level 1."""
        full = np.zeros((len(self), self.n_levels, self.n_levels))
        full[self._matrix, self.i.astype(np.int64) - 1, self.j.astype(np.int64) - 1] = self.pij
        full.flags.writeable = False
        return full[0] if len(self) == 1 else full

    @property
    def p_level(self) -> np.ndarray:
        """Marginal p_i of one voxel's level 1 ... n_levels, (n_matrices, n_levels)."""
        return self._marginals[0]

    @property
    def p_difference(self) -> np.ndarray:
        """p_{i-j}(k): probability of |i - j| = k, for k = 0 ... n_levels - 1, (n_matrices, n_levels)."""
        return self._marginals[1]

    @property
    def p_sum(self) -> np.ndarray:
        """p_{i+j}(k): probability of i + j = k, for k = 2 ... 2 n_levels, (n_matrices, 2 n_levels - 1)."""
        return self._marginals[2]

    @cached_property
    def _marginals(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return _marginals(self.i, self.j, self.pij, np.append(self.starts, len(self.pij)), self.n_levels)

    @cached_property
    def levels(self) -> np.ndarray:
        """1 ... n_levels, the values under ``p_level``."""
        return np.arange(1.0, self.n_levels + 1)

    @cached_property
    def differences(self) -> np.ndarray:
        """0 ... n_levels - 1, the values under ``p_difference``."""
        return np.arange(float(self.n_levels))

    @cached_property
    def sums(self) -> np.ndarray:
        """2 ... 2 n_levels, the values under ``p_sum``."""
        return np.arange(2.0, 2 * self.n_levels + 1)

    @cached_property
    def mean(self) -> np.ndarray:
        """Mean gray level of a voxel in a pair, (n_matrices,)."""
        return self.p_level @ self.levels

    @cached_property
    def variance(self) -> np.ndarray:
        """Variance of the gray level of a voxel in a pair, (n_matrices,)."""
        return ((self.levels - self.mean[:, None]) ** 2 * self.p_level).sum(axis=1)

    @cached_property
    def is_flat(self) -> np.ndarray:
        """True for a matrix with a single gray level, bool, (n_matrices,)."""
        return np.count_nonzero(self.p_level, axis=1) == 1

    @cached_property
    def joint_entropy(self) -> np.ndarray:
        """-Σ pij log2 pij in bits, (n_matrices,)."""
        return -self.total(self.pij * np.log2(self.pij))

    @cached_property
    def level_entropy(self) -> np.ndarray:
        """-Σ p_i log2 p_i in bits, (n_matrices,)."""
        return entropy(self.p_level)

    @cached_property
    def _matrix(self) -> np.ndarray:
        return np.repeat(np.arange(len(self)), self.sizes)


@kernel
def _marginals(i, j, pij, bounds, n_levels):
    """Of each matrix: the sums of pij over its rows, over its diagonals, and over its cross-diagonals."""
    n = len(bounds) - 1
    level, difference, total = np.zeros((n, n_levels)), np.zeros((n, n_levels)), np.zeros((n, 2 * n_levels - 1))
    for m in range(n):
        for cell in range(bounds[m], bounds[m + 1]):
            a, b = int(i[cell]), int(j[cell])
            level[m, a - 1] += pij[cell]
            difference[m, abs(a - b)] += pij[cell]
            total[m, a + b - 2] += pij[cell]
    return level, difference, total


def entropy(p: np.ndarray) -> np.ndarray:
    """Entropy in bits along the last axis: -Σ p log2 p, with 0 log 0 = 0."""
    return -(p * np.log2(np.where(p > 0, p, 1.0))).sum(axis=-1)


def glcm(levels: Levels, aggregation: str) -> tuple[Glcm, ...]:
    """The co-occurrence matrices of a region: one where the aggregation merges, several where it averages.

    Two voxels are neighbors at Chebyshev distance 1 when both carry a gray level: 13 directions in 3-D, four within a
    slice (the slice being the array's last two axes). Matrices without any pair are left out.

    Parameters
    ----------
    levels : the discretized region.
    aggregation : "2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb", "3D_avg" or "3D_comb".

    Raises
    ------
    SettingError : unknown aggregation.

    Examples
    --------
    >>> import numpy as np
    >>> from radkit.volume import Grid
    >>> row = np.array([[[1, 1, 2]]])
    >>> levels = Levels(row, Grid(shape=row.shape, spacing_mm=(1, 1, 1)), n_levels=2, edges=np.array([0.5, 1.5, 2.5]))
    >>> glcm(levels, "3D_comb")[0].p.tolist()
    [[0.5, 0.25], [0.25, 0.0]]
    """
    require_aggregation("GLCM", aggregation, BY_DIRECTION)
    return merge(count_pairs(levels, ways(aggregation)), aggregation).split()


def merge(pairs: Pairs | SortedPairs, aggregation: str) -> Glcm:
    """The stack of co-occurrence matrices of one aggregation, from counts that serve several."""
    starts, i, j, count = pairs.cells(aggregation)
    sizes = np.diff(np.append(starts, len(count)))
    total = np.add.reduceat(count, starts) if len(starts) else count  # a pair stands in (i, j) and in (j, i)
    gray = pairs.present.astype(float)
    return Glcm(gray[i], gray[j], count / np.repeat(total, sizes), starts, pairs.n_levels, n_pairs=total // 2)
