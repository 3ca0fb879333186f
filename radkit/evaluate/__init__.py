"""L6: how good numbers are: agreement and robustness. Arrays and tables in, records out; no outcome model is fitted."""

from radkit.evaluate.agreement import Icc, MeanSquares, grade, icc
from radkit.evaluate.robustness import FEW_VOXELS, Course, FeatureRobustness, Robustness, robustness

__all__ = [
    "FEW_VOXELS", "Course", "FeatureRobustness", "Icc", "MeanSquares", "Robustness", "grade", "icc", "robustness",
]  # fmt: skip
