"""Gray level distance zone matrices (GLDZM): how far from the region's border the patches of one gray level lie."""

from __future__ import annotations

import numpy as np

from radkit.kernels import kernel
from radkit.matrices.aggregations import WITHOUT_DIRECTION, require_aggregation
from radkit.matrices.census import Census
from radkit.matrices.zones import Zones, zones_for
from radkit.volume import Levels


class Gldzm(Census):
    """Zones by gray level i and distance j to the border of the region, in voxels, 1 at the border."""


def gldzm(levels: Levels, aggregation: str) -> tuple[Gldzm, ...]:
    """The distance zone matrices of a region: one, or one for each slice with a voxel.

    The zones are those of the size zone matrix. The distance of a voxel is the number of faces (in a slice: edges) to
    be crossed to leave the *morphological* mask, so that voxels that re-segmentation took away make no border; where
    the region reaches the image's border, that is a border too. A zone is as far as its nearest voxel.

    Parameters
    ----------
    levels : the discretized region.
    aggregation : "2D" (one matrix a slice), "2_5D" (zones of slices in one matrix) or "3D".

    Raises
    ------
    SettingError : unknown aggregation.

    Examples
    --------
    >>> import numpy as np
    >>> from radkit.volume import Grid
    >>> cube = np.ones((3, 3, 3), dtype=int)
    >>> cube[1, 1, 1] = 2
    >>> levels = Levels(cube, Grid(shape=cube.shape, spacing_mm=(1, 1, 1)), n_levels=2, edges=np.array([0.5, 1.5, 2.5]))
    >>> (m,) = gldzm(levels, "3D")
    >>> list(zip(m.i.tolist(), m.j.tolist(), m.n.tolist()))
    [(1.0, 1.0, 1.0), (2.0, 2.0, 1.0)]
    """
    require_aggregation("GLDZM", aggregation, WITHOUT_DIRECTION)
    return stack(levels, aggregation).split()


def stack(levels: Levels, aggregation: str) -> Gldzm:
    """The matrices of one aggregation as a stack."""
    zones = zones_for(aggregation)(levels)
    distance = nearest(zones, distance_to_border(zones.region.inside, in_slices=aggregation != "3D"))
    return Gldzm.of_groups(zones.level, distance, zones.matrix(aggregation), zones.n_voxels(aggregation))


def distance_to_border(inside: np.ndarray, *, in_slices: bool) -> np.ndarray:
    """Faces to be crossed to leave a padded mask (z, y, x), or edges to leave it within the slice; uint16, same shape.

    0 outside, 1 at the border: the city-block distance to the nearest voxel outside.
    """
    distance = np.zeros(inside.shape, dtype=np.uint16)
    _spread(inside, in_slices, distance)
    return distance


@kernel
def _spread(inside, in_slices, distance):
    """City-block distance in two passes: one more than the nearest of the neighbors behind, then of those ahead."""
    nz, ny, nx = inside.shape
    mask, far = inside.ravel(), distance.ravel()
    n, slice_ = nx - 2, nx if in_slices else ny * nx  # a step that a slice has anyway asks nothing new
    for z in range(1, nz - 1):
        for y in range(1, ny - 1):
            v = (z * ny + y) * nx + 1
            here, row, slab = far[v : v + n], far[v - nx : v - nx + n], far[v - slice_ : v - slice_ + n]
            within = mask[v : v + n]
            for x in range(n):  # many voxels at once, then the row itself
                here[x] = (min(row[x], slab[x]) + 1) * within[x]
            last = 0
            for x in range(n):
                last = min(here[x], last + 1)
                here[x] = last
    for z in range(nz - 2, 0, -1):
        for y in range(ny - 2, 0, -1):
            v = (z * ny + y) * nx + 1
            here, row, slab = far[v : v + n], far[v + nx : v + nx + n], far[v + slice_ : v + slice_ + n]
            for x in range(n):
                here[x] = min(here[x], min(row[x], slab[x]) + 1)  # 0 outside stays 0
            last = 0
            for x in range(n - 1, -1, -1):
                last = min(here[x], last + 1)
                here[x] = last


def nearest(zones: Zones, distance: np.ndarray) -> np.ndarray:
    """Distance of each zone's nearest voxel, int64, (n_zones,); ``distance`` (z, y, x) is used up on the way."""
    _gather_smallest(zones.region.rank, zones.parent, distance)
    return distance.ravel()[zones.root].astype(np.int64)


@kernel
def _gather_smallest(rank, parent, distance):
    """Hand the smallest distance of every zone on to its root: parents lie further on."""
    region, far = rank.ravel(), distance.ravel()
    for v in range(region.size):
        if region[v]:
            far[parent[v]] = min(far[parent[v]], far[v])
