"""The matrices of many windows as one stack, which the formulas of a family take as they take those of one region."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from radkit.matrices import window_cells
from radkit.matrices.glcm import Glcm
from radkit.matrices.gldzm import Gldzm
from radkit.matrices.glrlm import Glrlm
from radkit.matrices.glszm import Glszm
from radkit.matrices.neighbors import ACROSS, IN_PLANE
from radkit.matrices.ngldm import Ngldm
from radkit.matrices.ngtdm import Ngtdm
from radkit.matrices.windows import Boxes, Desk, Windows, desk_for

BATCH_BYTES = 32 << 20  # the most that cells and marginals of one batch take; mostly it is a tenth of it
LARGEST_BATCH = 256  # windows; beyond, the overhead of a call of NumPy no longer shows
ARRAYS_OF_CELLS = 9  # of eight bytes each: three that the kernel writes, and those of a formula on its way
ARRAYS_OF_LEVELS = 6  # likewise, of a number for each gray level and matrix


@dataclass(frozen=True, eq=False)
class WindowStack:
    """A stack of matrices, and the window that each belongs to, ascending, int64, (n_matrices,).

    A window without a matrix (no two neighboring voxels) does not occur. Where no window has any, ``matrices`` is None.
    """

    matrices: Any
    window: np.ndarray


@dataclass(frozen=True, eq=False)
class Course:
    """How an aggregation goes through a box: along which directions, merged or not, slice by slice or not.

    ``directions`` : int64 (n_groups, n_directions, 3); each group makes one matrix.
    """

    directions: np.ndarray
    by_slice: bool

    @classmethod
    def of(cls, aggregation: str) -> Course:
        """The course of "2D_avg", "3D" or any other aggregation."""
        directions = np.array(IN_PLANE + ACROSS if aggregation.startswith("3D") else IN_PLANE)
        apart = aggregation.endswith("_avg")
        return cls(directions[:, None] if apart else directions[None], aggregation.startswith("2D"))

    def boxes(self, windows: Windows) -> Boxes:
        """What becomes matrices of its own: slices, or whole windows."""
        return windows.slices if self.by_slice else windows.whole

    def steps(self, desk: Desk) -> np.ndarray:
        """How far the neighbor along each direction lies in the flattened desk, int64 (n_groups, n_directions)."""
        _, ny, nx = desk.rank.shape
        return self.directions @ np.array([ny * nx, nx, 1])


@dataclass(frozen=True, kw_only=True)
class Builder:
    """How a family's matrices of windows are made.

    Parameters
    ----------
    count : kernel from boxes to cells.
    record : from cells and the number of gray levels to the stack that the formulas take.
    pairs_up : a cell is a pair of gray levels, so that there can be more of them than voxels.
    """

    count: Callable
    record: Callable[[window_cells.Cells, int], Any]
    pairs_up: bool = False

    def most_cells(self, course: Course, n_voxels: int, n_levels: int) -> int:
        """The most cells that a matrix of a box of ``n_voxels`` can have."""
        if not self.pairs_up:
            return n_voxels
        return min(2 * course.directions.shape[1] * n_voxels, min(n_voxels, n_levels) ** 2)


BUILDERS = {
    "glcm": Builder(
        count=window_cells.pairs,
        record=lambda c, n_levels: Glcm(c.i, c.j, c.n, c.start, n_levels, n_pairs=c.total // 2),
        pairs_up=True,
    ),
    "glrlm": Builder(
        count=window_cells.runs, record=lambda c, n_levels: Glrlm(c.i, c.j, c.n, c.start, c.total.astype(float))
    ),
    "glszm": Builder(
        count=window_cells.size_zones, record=lambda c, n_levels: Glszm(c.i, c.j, c.n, c.start, c.total.astype(float))
    ),
    "gldzm": Builder(
        count=window_cells.distance_zones,
        record=lambda c, n_levels: Gldzm(c.i, c.j, c.n, c.start, c.total.astype(float)),
    ),
    "ngtdm": Builder(
        count=window_cells.tones,
        record=lambda c, n_levels: Ngtdm(c.i.astype(np.int64), c.j.astype(np.int64), c.n, c.start),
    ),
    "ngldm": Builder(
        count=window_cells.dependences, record=lambda c, n_levels: Ngldm(c.i, c.j, c.n.astype(np.int64), c.start)
    ),
}


def stack(family: str, windows: Windows, aggregation: str) -> WindowStack:
    """The matrices of every window of one family, "glcm" ... "ngldm", and aggregation, as that family knows it.

    Each window's matrices are those of the region cut out by its cube: what lies outside has no gray level, and the
    cube's faces are the region's border.

    Examples
    --------
    >>> from radkit.volume import Grid, Levels
    >>> row = np.array([[[1, 1, 2, 2]]])
    >>> levels = Levels(row, Grid(shape=row.shape, spacing_mm=(1, 1, 1)), n_levels=2, edges=np.array([0.5, 1.5, 2.5]))
    >>> around = Windows(levels=levels, centers=np.argwhere(row), radius=(0, 0, 1))
    >>> [zones.n.tolist() for zones in stack("glszm", around, "3D").matrices.split()]
    [[1.0], [1.0, 1.0], [1.0, 1.0], [1.0]]
    """
    builder, course, n_levels = BUILDERS[family], Course.of(aggregation), windows.levels.n_levels
    boxes = course.boxes(windows)
    desk = desk_for(boxes, n_levels)
    n_matrices = len(boxes.start) * len(course.directions)
    cells = window_cells.room_for(n_matrices * builder.most_cells(course, len(desk.order), n_levels), n_matrices)
    n, m = builder.count(windows.region, boxes, course.steps(desk), desk, cells)
    cells = window_cells.Cells(*(array[:n] for array in cells[:3]), *(array[:m] for array in cells[3:]))
    return WindowStack(builder.record(cells, n_levels) if m else None, boxes.window[cells.box])


def batch_size(family: str, radius: tuple[int, int, int], aggregation: str, n_levels: int) -> int:
    """How many windows to stack at once: as many as BATCH_BYTES hold, one at least and LARGEST_BATCH at most.

    It depends on the settings only, so that no number depends on how much memory or how many threads there are.
    """
    course = Course.of(aggregation)
    depth, height, width = (2 * r + 1 for r in radius)
    n_boxes, n_voxels = (depth, height * width) if course.by_slice else (1, depth * height * width)
    cells = BUILDERS[family].most_cells(course, n_voxels, n_levels)
    matrix = 8 * (ARRAYS_OF_CELLS * cells + ARRAYS_OF_LEVELS * n_levels)
    return int(np.clip(BATCH_BYTES // (n_boxes * len(course.directions) * matrix), 1, LARGEST_BATCH))
