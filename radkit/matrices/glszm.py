"""Gray level size zone matrices (GLSZM): how large the patches of one gray level are."""

from __future__ import annotations

from radkit.matrices.aggregations import WITHOUT_DIRECTION, require_aggregation
from radkit.matrices.census import Census
from radkit.matrices.zones import zones_for
from radkit.volume import Levels


class Glszm(Census):
    """Zones by gray level i and size j, in voxels. A voxel belongs to one zone."""


def glszm(levels: Levels, aggregation: str) -> tuple[Glszm, ...]:
    """The size zone matrices of a region: one, or one for each slice with a voxel.

    A zone is a group of voxels of one gray level that touch: 26-connected in 3-D, 8-connected within a slice (the
    slice being the array's last two axes).

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
    >>> row = np.array([[[1, 1, 2]]])
    >>> levels = Levels(row, Grid(shape=row.shape, spacing_mm=(1, 1, 1)), n_levels=2, edges=np.array([0.5, 1.5, 2.5]))
    >>> (m,) = glszm(levels, "3D")
    >>> list(zip(m.i.tolist(), m.j.tolist(), m.n.tolist()))
    [(1.0, 2.0, 1.0), (2.0, 1.0, 1.0)]
    """
    require_aggregation("GLSZM", aggregation, WITHOUT_DIRECTION)
    return stack(levels, aggregation).split()


def stack(levels: Levels, aggregation: str) -> Glszm:
    """The matrices of one aggregation as a stack."""
    zones = zones_for(aggregation)(levels)
    return Glszm.of_groups(zones.level, zones.size, zones.matrix(aggregation), zones.n_voxels(aggregation))
