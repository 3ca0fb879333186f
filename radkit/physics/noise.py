"""Image noise with a spectrum: CT noise after filtered backprojection, PET noise, and the measured spectrum.

Limits: the noise is stationary (PET: up to its square root of activity), Gaussian and additive. No streaks, scatter,
beam hardening or iterative reconstruction; not compared with a physical phantom.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import fft
from scipy.ndimage import gaussian_filter

from radkit.volume import Grid, SettingError


@dataclass(frozen=True, kw_only=True)
class CtNoise:
    """The noise power spectrum of CT: the ramp of filtered backprojection times its apodization squared.

    ``NPS(f_r, f_z) = C f_r exp(-f_r^2 / f_c^2) exp(-4 pi^2 sigma_z^2 f_z^2)``, where f_r is the frequency in the
    slice; the peak lies at ``f_c / sqrt(2)``, the mean of f_r over the radial curve at ``0.886 f_c``.

    Parameters
    ----------
    cutoff_per_mm : f_c, in cycles per mm: about 0.35 for a soft kernel, 0.8 for a sharp one.
    sigma_z_mm : width of the correlation between slices; 0 means none.

    Source: the shape after Riederer, Pelc, Chesler. Phys Med Biol 1978, and Hanson. Med Phys 1979. A real scanner's
    spectrum is not 0 at frequency 0, by aliasing (Kijewski, Judy. Phys Med Biol 1987;32:565-575,
    doi:10.1088/0031-9155/32/5/003); this one is, so every slice of the synthesized field has mean 0.

    Examples
    --------
    >>> noise = CtNoise(cutoff_per_mm=0.8)
    >>> float(noise.nps(0.0, 0.0)), round(noise.peak_per_mm, 3)
    (0.0, 0.566)
    """

    cutoff_per_mm: float = 0.35
    sigma_z_mm: float = 0.5

    def __post_init__(self):
        if not (math.isfinite(self.cutoff_per_mm) and self.cutoff_per_mm > 0):
            raise SettingError(
                f"cutoff_per_mm is {self.cutoff_per_mm}; it must be above 0. "
                "Use 0.35 for a soft kernel, 0.8 for a sharp one."
            )
        if not (math.isfinite(self.sigma_z_mm) and self.sigma_z_mm >= 0):
            raise SettingError(f"sigma_z_mm is {self.sigma_z_mm}; it must be 0 mm or more.")

    def nps(self, f_r, f_z=0.0) -> np.ndarray:
        """Noise power, without the constant C, at frequencies in cycles per mm (broadcast together)."""
        f_r, f_z = np.asarray(f_r, dtype=float), np.asarray(f_z, dtype=float)
        return f_r * np.exp(-((f_r / self.cutoff_per_mm) ** 2)) * np.exp(-((2 * math.pi * self.sigma_z_mm * f_z) ** 2))

    @property
    def peak_per_mm(self) -> float:
        """Frequency of the highest power, in cycles per mm."""
        return self.cutoff_per_mm / math.sqrt(2)

    @property
    def kernel_sigma_mm(self) -> float:
        """Width in mm of the blur that the same apodization puts on the signal: ``1 / (2 pi f_c)``."""
        return 1 / (2 * math.pi * self.cutoff_per_mm)


def dose_scale(*, mas: float, reference_mas: float, slice_mm: float, reference_slice_mm: float) -> float:
    """Factor on the noise's standard deviation: ``sqrt(mAs0 / mAs) sqrt(T0 / T)``, quantum noise only.

    Examples
    --------
    >>> dose_scale(mas=50, reference_mas=200, slice_mm=2.5, reference_slice_mm=2.5)
    2.0
    """
    given = {"mas": mas, "reference_mas": reference_mas, "slice_mm": slice_mm, "reference_slice_mm": reference_slice_mm}
    for name, value in given.items():
        if not (math.isfinite(value) and value > 0):
            raise SettingError(f"{name} is {value}; it must be above 0.")
    return math.sqrt(reference_mas / mas) * math.sqrt(reference_slice_mm / slice_mm)


def synthesize(shape: tuple[int, int, int], spacing_mm, noise: CtNoise, rng: np.random.Generator) -> np.ndarray:
    """A periodic Gaussian field (z, y, x) with the given spectrum and mean 0, float32, of arbitrary scale.

    White noise is filtered with the square root of the NPS. Frequencies beyond the grid's Nyquist are cut, so
    synthesize on a finer grid than the image's and average down.
    """
    white = rng.standard_normal(shape, dtype=np.float32)
    spectrum = fft.rfftn(white)
    f_z, f_y = (fft.fftfreq(n, d) for n, d in zip(shape[:2], spacing_mm[:2], strict=True))
    f_x = fft.rfftfreq(shape[2], spacing_mm[2])
    in_slice = np.sqrt(noise.nps(np.hypot(f_y[:, None], f_x)))  # (y, x/2+1)
    along = np.exp(-2 * (math.pi * noise.sigma_z_mm * f_z) ** 2)
    spectrum *= along[:, None, None].astype(np.float32)
    spectrum *= in_slice.astype(np.float32)
    return fft.irfftn(spectrum, s=shape)


def ct_noise(grid: Grid, noise: CtNoise, sd: float, rng: np.random.Generator, oversample: int = 2) -> np.ndarray:
    """CT noise in HU on a grid (z, y, x), float64, with mean 0 and a standard deviation of exactly ``sd``.

    Synthesized ``oversample`` times finer, averaged down to the voxel, then scaled: much of a sharp kernel's noise
    lies beyond the voxel's Nyquist frequency and is lost in the average.

    Raises
    ------
    SettingError : a negative sd, oversample below 1, or a grid too small to hold any noise.

    Examples
    --------
    >>> grid = Grid(shape=(4, 32, 32), spacing_mm=(2.5, 1.0, 1.0))
    >>> field = ct_noise(grid, CtNoise(), 12.0, np.random.default_rng(0))
    >>> field.shape, round(float(field.std()), 6)
    ((4, 32, 32), 12.0)
    """
    if oversample < 1:
        raise SettingError(f"oversample is {oversample}; it must be 1 or more.")
    fine = tuple(n * oversample for n in grid.shape)
    field = synthesize(fine, tuple(d / oversample for d in grid.spacing_mm), noise, rng)
    (z, y, x), k = grid.shape, oversample
    field = field.reshape(z, k, y, k, x, k).mean(axis=(1, 3, 5), dtype=np.float64)  # (z, y, x)
    return scaled_to(field, sd)


def scaled_to(field: np.ndarray, sd: float) -> np.ndarray:
    """A noise field with its mean removed and its standard deviation (population) set to ``sd`` exactly."""
    if not (math.isfinite(sd) and sd >= 0):
        raise SettingError(f"the noise's standard deviation is {sd}; it must be 0 or more.")
    field = field - field.mean()
    spread = field.std()
    if spread == 0:
        raise SettingError(f"a grid of {field.shape} voxels holds no noise of this spectrum. Use a larger field.")
    return field * (sd / spread)


def pet_noise(
    activity: np.ndarray, spacing_mm, *, relative_sd: float, filter_sigma_mm: float, rng: np.random.Generator
) -> np.ndarray:
    """PET noise (z, y, x), float64: standard deviation ``relative_sd * sqrt(activity)``, smoothed by a post-filter.

    White Gaussian noise is smoothed with a Gaussian, scaled to unit standard deviation, and multiplied by the square
    root of the activity. An approximation of OSEM, whose noise grows faster than the square root in hot regions
    and depends on the iterations.

    Parameters
    ----------
    activity : noise-free image in SUV, 0 or more.
    relative_sd : standard deviation where the activity is 1 SUV.
    filter_sigma_mm : of the post-filter, 0 for none.
    """
    field = rng.standard_normal(activity.shape)
    if filter_sigma_mm > 0:
        field = gaussian_filter(field, [filter_sigma_mm / d for d in spacing_mm], mode="wrap")
    return scaled_to(field, relative_sd) * np.sqrt(np.maximum(activity, 0))


@dataclass(frozen=True, eq=False)
class RadialNps:
    """A measured noise power spectrum, averaged over rings in the slice plane.

    ``frequency_per_mm`` (n,), ``power`` (n,) in unit^2 mm^2, ``count`` (n,) of samples per ring.
    """

    frequency_per_mm: np.ndarray
    power: np.ndarray
    count: np.ndarray

    @property
    def centroid_per_mm(self) -> float:
        """Mean frequency weighted by power: steadier than the peak."""
        return float(self.frequency_per_mm @ self.power / self.power.sum())

    @property
    def peak_per_mm(self) -> float:
        """Center of the ring with the highest power."""
        return float(self.frequency_per_mm[np.argmax(self.power)])


def radial_nps(field: np.ndarray, spacing_mm, bin_per_mm: float = 0.0125) -> RadialNps:
    """Radial noise power spectrum of a field (z, y, x) of noise, averaged over its slices, up to Nyquist.

    ``NPS(f) = dx dy / (nx ny) |DFT(noise)|^2``; its integral over the frequency plane is the variance. Remove the
    signal first (subtract a noise-free image, or two repeats and divide by sqrt 2).

    Examples
    --------
    >>> white = np.random.default_rng(0).standard_normal((20, 64, 64))
    >>> nps = radial_nps(white, (1.0, 1.0, 1.0), 0.1)
    >>> bool(np.allclose(nps.power, 1.0, atol=0.05))
    True
    """
    dy, dx = spacing_mm[1:]
    ny, nx = field.shape[1:]
    centered = field - field.mean(axis=(1, 2), keepdims=True)
    power = (np.abs(fft.fft2(centered)) ** 2).mean(axis=0) * dy * dx / (ny * nx)
    radius = np.hypot(fft.fftfreq(ny, dy)[:, None], fft.fftfreq(nx, dx))
    keep = (radius > 0) & (radius < 0.5 / max(dy, dx))
    ring = (radius[keep] / bin_per_mm).astype(int)
    count = np.bincount(ring)
    filled = count > 0
    mean = np.bincount(ring, weights=power[keep])[filled] / count[filled]
    return RadialNps((np.flatnonzero(filled) + 0.5) * bin_per_mm, mean, count[filled])
