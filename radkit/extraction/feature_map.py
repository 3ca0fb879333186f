"""The result of a voxel map: one volume a feature, and what it was made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from radkit.extraction.extract import not_computed
from radkit.extraction.stages import StageRecord
from radkit.features import Feature
from radkit.volume import UNITS, Grid, Image


@dataclass(frozen=True, eq=False, kw_only=True)
class FeatureMap:
    """One feature in the neighborhood of every voxel.

    It has an array and a grid, so that ``radkit.io`` writes it as it writes an image.

    Parameters
    ----------
    tag : "cm_contrast_3D_avg"; of a filtered image "log_s1.5mm__cm_contrast_3D_avg".
    feature : its record in the catalogue.
    aggregation : IBSI's words, "3D, averaged"; "" for a family without aggregations.
    unit : unit of the values.
    array : float64 (z, y, x); NaN outside the intensity mask, and where the feature has no value.
    grid : where the voxels lie: the resampled grid, cropped to what the recipe needs.
    n_voxels : voxels of the intensity mask.
    undefined : why the feature has no value, to the number of voxels inside for which that is so.
    """

    tag: str
    feature: Feature
    aggregation: str
    unit: str
    array: np.ndarray
    grid: Grid
    n_voxels: int
    undefined: dict[str, int]

    @property
    def n_undefined(self) -> int:
        """Voxels of the intensity mask without a value."""
        return sum(self.undefined.values())

    @cached_property
    def values(self) -> np.ndarray:
        """The values that are defined, float64, (n_voxels - n_undefined,), in (z, y, x) order."""
        return self.array[np.isfinite(self.array)]

    def filled(self, outside: float = 0.0) -> Image:
        """The map as an image, with a number in place of NaN: for what reads no NaN.

        Its unit is the map's where images have such a unit, otherwise "1"; its note says both.
        """
        note = f"map of {self.tag} in {self.unit}; {outside:g} where it has no value"
        unit = self.unit if self.unit in UNITS else "1"
        return Image(np.where(np.isnan(self.array), outside, self.array), self.grid, unit=unit, notes=(note,))


@dataclass(frozen=True, eq=False, kw_only=True)
class VoxelMaps:
    """The maps of one region, in the order in which they were asked for, the stages, and the provenance.

    ``radius`` : voxels on each side of a neighborhood's center, (z, y, x).
    """

    maps: tuple[FeatureMap, ...]
    radius: tuple[int, int, int]
    stages: tuple[StageRecord, ...]
    provenance: dict[str, Any]

    def __getitem__(self, tag: str) -> FeatureMap:
        for one in self.maps:
            if one.tag == tag:
                return one
        raise not_computed(tag, [one.tag for one in self.maps])

    def __contains__(self, tag: str) -> bool:
        return any(one.tag == tag for one in self.maps)

    def __iter__(self) -> Iterator[FeatureMap]:
        return iter(self.maps)

    def __len__(self) -> int:
        return len(self.maps)
