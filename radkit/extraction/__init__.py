"""L5: the stage runner with its bounded cache, extract, the sweep of one knob, and voxel maps."""

from radkit.extraction.cache import StageCache, shared_cache
from radkit.extraction.cut_out import cut_out
from radkit.extraction.extract import COLUMNS, FeatureSet, extract, family_values
from radkit.extraction.feature_map import FeatureMap, VoxelMaps
from radkit.extraction.maps import map_features, voxel_map
from radkit.extraction.stages import Pipeline, StageRecord, run_stages
from radkit.extraction.sweep import Sweep, sweep, turn

__all__ = [
    "COLUMNS", "FeatureMap", "FeatureSet", "Pipeline", "StageCache", "StageRecord", "Sweep", "VoxelMaps", "cut_out",
    "extract", "family_values", "map_features", "run_stages", "shared_cache", "sweep", "turn", "voxel_map",
]  # fmt: skip
