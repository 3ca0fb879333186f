"""The families of features: what each is computed from, and which aggregations it knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from radkit.features import (
    glcm,
    gldzm,
    glrlm,
    glszm,
    intensity_histogram,
    intensity_volume_histogram,
    local_intensity,
    morphology,
    ngldm,
    ngtdm,
    statistics,
)
from radkit.features.catalogue import Feature, registered
from radkit.matrices.aggregations import BY_DIRECTION, WITHOUT_DIRECTION, ways
from radkit.matrices.glcm import merge as merge_pairs
from radkit.matrices.gldzm import stack as distance_zones
from radkit.matrices.glrlm import count_runs
from radkit.matrices.glrlm import merge as merge_runs
from radkit.matrices.glszm import stack as size_zones
from radkit.matrices.ngldm import ngldms
from radkit.matrices.ngtdm import ngtdms
from radkit.matrices.pairs import count_pairs
from radkit.preprocess import Binning
from radkit.volume import Levels, Roi, SettingError

Stages = Iterator[tuple[str, Any]]  # (aggregation, stage that the family's formulas take)


@dataclass(frozen=True, kw_only=True)
class Family:
    """One IBSI family of features.

    Parameters
    ----------
    formulas : the module with the family's formulas; it is named as IBSI's tables name the family.
    title : for people.
    takes : "roi" or "levels", the stage of the pipeline the family is computed from.
    stages : from that stage and the wanted aggregations to (aggregation, record) pairs; each formula takes the record.
    aggregations : suffix to IBSI's words; empty for a family without.
    undefined : why no feature has a value where ``stages`` gives None for a record.
    settings : names of the recipe's settings that ``stages`` takes besides, as keyword arguments.
    reach_mm : how far beyond the region the features look into the image.
    """

    formulas: ModuleType
    title: str
    takes: str
    stages: Callable[..., Stages]
    aggregations: dict[str, str]
    undefined: str = ""
    settings: tuple[str, ...] = ()
    reach_mm: float = 0.0

    @property
    def name(self) -> str:
        """As in the reference tables, "glcm"."""
        return self.formulas.__name__.rpartition(".")[2]

    @property
    def features(self) -> tuple[Feature, ...]:
        """The family's features, in IBSI's order."""
        return registered(self.name)

    def chosen(self, aggregations: Iterable[str]) -> tuple[str, ...]:
        """Those of the aggregations that this family knows, once each; without directions "3D_avg" means "3D"."""
        names = (a if a in self.aggregations else re.sub("_(avg|comb)$", "", a) for a in aggregations)
        return tuple(dict.fromkeys(name for name in names if name in self.aggregations))


def _single(record: Callable) -> Callable[[Any, tuple[str, ...]], Stages]:
    def stages(stage, aggregations: tuple[str, ...]) -> Stages:
        yield "", record(stage)

    return stages


def _glcm_stages(levels: Levels, aggregations: tuple[str, ...]) -> Stages:
    pairs = count_pairs(levels, ways(*aggregations))
    for aggregation in aggregations:
        stack = merge_pairs(pairs, aggregation)
        yield aggregation, stack if len(stack) else None


def _glrlm_stages(levels: Levels, aggregations: tuple[str, ...]) -> Stages:
    runs = count_runs(levels, ways(*aggregations))
    for aggregation in aggregations:
        yield aggregation, merge_runs(runs, aggregation)


def _each(stack: Callable[[Levels, str], Any]) -> Callable[[Levels, tuple[str, ...]], Stages]:
    def stages(levels: Levels, aggregations: tuple[str, ...]) -> Stages:
        for aggregation in aggregations:
            yield aggregation, stack(levels, aggregation)

    return stages


def _neighborhood_stages(matrices: Callable) -> Callable[[Levels, tuple[str, ...]], Stages]:
    def stages(levels: Levels, aggregations: tuple[str, ...]) -> Stages:
        for aggregation, stack in matrices(levels, aggregations).items():
            yield aggregation, stack if len(stack) else None

    return stages


def _curve_stages(roi: Roi, aggregations: tuple[str, ...], ivh_binning: Binning | None = None) -> Stages:
    yield "", intensity_volume_histogram.VolumeCurve.of(roi, ivh_binning)


FAMILIES = (
    Family(
        formulas=morphology,
        title="Morphology",
        takes="roi",
        stages=_single(morphology.Shape.of),
        aggregations={},
    ),
    Family(
        formulas=local_intensity,
        title="Local intensity",
        takes="roi",
        stages=_single(local_intensity.Peaks.of),
        aggregations={},
        reach_mm=local_intensity.RADIUS_MM,
    ),
    Family(
        formulas=statistics,
        title="Intensity-based statistics",
        takes="roi",
        stages=_single(statistics.Sample.of),
        aggregations={},
    ),
    Family(
        formulas=intensity_histogram,
        title="Intensity histogram",
        takes="levels",
        stages=_single(intensity_histogram.Histogram.of),
        aggregations={},
    ),
    Family(
        formulas=intensity_volume_histogram,
        title="Intensity-volume histogram",
        takes="roi",
        stages=_curve_stages,
        aggregations={},
        settings=("ivh_binning",),
    ),
    Family(
        formulas=glcm,
        title="Gray level co-occurrence matrix",
        takes="levels",
        stages=_glcm_stages,
        aggregations=BY_DIRECTION,
        undefined="no two neighboring voxels lie in the region",
    ),
    Family(
        formulas=glrlm,
        title="Gray level run length matrix",
        takes="levels",
        stages=_glrlm_stages,
        aggregations=BY_DIRECTION,
    ),
    Family(
        formulas=glszm,
        title="Gray level size zone matrix",
        takes="levels",
        stages=_each(size_zones),
        aggregations=WITHOUT_DIRECTION,
    ),
    Family(
        formulas=gldzm,
        title="Gray level distance zone matrix",
        takes="levels",
        stages=_each(distance_zones),
        aggregations=WITHOUT_DIRECTION,
    ),
    Family(
        formulas=ngtdm,
        title="Neighborhood gray tone difference matrix",
        takes="levels",
        stages=_neighborhood_stages(ngtdms),
        aggregations=WITHOUT_DIRECTION,
        undefined="no two neighboring voxels lie in the region",
    ),
    Family(
        formulas=ngldm,
        title="Neighboring gray level dependence matrix",
        takes="levels",
        stages=_neighborhood_stages(ngldms),
        aggregations=WITHOUT_DIRECTION,
    ),
)
_BY_NAME = {family.name: family for family in FAMILIES}


def family(name: str) -> Family:
    """The family of that name.

    Raises
    ------
    SettingError : unknown name.
    """
    if name not in _BY_NAME:
        raise SettingError(f"feature family is {name!r}; use one of {', '.join(_BY_NAME)}.")
    return _BY_NAME[name]
