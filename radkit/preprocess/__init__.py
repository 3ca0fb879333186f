"""L2: resampling, re-segmentation, discretization: each a function from a region and a frozen setting."""

from radkit.preprocess.discretize import below_origin, discretize
from radkit.preprocess.resample import SUPPORT_VOXELS, crop, resample, resample_like
from radkit.preprocess.resegment import resegment
from radkit.preprocess.settings import (
    AlignedBinWidth,
    AsIs,
    Binning,
    FixedBinCount,
    FixedBinWidth,
    Interpolation,
    Resample,
    Resegment,
)

__all__ = [
    "SUPPORT_VOXELS", "AlignedBinWidth", "AsIs", "Binning", "FixedBinCount", "FixedBinWidth", "Interpolation",
    "Resample", "Resegment", "below_origin", "crop", "discretize", "resample", "resample_like", "resegment",
]  # fmt: skip
