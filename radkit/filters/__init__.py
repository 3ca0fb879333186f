"""L2: the convolutional filters of IBSI 2, each a frozen setting, and ``apply``: image in, response map out."""

from radkit.filters.apply import KINDS, Filter, apply, support_voxels
from radkit.filters.edges import BOUNDARIES, Boundary
from radkit.filters.gabor import Gabor
from radkit.filters.laws import Laws
from radkit.filters.log import LaplacianOfGaussian
from radkit.filters.mean import Mean
from radkit.filters.riesz import Riesz
from radkit.filters.simoncelli import Simoncelli
from radkit.filters.wavelet import Wavelet

__all__ = [
    "BOUNDARIES", "KINDS", "Boundary", "Filter", "Gabor", "LaplacianOfGaussian", "Laws", "Mean", "Riesz", "Simoncelli",
    "Wavelet", "apply", "support_voxels",
]  # fmt: skip
