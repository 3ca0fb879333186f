"""L1: what the scanner does: CT numbers and drift, SUV, the PSF with its MTF, MR scaling, noise."""

from radkit.physics.ct import attenuation_to_hu, drift, hu_to_attenuation
from radkit.physics.mr import ZScore, foreground, zscore
from radkit.physics.noise import CtNoise, RadialNps, ct_noise, dose_scale, pet_noise, radial_nps
from radkit.physics.pet import PetHeader, suv, suv_factor
from radkit.physics.psf import GaussianPsf, blur, kernel, support_voxels

__all__ = [
    "CtNoise", "GaussianPsf", "PetHeader", "RadialNps", "ZScore", "attenuation_to_hu", "blur", "ct_noise", "dose_scale",
    "drift", "foreground", "hu_to_attenuation", "kernel", "pet_noise", "radial_nps", "support_voxels", "suv",
    "suv_factor", "zscore",
]  # fmt: skip
