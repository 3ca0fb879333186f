"""radkit as a worker of the benchmark: its public ``extract``.

The Image and the Mask, with radkit's checks of new data (finite numbers, sha256), are made once, as a reader would make
them, before the clock starts.
"""

from __future__ import annotations

import dataclasses
import os

from protocol import SPATIAL, Library, serve, timed

import radkit
from radkit.extraction import StageCache, extract, run_stages
from radkit.features import catalogue, families, family
from radkit.preprocess import FixedBinWidth
from radkit.recipe import Recipe
from radkit.volume import Image, Mask

THREADS = int(os.environ["OMP_NUM_THREADS"])


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
        whole = Image.of(image, spacing_mm=spacing_mm, modality="CT", unit="HU")
        self.region = whole, Mask.of(mask, spacing_mm=spacing_mm)
        self.cache = StageCache()
        return {"n_voxels": int(mask.sum())}

    def run(self, task):
        return self._extract(task, StageCache())

    def step(self, task):
        return self._extract(task, self.cache)

    def parts(self, task):
        (_, ms), wall, _ = timed(self.run, task)
        return ms | {"between the stages": wall * 1e3 - sum(ms.values())}

    def matrices(self, task):
        levels = run_stages(*self.region, _recipe(task, ["glcm"]), self.cache).levels
        levels = dataclasses.replace(levels)  # nothing is remembered of it; its matrices share what they can

        def build(name):
            for _ in family(name).stages(levels, family(name).chosen(task["aggregations"])):
                pass

        return {name: timed(build, name)[2] * 1e3 for name in task["families"]}

    def features(self, result):
        return result[0]

    def _extract(self, task, cache):
        """({tag: value}, {stage or family: ms})."""
        wanted = [name for name in task["families"] if name != "spatial"]
        leave_out = () if "spatial" in task["families"] else SPATIAL
        recipe = _recipe(task, wanted).replace(leave_out=leave_out)
        found = extract(*self.region, recipe, cache=cache, threads=THREADS)
        return {value.feature.tag: value.value for value in found}, {stage.name: stage.ms for stage in found.stages}


def _recipe(task, wanted):
    binning = FixedBinWidth(width=task["bin_width"], origin=task["origin"], unit="HU")
    return Recipe(binning=binning, families=wanted, aggregations=task["aggregations"])


if __name__ == "__main__":
    serve(Radkit())
