"""L5: the stage runner with its bounded cache, extract, the sweep of a grid of knobs, and voxel maps."""

from radkit.extraction.cache import StageCache, shared_cache
from radkit.extraction.cut_out import cut_out
from radkit.extraction.extract import COLUMNS, FeatureSet, extract, family_values
from radkit.extraction.feature_map import FeatureMap, VoxelMaps
from radkit.extraction.maps import map_features, voxel_map
from radkit.extraction.perturb import add_noise, erode
from radkit.extraction.pyradiomics_table import Renamed, with_pyradiomics_names
from radkit.extraction.stages import Pipeline, StageRecord, run_stages
from radkit.extraction.sweep import KNOBS, Cell, Sweep, sweep, turn

__all__ = [
    "COLUMNS", "KNOBS", "Cell", "FeatureMap", "FeatureSet", "Pipeline", "Renamed", "StageCache", "StageRecord", "Sweep",
    "VoxelMaps", "add_noise", "cut_out", "erode", "extract", "family_values", "map_features", "run_stages",
    "shared_cache", "sweep", "turn", "voxel_map", "with_pyradiomics_names",
]  # fmt: skip
