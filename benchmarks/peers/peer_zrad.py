"""Z-Rad as a worker of the benchmark: its preprocessing pipeline, then ``Radiomics.extract_features``.

Its features bear the tags of IBSI's reference tables, as radkit's do. Cropping to the region comes first, for it is
what makes the rest fast. Features are asked for by name, which is its way to leave out the sums over pairs of voxels.
"""

from __future__ import annotations

import re
from importlib.metadata import version

import numpy as np
from protocol import SPATIAL, Library, serve
from zrad.image import Image
from zrad.preprocessing import IntensityMaskBuilder, Pipeline, Resegmenter, RoiCropper, RoiData, TextureDiscretizer
from zrad.radiomics import Radiomics
from zrad.radiomics.feature_registry import FEATURE_GROUPS

FAMILIES = {
    "morphology": "morphology",
    "statistics": "intensity_statistics",
    "intensity_histogram": "intensity_histogram",
    "glcm": "glcm",
    "glrlm": "glrlm",
    "glszm": "glszm",
    "gldzm": "gldzm",
    "ngtdm": "ngtdm",
    "ngldm": "ngldm",
}
METHODS = {"3D_avg": "AVER", "3D_comb": "MERG"}


class ZRad(Library):
    """Arrays are (z, y, x), spacing is (x, y, z)."""

    name = "Z-Rad"

    def about(self) -> dict:
        return {"version": version("z-rad"), "families": [*FAMILIES, "spatial"]}

    def load(self, image, mask, spacing_mm) -> dict:
        self.arrays, self.spacing_mm = (image, mask.astype(np.int8)), tuple(spacing_mm[::-1])
        return {}

    def run(self, task):
        image, mask = (
            Image(
                array=array,
                origin=(0.0, 0.0, 0.0),
                spacing=self.spacing_mm,
                direction=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
                shape=array.shape[::-1],
            )
            for array in self.arrays
        )
        steps = [
            ("mask", IntensityMaskBuilder()),
            ("crop", RoiCropper()),
            ("range", Resegmenter(intensity_range=(task["origin"], float("inf")))),  # bins start at its lower end
            ("levels", TextureDiscretizer(bin_size=task["bin_width"])),
        ]
        roi = Pipeline(steps).apply(RoiData(image=image, morphological_mask=mask))
        radiomics = Radiomics(aggr_dim="3D", aggr_method=METHODS[task["aggregations"][0]])
        return radiomics.extract_features(roi, features=self._names(radiomics, roi, task["families"]))

    def features(self, result):
        return {re.sub("_3D(_avg|_comb)?$", "", name): value for name, value in result.items()}

    @staticmethod
    def _names(radiomics, roi, families):
        context = radiomics._build_context(roi)
        groups = [FEATURE_GROUPS[FAMILIES[name]] for name in families if name in FAMILIES]
        names = [name for group in groups for name in group.output_names(context)]
        return [name for name in names if "spatial" in families or name not in SPATIAL]


if __name__ == "__main__":
    serve(ZRad())
