"""Voxel maps: how long one takes, family by family, and beside PyRadiomics where a Python that has it is named.

Run with: make bench, or RADKIT_PYRADIOMICS_PYTHON=.../bin/python python benchmarks/bench_maps.py [CASE]

The region is the tumor of the IBSI CT phantom at 1.5 mm (106,133 voxels), or the simulated lesion where that is not
found. PyRadiomics gets a piece of it, already resampled, and its time is scaled by the number of voxels.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time
from typing import NamedTuple

import numpy as np

import radkit
from radkit import features
from radkit.extraction import Pipeline, cut_out, map_features, run_stages
from radkit.io import write_nrrd
from radkit.preprocess import Resample
from radkit.recipe import Recipe
from radkit.volume import DataNotFound, Mask

CONTRAST = "cm_contrast_3D_avg"
REPEATS = 3
PIECE = 3000  # voxels, about
ONE_OF_EACH = (
    "cm_contrast_3D_avg", "cm_contrast_3D_comb", "rlm_sre_3D_avg", "rlm_sre_3D_comb", "szm_sze_3D", "dzm_sde_3D",
    "ngt_contrast_3D", "ngl_lde_3D", "stat_mean", "stat_median", "ih_mean", "ih_entropy", "ivh_i10",
)  # fmt: skip
PYRADIOMICS = """
import logging, sys, time
import numpy as np, SimpleITK as sitk
from radiomics import featureextractor, __version__
logging.getLogger("radiomics").setLevel(logging.ERROR)
image, mask, out = sys.argv[1:4]
settings = dict(binWidth=25, kernelRadius=2, maskedKernel=True, initValue=np.nan, voxelBatch=500)
extractor = featureextractor.RadiomicsFeatureExtractor(**settings)
extractor.disableAllFeatures()
extractor.enableFeaturesByName(glcm=["Contrast"])
start, used = time.perf_counter(), time.process_time()
found = extractor.execute(image, mask, voxelBased=True)
seconds, used = time.perf_counter() - start, time.process_time() - used
sitk.WriteImage(found["original_glcm_Contrast"], out)
print(__version__, seconds, used)
"""


class Times(NamedTuple):
    """Seconds on the clock, and seconds that the processor worked: less where others use the machine too."""

    wall: float
    processor: float


def region(name: str | None) -> tuple[radkit.Case, Pipeline]:
    """The region that is mapped, its stages run."""
    try:
        case = radkit.load(name or "ibsi-ct")
    except DataNotFound:
        if name:
            raise
        case = radkit.load("simulated")
    recipe = Recipe.default(case.image.modality)
    if case.image.modality == "CT":
        recipe = recipe.replace(resample=Resample.isotropic(1.5))
    return case, run_stages(case.image, case.mask, recipe)


def seconds(pipeline: Pipeline, tag: str) -> Times:
    """Median time of one map on one thread, its kernels compiled."""
    walls, processors = [], []
    for _ in range(REPEATS):
        start, used = perf_counter(), process_time()
        map_features(pipeline, (tag,), radius=2)
        walls.append(perf_counter() - start)
        processors.append(process_time() - used)
    return Times(statistics.median(walls), statistics.median(processors))


def check(pipeline: Pipeline, n: int) -> float:
    """Largest relative difference from the features of the cut-outs of random voxels."""
    (found,), _ = map_features(pipeline, (CONTRAST,), radius=2)
    voxels = np.random.default_rng(0).choice(np.argwhere(pipeline.roi.intensity_mask), n, replace=False)
    worst = 0.0
    for voxel in voxels.tolist():
        values = features.compute("glcm", *cut_out(pipeline, voxel, (2, 2, 2)), ("3D_avg",))
        theirs = next(v.value for v in values if v.tag == CONTRAST)
        worst = max(worst, abs(found.array[tuple(voxel)] - theirs) / max(abs(theirs), 1e-300))
    return worst


def piece(pipeline: Pipeline, size: int) -> Pipeline:
    """About that many voxels around one of 40 places, that with the most gray levels, as a region of their own.

    Both programs take longer where more levels occur; a piece from the middle of a tumor has too few.
    """
    mask, levels = pipeline.roi.intensity_mask, pipeline.levels.array
    voxels = np.argwhere(mask)
    parts = []
    for center in np.random.default_rng(0).choice(voxels, 40, replace=False):
        nearest = voxels[np.argsort(np.abs(voxels - center).max(axis=1), kind="stable")[:size]]
        parts.append(tuple(nearest.T))
    part = np.zeros_like(mask)
    part[max(parts, key=lambda where: np.unique(levels[where]).size)] = True
    recipe = Recipe(binning=pipeline.recipe.binning)
    return run_stages(pipeline.roi.image, Mask(part, pipeline.roi.image.grid), recipe)


def peer(python: str, part: Pipeline) -> tuple[str, Times, float]:
    """PyRadiomics on the same piece: its version, its seconds, and the largest difference from radkit's map."""
    with tempfile.TemporaryDirectory() as folder:
        names = [str(Path(folder) / name) for name in ("image.nrrd", "mask.nrrd", "map.nrrd")]
        write_nrrd(names[0], part.roi.image)
        write_nrrd(names[1], Mask(part.roi.intensity_mask, part.roi.image.grid))
        done = subprocess.run([python, "-c", PYRADIOMICS, *names], capture_output=True, text=True, check=True)
        version, *took = done.stdout.split()[-3:]
        import SimpleITK as sitk

        theirs = sitk.GetArrayFromImage(sitk.ReadImage(names[2]))
    (mine,), _ = map_features(part, (CONTRAST,), radius=2)
    defined = theirs[np.isfinite(theirs)]
    if defined.size != mine.values.size:
        raise SystemExit(f"PyRadiomics has {defined.size} values, radkit {mine.values.size}.")
    return version, Times(*map(float, took)), float(np.abs(defined / mine.values - 1).max())


def main() -> None:
    """Print the tables."""
    case, pipeline = region(sys.argv[1] if len(sys.argv) > 1 else None)
    n = pipeline.roi.values.size
    print(f"{case.name}: {n:,} voxels, {pipeline.levels.n_levels} gray levels, 5 x 5 x 5, one thread")
    for tag in ONE_OF_EACH:
        map_features(piece(pipeline, 100), (tag,), radius=2)  # compiles the kernels, or loads them
    sample, took = piece(pipeline, PIECE * 5), {}
    print(f"{'':<22}{'voxels':>9}{'clock':>11}{'ms/1000':>8}{'processor':>11}{'ms/1000':>8}")
    for tag in ONE_OF_EACH:
        part = pipeline if tag == CONTRAST else sample
        took[tag] = seconds(part, tag)
        few = part.roi.values.size
        print(f"{tag:<22}{few:>9,}" + "".join(f"{s:9.2f} s{s / few * 1e6:8.1f}" for s in took[tag]), flush=True)
    print(f"{CONTRAST} at 50 random voxels: relative difference from the cut-out at most {check(pipeline, 50):.1e}")
    python = os.environ.get("RADKIT_PYRADIOMICS_PYTHON")
    if not python:
        print("PyRadiomics was left out: RADKIT_PYRADIOMICS_PYTHON names no Python that has it.")
        return
    part = piece(pipeline, PIECE)
    few, mine = part.roi.values.size, seconds(part, CONTRAST)
    occurring = [np.count_nonzero(one.levels.counts) for one in (part, pipeline)]
    print(f"gray levels that occur: {occurring[0]} in the piece for PyRadiomics, {occurring[1]} in the whole")
    version, theirs, difference = peer(python, part)
    for k, clock in enumerate(Times._fields):
        whole, scaled = took[CONTRAST][k], theirs[k] * n / few
        print(f"{f'seconds, {clock}':<22}{f'{few:,} voxels':>16}{f'{n:,} voxels':>16}")
        print(f"{'radkit':<22}{mine[k]:>16.2f}{whole:>16.2f}")
        print(f"{f'PyRadiomics {version}':<22}{theirs[k]:>16.2f}{scaled:>16.1f} (scaled): {scaled / whole:.0f} times")
    print(f"largest relative difference between the two maps of the piece: {difference:.1e}")


if __name__ == "__main__":
    main()
