"""L5: the stage runner with its bounded cache, extract, and the sweep of one knob."""

from radkit.extraction.cache import StageCache, shared_cache
from radkit.extraction.extract import COLUMNS, FeatureSet, extract, family_values
from radkit.extraction.pyradiomics_table import Renamed, with_pyradiomics_names
from radkit.extraction.stages import Pipeline, StageRecord, run_stages
from radkit.extraction.sweep import Sweep, sweep, turn

__all__ = [
    "COLUMNS", "FeatureSet", "Pipeline", "Renamed", "StageCache", "StageRecord", "Sweep", "extract", "family_values",
    "run_stages", "shared_cache", "sweep", "turn", "with_pyradiomics_names",
]  # fmt: skip
