"""A table of features under PyRadiomics' names: original_glcm_Contrast instead of cm_contrast_3D_avg."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace

from radkit.extraction.extract import FeatureSet
from radkit.features import FeatureValue, family, find
from radkit.features.pyradiomics_names import PyRadiomicsName, pyradiomics_names
from radkit.filters import Filter, Wavelet
from radkit.preprocess import AsIs, FixedBinWidth
from radkit.recipe import Recipe
from radkit.volume import SettingError

# PyRadiomics averages over directions unless weightingNorm is no_weighting, in 3-D unless force2D
_AGGREGATIONS = ("3D_avg", "3D_comb", "2_5D_avg", "2_5D_comb")
_TOLERANCE = 1e-9  # of a bin


@dataclass(frozen=True, kw_only=True)
class Renamed:
    """A FeatureSet whose tags are PyRadiomics' names, and why values of the first one are not in it.

    Parameters
    ----------
    features : values, in PyRadiomics' units: its kurtosis is ours + 3. ``provenance["names"]`` has our tags.
    left_out : reason -> how many values of ours have no place under their names.
    near : names whose values are of another rounding: shapes measured on the surface mesh.
    """

    features: FeatureSet
    left_out: dict[str, int]
    near: tuple[str, ...]

    @property
    def sentences(self) -> list[str]:
        """What a reader of the table must know, one sentence each."""
        n = sum(self.left_out.values())
        reasons = "; ".join(f"{count}: {why}" for why, count in self.left_out.items())
        said = [f"{n} features have no equal in PyRadiomics and are left out ({reasons})."] if n else []
        if self.near:
            names = ", ".join(name.partition("_")[2] for name in self.near)
            said.append(f"{len(self.near)} values are near PyRadiomics', not equal: {names}.")
        return said


def with_pyradiomics_names(found: FeatureSet, recipe: Recipe) -> Renamed:
    """The features that PyRadiomics has, under its names and converted to its definitions.

    A name says how a feature is defined; bins and spacing are the recipe's. Left out is what PyRadiomics cannot have
    computed: features it lacks, other aggregations, filters of another kind, gray levels numbered in another way.

    Parameters
    ----------
    found : as ``extract`` gave it.
    recipe : that ``found`` was extracted with.

    Raises
    ------
    SettingError : two wavelets of the recipe would have one name.

    Examples
    --------
    >>> import radkit
    >>> case = radkit.load("ibsi-digital")
    >>> found = radkit.extract(case.image, case.mask, radkit.preset("ibsi-digital"))
    >>> renamed = with_pyradiomics_names(found, radkit.preset("ibsi-digital"))
    >>> theirs = renamed.features["original_firstorder_Kurtosis"]
    >>> round(theirs - found["stat_kurt"], 12)
    3.0
    """
    table = _Table(found, recipe)
    values: dict[str, tuple[FeatureValue, PyRadiomicsName]] = {}
    left_out: Counter[str] = Counter()
    for ours in found:
        renamed, why_not = table.rename(ours)
        values |= {value.tag: (value, name) for value, name in renamed}
        if not renamed:
            left_out[why_not] += 1
    near = tuple(tag for tag, (_, name) in values.items() if name.relation == "near")
    provenance = {
        **found.provenance,
        "names": {"scheme": "pyradiomics", "tags": table.tags, "left_out": dict(left_out), "near": list(near)},
        "undefined": {tag: value.note for tag, (value, _) in values.items() if value.note},
    }
    features = FeatureSet(tuple(value for value, _ in values.values()), found.stages, provenance)
    return Renamed(features=features, left_out=dict(left_out), near=near)


def image_name(filter: Filter) -> str | None:
    """PyRadiomics' name for a filtered image; None where it has no equal of the filter.

    Examples
    --------
    >>> image_name(Wavelet(family="coif1", decomposition="LLH"))
    'wavelet-LLH'
    """
    if isinstance(filter, Wavelet) and filter.level == 1 and filter.pooling is None:
        return f"wavelet-{filter.decomposition}"
    return None  # its Laplacian of Gaussian is recursive and in other units


class _Table:
    """What one recipe's features are called there."""

    def __init__(self, found: FeatureSet, recipe: Recipe):
        self.found = found
        self.tags: dict[str, str] = {}  # theirs -> ours
        self.images: dict[str, str | None] = {"": "original"}  # our filter's name -> their image's
        self.aggregation = next((a for a in _AGGREGATIONS if a in recipe.aggregations), "")
        self.levels_differ = _levels_differ(found, recipe)
        self.names: dict[str, list[PyRadiomicsName]] = {}
        for name in pyradiomics_names():
            self.names.setdefault(name.tag, []).append(name)
        for filter in recipe.filters:
            image = image_name(filter)
            if image is not None and image in self.images.values():
                raise SettingError(
                    f"two filters of the recipe would be called {image} in PyRadiomics. Keep one of them."
                )
            self.images[filter.name] = image

    def rename(self, ours: FeatureValue) -> tuple[list[tuple[FeatureValue, PyRadiomicsName]], str]:
        """Their values of one of ours, each with its record, or the reason why there is none."""
        prefix = ours.tag.rpartition("__")[0]
        names = self.names.get(ours.feature.tag, [])
        why_not = self._why_not(ours, prefix, names)
        if why_not:
            return [], why_not
        renamed = []
        for name in names:
            own_reason = self._level_reason(name, prefix)
            why_not = why_not or own_reason
            if name.given and not own_reason:
                value = _converted(ours, f"{self.images[prefix]}_{name.feature_class}_{name.name}", name, self.found)
                renamed.append((value, name))
                self.tags[value.tag] = ours.tag
        return renamed, why_not

    def _why_not(self, ours: FeatureValue, prefix: str, names: list[PyRadiomicsName]) -> str:
        if not names:
            return "PyRadiomics has no such feature"
        if not any(name.given for name in names):
            return "PyRadiomics gives the same number under another name only"
        if self.images[prefix] is None:
            return "PyRadiomics has no such filter, or computes it in another way"
        chosen = family(ours.feature.family)
        own = {f"{ours.feature.tag}_{a}" for a in chosen.chosen((self.aggregation,))} or {ours.feature.tag}
        if chosen.aggregations and ours.tag.rpartition("__")[2] not in own:
            return f"another aggregation than {self.aggregation or 'those of PyRadiomics'}"
        return ""

    def _level_reason(self, name: PyRadiomicsName, prefix: str) -> str:
        all_of_them, why_not = self.levels_differ
        if prefix or family(find(name.tag).family).takes != "levels":
            return ""  # a filtered image has a fixed number of bins, as PyRadiomics' binCount makes them
        return why_not if all_of_them or name.level_number else ""


def _levels_differ(found: FeatureSet, recipe: Recipe) -> tuple[bool, str]:
    """Whether PyRadiomics cannot make the gray levels of the original image at all, or only numbers them otherwise.

    (True, why) where its bins have other edges, (False, why) where only level 1 is another, (False, "") where neither.
    """
    match recipe.binning:
        case FixedBinWidth(width=width, origin=origin):
            pass
        case AsIs():
            width, origin = 1.0, 1.0
        case _:
            return False, ""
    low = next(s.low for s in found.stages if s.name == "discretize")
    if abs(origin / width - round(origin / width)) > _TOLERANCE:
        return True, "PyRadiomics' bins begin at multiples of the bin width only"
    if low < origin:
        return True, "PyRadiomics puts nothing below the origin into the lowest bin"
    first = math.floor((low - origin) / width + _TOLERANCE) + 1
    return False, "" if first == 1 else f"PyRadiomics calls level 1 what is level {first} here, see aligned_bin_width"


def _converted(ours: FeatureValue, theirs: str, name: PyRadiomicsName, found: FeatureSet) -> FeatureValue:
    """Our value by their definition."""
    value, unit = ours.value, ours.unit
    match name.relation:
        case "plus_3":
            flat = found[ours.tag.replace("stat_kurt", "stat_var")] == 0
            value = 0.0 if flat else value + 3  # both call a flat region 0
        case "population_axis":
            n = found.provenance["n_voxels_morphological"]
            value *= math.sqrt((n - 1) / n)
        case "square_root":
            value, unit = math.sqrt(value), unit.removesuffix("^2")
        case "times_voxel_volume":
            value *= math.prod(found.provenance["spacing_mm"])
            unit = f"{unit} mm^3"
    return replace(ours, tag=theirs, value=value, unit=unit)
