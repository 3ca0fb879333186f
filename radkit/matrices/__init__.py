"""L3: texture matrices of a discretized region, counted by compiled kernels."""

from radkit.matrices.aggregations import BY_DIRECTION as GLCM_AGGREGATIONS
from radkit.matrices.glcm import Glcm, glcm
from radkit.matrices.gldzm import Gldzm, gldzm
from radkit.matrices.glrlm import Glrlm, glrlm
from radkit.matrices.glszm import Glszm, glszm
from radkit.matrices.ngldm import Ngldm, ngldm
from radkit.matrices.ngtdm import Ngtdm, ngtdm

__all__ = [
    "GLCM_AGGREGATIONS", "Glcm", "Gldzm", "Glrlm", "Glszm", "Ngldm", "Ngtdm", "glcm", "gldzm", "glrlm", "glszm",
    "ngldm", "ngtdm",
]  # fmt: skip
