"""Ellipsoids around a region: surface area by IBSI's series, and the smallest one that encloses all points."""

from __future__ import annotations

import numpy as np

from radkit.matrices.kernels import kernel

SERIES_TERMS = 20  # IBSI truncates the series for the area after this order
MVEE_TOLERANCE = 1e-5  # greatest relative imbalance of a point
MVEE_STEPS = 100_000


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

    Khachiyan's algorithm with away steps: each step moves weight to the point farthest out, or away from the weighted
    point deepest inside, until no point is out of balance by more than MVEE_TOLERANCE. The ellipsoid is then scaled to
    hold every point, so its volume is at most 2 MVEE_TOLERANCE (relative) above the smallest one.

    Source: Todd and Yildirim, On Khachiyan's algorithm for the computation of minimum-volume enclosing ellipsoids
    (2007).

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
    weight = np.full(len(points), 1 / len(points))
    inverse = np.linalg.inv(lifted.T @ (weight[:, None] * lifted))
    _balance(lifted, weight, inverse)
    around = points - weight @ points
    shape = around.T @ (weight[:, None] * around)
    reach = np.einsum("ij,jk,ik->i", around, np.linalg.inv(shape), around).max()
    return tuple(map(float, np.sqrt(np.linalg.eigvalsh(shape)[::-1] * reach)))


@kernel
def _balance(lifted, weight, inverse):
    """Move ``weight`` (n,), in place, until all points (n, m) are balanced; ``inverse`` is that of Σ w x xᵀ."""
    m = lifted.shape[1]
    distance = _distances(lifted, inverse)
    for _ in range(MVEE_STEPS):
        far, near = _extremes(distance, weight)
        outside, inside = distance[far] / m - 1, 1 - distance[near] / m
        if max(outside, inside) < MVEE_TOLERANCE:
            break
        at = far if outside >= inside else near
        step = (distance[at] - m) / (m * (distance[at] - 1)) if distance[at] > 1 else -1.0
        all_of_it = -weight[at] / (1 - weight[at])
        emptied = outside < inside and step <= all_of_it
        step = all_of_it if emptied else step
        weight *= 1 - step
        weight[at] = 0.0 if emptied else weight[at] + step
        _follow(lifted, distance, inverse, at, step)


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


@kernel
def _extremes(distance, weight):
    """The point farthest out, and the nearest one of those that carry weight."""
    far, near = 0, -1
    for i in range(len(distance)):
        if distance[i] > distance[far]:
            far = i
        if weight[i] > 0 and (near < 0 or distance[i] < distance[near]):
            near = i
    return far, near


@kernel
def _follow(lifted, distance, inverse, at, step):
    """Update distances and inverse, in place, after point ``at`` has gained the share ``step`` (Sherman-Morrison)."""
    n, m = lifted.shape
    factor = step / (1 - step + step * distance[at])
    moved = np.zeros(m)
    for j in range(m):
        for k in range(m):
            moved[j] += inverse[j, k] * lifted[at, k]
    for i in range(n):
        along = 0.0
        for j in range(m):
            along += lifted[i, j] * moved[j]
        distance[i] = (distance[i] - factor * along * along) / (1 - step)
    for j in range(m):
        for k in range(m):
            inverse[j, k] = (inverse[j, k] - factor * moved[j] * moved[k]) / (1 - step)
