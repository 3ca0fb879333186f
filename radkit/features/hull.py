"""Convex hull of the surface mesh: its volume, area and greatest width, and the smallest box around it."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from radkit.features.facets import convex_facets
from radkit.kernels import kernel

TIE = 1e-9  # relative: what rounding may make of two boxes of one size


class Hull:
    """The convex hull of points with whole-number coordinates.

    Parameters
    ----------
    points : int64, (n, 3), not all in one plane; the mesh of a mask never is.
    unit_mm : length of a coordinate's unit along each axis, (3,).
    """

    def __init__(self, points: np.ndarray, unit_mm: np.ndarray):
        facets, self._beside = convex_facets(points)
        used = np.zeros(len(points), dtype=bool)
        used[facets] = True
        self.vertices = points[used] * unit_mm  # (n_vertices, 3)
        self._corners = points[facets] * unit_mm  # (n_facets, 3, 3)
        first = self._corners[:, 0]
        across = np.cross(self._corners[:, 1] - first, self._corners[:, 2] - first)  # twice the area, outward
        self._areas = np.sqrt((across * across).sum(axis=1)) / 2
        self._normals = across / (2 * self._areas[:, None])
        self.volume = float((first * across).sum()) / 6
        self.area = float(self._areas.sum())

    @cached_property
    def diameter(self) -> float:
        """Greatest distance between two vertices."""
        return float(np.sqrt(_greatest_square(self.vertices)))

    @cached_property
    def box(self) -> tuple[float, float, float]:
        """Edge lengths of the box along the axes, (z, y, x)."""
        return tuple((self.vertices.max(axis=0) - self.vertices.min(axis=0)).tolist())

    @cached_property
    def oriented_box(self) -> tuple[float, float, float]:
        """Edge lengths of the smallest box that has one side flush with a face of the hull."""
        face, side = np.nonzero(self._beside > np.arange(len(self._beside))[:, None])  # each edge once
        beside = np.stack([face, self._beside[face, side]], axis=1)
        ends = np.stack([self._corners[face, side], self._corners[face, (side + 1) % 3]], axis=1)
        return _smallest_box(self._normals, self._areas, self.vertices, beside, ends)


@kernel
def _greatest_square(points):
    """Square of the greatest distance between two points."""
    greatest = 0.0
    for i in range(len(points)):
        z, y, x = points[i]
        for j in range(i):
            dz, dy, dx = points[j, 0] - z, points[j, 1] - y, points[j, 2] - x
            greatest = max(greatest, dz * dz + dy * dy + dx * dx)
    return greatest


@kernel
def _smallest_box(normals, areas, vertices, beside, ends):
    """Over all faces: the box on that face, around the least rectangle around the outline seen along its normal.

    That rectangle lies along one of the outline's edges, and is never smaller than the outline's area: faces that
    cannot lead to a smaller box are passed over. Of boxes of one volume it is the one with the least surface.

    ``beside`` : the two faces of each edge, (n_edges, 2); ``ends`` : its two ends in mm, (n_edges, 2, 3).
    """
    least, heights = _least_volumes(normals, areas, vertices)
    best, surface, box = np.inf, np.inf, (0.0, 0.0, 0.0)
    outline = np.empty((len(ends), 4))
    for face in np.argsort(least):
        if least[face] > best * (1 + TIE):
            break
        n = _outline(normals, face, beside, ends, outline)
        a, (b, c) = heights[face], _least_rectangle(outline[:n])
        if a * b * c < best * (1 - TIE) or (a * b * c < best * (1 + TIE) and a * b + b * c + a * c < surface):
            best, surface, box = a * b * c, a * b + b * c + a * c, (a, b, c)
    return box


@kernel
def _least_volumes(normals, areas, vertices):
    """Height of the hull over each face, and that times the area of its outline; infinite for all parallels but one."""
    n = len(normals)
    least, heights = np.zeros(n), np.zeros(n)
    for i in range(n):
        z, y, x = normals[i]
        shadow = 0.0
        for j in range(n):
            along = z * normals[j, 0] + y * normals[j, 1] + x * normals[j, 2]
            shadow += max(along, 0.0) * areas[j]
            if j < i and abs(along) > 1 - 1e-12:
                shadow = np.inf
                break
        if shadow == np.inf:
            least[i] = np.inf
            continue
        low, high = np.inf, -np.inf
        for k in range(len(vertices)):
            along = z * vertices[k, 0] + y * vertices[k, 1] + x * vertices[k, 2]
            low, high = min(low, along), max(high, along)
        heights[i] = high - low
        least[i] = shadow * heights[i]
    return least, heights


@kernel
def _outline(normals, face, beside, ends, outline):
    """Edges of the hull between what one sees along a face's normal and what not, in two dimensions; their number.

    An edge is its start and its direction, (4,); the start of each is the end of another.
    """
    nz, ny, nx = normals[face]
    steep = abs(nz) > 0.9
    uz, uy, ux = (0.0, nx, -ny) if not steep else (-ny, nz, 0.0)  # across the normal
    length = np.sqrt(uz * uz + uy * uy + ux * ux)
    uz, uy, ux = uz / length, uy / length, ux / length
    vz, vy, vx = ny * ux - nx * uy, nx * uz - nz * ux, nz * uy - ny * uz
    seen = np.empty(len(normals), np.bool_)
    for k in range(len(normals)):
        seen[k] = nz * normals[k, 0] + ny * normals[k, 1] + nx * normals[k, 2] > 1e-9
    n = 0
    for e in range(len(beside)):
        first = seen[beside[e, 0]]
        if first != seen[beside[e, 1]]:
            start, stop = (ends[e, 0], ends[e, 1]) if first else (ends[e, 1], ends[e, 0])  # as the seen face turns
            p, q = start[0] * uz + start[1] * uy + start[2] * ux, start[0] * vz + start[1] * vy + start[2] * vx
            outline[n, 0], outline[n, 1] = p, q
            outline[n, 2] = stop[0] * uz + stop[1] * uy + stop[2] * ux - p
            outline[n, 3] = stop[0] * vz + stop[1] * vy + stop[2] * vx - q
            n += 1
    return n


@kernel
def _least_rectangle(outline):
    """Sides of the least rectangle around a convex polygon given by its edges, (n, 4); of equal ones, the squarest."""
    best, around, sides = np.inf, np.inf, (0.0, 0.0)
    for e in range(len(outline)):
        p, q = outline[e, 2], outline[e, 3]
        length = np.sqrt(p * p + q * q)
        if length < 1e-9:
            continue
        p, q = p / length, q / length
        low_u, high_u, low_v, high_v = np.inf, -np.inf, np.inf, -np.inf
        for k in range(len(outline)):
            u = outline[k, 0] * p + outline[k, 1] * q
            v = outline[k, 1] * p - outline[k, 0] * q
            low_u, high_u, low_v, high_v = min(low_u, u), max(high_u, u), min(low_v, v), max(high_v, v)
        a, b = high_u - low_u, high_v - low_v
        if a * b < best * (1 - TIE) or (a * b < best * (1 + TIE) and a + b < around):
            best, around, sides = a * b, a + b, (a, b)
    return sides
