"""From a PyRadiomics parameter file to a Recipe, with a list of what has no equal and of what will come out different.

Checked against PyRadiomics 3.0.1 by benchmarks/compare_pyradiomics.py. van Griethuysen JJM et al. Computational
Radiomics System to Decode the Radiographic Phenotype. Cancer Research 2017, doi:10.1158/0008-5472.CAN-17-0339.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radkit.filters import Filter, LaplacianOfGaussian, Wavelet
from radkit.physics import ZScore
from radkit.preprocess import AlignedBinWidth, FixedBinCount, Resample, Resegment
from radkit.recipe.pyradiomics_advice import NO_EQUAL, NO_IMAGE, differences
from radkit.recipe.pyradiomics_settings import read, show
from radkit.recipe.recipe import Recipe
from radkit.volume import SettingError

_FAMILIES = {
    "shape": ("morphology",),
    "firstorder": ("statistics", "intensity_histogram"),
    "glcm": ("glcm",),
    "glrlm": ("glrlm",),
    "glszm": ("glszm",),
    "ngtdm": ("ngtdm",),
    "gldm": ("ngldm",),
}
_WAVELETS = {"coif1": "coif1", "haar": "haar", "db1": "haar", "db2": "db2", "db3": "db3"}
_INTERPOLATIONS = {"sitkBSpline": "cubic", 3: "cubic", "sitkLinear": "linear", 2: "linear"}
_HERE = {  # settings that do not change a value: what radkit does instead
    "additionalInfo": "always: the provenance beside the table",
    "padDistance": "not needed: radkit works out how far resampling and filters look",
    "preCrop": "not needed: a crop changes no value in radkit",
}
_DEFAULTS = {  # what PyRadiomics and radkit both do when the setting is absent
    "distances": [1],
    "symmetricalGLCM": True,
    "gldm_a": 0,
    "label": 1,
    "force2Ddimension": 0,
    "voxelArrayShift": 0,
    "resegmentShape": False,
    "label_channel": 0,
    "correctMask": False,
}
_OWN = {  # settings that belong to one image type
    "LoG": ("sigma",),
    "Wavelet": ("wavelet", "level", "start_level"),
    "Gradient": ("gradientUseSpacing",),
    "LBP2D": ("lbp2DRadius", "lbp2DSamples", "lbp2DMethod"),
    "LBP3D": ("lbp3DLevels", "lbp3DIcosphereRadius", "lbp3DIcosphereSubdivision"),
}


class TranslationWarning(UserWarning):
    """A PyRadiomics file could not be taken over whole."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of a translation: a setting of theirs with its value, or a feature, and what becomes of it."""

    name: str
    value: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Translation:
    """A recipe, and what a PyRadiomics file became.

    Parameters
    ----------
    recipe : as near to the file as radkit comes.
    mapped : settings with an equal here, and what it is.
    unmapped : settings without one: why, and what to do instead. The recipe does not contain them.
    differs : numbers that will come out different although the setting is mapped, and why.
    """

    recipe: Recipe
    mapped: tuple[Entry, ...]
    unmapped: tuple[Entry, ...]
    differs: tuple[Entry, ...]

    @property
    def summary(self) -> str:
        """One sentence: how much was mapped, what was not."""
        n = len(self.mapped) + len(self.unmapped)
        names = ", ".join(entry.name for entry in self.unmapped)
        lost = f"{len(self.unmapped)} of {n} PyRadiomics settings have no equal in radkit and are left out ({names})"
        lost = lost if self.unmapped else f"all {n} PyRadiomics settings are mapped"
        return f"{lost}; {len(self.differs)} things will come out different"


def from_pyradiomics(source: str | Path | Mapping, *, modality: str = "CT") -> Recipe:
    """``Recipe.from_pyradiomics``: the recipe of ``translate``, with its summary as a TranslationWarning."""
    translation = translate(source, modality=modality)
    if translation.unmapped or translation.differs:
        where = "`radkit recipes --from-pyradiomics FILE` and radkit.recipe.translate(...) list them"
        warnings.warn(f"{translation.summary}; {where}.", TranslationWarning, stacklevel=3)
    return translation.recipe


def translate(source: str | Path | Mapping, *, modality: str = "CT") -> Translation:
    """A PyRadiomics parameter file as a recipe, with the list of what it cannot say.

    Parameters
    ----------
    source : path of a YAML or JSON file, its text, or the mapping it holds.
    modality : "CT", "PET", "MR" or "OTHER": PyRadiomics' numbers have no unit, a recipe's have.

    Raises
    ------
    SettingError : not a parameter file, an unknown name, an impossible value, or nothing left to compute.

    Examples
    --------
    >>> text = "setting: {binWidth: 10, resampledPixelSpacing: [1, 1, 3], removeOutliers: 3}"
    >>> found = translate(text, modality="CT")
    >>> found.recipe.binning, found.recipe.resample.spacing_mm
    (AlignedBinWidth(width=10.0, unit='HU'), (3.0, 1.0, 1.0))
    >>> [entry.name for entry in found.unmapped]
    ['setting.removeOutliers']
    """
    from radkit.io.units import unit_of

    return _Translator(read(source), unit_of(modality)).result()


class _Translator:
    """Goes through the sections of one file and writes down what became of each setting."""

    def __init__(self, sections: dict[str, dict[str, Any]], unit: str):
        self.setting = sections["setting"]
        self.sections = sections
        self.images = sections["imageType"] or {"Original": {}}
        self.normalized = self.setting.get("normalize", False)
        self.unit = "1" if self.normalized else unit
        self.scale = self.setting.get("normalizeScale", 1) if self.normalized else 1
        self.mapped: dict[str, Entry] = {}
        self.unmapped: dict[str, Entry] = {}

    def result(self) -> Translation:
        filters = self._filters()
        parts = {
            "normalize": self._normalize(),
            "resample": self._resample(),
            "resegment": self._resegment(),
            "binning": self._binning(),
            "families": self._families(),
            "aggregations": self._aggregations(),
            "filters": filters,
            "filter_binning": self._filter_binning(bool(filters)),
            "original": "Original" in self.images,
        }
        if not parts["original"] and not filters:
            raise SettingError(
                f"radkit has none of the file's image types ({', '.join(self.images)}). Add Original to its imageType."
            )
        self._the_rest()
        recipe = Recipe(name="from-pyradiomics", **parts)
        differs = tuple(
            Entry(name=name, value="", text=text)
            for name, text in differences(recipe, self.scale, self.sections["featureClass"])
        )
        return Translation(
            recipe=recipe, mapped=tuple(self.mapped.values()), unmapped=tuple(self.unmapped.values()), differs=differs
        )

    def _map(self, name: str, text: str, value: Any = None, section: str = "setting") -> None:
        value = self.setting.get(name) if value is None else value
        self.mapped[f"{section}.{name}"] = Entry(name=f"{section}.{name}", value=show(value), text=text)

    def _drop(self, name: str, text: str, value: Any = None, section: str = "setting") -> None:
        value = self.setting.get(name) if value is None else value
        self.unmapped[f"{section}.{name}"] = Entry(name=f"{section}.{name}", value=show(value), text=text)

    def _normalize(self) -> ZScore | None:
        if "normalize" in self.setting:
            self._map("normalize", "normalize: region image" if self.normalized else "no normalization")
        if "normalizeScale" in self.setting:
            ours = f"widths and ranges divided by {self.scale:g}" if self.normalized else "unused, as there"
            self._map("normalizeScale", ours)
        return ZScore(region="image") if self.normalized else None

    def _resample(self) -> Resample | None:
        spacing = self.setting.get("resampledPixelSpacing")
        if self.setting.get("interpolator", "") is None:
            for name in self.setting.keys() & {"interpolator", "resampledPixelSpacing"}:
                self._map(name, "no resampling, as there: the interpolator is null")
            return None
        interpolation = _INTERPOLATIONS.get(self.setting.get("interpolator", "sitkBSpline"))
        if "interpolator" in self.setting:
            if not spacing:
                self._map("interpolator", "unused, as there: no resampledPixelSpacing")
            elif interpolation is None:
                self._drop("interpolator", "radkit interpolates linear or cubic; the recipe takes cubic")
            else:
                self._map("interpolator", f"interpolation {interpolation}")
        if not spacing:
            return None
        if not any(spacing):
            self._map("resampledPixelSpacing", "the scan's own grid: all are 0")
            return None
        spacing_mm = tuple(float(s) or None for s in reversed(spacing))
        words = ", ".join("as it is" if s is None else f"{s:g}" for s in spacing_mm)
        self._map("resampledPixelSpacing", f"resample to ({words}) mm (z, y, x)")
        return Resample(spacing_mm=spacing_mm, interpolation=interpolation or "cubic")

    def _resegment(self) -> Resegment | None:
        wanted, mode = self.setting.get("resegmentRange"), self.setting.get("resegmentMode", "absolute")
        if "resegmentMode" in self.setting and wanted is None:
            self._map("resegmentMode", "unused, as there: no resegmentRange")
        if wanted is None:
            return None
        low, high = min(wanted), max(wanted) if len(wanted) == 2 else float("inf")
        if mode == "absolute" and low < high:
            low, high = low / self.scale, high / self.scale
            self._map("resegmentRange", f"resegment {low:g} to {high:g} {self.unit}, both included")
            ours = Resegment(range=(low, high), unit=self.unit)
        elif mode == "sigma" and -low == high > 0:
            self._map("resegmentRange", f"resegment outlier_sd {high:g}")
            ours = Resegment(outlier_sd=high)
        else:
            self._drop("resegmentRange", NO_EQUAL["resegmentRange"])
            ours = None
        if "resegmentMode" in self.setting:
            (self._drop if ours is None else self._map)("resegmentMode", "see resegmentRange")
        return ours

    def _binning(self) -> AlignedBinWidth | FixedBinCount:
        return self._bins(self.images.get("Original", {}), "imageType.Original")

    def _bins(self, own: dict[str, Any], section: str) -> AlignedBinWidth | FixedBinCount:
        def place(name: str) -> str:
            return section if name in own else "setting"

        at = {**self.setting, **own}
        if "binCount" in at:
            self._map("binCount", f"fixed bin count {at['binCount']}", at["binCount"], place("binCount"))
            if "binWidth" in at:
                self._map("binWidth", "unused, as there: binCount is set", at["binWidth"], place("binWidth"))
            return FixedBinCount(n_bins=at["binCount"])
        width = float(at.get("binWidth", 25)) / self.scale
        default = "" if "binWidth" in at else " (PyRadiomics' default, whatever the unit)"
        text = f"aligned bin width {width:g} {self.unit}{default}"
        self._map("binWidth", text, at.get("binWidth", 25), place("binWidth"))
        return AlignedBinWidth(width=width, unit=self.unit)

    def _filter_binning(self, has_filters: bool) -> FixedBinCount:
        counts, places = set(), []
        for name in self.images:
            if name not in ("LoG", "Wavelet"):
                continue
            own = self.images[name]
            counts.add({**self.setting, **own}.get("binCount"))
            places += [(key, name) for key in ("binCount", "binWidth") if key in own]
        wanted = counts.pop() if len(counts) == 1 else None
        for key, name in places:
            if wanted is not None:
                used = f"filter_binning n_bins {wanted}" if key == "binCount" else "unused, as there: binCount is set"
                self._map(key, used, self.images[name][key], f"imageType.{name}")
            else:
                self._drop(key, NO_EQUAL["filtered bins"], self.images[name][key], f"imageType.{name}")
        if has_filters and wanted is None and not places:
            self._drop("binWidth of filtered images", NO_EQUAL["filtered bins"], self.setting.get("binWidth", 25))
        return FixedBinCount(n_bins=wanted) if wanted is not None else FixedBinCount(n_bins=32)

    def _families(self) -> tuple[str, ...]:
        wanted = self.sections["featureClass"]
        if not wanted:
            self._map("all", "the families of all classes but shape2D", "empty", "featureClass")
            return tuple(f for families in _FAMILIES.values() for f in families)
        for name, features in wanted.items():
            if name not in _FAMILIES:
                self._drop(name, NO_EQUAL[name], features, "featureClass")
            else:
                few = f", of which these {len(features)} are a part" if features else ""
                self._map(name, f"families {', '.join(_FAMILIES[name])}{few}", features or "all", "featureClass")
        families = tuple(f for name in _FAMILIES if name in wanted for f in _FAMILIES[name])
        if not families:
            raise SettingError(
                f"radkit has none of the file's feature classes ({', '.join(wanted)}). "
                f"Add one of {', '.join(_FAMILIES)}."
            )
        return families

    def _aggregations(self) -> tuple[str, ...]:
        flat = self.setting.get("force2D", False)
        merged = self.setting.get("weightingNorm") == "no_weighting"
        name = f"{'2_5D' if flat else '3D'}_{'comb' if merged else 'avg'}"
        if "force2D" in self.setting:
            self._map("force2D", f"aggregations {name}")
        if merged:
            self._map("weightingNorm", f"aggregations {name}")
        return (name,)

    def _filters(self) -> tuple[Filter, ...]:
        found: list[Filter] = []
        for name, own in self.images.items():
            at = {**self.setting, **own}
            if name in NO_IMAGE:
                self._drop(name, NO_IMAGE[name], own, "imageType")
            elif name == "Original":
                self._map(name, "the unfiltered image", own, "imageType")
            else:
                found += self._log(own, at) if name == "LoG" else self._wavelet(own, at)
        return tuple(found)

    def _log(self, own: dict[str, Any], at: dict[str, Any]) -> list[Filter]:
        sizes = [float(s) for s in dict.fromkeys(at.get("sigma", ())) if 0.1 <= s <= 50]
        if len(sizes) < len(set(at.get("sigma", ()))) or not sizes:
            self._drop(
                "LoG", "radkit takes a sigma from 0.1 to 50 mm; others are left out", at.get("sigma", []), "imageType"
            )
        if sizes:
            text = f"log filters of sigma {', '.join(f'{s:g}' for s in sizes)} mm"
            self._map("LoG.sigma", text, at["sigma"], "imageType")
        return [LaplacianOfGaussian(sigma_mm=s, zero_sum=True) for s in sizes]

    def _wavelet(self, own: dict[str, Any], at: dict[str, Any]) -> list[Filter]:
        theirs, level, start = at.get("wavelet", "coif1"), at.get("level", 1), at.get("start_level", 0)
        if theirs not in _WAVELETS:
            self._drop("Wavelet", f"radkit has the wavelets {', '.join(_WAVELETS)}", theirs, "imageType")
            return []
        if start > 0 or level > 1:
            which = {"level": level, "start_level": start}
            self._drop("Wavelet levels", NO_EQUAL["level"], show([f"{k} {v}" for k, v in which.items()]), "imageType")
        if start > 0:
            return []
        family = _WAVELETS[theirs]
        bands = (
            ("HL", "LH", "HH", "LL") if at.get("force2D") else ("LLH", "LHL", "LHH", "HLL", "HLH", "HHL", "HHH", "LLL")
        )
        self._map("Wavelet", f"wavelet filters {family} {', '.join(bands)}, level 1", theirs, "imageType")
        return [Wavelet(family=family, decomposition=band) for band in bands]

    def _the_rest(self) -> None:
        """Settings that change no stage here: harmless ones, defaults, and those that radkit has not."""
        for name in self.setting:
            if f"setting.{name}" in self.mapped or f"setting.{name}" in self.unmapped:
                continue
            owners = [image for image, names in _OWN.items() if name in names]
            if owners:
                self._of_images(name, [image for image in owners if image in self.images])
            elif name in ("binWidth", "binCount"):
                self._map(name, "unused, as there: imageType.Original has its own")
            elif name in _HERE:
                self._map(name, _HERE[name])
            elif name in _DEFAULTS and self.setting[name] == _DEFAULTS[name]:
                self._map(name, "so in radkit too")
            else:
                self._drop(name, NO_EQUAL[name])
        for name, value in self.sections["voxelSetting"].items():
            self._drop(name, NO_EQUAL["voxelSetting"], value, "voxelSetting")
        for image in self.images.keys() - NO_IMAGE.keys():
            for name in self.images[image].keys() - {"binWidth", "binCount", *_OWN.get(image, ())}:
                self._drop(name, NO_EQUAL["of one image"], self.images[image][name], f"imageType.{image}")

    def _of_images(self, name: str, images: list[str]) -> None:
        if not images:
            self._map(name, "unused, as there: no image type that takes it")
        elif images[0] in NO_IMAGE:
            self._drop(name, f"see imageType.{images[0]}")
        else:
            self._map(name, f"see imageType.{images[0]}")
