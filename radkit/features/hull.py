"""Convex hull of the surface mesh: its volume, area and greatest width, and the smallest box around it."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from radkit.features.facets import convex_facets
from radkit.kernels import kernel


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
        square = (self.vertices**2).sum(axis=1)
        distance = square[:, None] + square - 2 * self.vertices @ self.vertices.T
        i, j = np.unravel_index(distance.argmax(), distance.shape)
        return float(np.linalg.norm(self.vertices[i] - self.vertices[j]))

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
def _smallest_box(normals, areas, vertices, beside, ends):
    """Over all faces: the box on that face, around the least rectangle around the outline seen along its normal.

    That rectangle lies along one of the outline's edges, and is never smaller than the outline's area: faces that
    cannot lead to a smaller box are passed over.

    ``beside`` : the two faces of each edge, (n_edges, 2); ``ends`` : its two ends in mm, (n_edges, 2, 3).
    """
    least, heights = _least_volumes(normals, areas, vertices)
    best, box = np.inf, (0.0, 0.0, 0.0)
    outline = np.empty((len(ends), 2, 2))
    for face in np.argsort(least):
        if least[face] >= best:
            break
        n = _outline(normals, face, beside, ends, outline)
        width, height = _least_rectangle(outline[:n])
        if heights[face] * width * height < best:
            best, box = heights[face] * width * height, (heights[face], width, height)
    return box


@kernel
def _least_volumes(normals, areas, vertices):
    """Height of the hull over each face, and that times the area of its outline; infinite for all parallels but one."""
    n = len(normals)
    least, heights = np.zeros(n), np.zeros(n)
    for i in range(n):
        z, y, x = normals[i]
        for j in range(n):
            along = z * normals[j, 0] + y * normals[j, 1] + x * normals[j, 2]
            least[i] += max(along, 0.0) * areas[j]
            if j < i and abs(along) > 1 - 1e-12:
                least[i] = np.inf
        low, high = np.inf, -np.inf
        for vz, vy, vx in vertices:
            along = z * vz + y * vy + x * vx
            low, high = min(low, along), max(high, along)
        heights[i] = high - low
        least[i] *= heights[i]
    return least, heights


@kernel
def _outline(normals, face, beside, ends, outline):
    """Edges of the hull between what one sees along a face's normal and what not, in two dimensions; their number."""
    nz, ny, nx = normals[face]
    steep = abs(nz) > 0.9
    uz, uy, ux = (0.0, nx, -ny) if not steep else (-ny, nz, 0.0)  # across the normal
    length = np.sqrt(uz * uz + uy * uy + ux * ux)
    uz, uy, ux = uz / length, uy / length, ux / length
    vz, vy, vx = ny * ux - nx * uy, nx * uz - nz * ux, nz * uy - ny * uz
    n = 0
    for e in range(len(beside)):
        first, second = normals[beside[e, 0]], normals[beside[e, 1]]
        seen = nz * first[0] + ny * first[1] + nx * first[2] > 1e-9
        if seen != (nz * second[0] + ny * second[1] + nx * second[2] > 1e-9):
            for k in range(2):
                z, y, x = ends[e, k]
                outline[n, k, 0], outline[n, k, 1] = z * uz + y * uy + x * ux, z * vz + y * vy + x * vx
            n += 1
    return n


@kernel
def _least_rectangle(outline):
    """Sides of the least rectangle around a convex polygon given by its edges, (n, 2, 2)."""
    best, sides = np.inf, (0.0, 0.0)
    for e in range(len(outline)):
        p, q = outline[e, 1, 0] - outline[e, 0, 0], outline[e, 1, 1] - outline[e, 0, 1]
        length = np.sqrt(p * p + q * q)
        if length < 1e-9:
            continue
        p, q = p / length, q / length
        low_u, high_u, low_v, high_v = np.inf, -np.inf, np.inf, -np.inf
        for k in range(len(outline)):
            for end in range(2):
                u = outline[k, end, 0] * p + outline[k, end, 1] * q
                v = outline[k, end, 1] * p - outline[k, end, 0] * q
                low_u, high_u, low_v, high_v = min(low_u, u), max(high_u, u), min(low_v, v), max(high_v, v)
        if (high_u - low_u) * (high_v - low_v) < best:
            best, sides = (high_u - low_u) * (high_v - low_v), (high_u - low_u, high_v - low_v)
    return sides
