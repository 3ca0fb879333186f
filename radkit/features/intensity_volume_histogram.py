"""Intensity-volume histogram: how much of the region reaches an intensity (IBSI family P88C).

The axis has its own discretization, apart from that of the texture features. IBSI's recommendation follows the unit:
calibrated whole numbers (HU) stay as they are, in steps of 1; calibrated continuous intensities (SUV) become the
centers of narrow bins, 0.1 SUV wide from 0; everything else becomes bin numbers 1 ... 1000 between the region's minimum
and maximum. The total range 𝒢 is the re-segmentation range where there is one, otherwise that of the region's
discretized intensities; of bin numbers it is always 1 ... N. With intensities i on that axis, νᵢ is the share of the
voxels with at least i, and γᵢ = (i − min 𝒢) / (max 𝒢 − min 𝒢).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from radkit.features.catalogue import Moves, Undefined, feature
from radkit.preprocess import AlignedBinWidth, AsIs, Binning, FixedBinCount, FixedBinWidth
from radkit.volume import Roi, UnitMismatch

EDGE = 1e-9  # in steps: a value on an edge belongs to the bin above, whatever rounding made of the division
TABLE = 1 << 20  # up to this many steps between minimum and maximum voxels are counted, beyond they are sorted
FINE = Moves(wider_bins="none")  # the bins of the texture features do not matter here
Axis = tuple[np.ndarray, float, float, float, float]  # places of the voxels, origin, width, low, high


@dataclass(frozen=True, eq=False, kw_only=True)
class VolumeCurve:
    """Voxels along the axis of discretized intensities; place k is the intensity ``origin + width * k``.

    Parameters
    ----------
    places : places that occur, ascending, int64, (n_occupied,).
    counts : voxels at each of them, int64, (n_occupied,).
    origin, width : of the axis, in ``unit``.
    low, high : the total range 𝒢, in ``unit``.
    unit : the image's, or "1" where the axis is one of bin numbers.
    """

    places: np.ndarray
    counts: np.ndarray
    origin: float
    width: float
    low: float
    high: float
    unit: str

    @classmethod
    def of(cls, roi: Roi, binning: Binning | None = None) -> VolumeCurve:
        """The curve of a region; None discretizes as the image's unit suggests (``binning_for``).

        Raises
        ------
        UnitMismatch : a bin width in another unit than the image's.
        """
        match binning or binning_for(roi.image.unit):
            case AsIs():
                axis, unit = _as_they_are(roi), roi.image.unit
            case FixedBinWidth() as width:
                axis, unit = _bin_centers(roi, width), roi.image.unit
            case AlignedBinWidth() as aligned:
                axis, unit = _bin_centers(roi, aligned.from_origin(0.0)), roi.image.unit  # it reads edges, not numbers
            case FixedBinCount(n_bins=n_bins):
                axis, unit = _bin_numbers(roi.values, n_bins), "1"
        places, counts = _tally(axis[0])
        _, origin, width, low, high = axis
        return cls(places=places, counts=counts, origin=origin, width=width, low=low, high=high, unit=unit)

    @property
    def n_voxels(self) -> int:
        """Voxels of the intensity mask."""
        return int(self.at_least[0])

    @cached_property
    def at_least(self) -> np.ndarray:
        """Voxels with at least the intensity of each occurring place, int64, (n_occupied,)."""
        return self.counts[::-1].cumsum()[::-1]

    def share(self, place: int) -> float:
        """ν: share of the voxels at a place or above."""
        k = np.searchsorted(self.places, place)
        return float(self.at_least[k] / self.n_voxels) if k < len(self.places) else 0.0

    def volume_at(self, fraction: float) -> float:
        """Largest ν among the intensities with γ of at least ``fraction``."""
        if self.high <= self.low:
            raise Undefined("the range of intensities holds a single one")
        return self.share(math.ceil(self._place(self.low + fraction * (self.high - self.low)) - EDGE))

    def intensity_at(self, fraction: float) -> float:
        """Lowest intensity on the axis with ν of at most ``fraction``; one step above the highest if it must be."""
        too_many = np.count_nonzero(self.at_least > fraction * self.n_voxels * (1 + EDGE))
        return self.origin + self.width * float(self.places[too_many - 1] + 1)

    @cached_property
    def area(self) -> float:
        """Area under ν over γ, by the trapezoidal rule."""
        first, last = math.ceil(self._place(self.low) - EDGE), math.floor(self._place(self.high) + EDGE)
        if last <= first or len(self.places) == 1:
            return 0.0
        reached = np.clip(self.places, first - 1, last) - (first - 1)  # intensities that a voxel counts for
        shares = float(reached @ self.counts) / self.n_voxels  # Σ ν over the axis
        ends = (self.share(first) + self.share(last)) / 2
        return (shares - ends) * self.width / (self.high - self.low)

    def _place(self, intensity: float) -> float:
        return (intensity - self.origin) / self.width


def binning_for(unit: str) -> Binning:
    """What IBSI recommends for a unit: HU as they are, SUV in bins of 0.1 from 0, anything else in 1000 bins."""
    match unit:
        case "HU":
            return AsIs()
        case "SUV":
            return FixedBinWidth(width=0.1, origin=0, unit="SUV")
        case _:
            return FixedBinCount(n_bins=1000)


def _as_they_are(roi: Roi) -> Axis:
    low, high = _range(roi, float(roi.values.min()), float(roi.values.max()))
    return np.floor(roi.values + EDGE).astype(np.int64), 0.0, 1.0, low, high


def _bin_centers(roi: Roi, setting: FixedBinWidth) -> Axis:
    if setting.unit != roi.image.unit:
        raise UnitMismatch(
            f"the bins of the intensity-volume histogram are {setting.width:g} {setting.unit} wide, the image is in "
            f"{roi.image.unit}. Choose a recipe for this modality, or ivh_binning=None."
        )
    places = np.floor((roi.values - setting.origin) / setting.width + EDGE).astype(np.int64)
    places = np.maximum(places, 0)  # as everywhere: what lies below the origin is put into the first bin
    edges = setting.origin + setting.width * np.array([places.min(), places.max() + 1])
    low, high = _range(roi, *map(float, edges))
    half = setting.width / 2
    return places, setting.origin + half, setting.width, low + half, high - half


def _bin_numbers(values: np.ndarray, n_bins: int) -> Axis:
    low, high = float(values.min()), float(values.max())
    scale = n_bins / (high - low) if high > low else 0.0
    places = np.minimum(np.floor((values - low) * scale + EDGE).astype(np.int64) + 1, n_bins)
    return places, 0.0, 1.0, 1.0, float(n_bins)


def _range(roi: Roi, low: float, high: float) -> tuple[float, float]:
    """The re-segmentation range; ``low`` or ``high`` where it is open."""
    wanted = roi.range or (-math.inf, math.inf)
    return tuple(limit if math.isfinite(limit) else own for limit, own in zip(wanted, (low, high), strict=True))


def _tally(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    first = int(places.min())
    if int(places.max()) - first > TABLE:
        return np.unique(places, return_counts=True)
    counts = np.bincount(places - first)
    occupied = np.flatnonzero(counts)
    return occupied + first, counts[occupied]


@feature("ivh_v10", ibsi="BC2M", name="Volume fraction at 10% intensity", moves=FINE)
def volume_at_10(c: VolumeCurve) -> float:
    """Share of the voxels in the upper nine tenths of the intensity range; undefined where it is a single value.

    V₁₀ = max νᵢ over i with γᵢ ≥ 0.1
    """
    return c.volume_at(0.1)


@feature("ivh_v90", ibsi="BC2M", name="Volume fraction at 90% intensity", moves=FINE)
def volume_at_90(c: VolumeCurve) -> float:
    """Share of the voxels in the upper tenth of the intensity range; undefined where it is a single value.

    V₉₀ = max νᵢ over i with γᵢ ≥ 0.9
    """
    return c.volume_at(0.9)


@feature(
    "ivh_i10", ibsi="GBPN", name="Intensity at 10% volume", unit="{unit}", moves=Moves(noise="up", wider_bins="none")
)
def intensity_at_10(c: VolumeCurve) -> float:
    """The lowest intensity that at most a tenth of the voxels reach; a step above the highest if more reach that.

    I₁₀ = min i with νᵢ ≤ 0.1
    """
    return c.intensity_at(0.1)


@feature(
    "ivh_i90", ibsi="GBPN", name="Intensity at 90% volume", unit="{unit}", moves=Moves(noise="down", wider_bins="none")
)
def intensity_at_90(c: VolumeCurve) -> float:
    """The lowest intensity that at most nine tenths of the voxels reach.

    I₉₀ = min i with νᵢ ≤ 0.9
    """
    return c.intensity_at(0.9)


@feature("ivh_diff_v10_v90", ibsi="DDTU", name="Volume fraction difference between 10% and 90% intensity", moves=FINE)
def volume_difference(c: VolumeCurve) -> float:
    """Share of the voxels in the middle eight tenths of the intensity range.

    V₁₀ − V₉₀
    """
    return c.volume_at(0.1) - c.volume_at(0.9)


@feature(
    "ivh_diff_i10_i90",
    ibsi="CNV2",
    name="Intensity difference between 10% and 90% volume",
    unit="{unit}",
    moves=Moves(blur="down", noise="up", wider_bins="none"),
)
def intensity_difference(c: VolumeCurve) -> float:
    """Width of the middle eight tenths of the voxels, in intensity.

    I₁₀ − I₉₀
    """
    return c.intensity_at(0.1) - c.intensity_at(0.9)


@feature("ivh_auc", ibsi="9CMM", name="Area under the IVH curve", moves=FINE, standardized=False)
def area_under_the_curve(c: VolumeCurve) -> float:
    """Mean intensity of the region as a fraction of the range, roughly; 0 where all voxels share one intensity (IBSI).

    ∫ ν dγ, trapezoidal
    """
    return c.area
