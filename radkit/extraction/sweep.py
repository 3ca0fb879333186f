"""sweep: the same region at every setting of a grid of knobs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby, product
from typing import TYPE_CHECKING

from radkit.extraction.cache import StageCache
from radkit.extraction.extract import FeatureSet, extract
from radkit.extraction.perturb import add_noise, erode, noise_kind
from radkit.features import FeatureValue
from radkit.physics import GaussianPsf
from radkit.preprocess import AlignedBinWidth, FixedBinCount, FixedBinWidth, Resample, crop
from radkit.recipe import Recipe
from radkit.volume import Image, Mask, RadkitError, Roi, SettingError

if TYPE_CHECKING:
    import pandas as pd

Values = dict[str, tuple[float, ...]]  # knob -> its values
BEFORE = ("noise_sd", "erosion_mm")  # turned on the scan and its mask
WITHIN = ("psf_sigma_mm", "spacing_mm", "bin_width", "n_bins")  # turned in the recipe
KNOBS = (*BEFORE, *WITHIN)  # in the order in which they act: what comes first is turned least often


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One setting of the grid: ``settings`` in the order of the sweep's knobs, and what came out.

    ``values`` is empty where ``reason`` says why nothing could be computed; the counts are then 0. ``n_levels`` is that
    of the unfiltered image.
    """

    settings: tuple[float, ...]
    replicate: int
    values: tuple[FeatureValue, ...] = ()
    n_voxels_intensity: int = 0
    n_voxels_morphological: int = 0
    n_levels: int = 0
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """The features of one region at every setting of a grid.

    Parameters
    ----------
    units : knob -> its unit, in the order of the grid.
    cells : one a setting and replicate; the last knob of the grid runs fastest, the replicate faster still.
    noise : which noise was added, in words; "" where none was.
    computed : stage or family -> how often it was computed; the other times its result came from the cache.

    Examples
    --------
    >>> import radkit
    >>> case = radkit.load("ibsi-digital")
    >>> recipe = radkit.preset("ibsi-digital").replace(families=("morphology", "statistics"))
    >>> swept = sweep(case.image, case.mask, recipe, {"erosion_mm": (0, 2), "n_bins": (4, 8)})
    >>> swept.settings("n_bins"), swept.computed["morphology"]
    ((4.0, 8.0, 4.0, 8.0), 2)
    """

    units: dict[str, str]
    cells: tuple[Cell, ...]
    noise: str
    computed: dict[str, int]

    @property
    def features(self) -> tuple[FeatureValue, ...]:
        """Names, units and catalogue records of the features, as the first computed cell has them."""
        return next(cell.values for cell in self.cells if cell.values)

    def settings(self, knob: str) -> tuple[float, ...]:
        """The value of one knob in each cell."""
        if knob not in self.units:
            raise SettingError(f"{knob!r} was not turned; this sweep has {', '.join(self.units)}.")
        at = list(self.units).index(knob)
        return tuple(cell.settings[at] for cell in self.cells)

    def __getitem__(self, tag: str) -> tuple[float, ...]:
        """The value of one feature in each cell; NaN where the cell's ``reason`` or the value's ``note`` says why."""
        tags = [value.tag for value in self.features]
        if tag not in tags:
            raise SettingError(f"no feature {tag!r} was swept; `to_frame().name` has the names.")
        at = tags.index(tag)
        return tuple(cell.values[at].value if cell.values else math.nan for cell in self.cells)

    def to_frame(self) -> pd.DataFrame:
        """The tidy table: one row a cell and feature.

        Columns: the knobs, replicate, name, family, feature, ibsi, aggregation, value, unit, n_voxels_intensity,
        n_voxels_morphological, n_levels, note. A value is NaN only together with its note; ``attrs["units"]`` has the
        knobs' units.
        """
        import pandas as pd

        features = self.features
        about = [(v.tag, v.feature.family, v.feature.name, v.feature.ibsi, v.aggregation) for v in features]
        rows = [
            (*cell.settings, cell.replicate, *about[i], *found, *counts, note)
            for cell in self.cells
            for counts in [(cell.n_voxels_intensity, cell.n_voxels_morphological, cell.n_levels)]
            for i, (found, note) in enumerate(_found(cell, features))
        ]
        columns = (
            *self.units, "replicate", "name", "family", "feature", "ibsi", "aggregation", "value", "unit",
            "n_voxels_intensity", "n_voxels_morphological", "n_levels", "note",
        )  # fmt: skip
        frame = pd.DataFrame(rows, columns=list(columns))
        words = ("name", "family", "feature", "ibsi", "aggregation", "unit", "note")
        frame = frame.astype(dict.fromkeys(words, "category"))  # a few hundred words, a million rows
        frame.attrs["units"] = dict(self.units)
        return frame

    def to_wide(self) -> pd.DataFrame:
        """One row a cell, one column a feature; the index has the knobs, and the replicate where there are several."""
        import pandas as pd

        index = {knob: self.settings(knob) for knob in self.units}
        if any(cell.replicate for cell in self.cells):
            index["replicate"] = tuple(cell.replicate for cell in self.cells)
        table = pd.DataFrame({**index, **{v.tag: self[v.tag] for v in self.features}})
        return table.set_index(list(index))


def _found(cell: Cell, features: tuple[FeatureValue, ...]) -> list[tuple[tuple[float, str], str]]:
    """((value, unit), note) of each feature."""
    if cell.values:
        return [((v.value, v.unit), v.note) for v in cell.values]
    return [((math.nan, v.unit), cell.reason) for v in features]


def turn(recipe: Recipe, knob: str, value: float) -> Recipe:
    """The recipe with one knob turned: "bin_width", "n_bins", "spacing_mm" or "psf_sigma_mm".

    ``bin_width`` keeps the origin and the unit of the recipe's bin width; ``spacing_mm`` is isotropic and keeps
    the interpolation; ``psf_sigma_mm`` is isotropic, 0 takes the blur away.
    """
    match knob:
        case "bin_width":
            if not isinstance(recipe.binning, (FixedBinWidth, AlignedBinWidth)):
                raise SettingError(
                    f"recipe {recipe.name!r} has no fixed bin width to turn. "
                    "Give its binning an origin and a unit first."
                )
            return recipe.replace(binning=replace(recipe.binning, width=value))
        case "n_bins":
            return recipe.replace(binning=FixedBinCount(n_bins=int(value)))
        case "spacing_mm":
            interpolation = recipe.resample.interpolation if recipe.resample else "linear"
            return recipe.replace(resample=Resample.isotropic(value, interpolation=interpolation))
        case "psf_sigma_mm":
            return recipe.replace(psf=GaussianPsf(sigma_mm=(value,) * 3) if value else None)
        case _:
            raise SettingError(f"no knob is called {knob!r}; use one of {', '.join(WITHIN)}.")


def sweep(
    image: Image,
    mask: Mask,
    recipe: Recipe,
    grid: Mapping[str, Iterable[float]],
    *,
    replicates: int = 1,
    seed: int = 0,
    cache: StageCache | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Sweep:
    """Extract at every setting of a grid; a stage that two settings share is computed once.

    Parameters
    ----------
    image, mask : on one grid, (z, y, x).
    recipe : what the knobs are turned on.
    grid : knob -> values. "psf_sigma_mm", "spacing_mm" and either "bin_width" or "n_bins" are turned in the recipe
        (see ``turn``). "noise_sd" is noise added to the scan before it, in the image's unit (see ``add_noise``);
        "erosion_mm" moves the mask's border inwards, below 0 outwards (see ``erode``).
    replicates : how many realizations of the noise; a setting without noise has one.
    seed : of the noise. A realization depends on it, on the replicate and on the image, and on nothing else: not on
        the rest of the grid nor on its order; a larger ``noise_sd`` is the same field, scaled.
    cache : keeps stage results for the next call, and bounds the memory; None: 512 MiB, forgotten afterwards.
    progress : called with the setting and the fraction done; an exception that it raises ends the sweep.

    Returns
    -------
    Sweep. A setting that cannot be computed (nothing is left of the mask) is a cell with its reason.

    Raises
    ------
    SettingError : an unknown knob, a value that no setting can take, two knobs for the binning.
    RadkitError : the reason of the first cell, where not one cell could be computed.
    """
    values = _checked(grid, replicates, seed)
    image.grid.require_match(mask.grid, "image", "mask")
    plan = _Plan(image, mask, recipe, values, seed, StageCache() if cache is None else cache)
    cells = [Cell(settings=s, replicate=r) for s in product(*values.values()) for r in plan.replicates(s, replicates)]
    done: dict[tuple, Cell] = {}
    for _, alike in groupby(sorted(cells, key=plan.order), key=lambda cell: plan.order(cell)[:2]):
        for found in plan.run(list(alike)):
            done[found.settings, found.replicate] = found
            if progress:
                progress(plan.title(found), len(done) / len(cells))
    cells = [done[cell.settings, cell.replicate] for cell in cells]
    if not any(cell.values for cell in cells):
        raise plan.refused
    return Sweep(
        units={knob: _unit(knob, image, recipe) for knob in values},
        cells=tuple(cells),
        noise=noise_kind(image) if any(values.get("noise_sd", ())) else "",
        computed=dict(plan.computed),
    )


class _Plan:
    """A sweep while it runs: what all its cells share."""

    def __init__(self, image: Image, mask: Mask, recipe: Recipe, values: Values, seed: int, cache: StageCache):
        self.knobs, self.whole, self.seed, self.cache = tuple(values), image, seed, cache
        within = [values.get(knob, (None,)) for knob in WITHIN]
        self.recipes = {chosen: _turned(recipe, chosen) for chosen in product(*within)}
        scan = _seen(image, mask, self.recipes.values(), min((0.0, *values.get("erosion_mm", ()))))
        self.image, mask = scan.image, Mask(scan.morphological_mask, scan.image.grid, mask.name)
        self.eroded = lru_cache(maxsize=None)(lambda erosion_mm: erode(mask, erosion_mm))
        self.computed: Counter[str] = Counter()
        self.refused: RadkitError | None = None

    def setting(self, settings: tuple[float, ...], knob: str, absent: float | None = 0.0) -> float | None:
        """The value of a knob, or ``absent`` where the grid has no such knob."""
        return settings[self.knobs.index(knob)] if knob in self.knobs else absent

    def replicates(self, settings: tuple[float, ...], wanted: int) -> range:
        return range(wanted if self.setting(settings, "noise_sd") else 1)

    def order(self, cell: Cell) -> tuple[float, ...]:
        """What acts first varies slowest, so that what the next cell needs was used last and is still in the cache."""
        return (cell.replicate, *(self.setting(cell.settings, knob) for knob in KNOBS))

    def title(self, cell: Cell) -> str:
        parts = [f"{knob} {value:g}" for knob, value in zip(self.knobs, cell.settings, strict=True)]
        return ", ".join(parts) + (f", replicate {cell.replicate}" if cell.replicate else "")

    def run(self, cells: list[Cell]) -> Iterator[Cell]:
        """Cells of one realization of the noise, one after the other."""
        sd, image = self.setting(cells[0].settings, "noise_sd"), None
        for cell in cells:
            try:
                image = self.noisy(sd, cell.replicate) if image is None else image
                mask = self.eroded(self.setting(cell.settings, "erosion_mm"))
                recipe = self.recipes[tuple(self.setting(cell.settings, knob, None) for knob in WITHIN)]
                found = extract(image, mask, recipe, cache=self.cache)
            except RadkitError as reason:
                self.refused = self.refused or reason.with_traceback(None)  # whose frames would hold on to the scan
                yield Cell(settings=cell.settings, replicate=cell.replicate, reason=str(reason))
            else:
                self.computed.update(stage.name for stage in found.stages if not stage.cached)
                yield _cell(cell, found)

    def noisy(self, sd: float, replicate: int) -> Image:
        """The scan with noise whose seed names the whole image: another patient gets other noise from one seed."""
        return add_noise(self.image, sd, (self.seed, replicate, int(self.whole.digest[:16], 16))) if sd else self.image


def _cell(cell: Cell, found: FeatureSet) -> Cell:
    counts = {name: found.provenance[name] for name in ("n_voxels_intensity", "n_voxels_morphological", "n_levels")}
    return Cell(settings=cell.settings, replicate=cell.replicate, values=found.values, **counts)


def _checked(grid: Mapping[str, Iterable[float]], replicates: int, seed: int) -> Values:
    """Knob -> values as floats, or SettingError."""
    values = {knob: tuple(float(v) for v in given) for knob, given in grid.items()}
    if not values:
        raise SettingError(f"the grid has no knob; give values for one or more of {', '.join(KNOBS)}.")
    for knob, given in values.items():
        _check_knob(knob, given)
    if {"bin_width", "n_bins"} <= values.keys():
        raise SettingError("bin_width and n_bins both set the binning. Sweep one of them at a time.")
    if seed < 0:
        raise SettingError(f"seed is {seed}; it must be a whole number, 0 or more.")
    if replicates < 1:
        raise SettingError(f"replicates is {replicates}; it must be 1 or more.")
    if replicates > 1 and not any(values.get("noise_sd", ())):
        raise SettingError(f"{replicates} replicates without noise would all be the same. Sweep noise_sd too.")
    return values


def _check_knob(knob: str, given: tuple[float, ...]) -> None:
    if knob not in KNOBS:
        raise SettingError(f"no knob is called {knob!r}; use one of {', '.join(KNOBS)}.")
    if not given:
        raise SettingError(f"no values of {knob} were given. Give at least one.")
    listed = ", ".join(f"{v:g}" for v in given)
    if len(set(given)) < len(given):
        raise SettingError(f"{knob} has a value twice: {listed}. Give each once.")
    if not all(math.isfinite(v) and (v >= 0 or knob == "erosion_mm") for v in given):
        raise SettingError(f"{knob} is {listed}; each must be finite, and 0 or more.")
    if knob == "n_bins" and not all(v.is_integer() for v in given):
        raise SettingError(f"n_bins is {listed}; each must be a whole number.")


def _turned(recipe: Recipe, chosen: tuple[float | None, ...]) -> Recipe:
    for knob, value in zip(WITHIN, chosen, strict=True):
        recipe = recipe if value is None else turn(recipe, knob, value)
    return recipe


def _seen(image: Image, mask: Mask, recipes: Iterable[Recipe], least_erosion_mm: float) -> Roi:
    """The scan as far as any of the recipes can see it: the noise of the rest is never made."""
    roi = Roi.of(image, mask)
    recipes = tuple(recipes)
    if any(r.normalize is not None and r.normalize.region != "roi" for r in recipes):
        return roi
    reach = [max(axis) for axis in zip(*(r.support_voxels(image.grid) for r in recipes), strict=True)]
    dilation = [math.ceil(-least_erosion_mm / spacing) for spacing in image.grid.spacing_mm]
    return crop(roi, tuple(a + b for a, b in zip(reach, dilation, strict=True)))


def _unit(knob: str, image: Image, recipe: Recipe) -> str:
    if knob == "bin_width":
        return recipe.binning.unit
    return {"n_bins": "bins", "noise_sd": image.unit}.get(knob, "mm")
