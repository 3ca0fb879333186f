"""robustness: what of a feature survives a change of settings, from the sweeps of several cases."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata, spearmanr

from radkit.evaluate.agreement import icc
from radkit.extraction import KNOBS
from radkit.features import find
from radkit.volume import RadkitError, SettingError

if TYPE_CHECKING:
    import pandas as pd

# Below this a texture is mostly border: of the 64 voxels of a cube with an edge of 4, only 8 have all 26 neighbors, and
# 32 gray levels get two voxels each. A convention, as any such limit: features differ.
FEW_VOXELS = 64
VOLUME = "morph_volume"
EXPECTATIONS = {"psf_sigma_mm": "blur", "noise_sd": "noise", "bin_width": "wider_bins"}  # knob -> the catalogue's moves
_SAME = 1e-9  # relative: two values closer than that differ by rounding


@dataclass(frozen=True, kw_only=True)
class Course:
    """Which way a feature goes when one knob is turned up, the others at the reference.

    ``direction`` is "up", "down" or "none" (it stays) where more than half of the cases agree on it, else "mixed";
    ``n_agree`` counts the most cases that agree. ``expected`` is the catalogue's, "" where it has none.
    """

    knob: str
    direction: str
    n_agree: int
    n_cases: int
    expected: str

    def __str__(self) -> str:
        most = "at most " if self.direction == "mixed" else ""
        return f"{self.direction} in {most}{self.n_agree} of {self.n_cases}"

    @property
    def as_expected(self) -> bool | None:
        """Whether the direction is the catalogue's; None where it has none."""
        return self.direction == self.expected if self.expected else None


@dataclass(frozen=True, kw_only=True)
class FeatureRobustness:
    """One feature over all cases and settings. A number is NaN only where ``notes`` says why, under its name.

    Parameters
    ----------
    name, family, ibsi : of the feature.
    icc, icc_low, icc_high, grade : ICC(A,1) of cases by settings, its 95 % interval, and Koo and Li's word for the
        lower bound.
    cv : median over the cases of the SD over a case's settings (n - 1), divided by the absolute mean.
    volume_rho : Spearman correlation, over the cases, with the mesh volume, both at the reference.
    courses : one for each knob that was turned and that the catalogue has an expectation about.
    n_cases : cases with a value at every setting; the others are left out of everything but the counts of voxels.
    n_voxels_low, n_voxels_high : voxels of the region (morphology: the morphological mask) over all cases and settings
        that could be computed.
    warning : "" or a sentence: how often the region has fewer voxels than the limit.
    notes : name of a number -> why it has no value; "n_cases" -> how many were left out.
    """

    name: str
    family: str
    ibsi: str
    icc: float
    icc_low: float
    icc_high: float
    grade: str
    cv: float
    volume_rho: float
    courses: tuple[Course, ...]
    n_cases: int
    n_voxels_low: int
    n_voxels_high: int
    warning: str
    notes: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Robustness:
    """The robustness table: one entry a feature, and what it was made from."""

    features: tuple[FeatureRobustness, ...]
    cases: tuple[str, ...]
    n_settings: int
    vary: tuple[str, ...]
    reference: dict[str, float]
    few_voxels: int

    def __getitem__(self, name: str) -> FeatureRobustness:
        for feature in self.features:
            if feature.name == name:
                return feature
        raise SettingError(f"no feature {name!r} is in the table; `to_frame().name` has the names.")

    def to_frame(self) -> pd.DataFrame:
        """One row a feature; a course as direction, its share of the cases in words, the expectation, and whether met.

        The column ``note`` has every reason why a number is NaN.
        """
        import pandas as pd

        rows = []
        for feature in self.features:
            row = {f.name: getattr(feature, f.name) for f in fields(feature) if f.name not in ("courses", "notes")}
            for course in feature.courses:
                what = EXPECTATIONS[course.knob]
                row |= {what: str(course), f"{what}_expected": course.expected, f"{what}_met": course.as_expected}
            rows.append({**row, "note": "; ".join(f"{what}: {why}" for what, why in feature.notes.items())})
        return pd.DataFrame(rows)


def robustness(
    tables: Mapping[str, pd.DataFrame],
    *,
    vary: tuple[str, ...] | None = None,
    reference: Mapping[str, float] | None = None,
    few_voxels: int = FEW_VOXELS,
) -> Robustness:
    """How far each feature agrees with itself over the settings of a sweep.

    Parameters
    ----------
    tables : case -> ``Sweep.to_frame()``; all of one grid.
    vary : the knobs over which ICC and CV are taken, the others staying at the reference; None: all of the grid.
    reference : knob -> the value that the other knobs stay at; None, or a knob left out: the grid's first value.
    few_voxels : a region with fewer is warned about.

    Raises
    ------
    SettingError : no table, tables of different grids or features, a knob or value that the grid does not have.

    Source: for perturbing noise, outline and volume, Zwanenburg A et al. Sci Rep 2019;9:614,
    doi:10.1038/s41598-018-36938-4.

    Examples
    --------
    >>> import radkit
    >>> recipe = radkit.Recipe.default("CT").replace(families=("morphology", "statistics"))
    >>> cases = [radkit.load(f"simulated/{seed}") for seed in (1, 2)]
    >>> swept = {c.name: radkit.sweep(c.image, c.mask, recipe, {"psf_sigma_mm": (0, 2)}).to_frame() for c in cases}
    >>> found = robustness(swept)
    >>> str(found["stat_var"].courses[0]), found["morph_sphericity"].grade
    ('down in 2 of 2', 'excellent')
    """
    panel = _Panel.of(tables, reference or {})
    vary = panel.knobs if vary is None else tuple(vary)
    for knob in vary:
        panel.require(knob)
    kept = panel.at_reference(except_for=vary)
    return Robustness(
        features=tuple(_feature(panel, i, kept, few_voxels) for i in range(len(panel.about))),
        cases=panel.cases,
        n_settings=int(kept.sum()),
        vary=vary,
        reference=panel.reference,
        few_voxels=few_voxels,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class _Panel:
    """The tables as arrays: values (case, setting, feature), settings (setting, knob), voxels (2, case, setting).

    ``voxels`` counts the intensity mask first and the morphological mask second.
    """

    cases: tuple[str, ...]
    knobs: tuple[str, ...]
    settings: np.ndarray
    reference: dict[str, float]
    about: tuple[tuple[str, str, str], ...]
    values: np.ndarray
    voxels: np.ndarray

    @classmethod
    def of(cls, tables: Mapping[str, pd.DataFrame], reference: Mapping[str, float]) -> _Panel:
        if not tables:
            raise SettingError("robustness got no table; pass {case: sweep(...).to_frame()}.")
        first = next(iter(tables.values()))
        knobs = tuple(column for column in first.columns if column in KNOBS)
        if not knobs:
            raise SettingError(f"the tables have none of the knobs {', '.join(KNOBS)}. Use Sweep.to_frame().")
        by = [*knobs, "replicate"]
        settings = first[by].drop_duplicates().to_numpy(float)
        about = tuple(first[["name", "family", "ibsi"]].drop_duplicates().itertuples(index=False, name=None))
        parts = [_case(case, table, by, settings, [name for name, *_ in about]) for case, table in tables.items()]
        chosen = dict(zip(knobs, settings[0], strict=False))
        panel = cls(
            cases=tuple(tables),
            knobs=knobs,
            settings=settings[:, :-1],
            reference={knob: float(reference.get(knob, value)) for knob, value in chosen.items()},
            about=about,
            values=np.stack([values for values, _ in parts]),
            voxels=np.stack([voxels for _, voxels in parts], axis=1),
        )
        for knob, value in reference.items():
            if value not in panel.require(knob):
                raise SettingError(f"the reference {knob} {value:g} is not one of the sweep's settings.")
        return panel

    def require(self, knob: str) -> np.ndarray:
        """The settings of a knob, (setting,)."""
        if knob not in self.knobs:
            raise SettingError(f"{knob!r} was not turned; these sweeps have {', '.join(self.knobs)}.")
        return self.settings[:, self.knobs.index(knob)]

    def at_reference(self, except_for: tuple[str, ...] = ()) -> np.ndarray:
        """Where all knobs but the named ones are at the reference, bool (setting,)."""
        fixed = [self.require(knob) == value for knob, value in self.reference.items() if knob not in except_for]
        return np.all(fixed, axis=0) if fixed else np.ones(len(self.settings), dtype=bool)


def _case(case: str, table: pd.DataFrame, by: list[str], settings, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Values (setting, feature) and voxels (2, setting) of one table, in the order of the first one."""
    other = f"the table of {case} has other knobs, settings or features than the first one. Sweep one grid."
    if [knob for knob in KNOBS if knob in table] != [knob for knob in KNOBS if knob in by]:
        raise SettingError(other)
    indexed = table.astype({"name": str, "replicate": float}).set_index([*by, "name"])
    if indexed.index.duplicated().any():
        raise SettingError(f"the table of {case} has a feature twice at one setting. Give each case its own table.")
    wide, order = indexed["value"].unstack("name"), [tuple(setting) for setting in settings]
    if len(table) != len(order) * len(names) or set(wide.columns) != set(names) or set(wide.index) != set(order):
        raise SettingError(other)
    counts = indexed.groupby(by)[["n_voxels_intensity", "n_voxels_morphological"]].first()
    return wide.loc[order, names].to_numpy(float), counts.loc[order].to_numpy(int).T


def _feature(panel: _Panel, i: int, kept: np.ndarray, few_voxels: int) -> FeatureRobustness:
    name, family, ibsi = panel.about[i]
    values = panel.values[:, :, i]
    complete = np.isfinite(values).all(axis=1)
    notes: dict[str, str] = {}
    n_out = len(complete) - int(complete.sum())
    if n_out:
        notes["n_cases"] = f"{n_out} of {len(complete)} left out, without a value at every setting"
    values = values[complete]
    voxels = panel.voxels[1 if family == "morphology" else 0]
    value, low, high, word = _agreement(values[:, kept], notes)
    return FeatureRobustness(
        name=name,
        family=family,
        ibsi=ibsi,
        icc=value,
        icc_low=low,
        icc_high=high,
        grade=word,
        cv=_within_case_cv(values[:, kept], notes),
        volume_rho=_with_volume(panel, i, complete, notes),
        courses=tuple(_course(panel, name, values, knob) for knob in EXPECTATIONS if knob in panel.knobs),
        n_cases=len(values),
        n_voxels_low=int(voxels[voxels > 0].min()),  # 0 where the setting could not be computed
        n_voxels_high=int(voxels.max()),
        warning=_warning(voxels, few_voxels),
        notes=notes,
    )


def _agreement(values: np.ndarray, notes: dict[str, str]) -> tuple[float, float, float, str]:
    """ICC(A,1) of values (case, setting), its interval and its grade."""
    n, k = values.shape
    if min(n, k) < 2:
        few = f"{n} case{'s' * (n != 1)}" if n < 2 else f"{k} setting"
        notes["icc"] = f"{few} with a value; agreement needs at least 2 cases and 2 settings"
        return math.nan, math.nan, math.nan, ""
    try:
        found = icc(values, "A,1")
    except RadkitError as reason:
        notes["icc"] = str(reason)
        return math.nan, math.nan, math.nan, ""
    return found.value, found.low, found.high, found.grade


def _within_case_cv(values: np.ndarray, notes: dict[str, str]) -> float:
    """Median over the cases of SD over |mean| within a case; undefined where the feature has no zero to start from."""
    if values.shape[1] < 2 or not len(values):
        notes["cv"] = "a spread within a case needs a case and at least 2 settings"
        return math.nan
    if values.min() < 0 < values.max():
        notes["cv"] = "the feature takes both signs, so its mean may lie near 0 and is no measure of its size"
        return math.nan
    mean = np.abs(values.mean(axis=1))
    if (mean == 0).any():
        notes["cv"] = f"the feature is 0 at every setting of {int((mean == 0).sum())} cases"
        return math.nan
    return float(np.median(values.std(axis=1, ddof=1) / mean))


def _with_volume(panel: _Panel, i: int, complete: np.ndarray, notes: dict[str, str]) -> float:
    """Spearman correlation with the volume at the reference, over the cases."""
    names = [name for name, *_ in panel.about]
    if VOLUME not in names:
        notes["volume_rho"] = f"{VOLUME} was not computed; add the family morphology to the recipe"
        return math.nan
    at = int(np.flatnonzero(panel.at_reference())[0])
    feature, volume = panel.values[complete, at, i], panel.values[complete, at, names.index(VOLUME)]
    if len(feature) < 3:
        notes["volume_rho"] = f"{len(feature)} cases with a value; a rank correlation needs at least 3"
        return math.nan
    if np.ptp(feature) == 0 or np.ptp(volume) == 0:
        notes["volume_rho"] = "feature or volume is the same in every case"
        return math.nan
    return float(spearmanr(feature, volume).statistic)


def _course(panel: _Panel, name: str, values: np.ndarray, knob: str) -> Course:
    """The sign of the rank correlation between one knob and the feature within each case, and what most cases say."""
    turned = panel.at_reference(except_for=(knob,))
    settings = panel.require(knob)[turned]
    moves = "" if "__" in name else getattr(find(name).moves, EXPECTATIONS[knob])  # of a filtered image nobody knows
    votes = Counter(_signs(settings, values[:, turned]))
    direction, n_agree = votes.most_common(1)[0] if votes else ("mixed", 0)
    if n_agree * 2 <= len(values):
        direction = "mixed"
    return Course(knob=knob, direction=direction, n_agree=n_agree, n_cases=len(values), expected=moves or "")


def _signs(settings: np.ndarray, values: np.ndarray) -> Iterator[str]:
    """The sign of Spearman's correlation of the settings, (setting,), with each case's values, (case, setting)."""
    middle = (len(settings) + 1) / 2
    covariance = (rankdata(values, axis=1) - middle) @ (rankdata(settings) - middle)
    for case, rise in zip(values, covariance, strict=True):
        if np.ptp(case) <= _SAME * np.abs(case).max():
            yield "none"
        else:
            yield "up" if rise > 0 else "down" if rise < 0 else "mixed"


def _warning(voxels: np.ndarray, few: int) -> str:
    """A sentence about the regions, (case, setting), with fewer voxels than ``few``."""
    below = (voxels > 0) & (voxels < few)
    if not below.any():
        return ""
    return (
        f"fewer than {few} voxels in {int(below.sum())} of {below.size} regions, of {int(below.any(axis=1).sum())} of "
        f"{len(below)} cases (least: {int(voxels[below].min())}); a texture is mostly border there."
    )
