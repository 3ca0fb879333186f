"""Neighborhood gray tone difference matrices (NGTDM): how far a voxel lies from the mean of its neighbors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from radkit.kernels import kernel
from radkit.matrices.neighborhoods import Cells, count_tones, tally
from radkit.volume import Levels


@dataclass(frozen=True, eq=False)
class Ngtdm:
    """One gray tone difference matrix, or a stack of them: a row for each gray level that occurs with a neighbor.

    Rows lie matrix after matrix, levels ascending; ``starts`` says where each matrix begins. A slice without two
    voxels side by side has no matrix, so a stack may be empty.

    Parameters
    ----------
    level : gray level i of the row, int64, (n_rows,).
    n : voxels of that level that have a neighbor, int64, (n_rows,).
    s : sum over these voxels of |i - mean level of the neighbors|, float64, (n_rows,).
    starts : first row of each matrix, int64, (n_matrices,).
    """

    level: np.ndarray
    n: np.ndarray
    s: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.starts)

    def total(self, x: np.ndarray) -> np.ndarray:
        """Sum of ``x`` (n_rows,) over the rows of each matrix, (n_matrices,)."""
        return np.add.reduceat(x, self.starts)

    def split(self) -> tuple[Ngtdm, ...]:
        """The matrices of the stack one by one."""
        first = np.zeros(1, dtype=np.int64)
        ends = self.starts + self.n_present
        return tuple(
            Ngtdm(self.level[a:b], self.n[a:b], self.s[a:b], first) for a, b in zip(self.starts, ends, strict=True)
        )

    @cached_property
    def n_present(self) -> np.ndarray:
        """Gray levels that occur with a neighbor, N_g,p, (n_matrices,)."""
        return np.diff(np.append(self.starts, len(self.level)))

    @cached_property
    def n_voxels(self) -> np.ndarray:
        """Voxels that have a neighbor, N_v,c, (n_matrices,)."""
        return self.total(self.n)

    @cached_property
    def p(self) -> np.ndarray:
        """Probability of the row's gray level, n / N_v,c, (n_rows,)."""
        return self.n / np.repeat(self.n_voxels, self.n_present)

    @cached_property
    def total_tone(self) -> np.ndarray:
        """Σ s, (n_matrices,)."""
        return self.total(self.s)

    @cached_property
    def mean_tone(self) -> np.ndarray:
        """Σ p s, (n_matrices,)."""
        return self.total(self.p * self.s)

    @cached_property
    def weighted_level_distances(self) -> np.ndarray:
        """ΣΣ |i p_i - j p_j| over all pairs of levels, (n_matrices,); exactly 0 where all i p_i are the same."""
        weight = self.level * self.n  # in units of 1 / N_v,c these are whole numbers
        matrix = np.repeat(np.arange(len(self)), self.n_present)
        weight = weight[np.lexsort((weight, matrix))]
        place = np.arange(len(weight)) - np.repeat(self.starts, self.n_present)
        return 2 * self.total((2 * place + 1 - np.repeat(self.n_present, self.n_present)) * weight) / self.n_voxels

    @cached_property
    def tone_distances(self) -> np.ndarray:
        """ΣΣ |i - j| (p_i s_i + p_j s_j) / (p_i + p_j) over all pairs of levels, (n_matrices,)."""
        occurrences, group = np.unique(self.n, return_inverse=True)
        return _tone_distances(self.level, self.n, self.s, group, occurrences, np.append(self.starts, len(self.n)))


def ngtdm(levels: Levels, aggregation: str) -> tuple[Ngtdm, ...]:
    """The gray tone difference matrices of a region: one, or one for each slice.

    The neighborhood of a voxel are the voxels of the region at Chebyshev distance 1: up to 26, or 8 within a slice.
    A voxel without any is left out, and so is a slice that has none but such voxels.

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
    >>> row = np.array([[[1, 1, 4]]])
    >>> levels = Levels(row, Grid(shape=row.shape, spacing_mm=(1, 1, 1)), n_levels=4, edges=np.arange(5) + 0.5)
    >>> matrix = ngtdm(levels, "3D")[0]
    >>> matrix.level.tolist(), matrix.n.tolist(), matrix.s.tolist()
    ([1, 4], [2, 1], [1.5, 3.0])
    """
    return ngtdms(levels, (aggregation,))[aggregation].split()


def ngtdms(levels: Levels, aggregations: tuple[str, ...]) -> dict[str, Ngtdm]:
    """The stack of matrices of every aggregation, from one traversal of the region."""
    return {name: _rows(cells) for name, cells in tally(levels, aggregations, count_tones, n_sums=2).items()}


def _rows(cells: Cells) -> Ngtdm:
    """Rows from cells by number of neighbors: whole numbers until here, so that no order of summing matters."""
    first = np.flatnonzero((np.diff(cells.matrix, prepend=-2) != 0) | (np.diff(cells.level, prepend=0) != 0))
    voxels, tones = cells.sums.T
    if not len(cells):
        return Ngtdm(cells.level, voxels, tones.astype(float), cells.starts)
    n, s = np.add.reduceat(voxels, first), np.add.reduceat(tones / cells.j, first)
    return Ngtdm(cells.level[first], n, s, np.flatnonzero(np.diff(cells.matrix[first], prepend=-2)))


@kernel
def _tone_distances(level, n, s, group, occurrences, bounds):
    """Pairs of levels by how often the lower one occurs: levels that occur equally often share a denominator.

    Few such numbers exist, for they add up to the voxels: at most √(2 N). So this takes levels x √(2 N) steps, not
    levels².
    """
    found = np.zeros(len(bounds) - 1)
    for m in range(len(found)):
        seen = np.zeros((len(occurrences), 4))  # of the lower levels: how many, Σ j, Σ s_j, Σ j s_j
        for row in range(bounds[m], bounds[m + 1]):
            i = level[row]
            for g in range(len(occurrences)):
                if seen[g, 0] > 0:
                    mine = n[row] * s[row] * (i * seen[g, 0] - seen[g, 1])
                    theirs = occurrences[g] * (i * seen[g, 2] - seen[g, 3])
                    found[m] += 2 * (mine + theirs) / (n[row] + occurrences[g])
            own = seen[group[row]]
            own[0] += 1
            own[1] += i
            own[2] += s[row]
            own[3] += i * s[row]
    return found
