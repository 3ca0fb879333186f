"""The three regions that every library is timed on: one lesion, coarse, as in practice, and fine."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import radkit
from radkit.extraction import run_stages
from radkit.phantoms import Lesion, Scanner, Shape, simulate
from radkit.preprocess import FixedBinWidth, Resample, crop
from radkit.recipe import Recipe
from radkit.volume import Case, DataNotFound

SPACING_MM = {"small": 4.0, "medium": 1.5, "large": 0.6}
MARGIN = 2  # voxels around the region's box: an array from a scan never ends where the region does
SIMULATED = Lesion(shape=Shape(radius_mm=44.0, irregularity=0.1), field_mm=(130.0,) * 3, fine_mm=(1.5, 0.45, 0.45))


@dataclass(frozen=True, kw_only=True)
class Region:
    """One size, as two files: intensities float64 and mask bool, (z, y, x), cubic voxels."""

    size: str
    image: Path
    mask: Path
    spacing_mm: float
    n_voxels: int
    origin: float  # a multiple of 25 HU at or below the least intensity inside

    @property
    def request(self) -> dict:
        """What a worker is sent."""
        return {
            "do": "load",
            "image": str(self.image),
            "mask": str(self.mask),
            "spacing_mm": (self.spacing_mm,) * 3,
        }


def lesion() -> tuple[Case, str]:
    """IBSI's CT phantom, or a simulated lesion of like size where it is missing; and one sentence that says which."""
    try:
        case = radkit.load("ibsi-ct")
    except DataNotFound:
        case = simulate(SIMULATED, Scanner(spacing_mm=(3.0, 0.9, 0.9)))
        return case, "IBSI's CT phantom is not here; a simulated CT lesion of like size stands in for it"
    return case, f"IBSI's CT phantom ({case.source.licence})"


def prepare(case: Case, size: str, folder: Path) -> Region:
    """Resamples the lesion to one size and writes it into a folder, once for all libraries."""
    spacing = SPACING_MM[size]
    recipe = Recipe(
        resample=Resample.isotropic(spacing),
        binning=FixedBinWidth(width=25, origin=-1000, unit="HU"),
        families=("local_intensity",),  # it looks beyond the region, so that a margin is kept
    )
    roi = crop(run_stages(case.image, case.mask, recipe).resampled, (MARGIN,) * 3)
    image, mask = folder / f"{size}-image.npy", folder / f"{size}-mask.npy"
    np.save(image, roi.image.array.astype(np.float64))
    np.save(mask, roi.intensity_mask)
    return Region(
        size=size,
        image=image,
        mask=mask,
        spacing_mm=spacing,
        n_voxels=int(roi.values.size),
        origin=math.floor(roi.values.min() / 25) * 25.0,
    )
