"""Ellipsoids around a region: surface area by IBSI's series, and the smallest one that encloses all points."""

from __future__ import annotations

import numpy as np

from radkit.kernels import kernel
from radkit.volume import RadkitError

SERIES_TERMS = 20  # IBSI truncates the series for the area after this order
MVEE_TOLERANCE = 1e-10  # greatest relative imbalance of a point
MVEE_STARTS, MVEE_ROUNDS = 1000, 50  # seldom more than ten starts; a hundred were needed once in 1459 regions
LEADERS = 6  # points that take weight over in one round


def ellipsoid_volume(axes: tuple[float, float, float]) -> float:
    """Volume of an ellipsoid from its semi-axes: 4/3 π a b c."""
    a, b, c = axes
    return 4 / 3 * np.pi * a * b * c


def ellipsoid_area(axes: tuple[float, float, float]) -> float:
    """Surface area of an ellipsoid from its semi-axes a ≥ b ≥ c, by IBSI's formula.

    The formula gives the area of a sphere, and too small an area for any other ellipsoid (7% for axes 5, 4, 4). IBSI's
    reference values are made with it, so it stands as published.

    4 π a b Σ_{ν=0}^{20} (αβ)^ν P_ν((α² + β²) / (2αβ)) / (1 − 4ν²), with α² = 1 − b²/a², β² = 1 − c²/a² and P_ν the
    Legendre polynomials; the recurrence below carries (αβ)^ν P_ν, which stays finite for a sphere.

    Examples
    --------
    >>> round(ellipsoid_area((1.0, 1.0, 1.0)) / np.pi, 6)
    4.0
    """
    a, b, c = axes
    if a == 0:
        return 0.0
    alpha2, beta2 = 1 - (b / a) ** 2, 1 - (c / a) ** 2
    before, term, total = 0.0, 1.0, 1.0
    for v in range(SERIES_TERMS):
        before, term = term, ((2 * v + 1) * (alpha2 + beta2) / 2 * term - v * alpha2 * beta2 * before) / (v + 1)
        total += term / (1 - 4 * (v + 1) ** 2)
    return 4 * np.pi * a * b * total


def enclosing_ellipsoid(points: np.ndarray) -> tuple[float, float, float]:
    """Semi-axes, longest first, of the smallest ellipsoid that encloses all points (n, 3), which span a volume.

    Its dual is a weight for each point: those farthest out take weight over from the other weighted points, pair by
    pair and as much as is best, until no point is out of balance by more than MVEE_TOLERANCE. The ellipsoid is then
    scaled to hold every point, so its volume is at most 2 MVEE_TOLERANCE (relative) above the smallest one.

    Source: Harman, Filova and Richtarik, A randomized exchange algorithm for computing optimal approximate designs of
    experiments (2020), here with the exchanges in a fixed order.

    Raises
    ------
    RadkitError : the points are not balanced after MVEE_STARTS times MVEE_ROUNDS rounds.

    Examples
    --------
    >>> import itertools
    >>> cube = np.array(list(itertools.product((-1.0, 1.0), repeat=3)))
    >>> [round(axis, 6) for axis in enclosing_ellipsoid(cube)]  # the sphere through its corners: sqrt(3)
    [1.732051, 1.732051, 1.732051]
    """
    center = points.mean(axis=0)
    scale = np.abs(points - center).max(axis=0)
    lifted = np.column_stack([(points - center) / scale, np.ones(len(points))])
    weight = _first_weights(lifted)
    for _ in range(MVEE_STARTS):  # a fresh inverse, since the one that follows each exchange gathers rounding
        if _balance(lifted, weight, np.linalg.inv(lifted.T @ (weight[:, None] * lifted))):
            break
    else:
        raise RadkitError("the smallest enclosing ellipsoid was not found. Please report this region.")
    around = points - weight @ points
    shape = around.T @ (weight[:, None] * around)
    reach = np.einsum("ij,jk,ik->i", around, np.linalg.inv(shape), around).max()
    return tuple(map(float, np.sqrt(np.linalg.eigvalsh(shape)[::-1] * reach)))


def _first_weights(points: np.ndarray) -> np.ndarray:
    """Equal weights of the outermost points in three directions, each across those that the last ones span.

    Source: Kumar and Yildirim, Minimum-volume enclosing ellipsoids and core sets (2005).
    """
    first = _ends(points, np.array([1.0, 0.0, 0.0]))
    along = points[first[0], :3] - points[first[1], :3]
    second = _ends(points, np.array([-along[1], along[0], 0.0]))
    third = _ends(points, np.cross(along, points[second[0], :3] - points[second[1], :3]))
    chosen = np.unique([*first, *second, *third])
    weight = np.zeros(len(points))
    weight[chosen] = 1 / len(chosen)
    return weight


def _ends(points: np.ndarray, direction: np.ndarray) -> tuple[int, int]:
    along = points[:, :3] @ direction
    return int(along.argmax()), int(along.argmin())


@kernel
def _balance(lifted, weight, inverse):
    """Exchange ``weight`` (n,), in place, until all points (n, m) are balanced; ``inverse`` is that of Σ w x xᵀ.

    Returns whether they are, after MVEE_ROUNDS at most.
    """
    m = lifted.shape[1]
    room = np.empty((2, m))
    for _ in range(MVEE_ROUNDS):
        distance = _distances(lifted, inverse)
        held = np.flatnonzero(weight > 0)
        if max(distance.max() / m - 1, 1 - distance[held].min() / m) < MVEE_TOLERANCE:
            return True
        for _ in range(LEADERS):
            leader = np.argmax(distance)
            distance[leader] = -np.inf
            for other in held:
                if other != leader:
                    _exchange(lifted, weight, inverse, leader, other, room)
    return False


@kernel
def _exchange(lifted, weight, inverse, leader, other, room):
    """Move the best share of weight between two points, in place: the one that makes the ellipsoid smallest."""
    a, b = lifted[leader], lifted[other]
    from_a, from_b = room[0], room[1]
    _multiply(inverse, a, from_a)
    _multiply(inverse, b, from_b)
    own, its, both = _inner(a, from_a), _inner(b, from_b), _inner(a, from_b)
    curvature = 2 * (own * its - both * both)
    if curvature <= 1e-12 * own * its:
        return
    share = max(min((own - its) / curvature, weight[other]), -weight[leader])
    weight[leader] += share
    weight[other] -= share
    _update(inverse, from_a, share / (1 + share * own))
    _multiply(inverse, b, from_b)
    _update(inverse, from_b, -share / (1 - share * _inner(b, from_b)))


@kernel
def _multiply(matrix, vector, result):
    for j in range(len(vector)):
        total = 0.0
        for k in range(len(vector)):
            total += matrix[j, k] * vector[k]
        result[j] = total


@kernel
def _inner(a, b):
    total = 0.0
    for j in range(len(a)):
        total += a[j] * b[j]
    return total


@kernel
def _update(inverse, moved, factor):
    """Subtract factor times the outer product of ``moved``, in place (Sherman and Morrison)."""
    for j in range(len(moved)):
        for k in range(len(moved)):
            inverse[j, k] -= factor * moved[j] * moved[k]


@kernel
def _distances(lifted, inverse):
    """xᵀ inverse x of every point, (n,)."""
    n, m = lifted.shape
    distance = np.zeros(n)
    for i in range(n):
        for j in range(m):
            for k in range(m):
                distance[i] += lifted[i, j] * inverse[j, k] * lifted[i, k]
    return distance
