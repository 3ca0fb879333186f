"""Zones: groups of like voxels that touch, found by union-find over the whole region or slice by slice."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from radkit.matrices.alike import DIRECTIONS, Alike, alike, lowest_bits, remembered
from radkit.matrices.kernels import kernel
from radkit.matrices.neighbors import IN_PLANE
from radkit.volume import Levels


@dataclass(frozen=True, eq=False)
class Zones:
    """The zones of a region, in raster order of their last voxel, which is the zone's root.

    Parameters
    ----------
    near : the region.
    parent : a voxel further on in the same zone, or the voxel itself at the root; int32, flat, undefined outside.
    root : flat index of each zone's root, int64, (n_zones,).
    size : voxels of each zone, int64, (n_zones,).
    """

    near: Alike
    parent: np.ndarray
    root: np.ndarray
    size: np.ndarray

    @property
    def level(self) -> np.ndarray:
        """Gray level of each zone, (n_zones,)."""
        return self.near.present[self.near.rank.ravel()[self.root] - 1]

    def matrix(self, aggregation: str) -> np.ndarray:
        """Number of the matrix in which each zone is counted, (n_zones,): one matrix a slice in "2D"."""
        _, ny, nx = self.near.rank.shape
        return self.root // (ny * nx) - 1 if aggregation == "2D" else np.zeros(len(self.root), dtype=np.int64)

    def n_voxels(self, aggregation: str) -> np.ndarray:
        """Voxels of the region behind each matrix."""
        in_slice = self.near.held.sum(axis=1)
        return in_slice if aggregation == "2D" else in_slice.sum(keepdims=True)


@remembered
def zones_in_volume(levels: Levels) -> Zones:
    """Zones of voxels that touch by a face, an edge or a corner (26-connected)."""
    return _zones(alike(levels), (1 << len(DIRECTIONS)) - 1)


@remembered
def zones_in_slices(levels: Levels) -> Zones:
    """Zones of voxels of one slice that touch by an edge or a corner of their squares (8-connected)."""
    return _zones(alike(levels), (1 << len(IN_PLANE)) - 1)


def zones_for(aggregation: str) -> Callable[[Levels], Zones]:
    """What finds the zones of an aggregation, "2D", "2_5D" or "3D"."""
    return zones_in_volume if aggregation == "3D" else zones_in_slices


def _zones(near: Alike, asked: int) -> Zones:
    parent = np.empty(near.rank.size, np.int32 if near.rank.size < 1 << 31 else np.int64)
    n_zones = _link(near, asked, lowest_bits(), one_of_each_group(), parent)
    root, size = np.empty(n_zones, np.int64), np.empty(n_zones, np.int64)
    _measure(near, parent, root, size)
    return Zones(near, parent, root, size)


@kernel
def _link(near, asked, lowest, needed, parent):
    """Walk backwards and link every voxel to the zones of its like neighbors ahead; return the number of zones."""
    nz, ny, nx = near.rank.shape
    rank, ahead = near.rank.ravel(), near.ahead.ravel()
    n_zones = 0
    for z in range(nz - 2, 0, -1):
        for y in range(ny - 2, 0, -1):
            for v in range((z * ny + y) * nx + nx - 2, (z * ny + y) * nx, -1):
                if rank[v] == 0:
                    continue
                n_zones += 1
                root = v
                bits = np.int64(needed[ahead[v] & asked])
                while bits:
                    other = v + near.steps[lowest[bits]]
                    bits &= bits - 1
                    while parent[other] != other:
                        parent[other] = parent[parent[other]]  # halve the way for those who come later
                        other = parent[other]
                    if other != root:
                        n_zones -= 1
                        parent[min(root, other)] = max(root, other)
                        root = max(root, other)
                parent[v] = root
    return n_zones


@kernel
def _measure(near, parent, root, size):
    """Root and size of every zone: parents lie further on, so a voxel is complete when its turn comes."""
    rank = near.rank.ravel()
    gathered = np.ones(rank.size, parent.dtype)
    n = 0
    for v in range(rank.size):
        if rank[v] == 0:
            continue
        if parent[v] != v:
            gathered[parent[v]] += gathered[v]
        else:
            root[n], size[n] = v, gathered[v]
            n += 1


@functools.lru_cache(maxsize=1)
def one_of_each_group() -> np.ndarray:
    """For every pattern of like neighbors ahead, those that have to be linked to, uint16, (8192,).

    Neighbors that touch one another are in one zone already, so one of each such group is enough: of the 13 it is
    seldom more than one or two.
    """
    step = np.array(DIRECTIONS)
    touching = (np.abs(step[:, None] - step).max(axis=-1) <= 1) @ (1 << np.arange(len(step)))
    left, needed = np.arange(1 << len(step)), np.zeros(1 << len(step), np.uint16)
    while left.any():
        group = left & -left
        needed |= group.astype(np.uint16)
        for _ in step:  # grow the group, at most as often as there are neighbors
            group = left & np.bitwise_or.reduce([(group >> d & 1) * touching[d] for d in range(len(step))])
        left = left & ~group
    return needed
