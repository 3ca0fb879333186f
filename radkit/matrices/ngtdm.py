"""Neighborhood gray tone difference matrices (NGTDM): how far a voxel lies from the mean of its neighbors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from radkit.kernels import kernel
from radkit.matrices.neighborhoods import VOLUME, Cells, flush, tally
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
    return {name: _rows(cells) for name, cells in tally(levels, aggregations, _count, n_sums=2).items()}


def _rows(cells: Cells) -> Ngtdm:
    """Rows from cells by number of neighbors: whole numbers until here, so that no order of summing matters."""
    first = np.flatnonzero((np.diff(cells.matrix, prepend=-2) != 0) | (np.diff(cells.level, prepend=0) != 0))
    voxels, tones = cells.sums.T
    if not len(cells):
        return Ngtdm(cells.level, voxels, tones.astype(float), cells.starts)
    n, s = np.add.reduceat(voxels, first), np.add.reduceat(tones / cells.j, first)
    return Ngtdm(cells.level[first], n, s, np.flatnonzero(np.diff(cells.matrix[first], prepend=-2)))


@kernel
def _count(region, in_volume, level_of, tallies, cells, wanted):
    """Voxels, and sums of |level x neighbors - sum of the neighbors' levels|, by rank and number of neighbors."""
    rank, rows = region.rank, region.rows
    nz, ny, nx = rank.shape
    slice_, volume = tallies[0], tallies[1]
    in_plane, across = wanted
    code = _encode(rank, level_of)
    n = 0
    near, far = np.empty(nx, code.dtype), np.empty(nx, code.dtype)  # columns of three voxels, of nine
    for z in range(1, nz - 1):
        for y in range(1, ny - 1):
            a, b = rows[z, y, 0], rows[z, y, 1]
            if a == b:
                continue
            ranks, here = rank[z, y, a:b], code[z, y, a:b]
            _columns(code, z, y, near, far, across)
            if in_plane:
                _add(slice_, ranks, here, near[a - 1 : b + 1])
            if across:
                _add(volume, ranks, here, far[a - 1 : b + 1])
        if in_plane:
            n = flush(slice_, z - 1, region.held[z - 1], cells, n)
    if across:
        n = flush(volume, VOLUME, in_volume, cells, n)
    return n


@kernel
def _encode(rank, level_of):
    """32 * gray level + 1 inside, 0 outside: 27 of them hold the sum of levels beside the number of voxels (% 32)."""
    code = np.empty(rank.shape, np.uint32)  # 27 * 32 * 65535 still fits
    code_of = ((32 * level_of + 1) * (level_of > 0)).astype(np.uint32)
    ranks, codes = rank.ravel(), code.ravel()
    for v in range(len(ranks)):
        codes[v] = code_of[np.uint64(ranks[v])]
    return code


@kernel
def _columns(code, z, y, near, far, across):
    """Sums of codes over y - 1 ... y + 1 within the slice, and over the three slices."""
    above, here, below = code[z, y - 1], code[z, y], code[z, y + 1]
    for x in range(len(near)):
        near[x] = above[x] + here[x] + below[x]
        far[x] = near[x]
    if across:
        for dz in (-1, 1):
            above, here, below = code[z + dz, y - 1], code[z + dz, y], code[z + dz, y + 1]
            for x in range(len(far)):
                far[x] += above[x] + here[x] + below[x]


@kernel
def _add(table, ranks, here, columns):
    """Count the voxels of a row; the neighborhood of ``here[x]`` is ``columns[x]`` to ``columns[x + 2]``."""
    flat, width = table.ravel(), np.uint64(2 * table.shape[1])
    for x in range(len(here)):
        if here[x] == 0:
            continue
        around = np.int64(columns[x] + columns[x + 1] + columns[x + 2] - here[x])
        neighbors, level = around & 31, np.int64(here[x] >> 5)
        if neighbors > 0:
            cell = np.uint64(ranks[x]) * width + np.uint64(2 * neighbors)
            flat[cell] += 1
            flat[cell + np.uint64(1)] += abs(level * neighbors - (around >> 5))


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
