"""Convex hull of the surface mesh: its volume, area and greatest width, and the smallest box around it."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.spatial import ConvexHull

from radkit.matrices.kernels import kernel


class Hull:
    """The convex hull of points in mm.

    Parameters
    ----------
    points : float64, (n, 3), not all in one plane; the mesh of a mask never is.
    """

    def __init__(self, points: np.ndarray):
        self._hull = ConvexHull(points)
        self.vertices = points[self._hull.vertices]  # (n_vertices, 3)
        self.volume = float(self._hull.volume)
        self.area = float(self._hull.area)

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
        return tuple(map(float, np.ptp(self.vertices, axis=0)))

    @cached_property
    def oriented_box(self) -> tuple[float, float, float]:
        """Edge lengths of the smallest box that has one side flush with a face of the hull."""
        normals, faces = self._hull.equations[:, :3], self._hull.simplices
        upward = np.sign(normals @ (1.0, 1e-3, 1e-6))[:, None]  # of two opposite faces one is enough
        sides = np.unique((normals * upward).round(9), axis=0)
        above = sides @ normals.T > 1e-9  # (n_sides, n_faces)
        heights = np.ptp(sides @ self.vertices.T, axis=1)
        # qhull: neighbor k of a face shares the edge opposite to the face's corner k
        face, corner = np.nonzero(self._hull.neighbors > np.arange(len(faces))[:, None])
        edges = np.column_stack([faces[face, (corner + 1) % 3], faces[face, (corner + 2) % 3]])
        edges = self._hull.points[edges]  # (n_edges, 2, 3)
        outline = above[:, face] != above[:, self._hull.neighbors[face, corner]]  # (n_sides, n_edges)
        return tuple(map(float, _smallest_box(sides, heights, edges, outline)))


@kernel
def _smallest_box(sides, heights, edges, outline):
    """Over all sides: the least rectangle around the hull's outline as seen along the side's normal.

    That rectangle lies along one of the outline's edges.
    """
    best, box = np.inf, (0.0, 0.0, 0.0)
    for s in range(len(sides)):
        nz, ny, nx = sides[s]
        for e in range(len(edges)):
            if not outline[s, e]:
                continue
            start, stop = edges[e, 0], edges[e, 1]
            uz, uy, ux = stop[0] - start[0], stop[1] - start[1], stop[2] - start[2]
            height = uz * nz + uy * ny + ux * nx
            uz, uy, ux = uz - height * nz, uy - height * ny, ux - height * nx
            length = np.sqrt(uz * uz + uy * uy + ux * ux)
            if length < 1e-9:
                continue
            uz, uy, ux = uz / length, uy / length, ux / length
            vz, vy, vx = ny * ux - nx * uy, nx * uz - nz * ux, nz * uy - ny * uz
            low_u, high_u, low_v, high_v = np.inf, -np.inf, np.inf, -np.inf
            for k in range(len(edges)):
                if outline[s, k]:
                    for end in range(2):
                        z, y, x = edges[k, end]
                        u, v = z * uz + y * uy + x * ux, z * vz + y * vy + x * vx
                        low_u, high_u, low_v, high_v = min(low_u, u), max(high_u, u), min(low_v, v), max(high_v, v)
            if heights[s] * (high_u - low_u) * (high_v - low_v) < best:
                best = heights[s] * (high_u - low_u) * (high_v - low_v)
                box = (heights[s], high_u - low_u, high_v - low_v)
    return box
