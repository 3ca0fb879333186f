"""Intensity histogram: the distribution of the gray levels after discretization (IBSI family ZVCW)."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from radkit.features.catalogue import UNKNOWN, Moves, Undefined, feature
from radkit.features.percentiles import percentiles
from radkit.volume import Levels

COARSENS = Moves(wider_bins="down")  # with a fixed bin width: fewer, wider bins
SPREAD = Moves(blur="down", noise="up", wider_bins="down")


class Histogram:
    """Voxels per gray level 1 ... n_levels, with what several features share.

    ``counts`` : int64, (n_levels,), empty levels included.
    """

    def __init__(self, counts: np.ndarray):
        self.counts = counts
        self.levels = np.arange(1.0, len(counts) + 1)
        self.n_voxels = int(counts.sum())
        self.p = counts / self.n_voxels

    @classmethod
    def of(cls, levels: Levels) -> Histogram:
        """The histogram of a discretized region."""
        return cls(levels.counts)

    @cached_property
    def mean(self) -> float:
        return float(self.levels @ self.counts) / self.n_voxels

    @cached_property
    def variance(self) -> float:
        """Population variance; exactly 0 where all voxels share one level."""
        return self.moment(2) if self.occupied[0] < self.occupied[-1] else 0.0

    @cached_property
    def occupied(self) -> np.ndarray:
        """Gray levels that occur, ascending."""
        return self.levels[self.counts > 0]

    @cached_property
    def percentiles(self) -> dict[int, float]:
        """The 10th, 25th, 50th, 75th and 90th percentile."""
        return percentiles(self.levels, self.counts)

    @cached_property
    def gradient(self) -> np.ndarray:
        """Slope of the counts: central differences, one-sided at the first and the last level; 0 for one level."""
        return np.gradient(self.counts.astype(float)) if len(self.counts) > 1 else np.zeros(1)

    def moment(self, order: int) -> float:
        """Central moment of the gray levels."""
        return float((self.levels - self.mean) ** order @ self.counts) / self.n_voxels

    def mean_distance(self, center: float) -> float:
        """Average distance of the gray levels from ``center``."""
        return float(np.abs(self.levels - center) @ self.counts) / self.n_voxels


@feature("ih_mean", ibsi="X6K6", name="Mean", moves=COARSENS)
def mean(h: Histogram) -> float:
    """Average gray level.

    μ = Σᵢ i pᵢ
    """
    return h.mean


@feature("ih_var", ibsi="CH89", name="Variance", moves=SPREAD)
def variance(h: Histogram) -> float:
    """Mean squared distance of the gray levels from their mean.

    σ² = Σᵢ (i − μ)² pᵢ
    """
    return h.variance


@feature("ih_skew", ibsi="88K1", name="Skewness", moves=UNKNOWN)
def skewness(h: Histogram) -> float:
    """Lean of the gray level distribution; 0 where all voxels share one level.

    Σᵢ (i − μ)³ pᵢ / σ³
    """
    return h.moment(3) / h.variance**1.5 if h.variance > 0 else 0.0


@feature("ih_kurt", ibsi="C3I7", name="(Excess) kurtosis", moves=UNKNOWN)
def kurtosis(h: Histogram) -> float:
    """Weight of the distribution's tails; 0 where all voxels share one level.

    Σᵢ (i − μ)⁴ pᵢ / σ⁴ − 3
    """
    return h.moment(4) / h.variance**2 - 3 if h.variance > 0 else 0.0


@feature("ih_median", ibsi="WIFQ", name="Median", moves=COARSENS)
def median(h: Histogram) -> float:
    """The gray level that half of the voxels stay below.

    P₅₀
    """
    return h.percentiles[50]


@feature("ih_min", ibsi="1PR8", name="Minimum", moves=COARSENS)
def minimum(h: Histogram) -> float:
    """Lowest gray level that occurs.

    min i with nᵢ > 0
    """
    return float(h.occupied[0])


@feature("ih_p10", ibsi="GPMT", name="10th percentile", moves=COARSENS)
def p10(h: Histogram) -> float:
    """The gray level that a tenth of the voxels stay below.

    P₁₀
    """
    return h.percentiles[10]


@feature("ih_p90", ibsi="OZ0C", name="90th percentile", moves=COARSENS)
def p90(h: Histogram) -> float:
    """The gray level that a tenth of the voxels exceed.

    P₉₀
    """
    return h.percentiles[90]


@feature("ih_max", ibsi="3NCY", name="Maximum", moves=COARSENS)
def maximum(h: Histogram) -> float:
    """Highest gray level that occurs.

    max i with nᵢ > 0
    """
    return float(h.occupied[-1])


@feature("ih_mode", ibsi="AMMC", name="Mode", moves=COARSENS)
def mode(h: Histogram) -> float:
    """The most frequent gray level; of several the one nearest to the mean, and of two as near the lower one.

    argmaxᵢ nᵢ
    """
    most = h.levels[h.counts == h.counts.max()]
    return float(most[np.argmin(np.abs(most - h.mean))])


@feature("ih_iqr", ibsi="WR0O", name="Interquartile range", moves=UNKNOWN)
def interquartile_range(h: Histogram) -> float:
    """Width of the middle half of the gray levels.

    P₇₅ − P₂₅
    """
    return h.percentiles[75] - h.percentiles[25]


@feature("ih_range", ibsi="5Z3W", name="Range", moves=SPREAD)
def range_(h: Histogram) -> float:
    """Distance from the lowest to the highest gray level that occurs.

    max i − min i
    """
    return float(h.occupied[-1] - h.occupied[0])


@feature("ih_mad", ibsi="D2ZX", name="Mean absolute deviation", moves=SPREAD)
def mean_absolute_deviation(h: Histogram) -> float:
    """Average distance of the gray levels from their mean.

    Σᵢ |i − μ| pᵢ
    """
    return h.mean_distance(h.mean)


@feature("ih_rmad", ibsi="WRZB", name="Robust mean absolute deviation", moves=Moves(noise="up", wider_bins="down"))
def robust_mean_absolute_deviation(h: Histogram) -> float:
    """Average distance from the mean of the gray levels between the 10th and the 90th percentile, ends included.

    (1/n) Σ nᵢ |i − mean(i)| over the levels with P₁₀ ≤ i ≤ P₉₀
    """
    inner = h.counts * ((h.levels >= h.percentiles[10]) & (h.levels <= h.percentiles[90]))
    if not inner.any():
        raise Undefined("no gray level lies between the 10th and the 90th percentile")
    return Histogram(inner).mean_distance(Histogram(inner).mean)


@feature("ih_medad", ibsi="4RNL", name="Median absolute deviation", moves=SPREAD)
def median_absolute_deviation(h: Histogram) -> float:
    """Average distance of the gray levels from their median.

    Σᵢ |i − P₅₀| pᵢ
    """
    return h.mean_distance(h.percentiles[50])


@feature("ih_cov", ibsi="CWYJ", name="Coefficient of variation", moves=Moves(noise="up"))
def coefficient_of_variation(h: Histogram) -> float:
    """Standard deviation of the gray levels relative to their mean.

    σ / μ
    """
    return h.variance**0.5 / h.mean


@feature("ih_qcod", ibsi="SLWD", name="Quartile coefficient of dispersion", moves=UNKNOWN)
def quartile_coefficient_of_dispersion(h: Histogram) -> float:
    """Interquartile range of the gray levels relative to the quartiles' sum.

    (P₇₅ − P₂₅) / (P₇₅ + P₂₅)
    """
    low, high = h.percentiles[25], h.percentiles[75]
    return (high - low) / (high + low)


@feature("ih_entropy", ibsi="TLU2", name="Entropy", moves=SPREAD)
def entropy(h: Histogram) -> float:
    """Bits needed to name a voxel's gray level: 0 where all voxels share one.

    −Σᵢ pᵢ log₂ pᵢ
    """
    p = h.p[h.p > 0]
    return float(-(p @ np.log2(p))) + 0.0


@feature("ih_uniformity", ibsi="BJ5W", name="Uniformity", moves=Moves(blur="up", noise="down", wider_bins="up"))
def uniformity(h: Histogram) -> float:
    """Probability that two voxels drawn at random share a gray level.

    Σᵢ pᵢ²
    """
    return float(h.p @ h.p)


@feature("ih_max_grad", ibsi="12CE", name="Maximum histogram gradient", moves=Moves(wider_bins="up"))
def maximum_gradient(h: Histogram) -> float:
    """Steepest rise of the histogram, in voxels per level.

    maxᵢ n′ᵢ with n′ᵢ = (nᵢ₊₁ − nᵢ₋₁) / 2, one-sided at both ends
    """
    return float(h.gradient.max())


@feature("ih_max_grad_g", ibsi="8E6O", name="Maximum histogram gradient intensity", moves=COARSENS)
def maximum_gradient_level(h: Histogram) -> float:
    """Gray level of the steepest rise; the lowest of several.

    argmaxᵢ n′ᵢ
    """
    return float(h.levels[np.argmax(h.gradient)])


@feature("ih_min_grad", ibsi="VQB3", name="Minimum histogram gradient", moves=COARSENS)
def minimum_gradient(h: Histogram) -> float:
    """Steepest fall of the histogram, in voxels per level.

    minᵢ n′ᵢ
    """
    return float(h.gradient.min())


@feature("ih_min_grad_g", ibsi="RHQZ", name="Minimum histogram gradient intensity", moves=COARSENS)
def minimum_gradient_level(h: Histogram) -> float:
    """Gray level of the steepest fall; the lowest of several.

    argminᵢ n′ᵢ
    """
    return float(h.levels[np.argmin(h.gradient)])
