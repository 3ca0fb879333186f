"""Gray level run length matrices (GLRLM): how long a gray level goes on along a line."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from radkit.matrices.aggregations import BY_DIRECTION, Ways, require_aggregation, ways
from radkit.matrices.alike import DIRECTIONS, Alike, alike, lowest_bits
from radkit.matrices.census import Census
from radkit.matrices.kernels import kernel
from radkit.matrices.neighbors import IN_PLANE
from radkit.volume import Levels


class Glrlm(Census):
    """Runs by gray level i and length j, in voxels. A voxel belongs to one run along each direction."""


@dataclass(frozen=True, eq=False)
class Slots:
    """One counter for every slice (or the volume as one), gray level and run length that can occur.

    A level of n voxels has no run longer than n, so there are never more counters than voxels in the region.

    Parameters
    ----------
    slice, rank, length : what each counter counts, rank being the gray level's place from 0, int64, (n_slots,).
    first : where the counters of each gray level begin, int64, (n_slices, n_present).
    held : voxels of each gray level, (n_slices, n_present).
    """

    slice: np.ndarray
    rank: np.ndarray
    length: np.ndarray
    first: np.ndarray
    held: np.ndarray

    @classmethod
    def of(cls, held: np.ndarray, longest: int) -> Slots:
        """Counters for that many voxels of each level in each slice, (n_slices, n_present), and the longest line."""
        width = np.minimum(held, longest).ravel()
        first = np.cumsum(width) - width
        group = np.repeat(np.arange(held.size), width)
        slice_, rank = np.divmod(group, held.shape[1])
        return cls(slice_, rank, np.arange(len(group)) - first[group] + 1, first.reshape(held.shape), held)

    def __len__(self) -> int:
        return len(self.length)

    def complete(self, counts: np.ndarray) -> None:
        """Fill in the runs of a single voxel: the voxels that longer runs, (n_directions, n_slots), leave over."""
        occurs = self.held > 0
        single = self.first[occurs]
        counts[:, single] = self.held[occurs] - np.add.reduceat(counts * self.length, single, axis=1)


@dataclass(frozen=True, eq=False)
class Runs:
    """Counts of runs per direction, before aggregation.

    Parameters
    ----------
    in_plane : runs along IN_PLANE, slice by slice where that was asked for, (4, len(slots)).
    across : runs along ACROSS, (9, len(volume)), or (0, len(volume)) where nobody asked for them.
    slots, volume : what these counters count.
    present : gray levels that occur, (n_present,).
    """

    in_plane: np.ndarray
    across: np.ndarray
    slots: Slots
    volume: Slots
    present: np.ndarray

    @cached_property
    def in_volume(self) -> np.ndarray:
        """Runs along IN_PLANE with all slices added up, (4, len(volume))."""
        if self.slots is self.volume:
            return self.in_plane
        place = self.volume.first[0, self.slots.rank] + self.slots.length - 1
        return np.stack([np.bincount(place, weights=counts, minlength=len(self.volume)) for counts in self.in_plane])


def glrlm(levels: Levels, aggregation: str) -> tuple[Glrlm, ...]:
    """The run length matrices of a region: one where the aggregation merges, several where it averages.

    A run is a line of voxels of one gray level, as long as it can be: along 13 directions in 3-D, along four within a
    slice (the slice being the array's last two axes).

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
    >>> along_x = glrlm(levels, "3D_avg")[0]
    >>> list(zip(along_x.i.tolist(), along_x.j.tolist(), along_x.n.tolist()))
    [(1.0, 2.0, 1.0), (2.0, 1.0, 1.0)]
    """
    require_aggregation("GLRLM", aggregation, BY_DIRECTION)
    return merge(count_runs(alike(levels), ways(aggregation)), aggregation).split()


def count_runs(near: Alike, ways: Ways) -> Runs:
    """Count the runs of a region along every direction, in one traversal."""
    longest = max(near.rank.shape) - 2
    volume = Slots.of(near.held.sum(axis=0, keepdims=True), longest)
    slots = Slots.of(near.held, longest) if ways.by_slice else volume
    n_flat, n_across = len(IN_PLANE), len(DIRECTIONS) - len(IN_PLANE) if ways.across else 0
    lines = np.append(np.arange(n_flat) * len(slots), n_flat * len(slots) + np.arange(n_across) * len(volume))
    counts = np.zeros(n_flat * len(slots) + n_across * len(volume), dtype=np.uint32)
    in_slice = np.broadcast_to(slots.first, near.held.shape).copy()
    _count(near, lowest_bits(), lines, in_slice, volume.first[0], counts)
    in_plane, across = np.split(counts, [n_flat * len(slots)])
    in_plane, across = in_plane.reshape(n_flat, len(slots)), across.reshape(n_across, len(volume))
    runs = Runs(in_plane, across, slots, volume, near.present)
    slots.complete(runs.in_plane)
    volume.complete(runs.across)
    return runs


@kernel
def _count(near, lowest, lines, in_slice, in_volume, counts):
    """Add one for the last voxel of every run of two and more, knowing how many like voxels lie behind it."""
    nz, ny, nx = near.rank.shape
    rank, ahead, behind = near.rank.ravel(), near.ahead.ravel(), near.behind.ravel()
    n, two_slices = nx - 2, 2 * ny * nx
    before = np.zeros((len(lines), two_slices), np.uint16)  # like voxels behind, of this slice and the last
    asked = (1 << len(lines)) - 1
    for z in range(1, nz - 1):
        for y in range(1, ny - 1):
            first = (z * ny + y) * nx + 1
            here = first % two_slices
            bits = behind[first : first + n]
            length = 0
            for x in range(n):  # along the row itself
                length = length + 1 if bits[x] & 1 else 0
                before[0, here + x] = length
            for d in range(1, len(lines)):  # a row at a time, so that the compiler extends many runs at once
                there = (first - near.steps[d]) % two_slices
                mine, its = before[d, here : here + n], before[d, there : there + n]
                for x in range(n):
                    mine[x] = ((bits[x] >> d) & 1) * (its[x] + 1)
            for x in range(n):
                ends = np.int64(bits[x]) & ~np.int64(ahead[first + x]) & asked
                while ends:
                    d = np.int64(lowest[ends])
                    ends &= ends - 1
                    level = rank[first + x] - 1
                    place = in_slice[z - 1, level] if d < 4 else in_volume[level]  # four directions lie in a slice
                    counts[lines[d] + place + before[d, here + x]] += 1


def merge(runs: Runs, aggregation: str) -> Glrlm:
    """The stack of run length matrices of one aggregation, from counts that serve several."""
    by_slice = aggregation.startswith("2D")
    counts = runs.in_plane if by_slice else runs.in_volume
    if aggregation.startswith("3D"):
        counts = np.concatenate([counts, runs.across])
    if aggregation.endswith("_comb"):
        counts = counts.sum(axis=0, keepdims=True)
    slots = runs.slots if by_slice else runs.volume
    row, slot = np.divmod(np.flatnonzero(counts), len(slots))
    matrix = row * len(slots.first) + slots.slice[slot]
    starts = np.flatnonzero(np.diff(matrix, prepend=-1))
    j = slots.length[slot].astype(float)
    n = counts[row, slot].astype(float)
    return Glrlm(runs.present[slots.rank[slot]].astype(float), j, n, starts, n_voxels=np.add.reduceat(n * j, starts))
