"""The neighborhood of one voxel as a region of its own: what a voxel map computes a feature of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from radkit.extraction.stages import Pipeline
from radkit.features import Family
from radkit.features.intensity_histogram import Histogram
from radkit.features.statistics import Sample
from radkit.volume import Levels, Roi

Index = tuple[int, int, int]


def cut_out(pipeline: Pipeline, voxel: Index, radius: Index) -> tuple[Roi, Levels]:
    """The part of a pipeline's region inside the cube of ``radius`` voxels (z, y, x) around a voxel.

    The cube is cut off where the grid ends. The gray levels stay those of the whole region, with its edges and its
    number of levels; both masks are cut, so the cube's faces are a border of the morphological mask.

    Examples
    --------
    >>> import radkit
    >>> from radkit.extraction import run_stages
    >>> case = radkit.load("ibsi-digital")
    >>> roi, levels = cut_out(run_stages(case.image, case.mask, radkit.preset("ibsi-digital")), (0, 1, 1), (1, 1, 1))
    >>> roi.image.grid.shape, levels.n_levels
    ((2, 3, 3), 6)
    """
    roi, levels = pipeline.roi, pipeline.levels
    box = _box(voxel, radius, levels.array.shape)
    grid = roi.image.grid.crop(*zip(*((side.start, side.stop) for side in box), strict=True))
    image = roi.image.with_array(roi.image.array[box], grid=grid)
    region = roi.morphological_mask[box]
    return (
        Roi(image, region, roi.intensity_mask[box], roi.range),
        Levels(levels.array[box], grid, levels.n_levels, levels.edges, levels.binning, levels.unit, region),
    )


def records(family: Family, aggregation: str, pipeline: Pipeline, voxels: np.ndarray, radius: Index) -> Iterator[Any]:
    """The record of each voxel's (n, 3) cut-out that the family's formulas take; None where no feature has a value."""
    make = _SHORT_CUTS.get(family.name)
    settings = {name: getattr(pipeline.recipe, name) for name in family.settings}
    for voxel in voxels.tolist():
        if make is not None:
            yield make(pipeline, _box(voxel, radius, pipeline.levels.array.shape))
        else:
            roi, levels = cut_out(pipeline, voxel, radius)
            stage = roi if family.takes == "roi" else levels
            yield next(iter(family.stages(stage, (aggregation,), **settings)))[1]


def _sample(pipeline: Pipeline, box: tuple[slice, slice, slice]) -> Sample:
    return Sample(pipeline.roi.image.array[box][pipeline.roi.intensity_mask[box]].astype(float))


def _histogram(pipeline: Pipeline, box: tuple[slice, slice, slice]) -> Histogram:
    levels = pipeline.levels
    return Histogram(np.bincount(levels.array[box].ravel(), minlength=levels.n_levels + 1)[1:])


# the same records as those of the cut-out, ten times as fast because no image and no grid are made for them
_SHORT_CUTS: dict[str, Callable[[Pipeline, tuple[slice, slice, slice]], Any]] = {
    "statistics": _sample,
    "intensity_histogram": _histogram,
}


def _box(voxel: Index, radius: Index, shape: Index) -> tuple[slice, slice, slice]:
    return tuple(slice(max(0, v - r), min(n, v + r + 1)) for v, r, n in zip(voxel, radius, shape, strict=True))
