"""Lesion texture: a Gaussian random field with a correlation length, and what a blur does to its variance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import fft

from radkit.volume import SettingError


@dataclass(frozen=True, kw_only=True)
class Texture:
    """A stationary Gaussian field of lumps: covariance ``sd^2 exp(-r^2 / (2 length^2))``.

    Its power spectrum is proportional to ``exp(-2 pi^2 length^2 f^2)``.

    Parameters
    ----------
    sd : standard deviation A in the image's unit; 0 means no texture.
    length_mm : correlation length L.

    Source: the limit of many lumps of the lumpy background, Rolland, Barrett. J Opt Soc Am A 1992.

    Examples
    --------
    >>> round(Texture(sd=20, length_mm=4).variance_after((2, 2, 2)) / 20**2, 3)
    0.544
    """

    sd: float = 36.0
    length_mm: float = 2.5

    def __post_init__(self):
        if not (math.isfinite(self.sd) and self.sd >= 0):
            raise SettingError(f"texture sd is {self.sd}; it must be 0 or more, in the image's unit.")
        if not (math.isfinite(self.length_mm) and self.length_mm > 0):
            raise SettingError(f"texture length_mm is {self.length_mm}; it must be above 0 mm.")

    def variance_after(self, sigma_mm) -> float:
        """Variance after a Gaussian PSF of sigma_mm (z, y, x): ``sd^2 prod_i (L^2 / (L^2 + 2 sigma_i^2))^(1/2)``.

        For the same sigma on every axis this is the power 3/2: the bias of "heterogeneity" with the scanner's PSF.
        """
        length = self.length_mm**2
        return self.sd**2 * math.prod(math.sqrt(length / (length + 2 * s * s)) for s in sigma_mm)


def gaussian_field(shape: tuple[int, int, int], spacing_mm, texture: Texture, rng: np.random.Generator) -> np.ndarray:
    """One periodic field (z, y, x) of a texture, float32, in the unit of its sd, with mean 0 in expectation.

    White noise filtered with the square root of the spectrum. The *expected* variance is sd^2; one field in a small
    box has more or less, as its few lumps fall.

    Examples
    --------
    >>> field = gaussian_field((32, 32, 32), (1, 1, 1), Texture(sd=10, length_mm=1), np.random.default_rng(0))
    >>> field.shape, bool(abs(field.std() / 10 - 1) < 0.05)
    ((32, 32, 32), True)
    """
    spectrum = fft.rfftn(rng.standard_normal(shape, dtype=np.float32))
    scale = texture.sd
    for axis, (n, spacing) in enumerate(zip(shape, spacing_mm, strict=True)):
        gain = np.exp(-((math.pi * texture.length_mm * fft.fftfreq(n, spacing)) ** 2))
        scale /= math.sqrt(np.mean(gain**2))
        gain = gain[: spectrum.shape[axis]]  # the last axis holds non-negative frequencies only
        spectrum *= gain.astype(np.float32).reshape([-1 if a == axis else 1 for a in range(3)])
    return fft.irfftn(spectrum, s=shape) * np.float32(scale)
