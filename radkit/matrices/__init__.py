"""L3: texture matrices of a discretized region, counted by compiled kernels."""

from radkit.matrices.glcm import AGGREGATIONS as GLCM_AGGREGATIONS
from radkit.matrices.glcm import Glcm, glcm
from radkit.matrices.ngldm import Ngldm, ngldm
from radkit.matrices.ngtdm import Ngtdm, ngtdm

__all__ = ["GLCM_AGGREGATIONS", "Glcm", "Ngldm", "Ngtdm", "glcm", "ngldm", "ngtdm"]
