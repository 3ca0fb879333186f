"""L3: texture matrices of a discretized region, counted by compiled kernels."""

from radkit.matrices.glcm import AGGREGATIONS as GLCM_AGGREGATIONS
from radkit.matrices.glcm import Glcm, glcm

__all__ = ["GLCM_AGGREGATIONS", "Glcm", "glcm"]
