"""Intensity-based statistics: the intensities of the region, before any discretization (IBSI family UHIW)."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from radkit.features.catalogue import Moves, Undefined, feature
from radkit.features.percentiles import percentiles
from radkit.kernels import kernel
from radkit.volume import Roi

LOCATION = Moves(wider_bins="none")
SPREAD = Moves(blur="down", noise="up", wider_bins="none")
MOST_VALUES = 1 << 16  # whole numbers further apart than this are not counted one by one
MIDDLE = Moves(noise="up", wider_bins="none")  # blur draws the border, too, towards what lies around it


class Sample:
    """The intensities of a region: those that occur, and how many voxels have each.

    A scanner's whole numbers are few, so that all formulas are sums over few terms; of other images every voxel is its
    own.

    Parameters
    ----------
    x : intensities in the image's unit, ascending, float64, (n_values,).
    n : voxels of each, float64, (n_values,).
    """

    def __init__(self, x: np.ndarray, n: np.ndarray):
        self.x = x
        self.n = n
        self.n_voxels = float(n.sum())

    @classmethod
    def of(cls, roi: Roi) -> Sample:
        """The intensities inside the intensity mask."""
        low, high = roi.extremes
        if high - low < MOST_VALUES:
            counts = np.zeros(int(high - low) + 1)
            if _count_whole(roi.values, low, counts):
                found = np.flatnonzero(counts)
                return cls(low + found, counts[found])
        return cls.one_by_one(roi.values)

    @classmethod
    def one_by_one(cls, values: np.ndarray) -> Sample:
        """Intensities (n_voxels,) in any order, each counted for itself."""
        return cls(np.sort(values), np.ones(values.size))

    def average(self, f: np.ndarray) -> float:
        """Mean over the voxels of ``f`` (n_values,), a number for each intensity."""
        return float(self.n @ f) / self.n_voxels

    def moment(self, order: int) -> float:
        """Central moment of the intensities."""
        return self.average(self.deviations**order)

    @cached_property
    def mean(self) -> float:
        return self.average(self.x)

    @cached_property
    def deviations(self) -> np.ndarray:
        return self.x - self.mean

    @cached_property
    def variance(self) -> float:
        """Population variance; exactly 0 where all intensities are equal."""
        return self.moment(2) if self.maximum > self.minimum else 0.0

    @property
    def minimum(self) -> float:
        return float(self.x[0])

    @property
    def maximum(self) -> float:
        return float(self.x[-1])

    @cached_property
    def percentiles(self) -> dict[int, float]:
        """The 10th, 25th, 50th, 75th and 90th percentile."""
        return percentiles(self.x, self.n)


@kernel
def _count_whole(values, low, counts):
    """counts[value - low] += 1 for every value; False, and no more, at the first that is not a whole number above."""
    for value in values:
        place = int(value - low)
        if low + place != value:
            return False
        counts[place] += 1
    return True


@feature("stat_mean", ibsi="Q4LE", name="Mean", unit="{unit}", moves=LOCATION)
def mean(s: Sample) -> float:
    """Average intensity of the region.

    μ = (1/N) Σₖ xₖ
    """
    return s.mean


@feature("stat_var", ibsi="ECT3", name="Variance", unit="{unit}^2", moves=SPREAD)
def variance(s: Sample) -> float:
    """Mean squared distance of the intensities from their mean (population variance).

    σ² = (1/N) Σₖ (xₖ − μ)²
    """
    return s.variance


@feature("stat_skew", ibsi="KE2A", name="Skewness", moves=LOCATION)
def skewness(s: Sample) -> float:
    """Lean of the intensity distribution: positive with a tail towards high intensities; 0 where all are equal.

    (1/N) Σₖ (xₖ − μ)³ / σ³
    """
    return s.moment(3) / s.variance**1.5 if s.variance > 0 else 0.0


@feature("stat_kurt", ibsi="IPH6", name="(Excess) kurtosis", moves=LOCATION)
def kurtosis(s: Sample) -> float:
    """Weight of the tails: 0 for a normal distribution, and by convention where all intensities are equal.

    (1/N) Σₖ (xₖ − μ)⁴ / σ⁴ − 3
    """
    return s.moment(4) / s.variance**2 - 3 if s.variance > 0 else 0.0


@feature("stat_median", ibsi="Y12H", name="Median", unit="{unit}", moves=LOCATION)
def median(s: Sample) -> float:
    """The intensity that half of the voxels stay below.

    P₅₀
    """
    return s.percentiles[50]


@feature("stat_min", ibsi="1GSF", name="Minimum", unit="{unit}", moves=Moves(noise="down", wider_bins="none"))
def minimum(s: Sample) -> float:
    """Lowest intensity.

    min xₖ
    """
    return s.minimum


@feature("stat_p10", ibsi="QG58", name="10th percentile", unit="{unit}", moves=Moves(noise="down", wider_bins="none"))
def p10(s: Sample) -> float:
    """The intensity that a tenth of the voxels stay below; a minimum that outliers do not move.

    P₁₀
    """
    return s.percentiles[10]


@feature("stat_p90", ibsi="8DWT", name="90th percentile", unit="{unit}", moves=Moves(noise="up", wider_bins="none"))
def p90(s: Sample) -> float:
    """The intensity that a tenth of the voxels exceed; a maximum that outliers do not move.

    P₉₀
    """
    return s.percentiles[90]


@feature("stat_max", ibsi="84IY", name="Maximum", unit="{unit}", moves=Moves(noise="up", wider_bins="none"))
def maximum(s: Sample) -> float:
    """Highest intensity; SUVmax in a PET image.

    max xₖ
    """
    return s.maximum


@feature("stat_iqr", ibsi="SALO", name="Interquartile range", unit="{unit}", moves=MIDDLE)
def interquartile_range(s: Sample) -> float:
    """Width of the middle half of the intensities.

    P₇₅ − P₂₅
    """
    return s.percentiles[75] - s.percentiles[25]


@feature("stat_range", ibsi="2OJQ", name="Range", unit="{unit}", moves=SPREAD)
def range_(s: Sample) -> float:
    """Distance from the lowest to the highest intensity.

    max xₖ − min xₖ
    """
    return s.maximum - s.minimum


@feature("stat_mad", ibsi="4FUA", name="Mean absolute deviation", unit="{unit}", moves=SPREAD)
def mean_absolute_deviation(s: Sample) -> float:
    """Average distance of the intensities from their mean.

    (1/N) Σₖ |xₖ − μ|
    """
    return s.average(np.abs(s.deviations))


@feature("stat_rmad", ibsi="1128", name="Robust mean absolute deviation", unit="{unit}", moves=MIDDLE)
def robust_mean_absolute_deviation(s: Sample) -> float:
    """Average distance from the mean of the intensities between the 10th and the 90th percentile, ends included.

    (1/n) Σ |xₖ − mean(x)| over the n voxels with P₁₀ ≤ xₖ ≤ P₉₀
    """
    kept = (s.x >= s.percentiles[10]) & (s.x <= s.percentiles[90])
    if not kept.any():
        raise Undefined("no intensity lies between the 10th and the 90th percentile")
    inner = Sample(s.x[kept], s.n[kept])
    return inner.average(np.abs(inner.deviations))


@feature("stat_medad", ibsi="N72L", name="Median absolute deviation", unit="{unit}", moves=SPREAD)
def median_absolute_deviation(s: Sample) -> float:
    """Average distance of the intensities from their median.

    (1/N) Σₖ |xₖ − P₅₀|
    """
    return s.average(np.abs(s.x - s.percentiles[50]))


@feature("stat_cov", ibsi="7TET", name="Coefficient of variation", moves=LOCATION)
def coefficient_of_variation(s: Sample) -> float:
    """Standard deviation relative to the mean; 0 where all intensities are equal, undefined where the mean is 0.

    σ / μ
    """
    if s.variance == 0:
        return 0.0
    if s.mean == 0:
        raise Undefined("the mean intensity is 0")
    return s.variance**0.5 / s.mean


@feature("stat_qcod", ibsi="9S40", name="Quartile coefficient of dispersion", moves=LOCATION)
def quartile_coefficient_of_dispersion(s: Sample) -> float:
    """Interquartile range relative to the quartiles' sum; 0 where the quartiles are equal.

    (P₇₅ − P₂₅) / (P₇₅ + P₂₅)
    """
    low, high = s.percentiles[25], s.percentiles[75]
    if high == low:
        return 0.0
    if high + low == 0:
        raise Undefined("the first and the third quartile add up to 0")
    return (high - low) / (high + low)


@feature("stat_energy", ibsi="N8CA", name="Energy", unit="{unit}^2", moves=Moves(noise="up", wider_bins="none"))
def energy(s: Sample) -> float:
    """Sum of the squared intensities; grows with the number of voxels.

    Σₖ xₖ²
    """
    return float(s.n @ s.x**2)


@feature("stat_rms", ibsi="5ZWQ", name="Root mean square", unit="{unit}", moves=Moves(noise="up", wider_bins="none"))
def root_mean_square(s: Sample) -> float:
    """Square root of the mean squared intensity.

    √((1/N) Σₖ xₖ²)
    """
    return s.average(s.x**2) ** 0.5
