"""Every reference response map of IBSI 2 phase 1 that is published, voxel by voxel, within 1% of the map's range."""

import numpy as np
import pytest

import radkit
from radkit.filters import Gabor, LaplacianOfGaussian, Laws, Mean, Riesz, Simoncelli, Wavelet, apply

LOG_3 = LaplacianOfGaussian(sigma_mm=3, boundary="constant")
SPOTTED = {"sigma_mm": 10, "wavelength_mm": 4, "gamma": 0.5, "boundary": "constant"}
ROUND = {"sigma_mm": 20, "wavelength_mm": 8, "gamma": 2.5, "theta_step_deg": 22.5, "orthogonal_planes": True}
COIFLET = {"family": "coif1", "decomposition": "HHL", "boundary": "wrap"}

# map: (phantom, filter). 9.a is the transform once along x; 10.b.1 twice along y of level 1, orders being (z, y, x).
MAPS = {
    "1_a_1": ("checkerboard", Mean(support=15, boundary="constant")),
    "1_a_3": ("checkerboard", Mean(support=15, boundary="wrap")),
    "1_a_4": ("checkerboard", Mean(support=15)),
    "2_a": ("impulse", LOG_3),
    "2_b": ("checkerboard", LaplacianOfGaussian(sigma_mm=5)),
    "3_a_1": ("impulse", Laws(kernels="E5L5S5", boundary="constant")),
    "3_a_2": ("impulse", Laws(kernels="E5L5S5", pooling="max", boundary="constant")),
    "3_b_1": ("checkerboard", Laws(kernels="E3W5R5")),
    "3_b_2": ("checkerboard", Laws(kernels="E3W5R5", pooling="max")),
    "3_c_1": ("checkerboard", Laws(kernels="L5S5")),
    "3_c_2": ("checkerboard", Laws(kernels="L5S5", pooling="max")),
    "4_a_1": ("impulse", Gabor(theta_deg=60, **SPOTTED)),
    "4_a_2": ("impulse", Gabor(theta_step_deg=45, orthogonal_planes=True, **SPOTTED)),
    "4_b_2": ("sphere", Gabor(**ROUND)),
    "5_a_1": ("impulse", Wavelet(family="db2", decomposition="LHL", boundary="constant")),
    "6_a_1": ("sphere", Wavelet(**COIFLET)),
    "6_a_2": ("sphere", Wavelet(**COIFLET, pooling="average")),
    "7_a_2": ("checkerboard", Wavelet(family="haar", decomposition="HHH", level=2, pooling="average")),
    "8_a_1": ("checkerboard", Simoncelli(level=1, boundary="wrap")),
    "8_a_3": ("checkerboard", Simoncelli(level=3, boundary="wrap")),
    "9_a": ("impulse", Riesz(of=LOG_3, order=(0, 0, 1))),
    "10_b_1": ("pattern_1", Riesz(of=Simoncelli(level=1), order=(0, 2, 0))),
}
TOLERANCE = 0.01  # of the reference map's range


@pytest.mark.ibsi
@pytest.mark.mirror
def test_every_reference_map(mirror):
    files = sorted((mirror / "ibsi_2_response_maps").glob("*.nii.gz"))
    wrong, worst = [], {}
    for file in files:
        name = file.name.removesuffix("-ValidCRM.nii.gz")
        phantom, setting = MAPS[name]
        reference = radkit.read(file).array.astype(float)
        image = radkit.read(mirror / "ibsi_2_digital_phantom" / "nifti" / phantom / "image" / f"{phantom}.nii.gz")
        worst[name] = np.abs(apply(image, setting).array - reference).max() / np.ptp(reference)
        if not worst[name] <= TOLERANCE:
            wrong.append(f"{name}: {worst[name]:.2%} of the range off")
    print(f"IBSI 2 phase 1: {len(files) - len(wrong)} of {len(files)} maps")
    print("\n".join(f"  {name}: {error:.4%} of its range" for name, error in worst.items()))
    assert (len(files), wrong) == (22, [])
