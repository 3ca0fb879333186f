"""The knobs of a recipe: label, unit, bounds, step, default and one sentence, by modality."""

from __future__ import annotations

from dataclasses import dataclass

from radkit.recipe.presets import default
from radkit.volume import SettingError


@dataclass(frozen=True, kw_only=True)
class Knob:
    """One number that a person may turn."""

    name: str
    label: str
    unit: str
    low: float
    high: float
    step: float
    default: float
    doc: str

    def check(self, value: float) -> float:
        """The value, or SettingError where it lies outside the knob's bounds."""
        if not self.low <= value <= self.high:
            raise SettingError(
                f"{self.name} is {value:g} {self.unit}; it must lie in {self.low:g} to {self.high:g} {self.unit}."
            )
        return value


_WIDTH = "Width of a gray-level bin: wide bins forget fine differences, narrow ones count noise."
_COUNT = "Number of bins between the region's own minimum and maximum: the width follows the range."
_SPACING = "Edge of the cubes the scan is resampled to: coarse voxels average texture away."
_BLUR = "SD of a Gaussian point-spread function, as of a softer kernel or a lower-resolution scanner."

# (low, high, step, default) by modality; an MR image is in units of its own SD after the z-score
_BIN_WIDTH = {"CT": (2, 200, 1, 25), "PET": (0.05, 5, 0.05, 0.5), "MR": (0.02, 2, 0.02, 0.25)}
_SPACING_MM = {"CT": (1, 8, 0.25, 2), "PET": (2, 10, 0.25, 4), "MR": (1, 8, 0.25, 2)}
_PSF_MM = {"CT": (0, 4, 0.1, 0), "PET": (0, 8, 0.25, 0), "MR": (0, 4, 0.1, 0)}
_UNIT = {"CT": "HU", "PET": "SUV", "MR": "1"}


def knobs(modality: str) -> dict[str, Knob]:
    """The knobs for a modality ("CT", "PET", "MR"; anything else is treated as MR): name -> Knob.

    Examples
    --------
    >>> knobs("PET")["bin_width"].unit
    'SUV'
    """
    key = modality if modality in _UNIT else "MR"
    rows = (
        ("bin_width", "Bin width", _UNIT[key], *_BIN_WIDTH[key], _WIDTH),
        ("n_bins", "Number of bins", "bins", 4, 256, 1, 32, _COUNT),
        ("spacing_mm", "Voxel spacing", "mm", *_SPACING_MM[key], _SPACING),
        ("psf_sigma_mm", "Blur (PSF sigma)", "mm", *_PSF_MM[key], _BLUR),
    )
    names = ("name", "label", "unit", "low", "high", "step", "default", "doc")
    return {row[0]: Knob(**dict(zip(names, row, strict=True))) for row in rows}


def uses_bin_width(modality: str) -> bool:
    """True where the default recipe has a fixed bin width: where the unit is calibrated."""
    return hasattr(default(modality).binning, "width")
