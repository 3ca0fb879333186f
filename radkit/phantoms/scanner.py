"""Simulated scanners: blur, voxel and slice average, noise, calibration; and the ball whose center they recover.

Limits: stationary noise; no streaks, scatter, beam hardening or iterative reconstruction; no MR. The realism has not
been compared with a physical phantom.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import correlate1d

from radkit.physics.ct import drift
from radkit.physics.noise import CtNoise, dose_scale, pet_noise, scaled_to, synthesize
from radkit.physics.psf import GaussianPsf, kernel
from radkit.volume import SettingError
from radkit.volume.grid import Index, Vector

REFERENCE_MAS, REFERENCE_SLICE_MM = 200.0, 2.5
LEAST_HU, MOST_HU = -1024, 3071


@dataclass(frozen=True, kw_only=True)
class Scanner:
    """A CT scanner: signal blurred, averaged over voxel and slice, noise added, calibration applied, rounded.

    The kernel's apodization ``exp(-f^2 / (2 f_c^2))`` shapes signal and noise together: it is itself a Gaussian
    blur, so ``sigma_xy^2 = detector_sigma^2 + 1 / (2 pi f_c)^2``. The slice profile is a box of ``slice_mm``
    after a Gaussian of ``sigma_z_mm``. The average over the voxel blurs a little more (variance spacing^2 / 12).

    Parameters
    ----------
    spacing_mm : voxel spacing (z, y, x).
    slice_mm : slice thickness; None means the spacing along z (slices that touch).
    detector_sigma_mm : in-plane blur before the kernel (focal spot, detector).
    cutoff_per_mm : f_c of the kernel: about 0.35 soft, 0.8 sharp.
    sigma_z_mm : Gaussian part of the slice profile.
    noise_sd : in HU at 200 mAs and a slice of 2.5 mm; scales with 1/sqrt(mAs) and 1/sqrt(slice).
    mas : tube charge in mAs.
    epsilon, offset_hu : calibration drift, see physics.ct.drift; it scales the noise by 1/(1 + epsilon), too.
    integer : clip to -1024 ... 3071 and round to int16, as scanners do; False keeps float32.
    """

    spacing_mm: Vector = (2.5, 1.0, 1.0)
    slice_mm: float | None = None
    detector_sigma_mm: float = 0.5
    cutoff_per_mm: float = 0.5
    sigma_z_mm: float = 0.6
    noise_sd: float = 8.0
    mas: float = 200.0
    epsilon: float = 0.0
    offset_hu: float = 0.0
    integer: bool = True

    modality = "CT"
    unit = "HU"

    def __post_init__(self):
        _check(self, ("slice_mm", "detector_sigma_mm", "cutoff_per_mm", "sigma_z_mm", "noise_sd", "mas"))
        if self.slice_mm == 0 or self.cutoff_per_mm == 0 or self.mas == 0:
            raise SettingError("slice_mm, cutoff_per_mm and mas must be above 0.")

    @property
    def noise(self) -> CtNoise:
        """The spectrum of the noise."""
        return CtNoise(cutoff_per_mm=self.cutoff_per_mm, sigma_z_mm=self.sigma_z_mm)

    @property
    def psf(self) -> GaussianPsf:
        """The Gaussian part of the PSF: in-plane detector and kernel, along z sigma_z."""
        in_plane = math.hypot(self.detector_sigma_mm, self.noise.kernel_sigma_mm)
        return GaussianPsf(sigma_mm=(self.sigma_z_mm, in_plane, in_plane))

    @property
    def profile_mm(self) -> Vector:
        """Width in mm (z, y, x) of the box that each voxel averages over: slice thickness, then voxel."""
        return (self.slice_mm or self.spacing_mm[0], *self.spacing_mm[1:])

    @property
    def sd(self) -> float:
        """Standard deviation of the noise in HU at this mAs and slice thickness."""
        if self.noise_sd == 0:
            return 0.0
        return self.noise_sd * dose_scale(
            mas=self.mas,
            reference_mas=REFERENCE_MAS,
            slice_mm=self.profile_mm[0],
            reference_slice_mm=REFERENCE_SLICE_MM,
        )

    def facts(self) -> dict:
        """What the truth of a case says about the scanner."""
        return {
            "psf_sigma_mm": self.psf.sigma_mm,
            "slice_mm": self.profile_mm[0],
            "cutoff_per_mm": self.cutoff_per_mm,
            "noise_sd": self.sd,
            "epsilon": self.epsilon,
            "offset_hu": self.offset_hu,
        }


@dataclass(frozen=True, kw_only=True)
class PetScanner:
    """A PET scanner: blur of the system, noise that grows with the square root of activity, a Gaussian post-filter.

    Parameters
    ----------
    spacing_mm : voxel spacing (z, y, x).
    system_sigma_mm : intrinsic resolution as a Gaussian (2.0 is a FWHM of 4.7 mm).
    filter_sigma_mm : post-filter, which smooths signal and noise.
    relative_sd : standard deviation of the noise where the activity is 1 SUV, after the filter.
    epsilon : relative error of the calibration, ``SUV' = (1 + epsilon) SUV``.
    """

    spacing_mm: Vector = (4.0, 4.0, 4.0)
    system_sigma_mm: float = 2.0
    filter_sigma_mm: float = 1.7
    relative_sd: float = 0.12
    epsilon: float = 0.0

    modality = "PET"
    unit = "SUV"

    def __post_init__(self):
        _check(self, ("system_sigma_mm", "filter_sigma_mm", "relative_sd"))

    @property
    def psf(self) -> GaussianPsf:
        """System and post-filter together."""
        return GaussianPsf.isotropic(math.hypot(self.system_sigma_mm, self.filter_sigma_mm))

    @property
    def profile_mm(self) -> Vector:
        """Width in mm (z, y, x) of the box that each voxel averages over."""
        return self.spacing_mm

    def facts(self) -> dict:
        """What the truth of a case says about the scanner."""
        return {"psf_sigma_mm": self.psf.sigma_mm, "relative_sd": self.relative_sd, "epsilon": self.epsilon}


def acquire(
    fine: np.ndarray, fine_mm: Vector, scanner: Scanner | PetScanner, shape: Index, rng: np.random.Generator
) -> np.ndarray:
    """The scan (z, y, x) of an object given on a fine grid: int16 or float32 in HU, float32 in SUV.

    Both grids share their center. The noise is synthesized on the fine grid, averaged down as the signal is, and
    scaled to its standard deviation, as a sharp kernel has most of its noise beyond the voxel's Nyquist frequency.
    """
    signal = fine
    for axis, (sigma, spacing) in enumerate(zip(scanner.psf.sigma_mm, fine_mm, strict=True)):
        if sigma > 0:
            signal = correlate1d(signal, kernel(sigma / spacing), axis=axis, mode="nearest")
    average = averages(fine.shape, fine_mm, shape, scanner)
    signal = average_down(signal, average)
    if isinstance(scanner, PetScanner):
        noise = pet_noise(
            signal,
            scanner.spacing_mm,
            relative_sd=scanner.relative_sd,
            filter_sigma_mm=scanner.filter_sigma_mm,
            rng=rng,
        )
        return np.maximum((signal + noise) * (1 + scanner.epsilon), 0).astype(np.float32)
    if scanner.sd > 0:
        field = synthesize(fine.shape, fine_mm, scanner.noise, rng)
        signal = signal + scaled_to(average_down(field, average), scanner.sd)
    signal = drift(signal, scanner.epsilon, scanner.offset_hu)
    if not scanner.integer:
        return signal.astype(np.float32)
    return np.rint(np.clip(signal, LEAST_HU, MOST_HU)).astype(np.int16)


def averages(fine_shape: Index, fine_mm: Vector, shape: Index, scanner: Scanner | PetScanner) -> tuple[np.ndarray, ...]:
    """One matrix (n, n_fine) per axis that averages the fine grid over each voxel's box."""
    sizes = zip(fine_shape, fine_mm, shape, scanner.spacing_mm, scanner.profile_mm, strict=True)
    return tuple(box_average(*size) for size in sizes)


def box_average(n_fine: int, fine_mm: float, n: int, spacing_mm: float, width_mm: float) -> np.ndarray:
    """Weights (n, n_fine), rows of sum 1: overlap of each fine voxel with a box around each coarse voxel's center.

    Examples
    --------
    >>> box_average(4, 0.5, 2, 1.0, 1.0).tolist()
    [[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]]
    """
    edges = (np.arange(n_fine + 1) - n_fine / 2) * fine_mm
    centers = ((np.arange(n) - (n - 1) / 2) * spacing_mm)[:, None]
    overlap = np.minimum(edges[1:], centers + width_mm / 2) - np.maximum(edges[:-1], centers - width_mm / 2)
    weights = np.maximum(overlap, 0)
    return weights / weights.sum(axis=1, keepdims=True)


def average_down(fine: np.ndarray, average: tuple[np.ndarray, ...]) -> np.ndarray:
    """The fine array averaged along z, y and x with one matrix each; float64 (z, y, x)."""
    z, y, x = (a.astype(fine.dtype, copy=False) for a in average)
    array = np.matmul(fine, x.T)  # (Z, Y, x)
    array = np.matmul(y, array)  # (Z, y, x)
    return np.tensordot(z, array, axes=1).astype(np.float64)  # (z, y, x)


def sphere_recovery(radius_mm: float, sigma_mm: float) -> float:
    """What the center of a hot ball in a cold background keeps of its contrast after a Gaussian blur.

    ``RC = erf(x / sqrt 2) - sqrt(2 / pi) x exp(-x^2 / 2)`` with ``x = radius / sigma``.

    Source: Kessler, Ellis, Eden. J Comput Assist Tomogr 1984.

    Examples
    --------
    >>> round(sphere_recovery(6, 3), 3)
    0.739
    """
    if sigma_mm == 0:
        return 1.0
    x = radius_mm / sigma_mm
    return math.erf(x / math.sqrt(2)) - math.sqrt(2 / math.pi) * x * math.exp(-x * x / 2)


def _check(scanner, names: tuple[str, ...]) -> None:
    spacing = tuple(float(s) for s in scanner.spacing_mm)
    if len(spacing) != 3 or not all(math.isfinite(s) and s > 0 for s in spacing):
        raise SettingError(f"spacing_mm is {scanner.spacing_mm}; it must be three spacings (z, y, x) above 0 mm.")
    object.__setattr__(scanner, "spacing_mm", spacing)
    for name in names:
        value = getattr(scanner, name)
        if value is not None and not (math.isfinite(value) and value >= 0):
            raise SettingError(f"{name} is {value}; it must be a finite number of 0 or more.")
    if not (math.isfinite(scanner.epsilon) and abs(scanner.epsilon) < 0.5):
        raise SettingError(f"epsilon is {scanner.epsilon}; it must lie between -0.5 and 0.5 (0.005 is 5 HU at water).")
