"""Kernels from boxes of voxels to the occupied cells of their matrices, in order of box, matrix, gray level and extent.

Pairs are counted in a table of the few levels that occur. The others go through a box level by level, which is the
order in which the cells are wanted: what is added up for one level lies in a short tally, written out and cleared
before the next level begins.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from radkit.kernels import kernel
from radkit.matrices.neighbors import IN_PLANE

DIRECTIONS_IN_SLICE = len(IN_PLANE)


class Cells(NamedTuple):
    """Room for cells and matrices; a kernel returns how many of each it wrote.

    Parameters
    ----------
    i, j, n : gray level, the other coordinate, and the count of a cell, float64, (room,).
    start : first cell of a matrix, int64, (matrices,).
    box : the box behind a matrix, int64, (matrices,).
    total : what was counted for a matrix, int64, (matrices,): pairs in both orders, or voxels once a direction.
    """

    i: np.ndarray
    j: np.ndarray
    n: np.ndarray
    start: np.ndarray
    box: np.ndarray
    total: np.ndarray


def room_for(n_cells: int, n_matrices: int) -> Cells:
    """Cells without content."""
    return Cells(*(np.empty(n_cells) for _ in "ijn"), *(np.empty(n_matrices, np.int64) for _ in range(3)))


@kernel
def write_out(tally, longest, level, cells, n):
    """Append the occupied places 1 ... longest of a tally as cells of one level, clear it, and return the new n."""
    for extent in range(1, longest + 1):
        if tally[extent] > 0:
            cells.i[n], cells.j[n], cells.n[n] = level, extent, tally[extent]
            tally[extent] = 0
            n += 1
    return n


@kernel
def close_matrix(cells, box, first, n, total, m):
    """End a matrix with the cells from ``first`` to n, or none where there is no cell; the new number of matrices."""
    if n == first:
        return m
    cells.start[m], cells.box[m], cells.total[m] = first, box, total
    return m + 1


@kernel
def pairs(region, boxes, steps, desk, cells):
    """Symmetric co-occurrence: ``n`` is the probability of a cell; matrices without a pair are left out.

    Few levels occur in a box, so that a table of their ranks is small enough to be searched cell by cell.
    """
    rank = desk.rank.ravel()
    most = min(len(desk.order), len(desk.place) - 1)
    table = np.zeros((most + 1) ** 2, np.int32)
    n, m = 0, 0
    for b in range(len(boxes.start)):
        n_present = _lay_out(region, boxes.start[b], boxes.stop[b], desk)
        voxels = desk.order[: desk.first[n_present]]
        for g in range(len(steps)):
            _pair_up(voxels, rank, steps[g], n_present + 1, table)
            first = n
            n, total = _write_pairs(table, desk.present[:n_present], cells, n)
            m = close_matrix(cells, b, first, n, total, m)
    return n, m


@kernel
def _pair_up(voxels, rank, steps, width, table):
    """Count each voxel with its neighbor one step ahead; row and column 0 are outside the region."""
    for step in steps:
        for v in voxels:
            table[rank[v] * width + rank[v + step]] += 1


@kernel
def _write_pairs(table, present, cells, n):
    """Append table + table^T, normalized, and clear the table; the new number of cells, and the sum before."""
    width, first, total = len(present) + 1, n, 0
    for i in range(1, width):
        for j in range(1, width):
            both = table[i * width + j] + table[j * width + i]
            if both > 0:
                cells.i[n], cells.j[n], cells.n[n] = present[i - 1], present[j - 1], both
                total += both
                n += 1
    for k in range(width * width):
        table[k] = 0
    for k in range(first, n):
        cells.n[k] /= total
    return n, total


@kernel
def runs(region, boxes, steps, desk, cells):
    """Runs of like voxels by level and length: each is met at its first voxel and followed to its end."""
    n_groups, n_steps = steps.shape
    rank = desk.rank.ravel()
    tally = np.zeros(max(desk.rank.shape), np.int64)
    n, m = 0, 0
    for b in range(len(boxes.start)):
        n_present = _lay_out(region, boxes.start[b], boxes.stop[b], desk)
        for g in range(n_groups):
            first = n
            for r in range(n_present):
                longest = 0
                for v in desk.order[desk.first[r] : desk.first[r + 1]]:
                    for s in range(n_steps):
                        step = steps[g, s]
                        if rank[v - step] != r + 1:
                            length = 1
                            while rank[v + length * step] == r + 1:
                                length += 1
                            tally[length] += 1
                            longest = max(longest, length)
                n = write_out(tally, longest, desk.present[r], cells, n)
            m = close_matrix(cells, b, first, n, n_steps * desk.first[n_present], m)
    return n, m


@kernel
def size_zones(region, boxes, steps, desk, cells):
    """Zones of like voxels, which touch along ``steps`` (1, n) and back, by level and size."""
    return _zones(region, boxes, steps, desk, cells, False)


@kernel
def distance_zones(region, boxes, steps, desk, cells):
    """The same zones by level and distance from the border: that of their nearest voxel."""
    return _zones(region, boxes, steps, desk, cells, True)


@kernel
def _zones(region, boxes, steps, desk, cells, by_distance):
    rank, far = desk.rank.ravel(), desk.far.ravel()
    tally = np.zeros(len(desk.order) + 1, np.int64)
    todo = np.empty(len(desk.order), np.int64)
    in_slices = steps.size == DIRECTIONS_IN_SLICE
    n, m = 0, 0
    for b in range(len(boxes.start)):
        n_present = _lay_out(region, boxes.start[b], boxes.stop[b], desk)
        if by_distance:
            _measure_distance(region, boxes.start[b], boxes.stop[b], in_slices, desk)
        first = n
        for r in range(n_present):
            longest = 0
            for v in desk.order[desk.first[r] : desk.first[r + 1]]:
                if rank[v] == r + 1:  # no zone has taken it yet
                    size, nearest = _take_zone(v, r + 1, steps[0], rank, far, todo)
                    extent = nearest if by_distance else size
                    tally[extent] += 1
                    longest = max(longest, extent)
            n = write_out(tally, longest, desk.present[r], cells, n)
        m = close_matrix(cells, b, first, n, desk.first[n_present], m)
    return n, m


@kernel
def _take_zone(seed, level, steps, rank, far, todo):
    """Take a zone out of ``rank``, from one of its voxels on; its size and the smallest of its distances."""
    todo[0], size, done = seed, 1, 0
    rank[seed] = 0
    nearest = far[seed]
    while done < size:
        v = todo[done]
        done += 1
        nearest = min(nearest, far[v])
        for step in steps:
            for u in (v + step, v - step):
                if rank[u] == level:
                    rank[u] = 0
                    todo[size] = u
                    size += 1
    return size, nearest


@kernel
def dependences(region, boxes, steps, desk, cells):
    """Voxels by level and dependence: the voxel itself and its like neighbors along ``steps`` (1, n) and back."""
    rank = desk.rank.ravel()
    tally = np.zeros(2 * steps.size + 2, np.int64)
    n, m = 0, 0
    for b in range(len(boxes.start)):
        n_present = _lay_out(region, boxes.start[b], boxes.stop[b], desk)
        first = n
        for r in range(n_present):
            for v in desk.order[desk.first[r] : desk.first[r + 1]]:
                alike = 1
                for step in steps[0]:
                    alike += (rank[v + step] == r + 1) + (rank[v - step] == r + 1)
                tally[alike] += 1
            n = write_out(tally, len(tally) - 1, desk.present[r], cells, n)
        m = close_matrix(cells, b, first, n, desk.first[n_present], m)
    return n, m


@kernel
def tones(region, boxes, steps, desk, cells):
    """A row for each level: ``j`` voxels have a neighbor, and ``n`` adds up |level - mean level of the neighbors|.

    Whole numbers are added up by number of neighbors and divided last, so that no order of voxels matters.
    """
    rank = desk.rank.ravel()
    sums = np.zeros(2 * steps.size + 1, np.int64)
    n, m = 0, 0
    for b in range(len(boxes.start)):
        n_present = _lay_out(region, boxes.start[b], boxes.stop[b], desk)
        first = n
        for r in range(n_present):
            voxels, level = 0, desk.present[r]
            sums[:] = 0
            for v in desk.order[desk.first[r] : desk.first[r + 1]]:
                neighbors, around = 0, 0
                for step in steps[0]:
                    for other in (rank[v + step], rank[v - step]):
                        if other > 0:
                            neighbors += 1
                            around += desk.present[other - 1]
                voxels += neighbors > 0
                sums[neighbors] += abs(level * neighbors - around)
            if voxels > 0:
                tone = 0.0
                for neighbors in range(1, len(sums)):
                    tone += sums[neighbors] / neighbors
                cells.i[n], cells.j[n], cells.n[n] = level, voxels, tone
                n += 1
        m = close_matrix(cells, b, first, n, desk.first[n_present], m)
    return n, m


@kernel
def _lay_out(region, start, stop, desk):
    """Copy a box onto the desk, sort its voxels by gray level, and return how many levels occur."""
    _, ny, nx = desk.rank.shape
    rank, place = desk.rank.ravel(), desk.place
    rank[:] = 0
    low, high = len(place), 0
    for z in range(start[0], stop[0]):
        for y in range(start[1], stop[1]):
            to = ((z - start[0] + 1) * ny + y - start[1] + 1) * nx + 1 - start[2]
            for x in range(start[2], stop[2]):
                level = region.levels[z, y, x]
                if level > 0:
                    rank[to + x] = level
                    place[level] += 1
                    low, high = min(low, level), max(high, level)
    n_present, n = 0, 0
    for level in range(low, high + 1):
        if place[level] > 0:
            desk.present[n_present], desk.first[n_present] = level, n
            n += place[level]
            place[level] = n_present
            n_present += 1
    for v in range(len(rank)):  # raster order, level by level; first[k] moves to the end of level k
        if rank[v] > 0:
            k = place[rank[v]]
            rank[v] = k + 1
            desk.order[desk.first[k]] = v
            desk.first[k] += 1
    for k in range(n_present, 0, -1):
        desk.first[k] = desk.first[k - 1]
        place[desk.present[k - 1]] = 0
    desk.first[0] = 0
    return n_present


@kernel
def _measure_distance(region, start, stop, in_slices, desk):
    """Fill ``desk.far`` with the city-block distance to leave mask or box: 0 outside, 1 at the border."""
    _, ny, nx = desk.far.shape
    far = desk.far.ravel()
    far[:] = 0
    slab = nx if in_slices else ny * nx  # a step that a slice has anyway asks nothing new
    for z in range(start[0], stop[0]):
        for y in range(start[1], stop[1]):
            to = ((z - start[0] + 1) * ny + y - start[1] + 1) * nx + 1 - start[2]
            for x in range(start[2], stop[2]):
                if region.inside[z, y, x]:
                    v = to + x
                    far[v] = 1 + min(far[v - 1], far[v - nx], far[v - slab])
    for v in range(len(far) - 1, -1, -1):
        if far[v] > 0:
            far[v] = min(far[v], 1 + min(far[v + 1], far[v + nx], far[v + slab]))
