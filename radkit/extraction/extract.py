"""extract: one image, one mask, one recipe -> a table of features that knows where it came from."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import metadata
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from radkit import features
from radkit._version import __version__
from radkit.extraction.cache import StageCache
from radkit.extraction.stages import Pipeline, StageRecord, run_stages
from radkit.features import FeatureValue
from radkit.recipe import Recipe, default
from radkit.volume import DataNotFound, Image, Mask, SettingError

if TYPE_CHECKING:
    import pandas as pd

WORTH_THREADS = 20_000  # voxels from which on two threads beat one
ONCE = ("morphology",)  # a function of the region's shape: computed on the original image only

COLUMNS = ("name", "family", "feature", "ibsi", "aggregation", "value", "unit", "status")


@dataclass(frozen=True, eq=False)
class FeatureSet:
    """The features of one region, the stages that led to them, and their provenance.

    Examples
    --------
    >>> import radkit
    >>> case = radkit.load("ibsi-digital")
    >>> fs = radkit.extract(case.image, case.mask, radkit.preset("ibsi-digital"))
    >>> round(fs["cm_contrast_3D_comb"], 4)
    5.1176
    """

    values: tuple[FeatureValue, ...]
    stages: tuple[StageRecord, ...]
    provenance: dict[str, Any]

    def __getitem__(self, tag: str) -> float:
        try:
            return self._by_tag[tag].value
        except KeyError:
            raise not_computed(tag, self._by_tag) from None

    def __contains__(self, tag: str) -> bool:
        return tag in self._by_tag

    def __iter__(self) -> Iterator[FeatureValue]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def _by_tag(self) -> dict[str, FeatureValue]:
        if "_tags" not in self.__dict__:
            self.__dict__["_tags"] = {value.tag: value for value in self.values}
        return self.__dict__["_tags"]

    def to_dict(self) -> dict[str, float]:
        """Tag -> value."""
        return {value.tag: value.value for value in self.values}

    def rows(self) -> list[dict[str, Any]]:
        """One row a feature, by the names in COLUMNS; a value without a definition for this region is NaN."""
        rows = (
            (
                value.tag,
                value.feature.family,
                value.feature.name,
                value.feature.ibsi,
                value.aggregation,
                value.value,
                value.unit,
                value.feature.status,
            )
            for value in self.values
        )
        return [dict(zip(COLUMNS, row, strict=True)) for row in rows]

    def to_frame(self) -> pd.DataFrame:
        """The rows as a table.

        A value without a definition for this region is NaN, and ``attrs["provenance"]["undefined"]`` says why.
        """
        import pandas as pd

        frame = pd.DataFrame(self.rows(), columns=list(COLUMNS))
        frame.attrs["provenance"] = self.provenance
        return frame


def not_computed(tag: str, known: Iterable[str]) -> DataNotFound:
    """The error for a tag that is not there, with the nearest one that is."""
    from difflib import get_close_matches

    close = get_close_matches(tag, list(known), n=1)
    hint = f"did you mean {close[0]!r}?" if close else "see radkit features."
    return DataNotFound(f"no feature {tag!r} was computed; {hint}")


def extract(
    image: Image,
    mask: Mask,
    recipe: Recipe | None = None,
    *,
    cache: StageCache | None = None,
    progress: Callable[[str, float], None] | None = None,
    threads: int = 1,
) -> FeatureSet:
    """Every feature of a recipe's families for one region.

    Features of filtered images come after those of the original, named ``<filter>__<tag>``.

    Parameters
    ----------
    image, mask : on one grid, (z, y, x).
    recipe : all settings; None takes the default of the image's modality.
    cache : keeps stage results for the next call; None: forget them.
    progress : called with a stage's name and the fraction done.
    threads : how many families are computed at a time, where the region is large enough for that to help. The values
        do not depend on it.

    Raises
    ------
    GeometryMismatch, UnitMismatch, EmptyMask, SettingError : see ``radkit.volume``.
    """
    if threads < 1:
        raise SettingError(f"threads is {threads}; use 1 or more.")
    recipe = recipe if recipe is not None else default(image.modality)
    cache = StageCache() if cache is None else cache
    say = progress or (lambda name, fraction: None)
    say("stages", 0.0)
    pipeline = run_stages(image, mask, recipe, cache)
    values: list[FeatureValue] = []
    records = list(pipeline.stages)
    wanted = list(_wanted(pipeline))

    def one(job: tuple[str, Pipeline, str]) -> tuple[tuple[FeatureValue, ...], StageRecord]:
        prefix, part, family = job
        start = perf_counter()
        found, cached = family_values(part, family, cache)
        if prefix:
            found = tuple(replace(value, tag=f"{prefix}{value.tag}") for value in found)
        return found, family_record(f"{prefix}{family}", family, part, (perf_counter() - start) * 1e3, cached)

    with _workers(threads if pipeline.roi.values.size >= WORTH_THREADS else 1) as run:
        for i, (found, record) in enumerate(run(one, wanted)):
            values.extend(found)
            records.append(record)
            say(record.name, (i + 1) / (len(wanted) + 1))
    say("done", 1.0)
    provenance = provenance_of(image, mask, pipeline)
    provenance["undefined"] = {value.tag: value.note for value in values if value.note}
    return FeatureSet(tuple(values), tuple(records), provenance)


@contextmanager
def _workers(threads: int) -> Iterator[Callable]:
    """``map``, or that of a pool of threads: the kernels let go of the GIL."""
    if threads == 1:
        yield map
        return
    with ThreadPoolExecutor(threads) as pool:
        yield pool.map


def _wanted(pipeline: Pipeline) -> Iterator[tuple[str, Pipeline, str]]:
    """(prefix of the tags, pipeline of the image, family) in the order of the table."""
    recipe = pipeline.recipe
    yield from (("", pipeline, family) for family in recipe.families if recipe.original or family in ONCE)
    for name, filtered in pipeline.filtered.items():
        yield from ((f"{name}__", filtered, family) for family in recipe.families if family not in ONCE)


def family_values(pipeline: Pipeline, family: str, cache: StageCache) -> tuple[tuple[FeatureValue, ...], bool]:
    """One family's features of a pipeline, and whether they came from the cache."""
    chosen, recipe = features.family(family), pipeline.recipe
    settings = {name: getattr(recipe, name) for name in chosen.settings}
    aggregations = chosen.chosen(recipe.aggregations)
    key = (*pipeline.keys[chosen.takes], "features", family, aggregations, recipe.leave_out, *settings.items())

    def compute() -> tuple[FeatureValue, ...]:
        return tuple(
            features.compute(family, pipeline.roi, pipeline.levels, aggregations, recipe.leave_out, **settings)
        )

    return cache.get(key, compute)


def family_record(name: str, family: str, pipeline: Pipeline, ms: float, cached: bool) -> StageRecord:
    """What one family's features cost, and what they were computed from."""
    low, high = pipeline.roi.extremes
    return StageRecord(
        name=name,
        ms=ms,
        cached=cached,
        n_voxels=pipeline.roi.values.size,
        n_levels=pipeline.levels.n_levels if features.family(family).takes == "levels" else None,
        low=low,
        high=high,
    )


def provenance_of(image: Image, mask: Mask, pipeline: Pipeline) -> dict[str, Any]:
    """What the numbers of a pipeline were made from: versions, recipe, digests, sizes."""
    return {
        "radkit_version": __version__,
        "recipe": pipeline.recipe.name,
        "recipe_hash": pipeline.recipe.hash,
        "recipe_settings": pipeline.recipe.settings(),
        "image_digest": image.digest,
        "mask_digest": mask.digest,
        "modality": image.modality,
        "unit": pipeline.roi.image.unit,
        "spacing_mm": list(pipeline.roi.image.grid.spacing_mm),
        "n_voxels_mask": mask.n_voxels,
        "n_voxels_morphological": int(np.count_nonzero(pipeline.roi.morphological_mask)),
        "n_voxels_intensity": int(pipeline.roi.values.size),
        "n_levels": pipeline.levels.n_levels,
        "notes": list(pipeline.roi.image.notes),
        "versions": {
            "python": platform.python_version(),
            **_versions(),
        },
    }


@lru_cache(maxsize=1)
def _versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in ("numpy", "scipy", "numba")}
