"""Surface mesh of a voxel mask: marching cubes at 0.5, whose table of 256 cases is derived here, not typed in.

Between the centers of eight neighboring voxels lies a cube; which of its corners are inside makes its case. On each
face of the cube the inside is cut off by straight lines between edge midpoints; where two opposite corners of a face
are inside they are cut off one by one (the neighbor does the same, so the mesh has no holes). The lines form closed
loops, and each loop is filled with the triangles of greatest area, and of greatest volume where that leaves a choice;
where it still does (mirror images of one another), each way counts its share. The rule prefers no axis, so a flipped
or turned mask keeps its area and volume, and on a plain corner it makes the choice of the classical table (Lorensen
and Cline 1987, doi:10.1145/37401.37422): a rectangle and a triangle.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product

import numpy as np

CORNERS = np.array(list(product((0, 1), repeat=3)))  # bit k of a case: corner k of the cube, in (z, y, x)
# The four corners of each face, counterclockwise as seen from outside the cube: (6, 4).
_SQUARE = ((0, 0), (1, 0), (1, 1), (0, 1))


def mesh_volume_and_area(mask: np.ndarray, spacing_mm: tuple[float, float, float]) -> tuple[float, float]:
    """Volume in mm^3 and surface area in mm^2 enclosed by the marching cubes mesh of a mask.

    Both are sums over the cubes, and a cube's share depends only on its case: count the cases, weigh them.

    Parameters
    ----------
    mask : bool, (z, y, x); need not be padded.
    spacing_mm : voxel spacing (z, y, x).

    Examples
    --------
    >>> volume, area = mesh_volume_and_area(np.ones((1, 1, 1), dtype=bool), (1.0, 1.0, 1.0))
    >>> round(volume, 6), round(area, 6)  # an octahedron: 1/6 and sqrt(3)
    (0.166667, 1.732051)
    """
    counts = case_counts(mask)
    volumes, case, triangles, share = cases()
    a, b, c = np.moveaxis(triangles * np.asarray(spacing_mm), 1, 0)  # each (n_triangles, 3)
    areas = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    return float(counts @ volumes * np.prod(spacing_mm)), float((counts[case] * share) @ areas)


def case_counts(mask: np.ndarray) -> np.ndarray:
    """How many cubes there are of each case, int64, (256,), the mask padded by one voxel."""
    inside = np.pad(mask, 1).view(np.uint8)
    nz, ny, nx = (n - 1 for n in inside.shape)
    case = np.zeros((nz, ny, nx), dtype=np.uint8)
    for bit, (z, y, x) in enumerate(CORNERS):
        case |= inside[z : z + nz, y : y + ny, x : x + nx] << np.uint8(bit)
    return np.bincount(case.ravel(), minlength=256)


@lru_cache(maxsize=1)
def cases() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The table: the inside volume of each case, and the triangles of all cases.

    Returns
    -------
    volumes : share of the cube that is inside, (256,).
    case : case of each triangle, int, (n_triangles,).
    triangles : corners of each triangle in units of the cube, outward, (n_triangles, 3, 3).
    share : weight of each triangle; below 1 where several ways to fill a loop tie, (n_triangles,).
    """
    volumes = np.zeros(256)
    case, triangles, share = [], [], []
    for number in range(256):
        inside = [bool(number >> bit & 1) for bit in range(8)]
        loops, face_area = _loops(inside)
        volumes[number] = face_area / 6  # divergence theorem from the cube's center: faces at distance 1/2 ...
        for loop in loops:
            fills = _fills(loop)  # (n_ties, n, 3, 3)
            volumes[number] += np.linalg.det(fills).sum() / len(fills) / 6  # ... and triangles, at det / 2
            triangles += [*fills.reshape(-1, 3, 3)]
            share += [1 / len(fills)] * (len(triangles) - len(share))
        case += [number] * (len(triangles) - len(case))
    return volumes, np.array(case), np.array(triangles), np.array(share)


def _faces() -> list[list[int]]:
    faces = []
    for axis in range(3):
        for side in (0, 1):
            face = []
            for u, v in _SQUARE if side else _SQUARE[::-1]:
                corner = [0, 0, 0]
                corner[axis], corner[(axis + 1) % 3], corner[(axis + 2) % 3] = side, u, v
                face.append(4 * corner[0] + 2 * corner[1] + corner[2])
            faces.append(face)
    return faces


def _loops(inside: list[bool]) -> tuple[list[np.ndarray], float]:
    """Closed loops of edge midpoints around the inside of a cube, and the inside area of its six faces."""
    following, area = {}, 0.0
    for face in _faces():
        here = [inside[corner] for corner in face]
        edges = [frozenset((face[k], face[(k + 1) % 4])) for k in range(4)]
        leave = [k for k in range(4) if here[k] and not here[(k + 1) % 4]]
        enter = [k for k in range(4) if not here[k] and here[(k + 1) % 4]]
        for k in leave:  # cut off the corners between the edge where the inside begins and the one where it ends
            start = max(enter, key=lambda e: (e - k - 1) % 4)
            following[edges[start]] = edges[k]
        area += {0: 0, 1: 1 / 8, 2: 1 / 4 if len(leave) == 2 else 1 / 2, 3: 7 / 8, 4: 1}[sum(here)]
    loops = []
    while following:
        edge, loop = next(iter(following)), []
        while edge in following:
            loop.append(CORNERS[list(edge)].mean(axis=0) - 0.5)
            edge = following.pop(edge)
        loops.append(np.array(loop))
    return loops, area


def _fills(loop: np.ndarray) -> np.ndarray:
    """The triangles that fill a loop (n, 3) with the greatest area and volume, (n_ties, n - 2, 3, 3)."""
    ways = loop[_triangulations(tuple(range(len(loop))))]
    area = np.linalg.norm(np.cross(ways[:, :, 1] - ways[:, :, 0], ways[:, :, 2] - ways[:, :, 0]), axis=-1).sum(axis=1)
    volume = np.linalg.det(ways).sum(axis=1)
    largest = area > area.max() - 1e-9
    return ways[largest & (volume > volume[largest].max() - 1e-9)]


@lru_cache
def _triangulations(corners: tuple[int, ...]) -> np.ndarray:
    """All ways to cut a polygon into triangles, (n_ways, n - 2, 3), by the third corner of its first edge."""
    if len(corners) < 3:
        return np.empty((1, 0, 3), dtype=int)
    return np.array(
        [
            np.concatenate([[(corners[0], corners[1], corners[k])], left, right])
            for k in range(2, len(corners))
            for left in _triangulations(corners[1 : k + 1])
            for right in _triangulations(corners[k:] + corners[:1])
        ]
    )


def extreme_vertices(mask: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    """Vertices of the mesh that can lie on its convex hull, in mm from the array's first voxel, (n, 3) in (z, y, x).

    Along any row of voxels the mesh has its outermost vertices half a voxel beyond the first and the last one inside;
    of these, one that lies between those of two neighboring rows is on no corner of the hull.
    """
    parts = []
    for axis in range(3):
        occupied = mask.any(axis=axis)
        first = np.where(occupied, mask.argmax(axis=axis) - 0.5, np.inf)
        last = np.where(occupied, mask.shape[axis] - 0.5 - np.flip(mask, axis).argmax(axis=axis), -np.inf)
        for end, rows in ((first, _sticks_out(first)), (last, _sticks_out(-last))):
            parts.append(np.insert(np.argwhere(rows).astype(float), axis, end[rows], axis=1))
    return np.concatenate(parts) * spacing_mm


def _sticks_out(depth: np.ndarray) -> np.ndarray:
    """Where a surface, given by its finite depth per row, is less deep than halfway between the rows on both sides."""
    ring = np.pad(depth, 1, constant_values=np.inf)
    above = (ring[:-2, 1:-1] + ring[2:, 1:-1]) / 2
    beside = (ring[1:-1, :-2] + ring[1:-1, 2:]) / 2
    return np.isfinite(depth) & (depth < above) & (depth < beside)
