"""The convex hull of points with whole-number coordinates, exactly.

Quickhull: begin with a tetrahedron; points outside wait at one facet that they see; the farthest of a facet's points
replaces all facets that it sees by new ones to their rim. Whole numbers make every decision exact: no tolerance, and
points in the plane of a facet, of which a mask has many, need no special case.

Source: Barber, Dobkin and Huhdanpaa, The quickhull algorithm for convex hulls (1996).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from radkit.kernels import kernel

NOBODY = -1


class Facets(NamedTuple):
    """Every facet that was ever made.

    Parameters
    ----------
    corners : indices of its corners, (n, 3); beside : the facet across each edge, (n, 3).
    planes : cross product of two edges, and the plane's height along that, (n, 4).
    alive : whether it is on the hull, (n,); waiting : its farthest point, or NOBODY, (n,).
    """

    corners: np.ndarray
    beside: np.ndarray
    planes: np.ndarray
    alive: np.ndarray
    waiting: np.ndarray


def convex_facets(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Triangles of the convex hull.

    Parameters
    ----------
    points : int64, (n, 3), each coordinate within ± 2^18, not all in one plane.

    Returns
    -------
    corners : indices of each facet's corners, all facets turning the same way seen from outside, (n_facets, 3).
    beside : the facet across the edge from corner k to corner k + 1, (n_facets, 3).

    Examples
    --------
    >>> cube = np.array([(z, y, x) for z in (0, 2) for y in (0, 2) for x in (0, 2)] + [(1, 1, 1)])
    >>> corners, beside = convex_facets(cube)
    >>> len(corners), sorted(set(corners.ravel().tolist()))
    (12, [0, 1, 2, 3, 4, 5, 6, 7])
    """
    room = 16 * len(points) + 64  # about six facets are made for each corner of the hull
    while (found := _built(points, room)) is None:
        room *= 4
    corners, beside, alive = found
    number = np.cumsum(alive) - 1
    return corners[alive], number[beside[alive]]


def _built(points: np.ndarray, room: int) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Corners, neighbors and whether it is on the hull of every facet that was made; None where room ran out."""
    facets = Facets(
        corners=np.empty((room, 3), np.int64),
        beside=np.empty((room, 3), np.int64),
        planes=np.empty((room, 4), np.int64),
        alive=np.zeros(room, dtype=bool),
        waiting=np.empty(room, np.int64),
    )
    behind, starts_at = np.full(len(points), NOBODY), np.empty(len(points), np.int64)  # who waits behind a point
    n = _grow(points, facets, behind, starts_at, np.empty(room, np.int64), np.empty((room, 3), np.int64))
    return (facets.corners[:n], facets.beside[:n], facets.alive[:n]) if n > 0 else None


@kernel
def _grow(points, facets, behind, starts_at, seen, rim):
    """Make facets until nobody waits; their number, or 0 where there is no room for more."""
    _tetrahedron(points, facets)
    facet, n = np.int64(0), np.int64(4)  # not 0 and 4: numba would compile what takes them once more
    for p in range(len(points)):
        _wait(points, facets, behind, p, facet, n)
    while facet < n:
        if not facets.alive[facet] or facets.waiting[facet] == NOBODY:
            facet += 1
            continue
        p = facets.waiting[facet]
        n_seen, n_rim = _look(points[p], facet, facets, seen, rim)
        if n + n_rim > len(facets.alive):
            return np.int64(0)
        _close(points, facets, rim[:n_rim], p, n, starts_at)
        for k in range(n_seen):
            q = facets.waiting[seen[k]]
            while q != NOBODY:
                following = behind[q]
                if q != p:
                    _wait(points, facets, behind, q, n, n + n_rim)
                q = following
        n += n_rim
    return n


@kernel
def _close(points, facets, rim, p, n, starts_at):
    """Facets from a point to every edge of a rim, numbered from n on, each linked to its three neighbors."""
    for k in range(len(rim)):
        a, b, across = rim[k]
        _make(points, n + k, a, b, p, facets)
        starts_at[a] = n + k
        facets.beside[n + k, 0] = across
        for side in range(3):
            if facets.corners[across, side] == b and facets.corners[across, (side + 1) % 3] == a:
                facets.beside[across, side] = n + k
    for k in range(len(rim)):
        following = starts_at[rim[k, 1]]
        facets.beside[n + k, 1], facets.beside[following, 2] = following, n + k


@kernel
def _make(points, facet, a, b, c, facets):
    """Write down a facet with its plane."""
    facets.corners[facet, 0], facets.corners[facet, 1], facets.corners[facet, 2] = a, b, c
    u0, u1, u2 = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
    v0, v1, v2 = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
    n0, n1, n2 = u1 * v2 - u2 * v1, u2 * v0 - u0 * v2, u0 * v1 - u1 * v0
    planes = facets.planes
    planes[facet, 0], planes[facet, 1], planes[facet, 2] = n0, n1, n2
    planes[facet, 3] = n0 * points[a, 0] + n1 * points[a, 1] + n2 * points[a, 2]
    facets.alive[facet], facets.waiting[facet] = True, NOBODY


@kernel
def _height(plane, point):
    """Above 0 for a point that sees the facet, 0 in its plane."""
    return plane[0] * point[0] + plane[1] * point[1] + plane[2] * point[2] - plane[3]


@kernel
def _wait(points, facets, behind, p, first, stop):
    """Let a point wait at the first of some facets that it sees, in front where it is the farthest; inner ones go."""
    for facet in range(first, stop):
        height = _height(facets.planes[facet], points[p])
        if height > 0:
            front = facets.waiting[facet]
            if front == NOBODY or height > _height(facets.planes[facet], points[front]):
                facets.waiting[facet], behind[p] = p, front
            else:
                behind[front], behind[p] = p, behind[front]
            return


@kernel
def _look(point, facet, facets, seen, rim):
    """Take away all facets that a point sees, beginning with one; list them, and the edges around them.

    Returns the number of both. A rim edge is its two ends and the facet across.
    """
    corners, beside, planes, alive = facets.corners, facets.beside, facets.planes, facets.alive
    seen[0], alive[facet] = facet, False
    n_seen, n_rim, k = 1, 0, 0
    while k < n_seen:
        for side in range(3):
            across = beside[seen[k], side]
            if alive[across] and _height(planes[across], point) > 0:
                seen[n_seen], alive[across] = across, False
                n_seen += 1
        k += 1
    for k in range(n_seen):
        for side in range(3):
            across = beside[seen[k], side]
            if alive[across]:
                rim[n_rim, 0], rim[n_rim, 1] = corners[seen[k], side], corners[seen[k], (side + 1) % 3]
                rim[n_rim, 2] = across
                n_rim += 1
    return n_seen, n_rim


@kernel
def _tetrahedron(points, facets):
    """The first four facets, between points far apart."""
    planes, beside, first = facets.planes, facets.beside, np.int64(0)
    a = np.argmin(points[:, 0])
    b, c, d, far = a, a, a, -1.0
    for p in range(len(points)):
        distance = 0.0
        for k in range(3):
            distance += float(points[p, k] - points[a, k]) ** 2
        if distance > far:
            b, far = p, distance
    far = -1.0
    for p in range(len(points)):
        _make(points, first, a, b, p, facets)
        area = float(planes[0, 0]) ** 2 + float(planes[0, 1]) ** 2 + float(planes[0, 2]) ** 2
        if area > far:
            c, far = p, area
    _make(points, first, a, b, c, facets)
    for p in range(len(points)):
        if abs(_height(planes[0], points[p])) > abs(_height(planes[0], points[d])):
            d = p
    if _height(planes[0], points[d]) == 0:
        raise ValueError("all points lie in one plane")
    if _height(planes[0], points[d]) > 0:
        b, c = c, b
    _make(points, first, a, b, c, facets)
    _make(points, first + 1, b, a, d, facets)
    _make(points, first + 2, c, b, d, facets)
    _make(points, first + 3, a, c, d, facets)
    beside[0, 0], beside[0, 1], beside[0, 2] = 1, 2, 3
    beside[1, 0], beside[1, 1], beside[1, 2] = 0, 3, 2
    beside[2, 0], beside[2, 1], beside[2, 2] = 0, 1, 3
    beside[3, 0], beside[3, 1], beside[3, 2] = 0, 2, 1
