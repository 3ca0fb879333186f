"""pictologics as a worker of the benchmark, called as its manual says: one RadiomicsPipeline, one configuration.

One configuration shares one pass over the voxels between all texture matrices, which is its fastest way. It knows one
aggregation, the merged one in 3D. Its kernels are compiled at the import. A configuration for another bin width keeps
nothing of an earlier run; a user who turns the bin width would leave out the families that do not depend on it, so
that is what ``step`` times.
"""

from __future__ import annotations

import re

import numpy as np
import pictologics
from pictologics import Image, RadiomicsPipeline
from protocol import Library, serve, timed

FAMILIES = {
    "statistics": "intensity",
    "intensity_histogram": "histogram",
    "morphology": "morphology",
    "spatial": "spatial_intensity",
    "local_intensity": "local_intensity",
    "glcm": "glcm",
    "glrlm": "glrlm",
    "glszm": "glszm",
    "gldzm": "gldzm",
    "ngtdm": "ngtdm",
    "ngldm": "ngldm",
}
CODES = {  # names that end with another code than IBSI's, or with none
    "10th_discretised_intensity_percentile_1PR": "GPMT",
    "90th_discretised_intensity_percentile_GPMT": "OZ0C",
    "small_zone_emphasis_P001": "5QRC",
}
WITHOUT_LEVELS = ("statistics", "morphology", "spatial", "local_intensity")


class Pictologics(Library):
    """Arrays are (x, y, z) here, so the region goes in as a copy with its axes turned."""

    name = "pictologics"

    def about(self) -> dict:
        import numba

        return {"version": pictologics.__version__, "numba": numba.__version__, "families": list(FAMILIES)}

    def load(self, image, mask, spacing_mm) -> dict:
        self.arrays = (np.ascontiguousarray(image.T), np.ascontiguousarray(mask.T.astype(np.uint8)))
        self.place = {"spacing": tuple(spacing_mm[::-1]), "origin": (0.0, 0.0, 0.0)}
        self.pipelines = {}
        return {}

    def prepare(self, task):
        for families in (task["families"], _of_levels(task)):
            self._pipeline(task, families)

    def run(self, task):
        return self._run(task, task["families"])

    def step(self, task):
        return self._run(task, _of_levels(task))

    def parts(self, task):
        groups = {name: [name] for name in task["families"]}
        groups["all matrices"] = [name for name in task["families"] if name.startswith(("gl", "ng"))]
        for families in groups.values():
            self._pipeline(task, families)
        return {name: timed(self._run, task, families)[1] * 1e3 for name, families in groups.items()}

    def features(self, result):
        codes = ((CODES.get(name) or re.sub(r".*_(?=[A-Z0-9]{4}$)", "", name), value) for name, value in result.items())
        return dict(codes)

    def _run(self, task, families):
        image, mask = self.arrays
        image, mask = Image(image, modality="CT", **self.place), Image(mask, **self.place)
        return self._pipeline(task, families).run(image, mask)["bench"]

    def _pipeline(self, task, families):
        key = (tuple(families), task["bin_width"], task["origin"])
        if key not in self.pipelines:
            binning = {"method": "FBS", "bin_width": task["bin_width"], "min_val": task["origin"]}
            wanted = {"families": [FAMILIES[name] for name in families]}
            steps = [{"step": "discretise", "params": binning}, {"step": "extract_features", "params": wanted}]
            self.pipelines[key] = RadiomicsPipeline(load_standard=False).add_config("bench", steps)
        return self.pipelines[key]


def _of_levels(task):
    return [name for name in task["families"] if name not in WITHOUT_LEVELS]


if __name__ == "__main__":
    serve(Pictologics())
