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

from radkit.kernels import kernel

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
    return float(counts @ cases()[0] * np.prod(spacing_mm)), float(counts @ _case_areas(tuple(spacing_mm)))


def case_counts(mask: np.ndarray) -> np.ndarray:
    """How many cubes there are of each case, int64, (256,), the mask padded by one voxel; cubes all outside are not
    counted.
    """
    inside = np.zeros([n + 2 for n in mask.shape], np.uint8)
    inside[1:-1, 1:-1, 1:-1] = mask
    counts = np.zeros(256, np.int64)
    _count_cases(inside, counts)
    return counts


@kernel
def _count_cases(inside, counts):
    """counts[case] += 1 for every cube of eight neighbors; bit 4z + 2y + x of a case is the corner (z, y, x)."""
    nz, ny, nx = inside.shape
    column, case = np.empty(nx, np.uint8), np.empty(nx - 1, np.uint8)
    for z in range(nz - 1):
        for y in range(ny - 1):
            a, b, c, d = inside[z, y], inside[z, y + 1], inside[z + 1, y], inside[z + 1, y + 1]
            for x in range(nx):  # many voxels at once
                column[x] = a[x] | b[x] << 2 | c[x] << 4 | d[x] << 6
            full = 0
            for x in range(nx - 1):
                case[x] = column[x] | column[x + 1] << 1
                full += case[x] == 255
            counts[255] += full
            for x in range(nx - 1):  # most cubes lie wholly inside or outside
                if case[x] != 0 and case[x] != 255:
                    counts[case[x]] += 1


@lru_cache(maxsize=16)
def _case_areas(spacing_mm: tuple[float, float, float]) -> np.ndarray:
    """Surface area in mm^2 of each case for a voxel spacing, (256,)."""
    _, case, triangles, share = cases()
    a, b, c = np.moveaxis(triangles * np.asarray(spacing_mm), 1, 0)  # each (n_triangles, 3)
    areas = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    return np.bincount(case, weights=areas * share, minlength=256)


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
