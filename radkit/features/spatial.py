"""Spatial autocorrelation of intensities over all pairs of voxels, exactly, by Fourier transform.

Both indices sum over all pairs of voxels, weighted by one over their distance. Such a sum is a convolution with the
kernel 1/d, so five sums over n² pairs cost three transforms of the region's box, and none of them is an approximation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

Vector = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class PairSums:
    """Sums over all ordered pairs of different voxels, with weight w = 1 / distance in mm.

    ``weights``: Σ w; ``products``: Σ w (xᵢ − μ)(xⱼ − μ); ``differences``: Σ w (xᵢ − xⱼ)²; ``squares``: Σᵢ (xᵢ − μ)².
    """

    n_voxels: int
    weights: float
    products: float
    differences: float
    squares: float


def pair_sums(values: np.ndarray, mask: np.ndarray, spacing_mm: Vector) -> PairSums:
    """The sums behind Moran's I and Geary's C.

    Parameters
    ----------
    values : intensities, (z, y, x), cropped to the region; mask : bool, same shape.
    spacing_mm : voxel spacing (z, y, x).
    """
    n = int(np.count_nonzero(mask))
    deviations = np.where(mask, values - values[mask].mean(), 0.0)
    half = tuple(fft.next_fast_len(size, real=True) for size in mask.shape)  # transforms of twice this length
    spectrum = _weight_spectrum(half, spacing_mm)

    def transform(array):  # axis after axis, so that rows of padding are not transformed
        rows = fft.rfft(array, 2 * half[2], axis=2)
        return fft.fft(fft.fft(rows, 2 * half[1], axis=1), 2 * half[0], axis=0)

    def pairs(a, b) -> float:  # Parseval: Σᵢⱼ w(i − j) aᵢ bⱼ, from half a spectrum
        power = (a.real * b.real + a.imag * b.imag) * spectrum
        twice = 2 * power.sum() - power[..., 0].sum() - power[..., -1].sum()
        return float(twice / (8 * half[0] * half[1] * half[2]))

    inside, field = transform(mask.astype(float)), transform(deviations)
    products = pairs(field, field)
    own = pairs(transform(deviations**2), inside)  # Σᵢⱼ w xᵢ²
    return PairSums(
        n_voxels=n,
        weights=pairs(inside, inside),
        products=products,
        differences=2 * (own - products),
        squares=float((deviations**2).sum()),
    )


def _weight_spectrum(half: tuple[int, int, int], spacing_mm: Vector) -> np.ndarray:
    """Transform of w = 1/d on a periodic box of twice ``half``: even, so the cosine transform of an octant will do."""
    z, y, x = (np.arange(size + 1.0) * step for size, step in zip(half, spacing_mm, strict=True))
    distance = np.sqrt(z[:, None, None] ** 2 + y[:, None] ** 2 + x**2)
    distance[0, 0, 0] = np.inf  # a voxel is no pair with itself
    octant = fft.dctn(1 / distance, type=1)
    rows, columns = (np.r_[0 : size + 1, size - 1 : 0 : -1] for size in half[:2])
    return octant[rows][:, columns]
