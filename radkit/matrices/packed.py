"""A region as the kernels want it: cropped, padded, its gray levels replaced by their rank among those that occur."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from radkit.kernels import kernel
from radkit.matrices.memory import remembered
from radkit.volume import Levels, ShapeError, bounding_box

LONGEST = (1 << 16) - 1  # voxels along an axis: run lengths and distances are 16-bit counters


class Packed(NamedTuple):
    """The box of a region's morphological mask, with one layer of zeros around, so that no neighbor leaves it.

    Parameters
    ----------
    rank : place 1 ... n_present of a voxel's gray level among those that occur, 0 outside, uint8, uint16 above 255
        levels, (z, y, x).
    rows : where the voxels of each row begin and end, int64, (z, y, 2).
    held : voxels of each rank in each slice of the box, column 0 is empty, int64, (n_slices, n_present + 1).
    present : gray levels that occur, ascending, int64, (n_present,).
    inside : the morphological mask in the same padded box, bool, (z, y, x).
    """

    rank: np.ndarray
    rows: np.ndarray
    held: np.ndarray
    present: np.ndarray
    inside: np.ndarray


@remembered
def packed(levels: Levels) -> Packed:
    """Pack a region.

    Raises
    ------
    ShapeError : more than 65535 voxels along an axis.
    """
    box = bounding_box(levels.morphological_mask)
    longest = max(side.stop - side.start for side in box)
    if longest > LONGEST:
        raise ShapeError(f"the region is {longest} voxels long; at most {LONGEST} are computed. Resample it first.")
    array = levels.array[box]
    occurs = np.zeros(levels.n_levels + 1, dtype=bool)
    _mark(array, occurs)
    occurs[0] = False
    present = np.flatnonzero(occurs)
    dtype = np.uint8 if len(present) < 256 else np.uint16
    place = (np.cumsum(occurs) * occurs).astype(dtype)
    rank = np.zeros([n + 2 for n in array.shape], dtype)
    rows = np.zeros((*rank.shape[:2], 2), np.int64)
    held = np.zeros((len(array), len(present) + 1), np.int64)
    _fill(array, place, rank, rows, held)
    inside = np.zeros(rank.shape, dtype=bool)
    inside[1:-1, 1:-1, 1:-1] = levels.morphological_mask[box]
    return Packed(rank, rows, held, present, inside)


@kernel
def _mark(array, occurs):
    """occurs[level] = True for every level of the array."""
    for z in range(array.shape[0]):
        for y in range(array.shape[1]):
            for level in array[z, y]:
                occurs[np.uint64(level)] = True


@kernel
def _fill(array, place, rank, rows, held):
    """Rank every voxel, find both ends of every row, and count the ranks of every slice."""
    nz, ny, nx = array.shape
    for z in range(nz):
        for y in range(ny):
            row, levels = rank[z + 1, y + 1], array[z, y]
            for x in range(nx):
                row[x + 1] = place[np.uint64(levels[x])]
            start, stop = 1, nx + 1
            while start < stop and row[start] == 0:
                start += 1
            while stop > start and row[stop - 1] == 0:
                stop -= 1
            rows[z + 1, y + 1, 0], rows[z + 1, y + 1, 1] = start, stop
            for x in range(start, stop):
                held[z, np.uint64(row[x])] += 1
        held[z, 0] = 0
