"""What the feature bench is: a case and its knobs in, records of radkit out. No widget, no page, no formula."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import param

import radkit
from radkit import datasets, extraction, physics, plots, preprocess
from radkit.matrices.glcm import glcm
from radkit.recipe import Knob, knobs, uses_bin_width
from radkit.volume import Mask, Roi, SettingError
from radkit_dashboards.feature_bench.why import explain

AGGREGATION = "3D_avg"
KNOBS = ("bin_method", "bin_width", "n_bins", "spacing_mm", "psf_sigma_mm")
PARAMETERS = ("case", "seed", *KNOBS, "baseline")
TEACHING = (
    "cm_contrast_3D_avg",
    "cm_inv_diff_mom_3D_avg",
    "cm_energy_3D_avg",
    "cm_joint_entr_3D_avg",
    "ih_entropy",
    "stat_mean",
    "stat_var",
    "morph_volume",
    "morph_sphericity",
)
SURROUNDING_MM = 25.0  # of tissue around the region that the picture shows
VOXEL_NS = 2500.0  # of every stage and family together, measured on one core
Z_SCORE_ORIGIN = -10.0  # of fixed-width bins on a z-score: lower than any voxel, and the same for every region


@lru_cache(maxsize=16)
def load(name: str):
    """The case of that name, read once per process and shared by all sessions (it is frozen)."""
    return radkit.load(name)


@lru_cache(maxsize=1)
def case_names() -> tuple[str, ...]:
    """Names of the cases whose files are on this machine, the default one first."""
    found = [set_.name for set_ in datasets.available() if set_.n_found and set_.name != "ibsi-digital"]
    names = [name for set_ in found for name in datasets.cases(set_, only_found=True)]
    first = next(name for name in ("sts51/STS_001/PET", "simulated") if name in names)
    return (first, *(name for name in names if name != first))


@dataclass(frozen=True, kw_only=True)
class Screen:
    """What the bench shows for one state."""

    features: extraction.FeatureSet
    changes: tuple[plots.Change, ...]
    picture: tuple[radkit.Image, Mask]
    histogram: plots.Plot
    matrix: plots.Plot
    why: tuple[str, ...]
    code: str


class FeatureBench(param.Parameterized):
    """Bin width, voxel spacing and blur on one tumor, and the features that follow.

    Examples
    --------
    >>> bench = FeatureBench(case="simulated")
    >>> bench.psf_sigma_mm = 1.5
    >>> bench.change("cm_contrast_3D_avg").relative < 0
    True
    """

    case = param.Selector(objects=["simulated"], default="simulated", doc="The scan and the region that is measured.")
    seed = param.Integer(default=0, bounds=(0, 9999), doc="Which simulated lesion is drawn; real scans have no seed.")
    bin_method = param.Selector(
        default="width",
        objects=["width", "count"],
        doc="Bins of one width for every patient, or one number of bins between each region's own extremes.",
    )
    bin_width = param.Number(default=25.0, bounds=(2.0, 200.0), step=1.0)
    n_bins = param.Integer(default=32, bounds=(4, 256))
    spacing_mm = param.Number(default=2.0, bounds=(0.0, 8.0), step=0.25)
    psf_sigma_mm = param.Number(default=0.0, bounds=(0.0, 4.0), step=0.1)
    baseline = param.String(
        default="",
        regex=r"^$|^(width|count)(,\d{1,6}(\.\d{1,6})?){4}$",
        doc="The knobs that the features are compared with, in their order; empty: the defaults.",
    )

    def __init__(self, **params):
        start = {k: params.pop(k) for k in ("case", "seed") if k in params}
        super().__init__()
        self.param.case.objects = list(case_names())
        self._shown_case = "simulated"
        wanted = start.get("case", case_names()[0])
        self.param.update(seed=start.get("seed", 0))
        if wanted != self.case:
            self.case = wanted
        else:
            self._follow_case()
        self.param.update(**params)

    # -- the case -----------------------------------------------------------------------------------------------

    @property
    def scan(self) -> radkit.Case:
        """The case that is on screen, with image, mask and source."""
        return load(f"simulated/{self.seed}" if self.case == "simulated" else self.case)

    @property
    def modality(self) -> str:
        """CT, PET, MR or OTHER."""
        return self.scan.image.modality

    def knob(self, name: str) -> Knob:
        """Label, unit, bounds, step, default and one sentence of a knob, for the modality on screen."""
        return knobs(self.modality)[name]

    def defaults(self) -> dict:
        """Every knob as the modality's default recipe has it."""
        resample = radkit.Recipe.default(self.modality).resample
        return {
            "bin_method": "width" if uses_bin_width(self.modality) else "count",
            "bin_width": self.knob("bin_width").default,
            "n_bins": int(self.knob("n_bins").default),
            "spacing_mm": self.knob("spacing_mm").default if resample else 0.0,
            "psf_sigma_mm": self.knob("psf_sigma_mm").default,
        }

    @param.depends("case", watch=True)
    def _follow_case(self) -> None:
        """Bounds, units and defaults follow the modality; within one modality the knobs keep their place."""
        try:
            modality = self.modality
        except radkit.RadkitError:
            self.case = self._shown_case  # what was shown stays
            raise
        self._shown_case = self.case
        if modality == getattr(self, "_modality", None):
            return
        self._modality = modality
        for name in ("bin_width", "n_bins", "spacing_mm", "psf_sigma_mm"):
            knob, parameter = self.knob(name), self.param[name]
            low = 0.0 if name == "spacing_mm" else knob.low  # 0: as scanned
            parameter.bounds = (int(low), int(knob.high)) if name == "n_bins" else (low, knob.high)
            parameter.step, parameter.doc, parameter.label = knob.step, knob.doc, knob.label
        self.param.update(**self.defaults(), baseline="")

    @param.depends("spacing_mm", watch=True)
    def _check_spacing(self) -> None:
        """Between 0 (as scanned) and the finest spacing there is nothing."""
        low = self.knob("spacing_mm").low
        if 0 < self.spacing_mm < low:
            self.spacing_mm = low

    # -- what radkit makes of it --------------------------------------------------------------------------------

    def now(self) -> dict:
        """Every knob as it stands."""
        return {name: getattr(self, name) for name in KNOBS}

    def pinned(self) -> dict:
        """Every knob of the baseline, held within its bounds."""
        if not self.baseline:
            return self.defaults()
        method, *numbers = self.baseline.split(",")
        pinned = {"bin_method": method}
        for name, text in zip(KNOBS[1:], numbers, strict=True):
            low, high = self.param[name].bounds
            pinned[name] = min(max(float(text), low), high)
        return {**pinned, "n_bins": int(pinned["n_bins"])}

    def recipe(self, **turned) -> radkit.Recipe:
        """The recipe that the knobs describe; ``turned`` replaces some of them."""
        at = {**self.now(), **turned}
        default = radkit.Recipe.default(self.modality)
        blur, spacing = at["psf_sigma_mm"], at["spacing_mm"]
        return default.replace(
            name="feature bench",
            psf=radkit.GaussianPsf(sigma_mm=(blur, blur, blur)) if blur else None,
            resample=radkit.Resample(spacing_mm=(spacing, spacing, spacing)) if spacing else None,
            binning=self._binning(at, default),
            aggregations=(AGGREGATION,),
        )

    def _binning(self, at: dict, default: radkit.Recipe):
        if at["bin_method"] == "count":
            return radkit.FixedBinCount(n_bins=at["n_bins"])
        unit, origin = self.scan.image.unit, 0.0
        if default.normalize is not None:
            unit, origin = "1", Z_SCORE_ORIGIN
        elif uses_bin_width(self.modality):
            unit, origin = default.binning.unit, default.binning.origin
        return radkit.FixedBinWidth(width=at["bin_width"], origin=origin, unit=unit)

    def predicted_ms(self) -> float:
        """How long a screen takes when nothing is cached: voxels times what one was measured to cost."""
        scan = self.scan
        volume = scan.mask.n_voxels * scan.image.grid.voxel_volume_mm3
        voxels = volume / self.spacing_mm**3 if self.spacing_mm else scan.mask.n_voxels
        return voxels * VOXEL_NS * 1e-6

    def pipeline(self, **turned) -> extraction.Pipeline:
        """The stages before the features: scan after blur, resampled region, gray levels."""
        return extraction.run_stages(self.scan.image, self.scan.mask, self.recipe(**turned), extraction.shared_cache())

    def features(self, **turned) -> extraction.FeatureSet:
        """Every feature of the four families; stages that no knob touched come from the shared cache."""
        return extraction.extract(
            self.scan.image, self.scan.mask, self.recipe(**turned), cache=extraction.shared_cache()
        )

    def glcm(self, **turned) -> tuple:
        """The co-occurrence matrices of the gray levels, one per direction in 3D."""
        pipeline = self.pipeline(**turned)
        key = (*pipeline.keys["levels"], "bench glcm")
        return extraction.shared_cache().get(key, lambda: glcm(pipeline.levels, AGGREGATION))[0]

    # -- what is shown ------------------------------------------------------------------------------------------

    def changes(self) -> tuple[plots.Change, ...]:
        """Every feature now against the pinned baseline."""
        return plots.compare(self.features(), self.baseline_features())

    def baseline_features(self) -> extraction.FeatureSet:
        """Every feature of the pinned baseline."""
        pinned = self.pinned()
        key = (self.scan.image.digest, self.scan.mask.digest, self.recipe(**pinned), "features")
        return extraction.shared_cache().get(key, lambda: self.features(**pinned))[0]

    def change(self, tag: str) -> plots.Change:
        """One feature now against the pinned baseline."""
        for change in self.changes():
            if change.tag == tag:
                return change
        raise SettingError(f"no feature is called {tag!r}; use one of {', '.join(TEACHING)} or radkit features.")

    def histogram(self) -> plots.Plot:
        """Voxels per bin, the baseline as an outline."""
        return plots.histogram(self.pipeline().levels, baseline=self.pipeline(**self.pinned()).levels)

    def limits(self) -> tuple[float, float]:
        """Lowest and highest intensity of the region as scanned: an axis that no knob moves."""
        last = self.pipeline(psf_sigma_mm=0.0, spacing_mm=0.0).stages[-1]
        return last.low, last.high

    def matrix(self) -> plots.Plot:
        """The co-occurrence matrix as a map; its axes span what the baseline's region would, binned as now."""
        bins = {name: getattr(self, name) for name in ("bin_method", "bin_width", "n_bins")}
        before, levels = self.pipeline(**{**self.pinned(), **bins}).levels, self.pipeline().levels
        spans = [level.counts.nonzero()[0] for level in (before, levels)]
        return plots.glcm_map(
            self.glcm(), levels=(int(min(s[0] for s in spans)) + 1, int(max(s[-1] for s in spans)) + 1)
        )

    def picture(self, **turned) -> tuple[radkit.Image, Mask]:
        """The scan as features see it: blurred, resampled, in gray levels inside the mask; with its surrounding."""
        recipe, levels = self.recipe(**turned), self.pipeline(**turned).levels
        key = (self.scan.image.digest, self.scan.mask.digest, recipe.psf, recipe.normalize, recipe.resample, "picture")
        roi = extraction.shared_cache().get(key, lambda: self._surroundings(recipe))[0]
        return plots.as_seen(roi, levels), Mask(roi.intensity_mask, roi.image.grid)

    def _surroundings(self, recipe: radkit.Recipe) -> Roi:
        image, mask = self.scan.image, self.scan.mask
        margin = tuple(round(SURROUNDING_MM / s) for s in image.grid.spacing_mm)
        roi = preprocess.crop(Roi.of(image, mask), margin)
        inside = Mask(roi.morphological_mask, roi.image.grid)
        image = physics.blur(roi.image, recipe.psf) if recipe.psf else roi.image
        image = physics.zscore(image, inside, recipe.normalize) if recipe.normalize else image
        roi = Roi.of(image, inside)
        return preprocess.resample(roi, recipe.resample) if recipe.resample else roi

    def screen(self) -> Screen:
        """Everything that one turn of a knob changes, computed at once."""
        features = self.features()
        changes = plots.compare(features, self.baseline_features())
        return Screen(
            features=features,
            changes=changes,
            picture=self.picture(),
            histogram=self.histogram(),
            matrix=self.matrix(),
            why=tuple(explain(self, changes)),
            code=self.code(),
        )

    def why(self) -> list[str]:
        """What moved, and why, in plain words."""
        return explain(self, self.changes())

    def code(self) -> str:
        """Library code that computes the features on screen."""
        recipe, binning = self.recipe(), self.recipe().binning
        name = f"simulated/{self.seed}" if self.case == "simulated" else self.case
        bins = f"radkit.FixedBinCount(n_bins={self.n_bins})"
        if self.bin_method == "width":
            bins = f'radkit.FixedBinWidth(width={binning.width!r}, origin={binning.origin!r}, unit="{binning.unit}")'
        psf = f"radkit.GaussianPsf(sigma_mm={recipe.psf.sigma_mm!r})" if recipe.psf else "None"
        resample = f"radkit.Resample(spacing_mm={recipe.resample.spacing_mm!r})" if recipe.resample else "None"
        lines = (
            "import radkit",
            "",
            f'case = radkit.load("{name}")',
            f'recipe = radkit.Recipe.default("{self.modality}").replace(',
            f"    psf={psf},",
            f"    resample={resample},",
            f"    binning={bins},",
            f'    aggregations=("{AGGREGATION}",),',
            ")",
            "features = radkit.extract(case.image, case.mask, recipe)",
            "print(features.to_frame().to_string())",
            f'print(features.provenance["recipe_hash"])  # {recipe.hash}',
        )
        return "\n".join(lines) + "\n"

    # -- the baseline, and the whole state as flat text and numbers -----------------------------------------------

    def pin(self) -> None:
        """Make what is on screen the baseline."""
        now = self.now()
        self.baseline = ",".join([now["bin_method"], *(f"{now[name]:g}" for name in KNOBS[1:])])

    def reset(self) -> None:
        """Every knob back to the modality's default; the baseline stays."""
        self.param.update(**self.defaults())

    def to_params(self) -> dict[str, str | int | float]:
        """The whole state as flat numbers and words: for the URL, a notebook's parameters, the command line."""
        return {name: getattr(self, name) for name in PARAMETERS}

    def from_params(self, params: dict) -> None:
        """Take over a state that ``to_params`` gave, strings allowed; raises SettingError and then changes nothing."""
        wanted, before = {name: _typed(name, value) for name, value in params.items()}, self.to_params()
        try:
            self._take(wanted)
        except ValueError as error:
            self._take(before)
            raise SettingError(f"the bench cannot show this: {error}") from error

    def _take(self, wanted: dict) -> None:
        for name in PARAMETERS:  # in their order: the case decides about the bounds of the others
            if name in wanted:
                setattr(self, name, wanted[name])


_KINDS = {"case": str, "bin_method": str, "baseline": str, "seed": int, "n_bins": int}


def _typed(name: str, value):
    """The text of a URL as the type of its parameter; unknown names are refused."""
    if name not in PARAMETERS:
        raise SettingError(f"the bench has no parameter {str(name)[:40]!r}; it has {', '.join(PARAMETERS)}.")
    try:
        return _KINDS.get(name, float)(value)
    except (TypeError, ValueError):
        raise SettingError(f"{name} is {str(value)[:40]!r}; it must be a number.") from None
