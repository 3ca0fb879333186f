"""Zones: groups of like voxels that touch, found by union-find over the whole region or slice by slice."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from radkit.kernels import kernel
from radkit.matrices.memory import remembered
from radkit.matrices.neighbors import DIRECTIONS, IN_PLANE, steps
from radkit.matrices.packed import Packed, packed
from radkit.volume import Levels


@dataclass(frozen=True, eq=False)
class Zones:
    """The zones of a region, in raster order of their last voxel, which is the zone's root.

    Parameters
    ----------
    region : the region, packed.
    parent : a voxel further on in the same zone, or the voxel itself at the root; uint32, flat, undefined outside.
    root : flat index of each zone's root, int64, (n_zones,).
    size : voxels of each zone, int64, (n_zones,).
    """

    region: Packed
    parent: np.ndarray
    root: np.ndarray
    size: np.ndarray

    @property
    def level(self) -> np.ndarray:
        """Gray level of each zone, (n_zones,)."""
        return self.region.present[self.region.rank.ravel()[self.root] - 1]

    def matrix(self, aggregation: str) -> np.ndarray:
        """Number of the matrix in which each zone is counted, (n_zones,): one matrix a slice in "2D"."""
        _, ny, nx = self.region.rank.shape
        return self.root // (ny * nx) - 1 if aggregation == "2D" else np.zeros(len(self.root), dtype=np.int64)

    def n_voxels(self, aggregation: str) -> np.ndarray:
        """Voxels of the region behind each matrix."""
        in_slice = self.region.held.sum(axis=1)
        return in_slice if aggregation == "2D" else in_slice.sum(keepdims=True)


@remembered
def zones_in_volume(levels: Levels) -> Zones:
    """Zones of voxels that touch by a face, an edge or a corner (26-connected)."""
    return _zones(packed(levels), DIRECTIONS)


@remembered
def zones_in_slices(levels: Levels) -> Zones:
    """Zones of voxels of one slice that touch by an edge or a corner of their squares (8-connected)."""
    return _zones(packed(levels), IN_PLANE)


def zones_for(aggregation: str) -> Callable[[Levels], Zones]:
    """What finds the zones of an aggregation, "2D", "2_5D" or "3D"."""
    return zones_in_volume if aggregation == "3D" else zones_in_slices


def _zones(region: Packed, directions: tuple) -> Zones:
    shape = region.rank.shape
    parent = np.empty(region.rank.size, np.uint32 if region.rank.size < 1 << 32 else np.uint64)
    further = np.array(steps(directions, shape))
    n_zones = _link(region.rank, region.rows, further, lowest_bits(), one_of_each_group(), parent)
    root, size = np.empty(n_zones, np.int64), np.empty(n_zones, np.int64)
    _measure(region.rank, region.rows, parent, root, size)
    return Zones(region, parent, root, size)


@kernel
def _link(rank, rows, steps, lowest, needed, parent):
    """Walk backwards and link every voxel to the zones of its like neighbors ahead; return the number of zones."""
    nz, ny, nx = rank.shape
    region, like = rank.ravel(), np.zeros(ny * nx, np.uint16)
    n_zones = 0
    for z in range(nz - 2, 0, -1):
        _compare(region, z * ny * nx, nx, steps, like)
        for y in range(ny - 2, 0, -1):
            row = y * nx
            for x in range(row + rows[z, y, 1] - 1, row + rows[z, y, 0] - 1, -1):
                v = root = np.uint64(z * ny * nx + x)
                if region[v] == 0:
                    continue
                n_zones += 1
                bits = np.uint64(needed[np.uint64(like[np.uint64(x)])])
                while bits:
                    other = v + steps[np.uint64(lowest[bits])]
                    bits &= bits - np.uint64(1)
                    while parent[other] != other:
                        parent[other] = parent[np.uint64(parent[other])]  # halve the way for those who come later
                        other = np.uint64(parent[other])
                    if other != root:
                        n_zones -= 1
                        parent[min(root, other)] = max(root, other)
                        root = max(root, other)
                parent[v] = root
    return n_zones


@kernel
def _compare(region, corner, nx, steps, like):
    """Bit d of like[v] is set where the neighbor of voxel v along direction d has its rank, v counting from a corner.

    All rows of a slice at once, with products of 0 and 1: the compiler compares many voxels at a time.
    """
    start, stop = nx + 1, len(like) - nx - 1
    here, bits = region[corner + start : corner + stop], like[start:stop]
    bits[:] = 0
    for d in range(len(steps)):
        step, bit = np.int64(steps[d]), np.uint16(1 << d)
        there = region[corner + start + step : corner + stop + step]
        for x in range(len(here)):
            bits[x] |= (here[x] == there[x]) * bit


@kernel
def _measure(rank, rows, parent, root, size):
    """Root and size of every zone: parents lie further on, so a voxel is complete when its turn comes."""
    nz, ny, nx = rank.shape
    region = rank.ravel()
    gathered = np.ones(rank.size, parent.dtype)
    n = 0
    for z in range(1, nz - 1):
        for y in range(1, ny - 1):
            row = (z * ny + y) * nx
            for v in range(np.uint64(row + rows[z, y, 0]), np.uint64(row + rows[z, y, 1])):
                if region[v] == 0:
                    continue
                if parent[v] != v:
                    gathered[np.uint64(parent[v])] += gathered[v]
                else:
                    root[n], size[n] = v, gathered[v]
                    n += 1


@functools.lru_cache(maxsize=1)
def lowest_bits() -> np.ndarray:
    """Number of the lowest bit that is set, for every pattern of 13 bits, uint8, (8192,)."""
    patterns = np.arange(1 << len(DIRECTIONS))
    return np.log2(np.maximum(patterns & -patterns, 1)).astype(np.uint8)


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
