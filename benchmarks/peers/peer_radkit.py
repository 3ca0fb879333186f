"""radkit as a worker of the benchmark: its public ``extract``, from arrays on."""

from __future__ import annotations

import dataclasses
import inspect
import os
import time

from protocol import Library, serve, timed

import radkit
from radkit.extraction import StageCache, extract, run_stages
from radkit.features import Undefined, catalogue, families, family
from radkit.preprocess import FixedBinWidth
from radkit.recipe import Recipe
from radkit.volume import Image, Mask

SPATIAL = ("N365", "NPT7")  # Moran's I and Geary's C, which other libraries keep apart from morphology
THREADS = {"threads": int(os.environ["OMP_NUM_THREADS"])} if "threads" in inspect.signature(extract).parameters else {}


class Radkit(Library):
    """Families as in a recipe; "morphology" without "spatial" leaves out the sums over all pairs of voxels."""

    name = "radkit"

    def about(self) -> dict:
        import numba

        return {
            "version": radkit.__version__,
            "numba": numba.__version__,
            "families": [*families(), "spatial"],
            "codes": {feature.ibsi: feature.tag for feature in catalogue()},
        }

    def load(self, image, mask, spacing_mm) -> dict:
        image.flags.writeable = mask.flags.writeable = False  # else radkit would have to copy them
        self.arrays, self.spacing_mm = (image, mask), spacing_mm
        self.cache, self.kept = StageCache(), self._region()
        return {"n_voxels": int(mask.sum())}

    def run(self, task):
        return self._extract(*self._region(), task, StageCache())

    def step(self, task):
        return self._extract(*self.kept, task, self.cache)

    def parts(self, task):
        (_, ms), wall, _ = timed(self.run, task)
        return ms | {"between the stages": wall * 1e3 - sum(ms.values())}

    def matrices(self, task):
        levels = run_stages(*self.kept, _recipe(task, ["glcm"]), self.cache).levels
        levels = dataclasses.replace(levels)  # nothing is remembered of it; its matrices share what they can

        def build(name):
            for _ in family(name).stages(levels, family(name).chosen(task["aggregations"])):
                pass

        return {name: timed(build, name)[2] * 1e3 for name in task["families"]}

    def features(self, result):
        return result[0]

    def _region(self):
        image, mask = self.arrays
        whole = Image.of(image, spacing_mm=self.spacing_mm, modality="CT", unit="HU")
        return whole, Mask.of(mask, spacing_mm=self.spacing_mm)

    def _extract(self, image, mask, task, cache):
        """({tag: value}, {stage or family: ms})."""
        wanted, values, ms = list(task["families"]), {}, {}
        shape_alone = "morphology" in wanted and "spatial" not in wanted
        if "morphology" in wanted:
            wanted.remove("morphology" if shape_alone else "spatial")
        recipe = _recipe(task, wanted or ["statistics"])
        if wanted:
            found = extract(image, mask, recipe, cache=cache, **THREADS)
            ms = {stage.name: stage.ms for stage in found.stages}
            values = {value.feature.tag: value.value for value in found}
        if shape_alone:
            start = time.perf_counter()
            key = ("shape alone", image.digest, mask.digest)
            values |= cache.get(key, lambda: _shape_alone(image, mask, recipe, cache))[0]
            ms["morphology"] = (time.perf_counter() - start) * 1e3
        return values, ms


def _recipe(task, wanted):
    binning = FixedBinWidth(width=task["bin_width"], origin=task["origin"], unit="HU")
    return Recipe(binning=binning, families=wanted, aggregations=task["aggregations"])


def _shape_alone(image, mask, recipe, cache) -> dict[str, float]:
    """Morphology without the sums over pairs, which ``extract`` has no setting for: the same record and formulas."""
    roi = run_stages(image, mask, recipe, cache).roi
    ((_, record),) = family("morphology").stages(roi, ())
    values = {}
    for feature in family("morphology").features:
        if feature.ibsi not in SPATIAL:
            try:
                values[feature.tag] = float(feature.function(record))
            except Undefined:
                values[feature.tag] = float("nan")
    return values


if __name__ == "__main__":
    serve(Radkit())
