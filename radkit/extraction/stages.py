"""The stage runner: image and mask through blur, normalization, resampling, re-segmentation, filters, discretization.

Every result is cached by what went into it (content hashes of image and mask, and the frozen settings so far), so
moving the bin width never resamples again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from radkit.extraction.cache import StageCache
from radkit.filters import Filter, apply, support_voxels
from radkit.physics import blur, zscore
from radkit.preprocess import FixedBinCount, below_origin, crop, discretize, resample, resegment
from radkit.recipe import Recipe
from radkit.volume import Image, Levels, Mask, Roi, bounding_box

WORTH_CROPPING = 0.7  # of a scan that is hardly larger than the region a copy would cost more than it saves
_RESPONSE_CURVE = FixedBinCount(n_bins=1000)  # IBSI's choice for arbitrary units, which a response map is in


@dataclass(frozen=True, kw_only=True)
class StageRecord:
    """What one stage did: how long it took and what it left of the region."""

    name: str
    ms: float
    cached: bool
    n_voxels: int
    n_levels: int | None
    low: float
    high: float
    note: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Pipeline:
    """The stages' results for one recipe.

    ``scan`` is the region on the scan's own grid after blur and normalization (cropped to what features can see),
    ``resampled`` on the new grid, ``roi`` after re-segmentation, ``levels`` after discretization.
    ``keys`` name each result in the cache. ``filtered`` holds, by the filter's name, the same pipeline with the
    response map as image, cropped to the region, and the recipe's ``filter_binning``.
    """

    recipe: Recipe
    scan: Roi
    resampled: Roi
    roi: Roi
    levels: Levels
    stages: tuple[StageRecord, ...]
    keys: dict[str, Any]
    filtered: dict[str, Pipeline] = field(default_factory=dict)


def run_stages(image: Image, mask: Mask, recipe: Recipe, cache: StageCache | None = None) -> Pipeline:
    """Run every stage before the features.

    Raises the named errors of ``radkit.volume``: GeometryMismatch, UnitMismatch, EmptyMask, SettingError.
    """
    image.grid.require_match(mask.grid, "image", "mask")
    recipe.check_unit(image)
    runner = _Runner(StageCache() if cache is None else cache, ("input", image.digest, mask.digest))
    margin = recipe.support_voxels(image.grid)
    roi = runner.run("read", margin, lambda: _start(image, mask, recipe, margin))
    if recipe.psf is not None:
        roi = runner.run("blur", recipe.psf, lambda r=roi: _with_image(r, blur(r.image, recipe.psf)))
    if recipe.normalize is not None:
        roi = runner.run("normalize", recipe.normalize, lambda r=roi: _normalize(r, recipe, margin))
    scan = roi
    if recipe.resample is not None:
        roi = runner.run("resample", recipe.resample, lambda r=roi: resample(r, recipe.resample))
    resampled, resampled_key = roi, runner.key
    if recipe.resegment is not None:
        roi = runner.run("resegment", recipe.resegment, lambda r=roi: resegment(r, recipe.resegment))
    levels = runner.discretize(roi, recipe)
    original = Pipeline(
        recipe=recipe,
        scan=scan,
        resampled=resampled,
        roi=roi,
        levels=levels,
        stages=tuple(runner.records),
        keys=runner.keys,
    )
    filtered = {f.name: _filtered(f, original, runner, resampled_key) for f in recipe.filters}
    return replace(original, filtered=filtered, stages=tuple(runner.records))


def _filtered(filter: Filter, original: Pipeline, runner: _Runner, resampled_key: tuple) -> Pipeline:
    """The pipeline of one response map: the resampled image filtered, in the region that re-segmentation left."""
    recipe = original.recipe
    branch = runner.branch(resampled_key)
    response = branch.filter(filter, original)
    own = recipe.replace(binning=recipe.filter_binning, ivh_binning=_RESPONSE_CURVE, filters=(), original=True)
    levels = branch.discretize(response, own)
    return replace(original, recipe=own, roi=response, levels=levels, keys=branch.keys)


def _respond(base: Roi, filter: Filter) -> Roi:
    seen = crop(base, support_voxels(filter, base.image.grid))
    return crop(_with_image(seen, apply(seen.image, filter)), (0, 0, 0))


def _window(array, whole: Roi, part: Roi):
    """The voxels of an array on the whole region's grid that lie on the part's grid."""
    start = (a - b for a, b in zip(part.image.grid.offset, whole.image.grid.offset, strict=True))
    return array[tuple(slice(a, a + n) for a, n in zip(start, part.image.grid.shape, strict=True))]


class _Runner:
    """Runs stages through the cache, chaining their keys and writing their records."""

    def __init__(self, cache: StageCache, key: tuple):
        self.cache = cache
        self.key: tuple = key
        self.keys: dict[str, tuple] = {}
        self.records: list[StageRecord] = []

    def branch(self, key: tuple) -> _Runner:
        """A runner that goes on from an earlier key and writes into the same records."""
        other = _Runner(self.cache, key)
        other.records = self.records
        return other

    def run(self, name: str, setting: Any, compute: Callable[[], Roi]) -> Roi:
        roi, cached, ms = self._timed(name, setting, compute)
        before = self.records[-1].n_voxels if self.records else None
        after = int(roi.values.size)
        note = "" if name == "read" else (roi.image.notes or ("",))[-1]
        if name == "resegment":
            note = f"{before - after:,} of {before:,} voxels left out"
        self._record(name, ms, cached, roi, None, note)
        self.keys["roi"] = self.key
        return roi

    def filter(self, filter: Filter, original: Pipeline) -> Roi:
        """The response to the resampled image; another range of re-segmentation does not compute it again."""
        base, resegment = original.resampled, original.recipe.resegment
        response, cached, ms = self._timed("filter", filter, lambda: _respond(base, filter))
        if resegment is not None:
            # a new region, not the old one's: its range is in the image's unit and means nothing on a response
            kept = _window(original.roi.intensity_mask, base, response)
            response = Roi(response.image, response.morphological_mask, kept)
            self.key = (*self.key, "resegment", resegment)
        self._record("filter", ms, cached, response, None, response.image.notes[-1])
        self.keys["roi"] = self.key
        return response

    def discretize(self, roi: Roi, recipe: Recipe) -> Levels:
        levels, cached, ms = self._timed("discretize", recipe.binning, lambda: discretize(roi, recipe.binning))
        below = below_origin(roi, recipe.binning)
        note = f"{below:,} voxels below the origin are in level 1" if below else ""
        self._record("discretize", ms, cached, roi, levels.n_levels, note)
        self.keys["levels"] = self.key
        return levels

    def _timed(self, name: str, setting: Any, compute: Callable[[], Any]) -> tuple[Any, bool, float]:
        self.key = (*self.key, name, setting)
        start = time.perf_counter()
        result, cached = self.cache.get(self.key, compute)
        return result, cached, (time.perf_counter() - start) * 1e3

    def _record(self, name: str, ms: float, cached: bool, roi: Roi, n_levels: int | None, note: str) -> None:
        low, high = roi.extremes
        self.records.append(
            StageRecord(
                name=name,
                ms=ms,
                cached=cached,
                n_voxels=int(roi.values.size),
                n_levels=n_levels,
                low=low,
                high=high,
                note=note,
            )
        )


def _start(image: Image, mask: Mask, recipe: Recipe, margin: tuple[int, int, int]) -> Roi:
    roi = Roi.of(image, mask)
    needs_whole_scan = recipe.normalize is not None and recipe.normalize.region != "roi"
    box, shape = bounding_box(mask.array), mask.array.shape
    sides = (min(n, s.stop + m) - max(0, s.start - m) for s, m, n in zip(box, margin, shape, strict=True))
    left = math.prod(sides) / mask.array.size
    return roi if needs_whole_scan or left > WORTH_CROPPING else crop(roi, margin)


def _normalize(roi: Roi, recipe: Recipe, margin: tuple[int, int, int]) -> Roi:
    mask = Mask(roi.morphological_mask, roi.image.grid)
    return crop(_with_image(roi, zscore(roi.image, mask, recipe.normalize)), margin)


def _with_image(roi: Roi, image: Image) -> Roi:
    return Roi(image, roi.morphological_mask, roi.intensity_mask)
