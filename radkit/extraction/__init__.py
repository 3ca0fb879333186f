"""L5: the stage runner with its bounded cache, extract, and the sweep of a grid of knobs."""

from radkit.extraction.cache import StageCache, shared_cache
from radkit.extraction.extract import COLUMNS, FeatureSet, extract, family_values
from radkit.extraction.perturb import add_noise, erode
from radkit.extraction.pyradiomics_table import Renamed, with_pyradiomics_names
from radkit.extraction.stages import Pipeline, StageRecord, run_stages
from radkit.extraction.sweep import KNOBS, Cell, Sweep, sweep, turn

__all__ = [
    "COLUMNS", "KNOBS", "Cell", "FeatureSet", "Pipeline", "Renamed", "StageCache", "StageRecord", "Sweep", "add_noise",
    "erode", "extract", "family_values", "run_stages", "shared_cache", "sweep", "turn", "with_pyradiomics_names",
]  # fmt: skip
