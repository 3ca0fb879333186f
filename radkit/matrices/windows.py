"""Windows: the cubes around many voxels of a region, and how a kernel looks at one of them.

A feature map needs a matrix for every voxel. Its windows overlap, but a formula needs each one's own matrix, so the
kernels go from box to box, sort a box's voxels by gray level once, and write the occupied cells of its matrices in
order: then one stack holds the matrices of many windows, and the formula of a feature reads them all at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from radkit.volume import Levels


class Region(NamedTuple):
    """What the kernels see of a discretized region: its gray levels, 0 outside, and its morphological mask."""

    levels: np.ndarray
    inside: np.ndarray


class Boxes(NamedTuple):
    """Boxes of voxels of a volume, each belonging to a window; a named tuple, for kernels can take it whole.

    Parameters
    ----------
    start, stop : first voxel, and the first one beyond, int64 (n_boxes, 3).
    window : number of the window that the box belongs to, ascending, int64, (n_boxes,).
    """

    start: np.ndarray
    stop: np.ndarray
    window: np.ndarray


@dataclass(frozen=True, eq=False, kw_only=True)
class Windows:
    """The cubes around some voxels of a discretized region, cut off where the volume ends.

    Parameters
    ----------
    levels : the region; what lies in a cube but outside the region has no gray level.
    centers : index of each window's voxel, int64, (n_windows, 3).
    radius : voxels on each side of it, (z, y, x).
    """

    levels: Levels
    centers: np.ndarray
    radius: tuple[int, int, int]

    def __len__(self) -> int:
        return len(self.centers)

    @property
    def region(self) -> Region:
        """The region, as the kernels want it."""
        return Region(self.levels.array, self.levels.morphological_mask)

    @cached_property
    def whole(self) -> Boxes:
        """One box a window."""
        start = np.maximum(self.centers - self.radius, 0)
        stop = np.minimum(self.centers + self.radius + 1, self.levels.array.shape)
        return Boxes(start, stop, np.arange(len(self.centers)))

    @cached_property
    def slices(self) -> Boxes:
        """One box for each slice of each window."""
        n = self.whole.stop[:, 0] - self.whole.start[:, 0]
        window = np.repeat(self.whole.window, n)
        start, stop = self.whole.start[window], self.whole.stop[window]
        start[:, 0] += np.arange(len(window)) - np.repeat(np.cumsum(n) - n, n)
        stop[:, 0] = start[:, 0] + 1
        return Boxes(start, stop, window)


class Desk(NamedTuple):
    """Where a kernel lays out one box: allocated once, used for every box of a batch.

    Parameters
    ----------
    rank : place 1 ... n_present of a voxel's level among those of the box, 0 outside the region; the box with a layer
        of zeros around, so that no neighbor leaves it; int64 (z, y, x).
    far : faces to cross to leave the region, or a mark; same shape, int64.
    order : voxels of the region in the box, as indices into the flattened ``rank``, by gray level; int64.
    first : where each level begins in ``order``, and their end; int64, one more than levels.
    present : the gray levels, ascending, int64.
    place : rank of a gray level; all zero between boxes; int64, (n_levels + 1,).
    """

    rank: np.ndarray
    far: np.ndarray
    order: np.ndarray
    first: np.ndarray
    present: np.ndarray
    place: np.ndarray


def desk_for(boxes: Boxes, n_levels: int) -> Desk:
    """A desk that the largest of the boxes fits on."""
    shape = (boxes.stop - boxes.start).max(axis=0)
    n_voxels = int(shape.prod())
    return Desk(
        rank=np.zeros(shape + 2, np.int64),
        far=np.zeros(shape + 2, np.int64),
        order=np.zeros(n_voxels, np.int64),
        first=np.zeros(n_voxels + 1, np.int64),
        present=np.zeros(n_voxels, np.int64),
        place=np.zeros(n_levels + 1, np.int64),
    )
