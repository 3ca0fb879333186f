"""Gabor filters: stripes of one wavelength and direction in a Gaussian window (IBSI 2, section 3.4)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import fft

from radkit.filters.edges import Boundary, Reach, check_boundary, check_range, join_name, number, pad
from radkit.filters.turns import check_pooling
from radkit.volume import SettingError

CUTOFF = 5.0  # the kernel ends at 5 standard deviations of its window, where it is 4e-6 of its middle
_CHUNK = 4_000_000  # complex numbers of a plane stack that are transformed at a time: 64 MB each


@dataclass(frozen=True, kw_only=True)
class Gabor:
    """The modulus of the response to a complex stripe pattern in a Gaussian window, in the planes of the image.

    ``g(k) = exp(-(u^2 + gamma^2 v^2) / (2 sigma^2) + 2 pi i u / lambda)``,
    ``u = k1 cos(theta) + k2 sin(theta)``, ``v = -k1 sin(theta) + k2 cos(theta)``, k in mm.

    Parameters
    ----------
    sigma_mm : standard deviation of the window along the wave, 0.1 to 50 mm.
    wavelength_mm : distance between two stripes, lambda, 0.1 to 200 mm.
    gamma : the window is gamma times narrower across the wave than along it, 0.1 to 10.
    theta_deg : direction of the wave, from the first axis of the plane toward the second (on an axial slice from the
        patient's left toward posterior: clockwise on the screen).
    theta_step_deg : pool the responses of all directions ``theta + n step`` of a full turn; None: theta alone.
    pooling : "average" or "max" over directions.
    orthogonal_planes : average over the planes (y, x), (z, x) and (z, y), the last letter being the first axis;
        False: the slices (y, x) only.
    boundary : "constant" (zeros), "nearest", "wrap" (periodic), "mirror" (half-sample).

    Examples
    --------
    >>> setting = Gabor(sigma_mm=5, wavelength_mm=4, theta_step_deg=45)
    >>> setting.directions_deg, setting.name
    ((0.0, 45.0, 90.0, 135.0), 'gabor_s5mm_w4mm_g1_t0_step45_average_2D')
    """

    sigma_mm: float
    wavelength_mm: float
    gamma: float = 1.0
    theta_deg: float = 0.0
    theta_step_deg: float | None = None
    pooling: str = "average"
    orthogonal_planes: bool = False
    boundary: Boundary = "mirror"

    def __post_init__(self):
        for name, low, high, unit in (
            ("sigma_mm", 0.1, 50, "mm"),
            ("wavelength_mm", 0.1, 200, "mm"),
            ("gamma", 0.1, 10, ""),
            ("theta_deg", -360, 360, "degrees"),
        ):
            object.__setattr__(self, name, check_range(name, getattr(self, name), low, high, unit))
        if self.theta_step_deg is not None:
            step = check_range("theta_step_deg", self.theta_step_deg, 1, 360, "degrees")
            if abs(360 / step - round(360 / step)) > 1e-9:
                raise SettingError(f"theta_step_deg is {step:g}; whole steps must make a full turn, as 22.5 or 45 do.")
            object.__setattr__(self, "theta_step_deg", step)
        if self.pooling is None:
            raise SettingError("pooling is None; use 'average' or 'max' over the directions of theta_step_deg.")
        check_pooling(self.pooling)
        if not isinstance(self.orthogonal_planes, bool):
            raise SettingError(f"orthogonal_planes is {self.orthogonal_planes!r}; use true or false.")
        check_boundary(self.boundary)

    @property
    def dimensions(self) -> int:
        """3 where it sees all three planes, 2 where it works slice by slice."""
        return 3 if self.orthogonal_planes else 2

    @property
    def name(self) -> str:
        """As in feature names, "gabor_s5mm_w2mm_g1.5_t0_step22.5_average_2D"."""
        parts = [f"s{number(self.sigma_mm)}mm", f"w{number(self.wavelength_mm)}mm", f"g{number(self.gamma)}"]
        parts.append(f"t{number(self.theta_deg)}")
        if self.theta_step_deg is not None:
            parts += [f"step{number(self.theta_step_deg)}", self.pooling]
        return join_name("gabor", *parts, dimensions=self.dimensions, boundary=self.boundary)

    @property
    def directions_deg(self) -> tuple[float, ...]:
        """The directions computed, in [0, 180): half a turn changes the response's phase, never its modulus."""
        step = self.theta_step_deg or 360.0
        turned = (self.theta_deg + step * np.arange(round(360 / step))) % 180
        return tuple(float(t) for t in np.unique(np.round(turned, 9) % 180))

    def reach(self, spacing_mm: tuple[float, float, float]) -> Reach:
        """How many voxels (z, y, x) a response looks beyond its own."""
        reach = [0.0, 0.0, 0.0]
        for plane in self._planes:
            for theta in self.directions_deg:
                radii = _radii(self, theta, [spacing_mm[a] for a in plane])
                for axis, radius in zip(plane, radii, strict=True):
                    reach[axis] = math.inf if self.boundary == "wrap" else max(reach[axis], radius)
        return tuple(reach)

    @property
    def _planes(self) -> tuple[tuple[int, int], ...]:
        return ((1, 2), (0, 2), (0, 1)) if self.orthogonal_planes else ((1, 2),)

    def respond(self, array: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
        """The response (z, y, x), never negative."""
        total = np.zeros(array.shape)
        for plane in self._planes:
            (stacked,) = {0, 1, 2} - set(plane)
            slices = np.moveaxis(array, stacked, 0)
            into = np.moveaxis(total, stacked, 0)  # a view: what is added here lands in ``total``
            _add_plane(self, slices, [spacing_mm[a] for a in plane], into)
        return total / len(self._planes)


def _radii(setting: Gabor, theta_deg: float, spacing_mm: list[float]) -> tuple[int, int]:
    """Half the kernel's size in voxels (second, first axis): the box around its turned Gaussian ellipse."""
    theta, along, across = math.radians(theta_deg), setting.sigma_mm, setting.sigma_mm / setting.gamma
    first = math.hypot(along * math.cos(theta), across * math.sin(theta))
    second = math.hypot(along * math.sin(theta), across * math.cos(theta))
    return math.ceil(CUTOFF * second / spacing_mm[0]), math.ceil(CUTOFF * first / spacing_mm[1])


def _kernel(setting: Gabor, theta_deg: float, spacing_mm: list[float], radii: tuple[int, int]) -> np.ndarray:
    theta = math.radians(theta_deg)
    k2 = np.arange(-radii[0], radii[0] + 1)[:, None] * spacing_mm[0]
    k1 = np.arange(-radii[1], radii[1] + 1)[None, :] * spacing_mm[1]
    u = k1 * math.cos(theta) + k2 * math.sin(theta)
    v = -k1 * math.sin(theta) + k2 * math.cos(theta)
    window = -(u**2 + (setting.gamma * v) ** 2) / (2 * setting.sigma_mm**2)
    return np.exp(window + 2j * math.pi * u / setting.wavelength_mm)


def _add_plane(setting: Gabor, slices: np.ndarray, spacing_mm: list[float], into: np.ndarray) -> None:
    """Add the pooled modulus over directions of every slice (n, rows, columns), by FFT, a chunk of slices at a time."""
    directions = setting.directions_deg
    every = [_radii(setting, theta, spacing_mm) for theta in directions]
    rows, columns = slices.shape[1:]
    margin = tuple(max(radii[i] for radii in every) for i in (0, 1))
    shape = tuple(fft.next_fast_len(n + 2 * m) for n, m in zip((rows, columns), margin, strict=True))
    transfers = []
    for theta, radii in zip(directions, every, strict=True):
        kernel = np.zeros(shape, dtype=complex)
        kernel[: 2 * radii[0] + 1, : 2 * radii[1] + 1] = _kernel(setting, theta, spacing_mm, radii)
        kernel = np.roll(kernel, (-radii[0], -radii[1]), axis=(0, 1))  # its center to the first voxel
        transfers.append(fft.fft2(kernel).real)  # g(-k) is the conjugate of g(k), so its transform is real
    n = max(1, _CHUNK // math.prod(shape))
    inside = (slice(None), slice(margin[0], margin[0] + rows), slice(margin[1], margin[1] + columns))
    for start in range(0, len(slices), n):
        margins = ((0, 0), (margin[0], margin[0]), (margin[1], margin[1]))
        spectrum = fft.fft2(pad(slices[start : start + n], margins, setting.boundary), shape)
        moduli = (np.abs(fft.ifft2(spectrum * transfer)[inside]) for transfer in transfers)
        pooled = next(moduli)
        for modulus in moduli:
            pooled = np.maximum(pooled, modulus) if setting.pooling == "max" else pooled + modulus
        into[start : start + n] += pooled if setting.pooling == "max" else pooled / len(directions)
