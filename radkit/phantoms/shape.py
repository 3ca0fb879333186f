"""Lesion shapes: the Gaussian random sphere with spicules, its volume, its area and its sphericity."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.ndimage import map_coordinates
from scipy.special import ive

from radkit.volume import SettingError

N_THETA, N_PHI = 96, 192  # nodes of the surface, 1.9 degrees apart


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A Gaussian random sphere, optionally with spicules.

    ``r(u) = R c exp(s(u) - rho^2 / 2)``, where s is a Gaussian field on the sphere with covariance
    ``rho^2 exp(-|u - u'|^2 / (2 Lambda^2))``. Its mean volume is ``4/3 pi R^3 exp(3 rho^2)`` for c = 1;
    ``hold_volume`` sets ``c = exp(-rho^2)``, which takes the factor away.

    Spicules lift the surface around k random directions: ``r + length max_j exp(-angle_j^2 / (2 width^2))``. They
    stand on the surface where it is, so dents stay dents, and they add to the volume.

    Parameters
    ----------
    radius_mm : R.
    irregularity : rho, the standard deviation of log r; 0 is a ball, 0.3 is wild.
    angular_length_deg : Lambda, the size of the bumps.
    spicules, spicule_mm, spicule_width_deg : number k, length and angular width.
    hold_volume : keep the mean volume at that of the ball as irregularity grows.

    Source: Muinonen K. Earth Moon Planets 1996 (Gaussian random sphere).
    """

    radius_mm: float = 16.0
    irregularity: float = 0.15
    angular_length_deg: float = 25.0
    spicules: int = 0
    spicule_mm: float = 6.0
    spicule_width_deg: float = 8.0
    hold_volume: bool = True

    def __post_init__(self):
        limits = {  # name: (least, most, unit)
            "radius_mm": (0.5, 200.0, "mm"),
            "irregularity": (0.0, 0.5, ""),
            "angular_length_deg": (8.0, 120.0, "degrees"),
            "spicules": (0, 200, ""),
            "spicule_mm": (0.0, 50.0, "mm"),
            "spicule_width_deg": (4.0, 60.0, "degrees"),
        }
        for name, (least, most, unit) in limits.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise SettingError(f"{name} is {value}; it must lie in {least:g} ... {most:g} {unit}".rstrip() + ".")


@dataclass(frozen=True, eq=False)
class Surface:
    """A star-shaped surface: distance from the center in mm, (N_THETA, N_PHI), at cell-centered angles.

    ``theta_i = (i + 1/2) pi / N_THETA`` from the z axis, ``phi_j = 2 pi j / N_PHI`` from x toward y.
    """

    radius_mm: np.ndarray

    @property
    def reach_mm(self) -> float:
        """The largest distance of the surface from the center."""
        return float(self.radius_mm.max())

    def distance_mm(self, z, y, x) -> np.ndarray:
        """``r(direction) - |position|`` in mm at positions (broadcast) from the center: above 0 is inside."""
        rho = np.hypot(y, x)
        distance = np.hypot(rho, z)
        theta = np.arctan2(rho, z) * (N_THETA / math.pi) - 0.5
        phi = np.arctan2(y, x) * (N_PHI / (2 * math.pi)) % N_PHI
        over_pole = np.roll(self.radius_mm, N_PHI // 2, axis=1)  # the row beyond a pole lies half a turn away
        padded = np.concatenate([over_pole[:1], self.radius_mm, over_pole[-1:]])
        padded = np.concatenate([padded, padded[:, :1]], axis=1)  # (N_THETA + 2, N_PHI + 1)
        theta, phi = np.broadcast_arrays(theta + 1, phi)
        return map_coordinates(padded, [theta, phi], order=1, mode="nearest") - distance

    @property
    def volume_mm3(self) -> float:
        """Volume inside the triangle mesh through the nodes and the two poles."""
        a, b, c = self._triangles()
        return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)

    @property
    def area_mm2(self) -> float:
        """Area of that mesh."""
        a, b, c = self._triangles()
        return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)

    @property
    def sphericity(self) -> float:
        """``(36 pi V^2)^(1/3) / A``: 1 for a ball. The mesh of a voxel mask of a ball reads about 0.92."""
        return (36 * math.pi * self.volume_mm3**2) ** (1 / 3) / self.area_mm2

    def _triangles(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Corners (n, 3) of the triangles, outward, in (x, y, z)."""
        theta, phi = _angles()
        unit = np.stack(
            [np.sin(theta)[:, None] * np.cos(phi), np.sin(theta)[:, None] * np.sin(phi),
             np.broadcast_to(np.cos(theta)[:, None], (N_THETA, N_PHI))], axis=-1)  # (N_THETA, N_PHI, 3)  # fmt: skip
        node = self.radius_mm[..., None] * unit
        node = np.concatenate([node, node[:, :1]], axis=1)
        a, b = node[:-1, :-1].reshape(-1, 3), node[1:, :-1].reshape(-1, 3)
        c, d = node[1:, 1:].reshape(-1, 3), node[:-1, 1:].reshape(-1, 3)
        north = np.broadcast_to([0, 0, self.radius_mm[0].mean()], (N_PHI, 3))
        south = np.broadcast_to([0, 0, -self.radius_mm[-1].mean()], (N_PHI, 3))
        first = np.concatenate([a, a, north, south])
        second = np.concatenate([b, c, node[0, :-1], node[-1, 1:]])
        third = np.concatenate([c, d, node[0, 1:], node[-1, :-1]])
        return first, second, third


def draw(shape: Shape, rng: np.random.Generator) -> Surface:
    """One surface of the given kind.

    Examples
    --------
    >>> ball = draw(Shape(radius_mm=10, irregularity=0), np.random.default_rng(0))
    >>> round(ball.sphericity, 3), round(ball.volume_mm3 / (4 / 3 * math.pi * 1000), 3)
    (1.0, 1.0)
    """
    rho = shape.irregularity
    field = sphere_field(math.radians(shape.angular_length_deg), rng)
    exponent = rho * field - rho**2 / 2 - (rho**2 if shape.hold_volume else 0)
    radius = shape.radius_mm * np.exp(exponent)
    if shape.spicules:
        radius = radius + shape.spicule_mm * _bumps(shape, rng)
    return Surface(radius)


def sphere_field(length_rad: float, rng: np.random.Generator) -> np.ndarray:
    """A Gaussian field on the sphere (N_THETA, N_PHI), variance 1, covariance ``exp(-|u - u'|^2 / (2 length^2))``.

    |u - u'| is the chord. With k = 1/length^2 the covariance is ``sum_l (2l+1) exp(-k) i_l(k) P_l(cos angle)``
    (i_l: modified spherical Bessel function), so independent real spherical harmonics with variance
    ``4 pi exp(-k) i_l(k)`` add up to it; degrees are kept until 1e-6 of the variance is left.
    """
    power = _degree_power(length_rad)
    degrees = power.size
    legendre = _legendre(degrees)  # (m, l, theta)
    _, phi = _angles()
    draws = rng.standard_normal((2, degrees, degrees)) * np.sqrt(power)  # (cos|sin, m, l)
    along = np.einsum("kml,mlt->kmt", draws, legendre)
    m = np.arange(degrees)[:, None]
    cosine = np.cos(m * phi) * np.where(m > 0, math.sqrt(2), 1)
    sine = np.sin(m * phi) * math.sqrt(2)
    return along[0].T @ cosine + along[1].T @ sine  # (theta, phi)


@lru_cache(maxsize=32)
def _degree_power(length_rad: float) -> np.ndarray:
    """Variance of the harmonics of each degree l = 0, 1, ...: their sum over l and m, divided by 4 pi, is 1."""
    k = 1 / length_rad**2
    degree = np.arange(200)
    power = math.sqrt(math.pi / (2 * k)) * ive(degree + 0.5, k)
    share = np.cumsum((2 * degree + 1) * power)
    kept = int(np.searchsorted(share, 1 - 1e-6)) + 1
    return 4 * math.pi * power[:kept] / share[min(kept, share.size) - 1]


@lru_cache(maxsize=32)
def _legendre(degrees: int) -> np.ndarray:
    """Orthonormal associated Legendre functions (m, l, theta) at the nodes, by the usual recurrence in l."""
    theta, _ = _angles()
    t, s = np.cos(theta), np.sin(theta)
    table = np.zeros((degrees, degrees, theta.size))
    for m in range(degrees):
        table[m, m] = (
            math.sqrt(1 / (4 * math.pi)) if m == 0 else math.sqrt((2 * m + 1) / (2 * m)) * s * table[m - 1, m - 1]
        )
        for n in range(m + 1, degrees):
            a = math.sqrt((4 * n * n - 1) / (n * n - m * m))
            b = math.sqrt(((n - 1) ** 2 - m * m) / (4 * (n - 1) ** 2 - 1))
            table[m, n] = a * (t * table[m, n - 1] - b * table[m, n - 2] * (n - 2 >= m))
    return table


def _bumps(shape: Shape, rng: np.random.Generator) -> np.ndarray:
    """Height 0 ... 1 of the spicules at the nodes."""
    direction = rng.standard_normal((shape.spicules, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    theta, phi = _angles()
    x, y = np.sin(theta)[:, None] * np.cos(phi), np.sin(theta)[:, None] * np.sin(phi)
    height = np.zeros((N_THETA, N_PHI))
    for dx, dy, dz in direction:
        angle = np.arccos(np.clip(dx * x + dy * y + dz * np.cos(theta)[:, None], -1, 1))
        height = np.maximum(height, np.exp(-((angle / math.radians(shape.spicule_width_deg)) ** 2) / 2))
    return height


def _angles() -> tuple[np.ndarray, np.ndarray]:
    return (np.arange(N_THETA) + 0.5) * math.pi / N_THETA, np.arange(N_PHI) * 2 * math.pi / N_PHI
