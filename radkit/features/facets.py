"""The convex hull of points with whole-number coordinates, exactly.

Quickhull: begin with a tetrahedron; points outside wait at one facet that they see; the farthest of a facet's points
replaces all facets that it sees by new ones to their rim. Whole numbers make every decision exact: no tolerance, and
points in the plane of a facet, of which a mask has many, need no special case.

Source: Barber, Dobkin and Huhdanpaa, The quickhull algorithm for convex hulls (1996).
"""

from __future__ import annotations

import numpy as np

from radkit.kernels import kernel

NOBODY = -1


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
    corners, beside, alive = _grow(points)
    number = np.cumsum(alive) - 1
    return corners[alive], number[beside[alive]]


@kernel
def _grow(points):
    """Corners, neighbors and whether it is on the hull of every facet that was ever made."""
    corners, beside = np.empty((64, 3), np.int64), np.empty((64, 3), np.int64)
    planes, alive = np.empty((64, 4), np.int64), np.zeros(64, np.bool_)
    waiting, behind = np.empty(64, np.int64), np.full(len(points), NOBODY)  # a facet's first point, and who comes next
    seen, rim = np.empty(64, np.int64), np.empty((64, 3), np.int64)
    starts_at = np.empty(len(points), np.int64)
    n = _tetrahedron(points, corners, beside, planes, alive, waiting)
    for p in range(len(points)):
        _wait(points, planes, waiting, behind, p, 0, n)
    facet = 0
    while facet < n:
        if not alive[facet] or waiting[facet] == NOBODY:
            facet += 1
            continue
        p = waiting[facet]
        n_seen, n_rim = _look(points[p], facet, corners, beside, planes, alive, seen, rim)
        if n + n_rim > len(corners) - n_rim:  # room for the next rim too
            more = len(corners) + 2 * n_rim
            corners, beside = _longer(corners, more), _longer(beside, more)
            planes, rim = _longer(planes, more), _longer(rim, more)
            alive, waiting = np.append(alive, np.zeros(more, np.bool_)), np.append(waiting, np.empty(more, np.int64))
            seen = np.append(seen, np.empty(more, np.int64))
        for k in range(n_rim):
            a, b, across = rim[k]
            _make(points, n + k, a, b, p, corners, planes, alive, waiting)
            starts_at[a] = n + k
            beside[n + k, 0] = across
            for side in range(3):
                if corners[across, side] == b and corners[across, (side + 1) % 3] == a:
                    beside[across, side] = n + k
        for k in range(n_rim):
            following = starts_at[rim[k, 1]]
            beside[n + k, 1], beside[following, 2] = following, n + k
        for k in range(n_seen):
            q = waiting[seen[k]]
            while q != NOBODY:
                following = behind[q]
                if q != p:
                    _wait(points, planes, waiting, behind, q, n, n + n_rim)
                q = following
        n += n_rim
    return corners[:n], beside[:n], alive[:n]


@kernel
def _longer(array, more):
    longer = np.empty((len(array) + more, array.shape[1]), array.dtype)
    longer[: len(array)] = array
    return longer


@kernel
def _make(points, facet, a, b, c, corners, planes, alive, waiting):
    """Write down a facet with its plane: the cross product of two edges, and the plane's height along that."""
    corners[facet, 0], corners[facet, 1], corners[facet, 2] = a, b, c
    u0, u1, u2 = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
    v0, v1, v2 = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
    n0, n1, n2 = u1 * v2 - u2 * v1, u2 * v0 - u0 * v2, u0 * v1 - u1 * v0
    planes[facet, 0], planes[facet, 1], planes[facet, 2] = n0, n1, n2
    planes[facet, 3] = n0 * points[a, 0] + n1 * points[a, 1] + n2 * points[a, 2]
    alive[facet], waiting[facet] = True, NOBODY


@kernel
def _height(plane, point):
    """Above 0 for a point that sees the facet, 0 in its plane."""
    return plane[0] * point[0] + plane[1] * point[1] + plane[2] * point[2] - plane[3]


@kernel
def _wait(points, planes, waiting, behind, p, first, stop):
    """Let a point wait at the first of some facets that it sees, in front where it is the farthest; inner ones go."""
    for facet in range(first, stop):
        height = _height(planes[facet], points[p])
        if height > 0:
            front = waiting[facet]
            if front == NOBODY or height > _height(planes[facet], points[front]):
                waiting[facet], behind[p] = p, front
            else:
                behind[front], behind[p] = p, behind[front]
            return


@kernel
def _look(point, facet, corners, beside, planes, alive, seen, rim):
    """Take away all facets that a point sees, beginning with one; list them, and the edges around them.

    Returns the number of both. A rim edge is its two ends and the facet across.
    """
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
def _tetrahedron(points, corners, beside, planes, alive, waiting):
    """The first four facets, between points far apart; returns 4."""
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
        _make(points, 0, a, b, p, corners, planes, alive, waiting)
        area = float(planes[0, 0]) ** 2 + float(planes[0, 1]) ** 2 + float(planes[0, 2]) ** 2
        if area > far:
            c, far = p, area
    _make(points, 0, a, b, c, corners, planes, alive, waiting)
    for p in range(len(points)):
        if abs(_height(planes[0], points[p])) > abs(_height(planes[0], points[d])):
            d = p
    if _height(planes[0], points[d]) == 0:
        raise ValueError("all points lie in one plane")
    if _height(planes[0], points[d]) > 0:
        b, c = c, b
    _make(points, 0, a, b, c, corners, planes, alive, waiting)
    _make(points, 1, b, a, d, corners, planes, alive, waiting)
    _make(points, 2, c, b, d, corners, planes, alive, waiting)
    _make(points, 3, a, c, d, corners, planes, alive, waiting)
    beside[0, 0], beside[0, 1], beside[0, 2] = 1, 2, 3
    beside[1, 0], beside[1, 1], beside[1, 2] = 0, 3, 2
    beside[2, 0], beside[2, 1], beside[2, 2] = 0, 1, 3
    beside[3, 0], beside[3, 1], beside[3, 2] = 0, 2, 1
    return 4
