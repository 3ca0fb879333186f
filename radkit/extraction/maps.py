"""voxel_map: a feature in the neighborhood of every voxel, as a volume.

The stages run once for the whole region, so every neighborhood has the region's gray levels. The value at a voxel is
the feature of its cut-out (``cut_out``): the cube around it, cut with the masks. Batches of windows are computed one
after the other, so that memory stays bounded and a stop is heard soon.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

import numpy as np

from radkit.extraction.cut_out import Index, records
from radkit.extraction.extract import family_record, provenance_of
from radkit.extraction.feature_map import FeatureMap, VoxelMaps
from radkit.extraction.stages import Pipeline, StageRecord, run_stages
from radkit.extraction.wishes import Wish, neighborhood, wishes
from radkit.features import Feature, Undefined, evaluate, not_finite
from radkit.matrices.window_stacks import BUILDERS, batch_size, stack
from radkit.matrices.windows import Windows
from radkit.recipe import Recipe, default
from radkit.volume import Cancelled, Image, Mask, SettingError

ONE_BY_ONE = 250  # windows in a batch of a family whose windows are computed one by one
MAX_THREADS = 64
Progress = Callable[[str, float], None]


class Event(Protocol):
    """A threading.Event, or anything else that can be asked whether it is set."""

    def is_set(self) -> bool:
        """True from the moment on when the work shall stop."""


Cancel = Event | Callable[[], bool]


def voxel_map(
    image: Image,
    mask: Mask,
    recipe: Recipe | None = None,
    *,
    features: Iterable[str] = ("cm_contrast_3D_avg",),
    radius: int | Index = 2,
    threads: int = 1,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> VoxelMaps:
    """Maps of features: at each voxel of the intensity mask the value of the feature in the cube around it.

    Image and mask go through the recipe's stages once, so the gray levels are those of the whole region. Each value is
    what ``features.compute`` says of the cube cut with both masks. NaN outside the mask, and where the feature has no
    value; then the map counts the reasons.

    Parameters
    ----------
    image, mask : on one grid, (z, y, x).
    recipe : all settings; None takes the default of the image's modality. Its families and aggregations do not matter.
    features : tags as in the table of features, with the aggregation; of a filtered image with the filter's name.
    radius : of the cube, in voxels of the resampled grid: 1 is 3 x 3 x 3; or one for each axis (z, y, x).
    threads : how many batches are worked on at a time; no value depends on it.
    progress : called with what is computed and the fraction done, which never falls.
    cancel : an event, or a function, that says after each batch whether to stop.

    Raises
    ------
    DataNotFound : no such tag.
    SettingError : a radius or number of threads out of bounds; a feature of shape, or of intensity peaks.
    Cancelled : ``cancel`` said so.
    GeometryMismatch, UnitMismatch, EmptyMask : see ``radkit.volume``.

    Examples
    --------
    >>> import radkit
    >>> case = radkit.load("ibsi-digital")
    >>> maps = radkit.voxel_map(case.image, case.mask, radkit.preset("ibsi-digital"), features=["stat_mean"], radius=1)
    >>> maps["stat_mean"].array[0, 0, 0] == case.image.array[:2, :2, :2][case.mask.array[:2, :2, :2]].mean()
    np.True_
    """
    recipe = recipe if recipe is not None else default(image.modality)
    radius = neighborhood(radius)
    if progress:
        progress("stages", 0.0)
    pipeline = run_stages(image, mask, recipe)
    maps, stages = map_features(pipeline, features, radius=radius, threads=threads, progress=progress, cancel=cancel)
    provenance = provenance_of(image, mask, pipeline)
    provenance["radius_voxels"] = list(radius)
    provenance["undefined"] = {one.tag: one.undefined for one in maps if one.undefined}
    return VoxelMaps(maps=maps, radius=radius, stages=(*pipeline.stages, *stages), provenance=provenance)


def map_features(
    pipeline: Pipeline,
    features: Iterable[str],
    *,
    radius: int | Index = 2,
    threads: int = 1,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> tuple[tuple[FeatureMap, ...], tuple[StageRecord, ...]]:
    """The maps of a pipeline whose stages have run, perhaps through a cache, and what each family's took.

    Parameters and errors are those of ``voxel_map``.
    """
    tags = tuple(dict.fromkeys((features,) if isinstance(features, str) else features))
    wanted, radius = wishes(pipeline, tags), neighborhood(radius)
    if threads != int(threads) or not 1 <= threads <= MAX_THREADS:
        raise SettingError(f"threads is {threads!r}; it must be a whole number from 1 to {MAX_THREADS}.")
    watch = _Watch(sum(wish.pipeline.roi.values.size for wish in wanted), progress, cancel)
    found, stages = {}, []
    for wish in wanted:
        start = perf_counter()
        found.update((one.tag, one) for one in _maps(wish, radius, int(threads), watch))
        ms = (perf_counter() - start) * 1e3
        stages.append(family_record(f"map {wish.prefix}{wish.family.name}", wish.family.name, wish.pipeline, ms, False))
    return tuple(found[tag] for tag in tags), tuple(stages)


class _Watch:
    """Counts the voxels that are done, says so, and stops the work when it is asked to."""

    def __init__(self, n_voxels: int, progress: Progress | None, cancel: Cancel | None):
        self.n_voxels, self.done = n_voxels, 0
        self.progress = progress or (lambda name, fraction: None)
        self.cancelled = getattr(cancel, "is_set", cancel) or (lambda: False)

    def check(self) -> None:
        if self.cancelled():
            raise Cancelled(
                f"the maps were stopped after {self.done:,} of {self.n_voxels:,} voxels; nothing is kept. "
                "Start again to have them."
            )

    def count(self, name: str, n: int) -> None:
        self.done += n
        self.progress(name, self.done / self.n_voxels)
        self.check()


@dataclass(frozen=True)
class _Batch:
    """One feature in some windows: its values, NaN where there is none, and how often for which reason."""

    values: np.ndarray
    unit: str
    undefined: Counter[str]


def _maps(wish: Wish, radius: Index, threads: int, watch: _Watch) -> tuple[FeatureMap, ...]:
    mask = wish.pipeline.roi.intensity_mask
    where = np.flatnonzero(mask)
    size, compute = ONE_BY_ONE, _one_by_one
    if wish.family.name in BUILDERS:
        size = batch_size(wish.family.name, radius, wish.aggregation, wish.pipeline.levels.n_levels)
        compute = _stacked
    arrays = [np.full(mask.size, np.nan) for _ in wish.features]
    undefined: list[Counter[str]] = [Counter() for _ in wish.features]
    units = [""] * len(wish.features)

    def work(start: int) -> list[_Batch]:
        voxels = np.stack(np.unravel_index(where[start : start + size], mask.shape), axis=1)
        return compute(wish, radius, voxels, wish.features)

    starts = range(0, len(where), size)
    watch.check()
    with closing(_in_order(work, starts, threads)) as batches:
        for start, batch in zip(starts, batches, strict=True):
            part = where[start : start + size]
            for k, found in enumerate(batch):
                arrays[k][part] = found.values
                undefined[k] += found.undefined
                units[k] = found.unit
            watch.count(wish.tags[0] if len(wish.tags) == 1 else f"{wish.prefix}{wish.family.name}", len(part))
    return tuple(
        _feature_map(wish, k, array.reshape(mask.shape), units[k], undefined[k]) for k, array in enumerate(arrays)
    )


def _feature_map(wish: Wish, k: int, array: np.ndarray, unit: str, undefined: Counter[str]) -> FeatureMap:
    array.flags.writeable = False
    return FeatureMap(
        tag=wish.tags[k],
        feature=wish.features[k],
        aggregation=wish.family.aggregations.get(wish.aggregation, ""),
        unit=unit,
        array=array,
        grid=wish.pipeline.roi.image.grid,
        n_voxels=int(wish.pipeline.roi.values.size),
        undefined=dict(undefined),
    )


def _in_order(work: Callable, items: Iterable[int], threads: int) -> Iterator[list[_Batch]]:
    """Results in the order of the items, with no more of them under way than two for each thread."""
    if threads == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _stacked(wish: Wish, radius: Index, voxels: np.ndarray, features: tuple[Feature, ...]) -> list[_Batch]:
    """All windows at once: one stack of matrices, and each formula once."""
    windows = Windows(levels=wish.pipeline.levels, centers=voxels, radius=radius)
    found = stack(wish.family.name, windows, wish.aggregation)
    first = np.flatnonzero(np.diff(found.window, prepend=-1))
    n_matrices = np.diff(np.append(first, len(found.window)))
    undefined = Counter({f"undefined: {wish.family.undefined}": len(voxels) - len(first)})
    batches = []
    for feature in features:
        values = np.full(len(voxels), np.nan)
        if found.matrices is not None:
            try:
                mean = np.add.reduceat(feature.function(found.matrices), first) / n_matrices
            except Undefined:  # for one of the windows at least: each has to be asked by itself
                batches += _one_by_one(wish, radius, voxels, (feature,))
                continue
            if not np.isfinite(mean).all():
                raise not_finite(feature, float(mean[~np.isfinite(mean)][0]))
            values[found.window[first]] = mean
        batches.append(_Batch(values, feature.unit_of(wish.pipeline.roi.image.unit), +undefined))
    return batches


def _one_by_one(wish: Wish, radius: Index, voxels: np.ndarray, features: tuple[Feature, ...]) -> list[_Batch]:
    """Window after window, for families without a stack."""
    unit = wish.pipeline.roi.image.unit
    rows = [
        [evaluate(wish.family, feature, wish.aggregation, record, unit) for feature in features]
        for record in records(wish.family, wish.aggregation, wish.pipeline, voxels, radius)
    ]
    return [
        _Batch(
            np.array([value.value for value in column]),
            column[0].unit,
            Counter(value.note for value in column if value.note),
        )
        for column in zip(*rows, strict=True)
    ]
