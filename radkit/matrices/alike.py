"""Which neighbors carry the same gray level: found once, one bit each, and shared by every matrix that asks for it."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import NamedTuple, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from radkit.matrices.kernels import kernel
from radkit.matrices.neighbors import ACROSS, IN_PLANE, bounding_box, pad, ranks
from radkit.volume import Levels, ShapeError

DIRECTIONS = IN_PLANE + ACROSS
LONGEST = (1 << 16) - 1  # voxels along an axis
Result = TypeVar("Result")


class Alike(NamedTuple):
    """A region in its bounding box, padded with one layer of zeros, and the like neighbors of each voxel.

    A named tuple, for kernels can take it whole.

    Parameters
    ----------
    rank : place 1 ... n_present of a voxel's gray level among those that occur, 0 outside, uint16 (z, y, x).
    ahead : bit d is set where the voxel one step along DIRECTIONS[d] has the same level, uint16 (z, y, x).
    behind : bit d is set where the voxel one step back has the same level, uint16 (z, y, x).
    steps : how far the neighbor along each of DIRECTIONS lies in the flattened arrays, int64, (13,).
    held : voxels of each level in each slice of the box, int64, (n_slices, n_present).
    present : gray levels that occur, ascending, int64, (n_present,).
    inside : the morphological mask in the same padded box, bool (z, y, x).
    """

    rank: np.ndarray
    ahead: np.ndarray
    behind: np.ndarray
    steps: np.ndarray
    held: np.ndarray
    present: np.ndarray
    inside: np.ndarray


def remembered(function: Callable[[Levels], Result]) -> Callable[[Levels], Result]:
    """Keep a function's result for the region that it saw last, thread by thread, no longer than the region lives."""
    memory = threading.local()

    @functools.wraps(function)
    def recall(levels: Levels) -> Result:
        kept = memory.__dict__.setdefault("kept", WeakKeyDictionary())
        if levels not in kept:
            kept.clear()
            kept[levels] = function(levels)
        return kept[levels]

    return recall


@remembered
def alike(levels: Levels) -> Alike:
    """Crop a region to the box of its morphological mask, and compare every voxel with its 26 neighbors.

    Raises
    ------
    ShapeError : more than 65535 voxels along an axis; run lengths and distances are 16-bit counters.
    """
    box = bounding_box(levels.morphological_mask)
    longest = max(side.stop - side.start for side in box)
    if longest > LONGEST:
        raise ShapeError(f"the region is {longest} voxels long; at most {LONGEST} are computed. Resample it first.")
    rank, present = ranks(levels.array, levels.n_levels, box)
    nz, ny, nx = rank.shape
    near = Alike(
        rank=rank,
        ahead=np.zeros(rank.shape, np.uint16),
        behind=np.zeros(rank.shape, np.uint16),
        steps=np.array([(z * ny + y) * nx + x for z, y, x in DIRECTIONS]),
        held=np.zeros((nz - 2, len(present)), dtype=np.int64),
        present=present,
        inside=pad(levels.morphological_mask[box]),
    )
    _compare(near)
    return near


@kernel
def _compare(near):
    """Set bit d of ahead[v] and of behind[v + steps[d]] where both are of one level; count the levels of each slice."""
    nz, ny, nx = near.rank.shape
    rank, ahead, behind = near.rank.ravel(), near.ahead.ravel(), near.behind.ravel()
    n = nx - 2
    for z in range(1, nz - 1):
        for y in range(1, ny - 1):
            first = (z * ny + y) * nx + 1
            here, mine = rank[first : first + n], ahead[first : first + n]
            for d in range(len(near.steps)):  # a row at a time, so that the compiler compares many voxels at once
                other = first + near.steps[d]
                there, its = rank[other : other + n], behind[other : other + n]
                for x in range(n):
                    same = np.uint16((here[x] == there[x]) & (here[x] != 0)) << d
                    mine[x] |= same
                    its[x] |= same
            for x in range(n):
                if here[x]:
                    near.held[z - 1, here[x] - 1] += 1


@functools.lru_cache(maxsize=1)
def lowest_bits() -> np.ndarray:
    """Number of the lowest bit that is set, for every pattern of 13 bits, uint8, (8192,)."""
    patterns = np.arange(1 << len(DIRECTIONS))
    return np.log2(np.maximum(patterns & -patterns, 1)).astype(np.uint8)
