"""The 18 configurations of IBSI 2 phase 2: one filter each, slice by slice (a) and in 3-D (b), on the lung CT phantom.

Image Biomarker Standardisation Initiative, reference manual on convolutional filters (arXiv:2006.05470). Borders are
mirrored. The range is applied to the base image; the 18 intensity statistics are of the response map inside it.
"""

from __future__ import annotations

from radkit.filters import Filter, Gabor, LaplacianOfGaussian, Laws, Mean, Simoncelli, Wavelet
from radkit.preprocess import Resample, Resegment
from radkit.recipe.recipe import Recipe

_LAWS = {"pooling": "max", "energy_distance": 7}
_GABOR = {"sigma_mm": 5, "wavelength_mm": 2, "gamma": 1.5, "theta_step_deg": 22.5}

_FILTERS: dict[str, Filter | None] = {
    "1a": None,
    "1b": None,
    "2a": Mean(support=5, dimensions=2),
    "2b": Mean(support=5),
    "3a": LaplacianOfGaussian(sigma_mm=1.5, dimensions=2),
    "3b": LaplacianOfGaussian(sigma_mm=1.5),
    "4a": Laws(kernels="L5E5", **_LAWS),
    "4b": Laws(kernels="L5E5E5", **_LAWS),
    "5a": Gabor(**_GABOR),
    "5b": Gabor(**_GABOR, orthogonal_planes=True),
    "6a": Wavelet(family="db3", decomposition="LH", pooling="average"),
    "6b": Wavelet(family="db3", decomposition="LLH", pooling="average"),
    "7a": Wavelet(family="db3", decomposition="HH", level=2, pooling="average"),
    "7b": Wavelet(family="db3", decomposition="HHH", level=2, pooling="average"),
    "8a": Simoncelli(level=1, dimensions=2),
    "8b": Simoncelli(level=1),
    "9a": Simoncelli(level=2, dimensions=2),
    "9b": Simoncelli(level=2),
}


def _recipe(config: str, filter: Filter | None) -> Recipe:
    fine = Resample.isotropic(1.0, interpolation="cubic")
    return Recipe(
        name=f"ibsi2-{config}",
        resample=fine if config.endswith("b") else None,
        resegment=Resegment(range=(-1000, 400), unit="HU"),
        families=("statistics",),
        filters=() if filter is None else (filter,),
        original=filter is None,
    )


IBSI_2 = {f"ibsi2-{config}": _recipe(config, filter) for config, filter in _FILTERS.items()}
