"""Recipe: every setting that stands between a scan and its features, frozen in one object."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from radkit.features import catalogue, family
from radkit.features import families as all_families
from radkit.filters import Filter
from radkit.physics import GaussianPsf, ZScore
from radkit.preprocess import (
    SUPPORT_VOXELS,
    AlignedBinWidth,
    AsIs,
    Binning,
    FixedBinCount,
    FixedBinWidth,
    Resample,
    Resegment,
)
from radkit.recipe.filtered import check_filters, filter_reach
from radkit.volume import Grid, Image, SettingError, UnitMismatch

AGGREGATIONS = ("2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb", "3D_avg", "3D_comb")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All settings of an extraction, in the order in which they are applied.

    Parameters
    ----------
    name : what people call it; not part of ``hash``.
    psf : a Gaussian blur of the scan (None: as scanned).
    normalize : z-score over a named region (MR); the unit is then "1".
    resample : new voxel spacing and interpolation (None: the scan's own grid).
    resegment : range and outliers of the intensity mask.
    binning : fixed bin width, aligned bin width (PyRadiomics), fixed bin count, or gray levels as they are.
    ivh_binning : the same for the axis of the intensity-volume histogram, whatever the texture's is. None is what IBSI
        recommends for the image's unit: HU as they are in steps of 1, SUV in bins of 0.1 from 0, anything else in 1000
        bins from the region's minimum to its maximum. ``AsIs`` is whole steps of the unit, here below 1 too.
    families : feature families to compute, of ``features.families()``.
    leave_out : features to leave out, by their tag without aggregation. Moran's I and Geary's C (``morph_moran_i``,
        ``morph_geary_c``) take most of the time of an extraction; the tools that are quick leave them out.
    filters : filtered images whose features are computed too, named ``log_s1.5mm__stat_mean``. They see the resampled
        image; range and outliers of ``resegment`` are judged on that image, not on the response.
    filter_binning : fixed bin count of filtered images, 32 unless told: a width in HU means nothing on a response.
    original : the features of the unfiltered image; without them ``filters`` must not be empty.
    aggregations : how texture matrices of directions and slices are put together: "2D_avg" (by slice and direction,
        averaged), "2D_comb" (merged by slice), "2_5D_avg" (merged by direction), "2_5D_comb" (merged), "3D_avg",
        "3D_comb" (merged). Families with one matrix a volume or a slice use the part before the underscore's "avg".

    Examples
    --------
    >>> recipe = Recipe.default("PET")
    >>> recipe.binning.width, recipe.binning.unit
    (0.5, 'SUV')
    >>> Recipe.from_yaml(recipe.to_yaml()) == recipe
    True
    """

    name: str = "custom"
    psf: GaussianPsf | None = None
    normalize: ZScore | None = None
    resample: Resample | None = None
    resegment: Resegment | None = None
    binning: Binning = FixedBinCount(n_bins=32)
    ivh_binning: Binning | None = None
    families: tuple[str, ...] = ()
    aggregations: tuple[str, ...] = ("3D_avg", "3D_comb")
    leave_out: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    filter_binning: FixedBinCount = FixedBinCount(n_bins=32)
    original: bool = True

    def __post_init__(self):
        set_ = object.__setattr__
        set_(self, "families", tuple(self.families) or all_families())
        set_(self, "aggregations", tuple(self.aggregations))
        set_(self, "leave_out", tuple(self.leave_out))
        for kind, chosen, known in (
            ("family", self.families, all_families()),
            ("aggregation", self.aggregations, AGGREGATIONS),
            ("feature", self.leave_out, tuple(f.tag for f in catalogue()) if self.leave_out else ()),
        ):
            for name in chosen:
                if name not in known:
                    raise SettingError(f"{kind} {name!r} is not known{_nearest(name, known)}.")
        if self.psf is not None and not any(self.psf.sigma_mm):
            set_(self, "psf", None)
        for part, types in _TYPES.items():
            if not isinstance(getattr(self, part), (*types, type(None)) if part != "binning" else types):
                names = " or ".join(t.__name__ for t in types)
                raise SettingError(f"{part} is a {type(getattr(self, part)).__name__}; it must be a {names}.")
        check_filters(self)

    @classmethod
    def default(cls, modality: str) -> Recipe:
        """The recipe for a modality: "CT", "PET", "MR" or "OTHER"."""
        from radkit.recipe.presets import default

        return default(modality)

    @classmethod
    def from_yaml(cls, text: str) -> Recipe:
        """A recipe from YAML text; unknown keys and impossible values are refused with the nearest valid name."""
        from radkit.recipe.text import parse

        return parse(text)

    @classmethod
    def from_pyradiomics(cls, source: str | Path | Mapping, *, modality: str = "CT") -> Recipe:
        """A recipe from a PyRadiomics parameter file: its path, its text, or the mapping it holds.

        A TranslationWarning says how much has no equal; ``radkit.recipe.translate`` lists it. ``modality`` gives
        PyRadiomics' bare numbers their unit. Raises SettingError for what PyRadiomics would refuse too.
        """
        from radkit.recipe.pyradiomics import from_pyradiomics

        return from_pyradiomics(source, modality=modality)

    def to_yaml(self) -> str:
        """The recipe as YAML text that ``from_yaml`` reads back to an equal recipe."""
        from radkit.recipe.text import write

        return write(self)

    def replace(self, **changes: Any) -> Recipe:
        """The same recipe with some settings changed."""
        unknown = [key for key in changes if key not in {f.name for f in dataclasses.fields(self)}]
        if unknown:
            known = tuple(f.name for f in dataclasses.fields(self))
            raise SettingError(f"recipe has no setting {unknown[0]!r}{_nearest(unknown[0], known)}.")
        return dataclasses.replace(self, **changes)

    def settings(self) -> dict[str, Any]:
        """Every setting as plain numbers, strings, lists and dicts, ready for YAML or JSON."""
        from radkit.recipe.text import plain

        return plain(self)

    @cached_property
    def hash(self) -> str:
        """First 12 hex digits of the sha256 of every setting but the name."""
        settings = {key: value for key, value in self.settings().items() if key != "name"}
        return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def unit(self) -> str | None:
        """The unit that the recipe's own numbers are in, before normalization; None where it fits any."""
        if self.resegment is not None and self.resegment.unit is not None:
            return self.resegment.unit
        if isinstance(self.binning, _WIDTHS) and self.normalize is None:
            return self.binning.unit
        return None

    def check_unit(self, image: Image) -> None:
        """Raise UnitMismatch where the recipe's numbers are in another unit than the image's."""
        unit = "1" if self.normalize is not None else image.unit
        for what, wanted in (
            ("re-segmentation range", self.resegment.unit if self.resegment else None),
            ("bin width", self.binning.unit if isinstance(self.binning, _WIDTHS) else None),
            ("ivh bin width", self.ivh_binning.unit if isinstance(self.ivh_binning, _WIDTHS) else None),
        ):
            if wanted is not None and wanted != unit:
                raise UnitMismatch(
                    f"recipe {self.name!r} has its {what} in {wanted}, the image is in {unit}. "
                    f"Use Recipe.default({image.modality!r}), or name the image's modality when reading it."
                )

    def support_voxels(self, grid: Grid) -> tuple[int, int, int]:
        """How far (z, y, x), in voxels of ``grid``, a feature can look beyond the mask's bounding box."""
        from radkit.physics import support_voxels

        blur = support_voxels(self.psf, grid) if self.psf else (0, 0, 0)
        reach = SUPPORT_VOXELS[self.resample.interpolation] if self.resample else 0
        beyond_mm = max(family(name).reach_mm for name in self.families)
        return tuple(
            int(b) + f + reach + math.ceil(beyond_mm / spacing)
            for b, f, spacing in zip(blur, filter_reach(self, grid), grid.spacing_mm, strict=True)
        )


_WIDTHS = (FixedBinWidth, AlignedBinWidth)
_TYPES = {
    "psf": (GaussianPsf,),
    "normalize": (ZScore,),
    "resample": (Resample,),
    "resegment": (Resegment,),
    "binning": (*_WIDTHS, FixedBinCount, AsIs),
    "ivh_binning": (*_WIDTHS, FixedBinCount, AsIs),
}


def _nearest(name: str, known) -> str:
    close = get_close_matches(str(name), known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}? Known: {', '.join(known)}" if close else f"; use one of {', '.join(known)}"
