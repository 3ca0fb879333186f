"""Settings of the preprocessing stages: frozen, keyword-only, checked at the door."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from radkit.volume import UNITS, SettingError

MAX_LEVELS = 1 << 16  # one for every value of a 16-bit image; matrices take room for the levels that occur

Interpolation = Literal["linear", "cubic"]


@dataclass(frozen=True, kw_only=True)
class Resample:
    """Resampling to a new voxel spacing.

    Parameters
    ----------
    spacing_mm : new spacing (z, y, x) in mm; None keeps that axis as it is (None for z: slice by slice).
    interpolation : "linear", or "cubic" (cubic B-spline) for the intensities. The mask is always linear.
    mask_threshold : a voxel belongs to the new mask where the interpolated mask reaches this (IBSI: 0.5).
    round_hu : round intensities to integers afterwards where the unit is HU, which scanners store as integers.
    """

    spacing_mm: tuple[float | None, float | None, float | None]
    interpolation: Interpolation = "linear"
    mask_threshold: float = 0.5
    round_hu: bool = True

    def __post_init__(self):
        spacing = tuple(None if s is None else float(s) for s in self.spacing_mm)
        if len(spacing) != 3 or not all(s is None or 0.05 <= s <= 50 for s in spacing):
            raise SettingError(
                f"resample spacing is {spacing} mm (z, y, x); "
                "each must lie in 0.05 to 50 mm, or be None to keep the axis."
            )
        object.__setattr__(self, "spacing_mm", spacing)
        if self.interpolation not in ("linear", "cubic"):
            raise SettingError(f"interpolation is {self.interpolation!r}; use 'linear' or 'cubic'.")
        if not 0 < self.mask_threshold <= 1:
            raise SettingError(
                f"mask_threshold is {self.mask_threshold}; use a number above 0 and up to 1 (IBSI: 0.5)."
            )

    @classmethod
    def isotropic(cls, spacing_mm: float, **settings) -> Resample:
        """The same spacing in mm on all three axes."""
        return cls(spacing_mm=(spacing_mm,) * 3, **settings)


@dataclass(frozen=True, kw_only=True)
class Resegment:
    """Shrinking the intensity mask to believable intensities; the morphological mask stays (IBSI).

    Parameters
    ----------
    range : (low, high), both included, in ``unit``; None: no limits.
    outlier_sd : keep mean +- this many population SDs of what ``range`` left; None: keep all.
    unit : the unit of ``range``: a recipe in HU is refused on an image in SUV.
    """

    range: tuple[float, float] | None = None
    outlier_sd: float | None = None
    unit: str | None = None

    def __post_init__(self):
        if self.range is not None:
            low, high = (float(v) for v in self.range)
            object.__setattr__(self, "range", (low, high))
            if not low < high:
                raise SettingError(f"resegment range is {low:g} to {high:g}; the first must be below the second.")
            _known_unit(self.unit, "a resegment range")
        elif self.unit is not None:
            raise SettingError("resegment has a unit but no range; leave the unit out, or give a range.")
        if self.outlier_sd is not None and not 0 < self.outlier_sd < math.inf:
            raise SettingError(f"outlier_sd is {self.outlier_sd}; it must be above 0 (IBSI uses 3).")


@dataclass(frozen=True, kw_only=True)
class FixedBinWidth:
    """Gray levels of one width: ``level = floor((x - origin) / width) + 1``, so the top edge opens a new bin.

    Parameters
    ----------
    width, origin : in ``unit``. The origin is the lower edge of level 1; what lies below is put into level 1.
    unit : the unit of both: a width of 25 HU means nothing on an image in SUV.
    """

    width: float
    origin: float
    unit: str

    def __post_init__(self):
        if not (math.isfinite(self.width) and self.width > 0):
            raise SettingError(f"bin width is {self.width}; it must be above 0 {self.unit}.")
        if not math.isfinite(self.origin):
            raise SettingError(f"bin origin is {self.origin}; it must be a number in {self.unit}.")
        _known_unit(self.unit, "a bin width")


@dataclass(frozen=True, kw_only=True)
class FixedBinCount:
    """A fixed number of equal bins between the region's own minimum and maximum."""

    n_bins: int

    def __post_init__(self):
        if int(self.n_bins) != self.n_bins or not 2 <= self.n_bins <= MAX_LEVELS:
            raise SettingError(f"n_bins is {self.n_bins}; use a whole number from 2 to {MAX_LEVELS}.")
        object.__setattr__(self, "n_bins", int(self.n_bins))


@dataclass(frozen=True, kw_only=True)
class AsIs:
    """The intensities are gray levels already: whole numbers from 1, as in the IBSI digital phantom."""


Binning = FixedBinWidth | FixedBinCount | AsIs


def _known_unit(unit: str | None, what: str) -> None:
    if unit not in UNITS:
        raise SettingError(f"{what} needs its unit, got {unit!r}; use one of {', '.join(UNITS)}.")
