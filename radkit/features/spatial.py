"""Spatial autocorrelation of intensities over all pairs of voxels, exactly, by Fourier transform.

Both indices sum over all pairs of voxels, weighted by one over their distance. Such a sum is a convolution with the
kernel 1/d, so five sums over n² pairs cost three transforms of the region's box, and none of them is an approximation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from radkit.kernels import kernel

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
        planes = fft.fft(rows, 2 * half[1], axis=1, overwrite_x=True)
        return fft.fft(planes, 2 * half[0], axis=0, overwrite_x=True)

    def pairs(a, b) -> float:  # Parseval: Σᵢⱼ w(i − j) aᵢ bⱼ, from half a spectrum
        return _weighted_power(a, b, spectrum) / (8 * half[0] * half[1] * half[2])

    field = transform(deviations)
    products = pairs(field, field)
    inside, field = transform(mask.astype(float)), transform(deviations**2)
    own = pairs(field, inside)  # Σᵢⱼ w xᵢ²
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
    return fft.dctn(1 / distance, type=1, overwrite_x=True)


@kernel
def _weighted_power(a, b, octant):
    """Σ w Re(a b*) over a whole spectrum, of which a and b hold the half with x ≥ 0 and ``octant``, of w, an eighth."""
    nz, ny, nx = a.shape
    total = 0.0
    for z in range(nz):
        for y in range(ny):
            weight, first, second = octant[min(z, nz - z), min(y, ny - y)], a[z, y], b[z, y]
            row = 0.0
            for x in range(nx):
                twice = 2.0 if 0 < x < nx - 1 else 1.0
                row += twice * weight[x] * (first[x].real * second[x].real + first[x].imag * second[x].imag)
            total += row
    return total
