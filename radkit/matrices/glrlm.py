"""Gray level run length matrices (GLRLM): how long a gray level goes on along a line."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from radkit.kernels import kernel
from radkit.matrices.aggregations import BY_DIRECTION, Ways, require_aggregation, ways
from radkit.matrices.census import Census
from radkit.matrices.neighbors import ACROSS, IN_PLANE, steps
from radkit.matrices.packed import Packed, packed
from radkit.volume import Levels


class Glrlm(Census):
    """Runs by gray level i and length j, in voxels. A voxel belongs to one run along each direction."""


@dataclass(frozen=True, eq=False)
class Slots:
    """One counter for every slice (or the volume as one), gray level and run length that can occur.

    A level of n voxels has no run longer than n, so there are never more counters than voxels in the region.

    Parameters
    ----------
    slice, rank, length : what each counter counts, int64, (n_slots,).
    first : where the counters of each rank begin, for each slice, int64, (n_slices, n_present + 1); rank 0, outside the
        region, has one behind all others.
    last : the counters of the greatest length of each rank and slice, int64, (n,).
    """

    slice: np.ndarray
    rank: np.ndarray
    length: np.ndarray
    first: np.ndarray
    last: np.ndarray

    @classmethod
    def of(cls, held: np.ndarray, longest: int) -> Slots:
        """Counters for that many voxels of each rank in each slice, (n_slices, n_present + 1), and the longest line."""
        width = np.minimum(held, longest).ravel()
        end = np.cumsum(width)
        first = end - width
        group = np.repeat(np.arange(held.size), width)
        slice_, rank = np.divmod(group, held.shape[1])
        place = first.reshape(held.shape)
        place[:, 0] = end[-1]
        return cls(slice_, rank, np.arange(len(group)) - first[group] + 1, place, end[width > 0] - 1)

    def __len__(self) -> int:
        return len(self.length)


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
    return merge(count_runs(levels, ways(aggregation)), aggregation).split()


def count_runs(levels: Levels, ways: Ways) -> Runs:
    """Count the runs of a region along every direction."""
    region = packed(levels)
    longest = max(region.rank.shape) - 2
    volume = Slots.of(region.held.sum(axis=0, keepdims=True), longest)
    if not ways.by_slice:
        counts = _runs(region, IN_PLANE + ACROSS if ways.across else IN_PLANE, volume)
        return Runs(counts[: len(IN_PLANE)], counts[len(IN_PLANE) :], volume, volume, region.present)
    slots = Slots.of(region.held, longest)
    across = _runs(region, ACROSS if ways.across else (), volume)
    return Runs(_runs(region, IN_PLANE, slots), across, slots, volume, region.present)


def _runs(region: Packed, directions: tuple, slots: Slots) -> np.ndarray:
    """Runs along each direction by slot, int64, (n_directions, n_slots).

    Every run of n voxels and more has one n-th voxel: the runs of exactly n are the n-th voxels less the (n + 1)-th.
    """
    if not directions:
        return np.zeros((0, len(slots)), np.int64)
    reached = np.zeros((len(directions), len(slots) + 1), np.uint32)
    first = np.ascontiguousarray(np.broadcast_to(slots.first, region.held.shape), np.uint32)
    _count(region.rank, region.rows, steps(directions, region.rank.shape), first, reached)
    reached = reached[:, :-1].astype(np.int64)
    longer = np.zeros_like(reached)
    longer[:, :-1] = reached[:, 1:]
    longer[:, slots.last] = 0
    return reached - longer


@kernel
def _count(rank, rows, steps, first, reached):
    """reached[d, slot] += 1 for every voxel, the slot being that of its rank and of its place in its run along d."""
    nz, ny, nx = rank.shape
    region, counter, one = rank.ravel(), reached.ravel(), np.uint32(1)
    size, n_slots = np.uint64(ny * nx), np.uint64(reached.shape[1])
    before = np.zeros((len(steps), 2, ny * nx), np.uint16)  # like voxels behind, in this slice and the one before
    base = np.empty(nx, np.uint32)
    for z in range(1, nz - 1):
        for d in range(len(steps)):
            _look_behind(region, rows[z], z, np.int64(steps[d]), before[d, z % 2], before[d, 1 - z % 2])
        slot_of = first[z - 1]
        for y in range(1, ny - 1):
            start, n = np.uint64(y * nx + rows[z, y, 0]), np.uint64(rows[z, y, 1] - rows[z, y, 0])
            here = np.uint64(z) * size + start
            for x in range(n):
                base[x] = slot_of[np.uint64(region[here + x])]
            for d in range(len(steps)):
                behind, place = before[d, z % 2], np.uint64(d) * n_slots
                for x in range(n):
                    counter[place + np.uint64(base[x]) + np.uint64(behind[start + x])] += one


@kernel
def _look_behind(region, rows, z, step, mine, last):
    """Like voxels behind every voxel of slice z along one direction, from those of its own slice or of the last one."""
    size, nx = len(mine), len(mine) // len(rows)
    corner = z * size
    if step > nx + 1:  # across slices: all rows at once
        first, stop = nx + 1, size - nx - 1
        here, there = region[corner + first : corner + stop], region[corner + first - step : corner + stop - step]
        _extend(here, there, last[first - step + size : stop - step + size], mine[first:stop])
        return
    for y in range(1, len(rows) - 1):
        start, stop = y * nx + rows[y, 0], y * nx + rows[y, 1]
        if start == stop:
            continue
        here, there = region[corner + start : corner + stop], region[corner + start - step : corner + stop - step]
        if step > 1:
            _extend(here, there, mine[start - step : stop - step], mine[start:stop])
        else:
            _follow(here, there, mine[start:stop])


@kernel
def _follow(here, there, mine):
    """The same along the row itself, where every voxel waits for the one behind it."""
    length = np.int64(0)
    for x in range(len(here)):
        length = (length + 1) & -np.int64((here[x] == there[x]) & (here[x] != 0))
        mine[x] = length


@kernel
def _extend(here, there, behind, mine):
    """One like voxel more than behind the neighbor, where that is of one rank; products of 0 and 1, many at once."""
    for x in range(len(here)):
        same = np.uint16((here[x] == there[x]) & (here[x] != 0))
        mine[x] = same * (behind[x] + same)


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
    return Glrlm(
        runs.present[slots.rank[slot] - 1].astype(float), j, n, starts, n_voxels=np.add.reduceat(n * j, starts)
    )
