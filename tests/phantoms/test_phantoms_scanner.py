"""Simulated scanners: blur of signal and kernel together, slice profile, recovery of a ball, noise, calibration."""

import math
from dataclasses import replace

import numpy as np
import pytest

from radkit.phantoms import Lesion, PetScanner, Scanner, Shape, Texture, counterfactual, simulate, sphere_recovery
from radkit.phantoms.scanner import acquire, average_down, box_average
from radkit.physics import drift
from radkit.volume import SettingError

approx = pytest.approx
PLAIN = Texture(sd=0, length_mm=1)


def ball(radius_mm, **more):
    """A hot ball of 10 SUV in nothing, centered on a voxel."""
    settings = {"shape": Shape(radius_mm=radius_mm, irregularity=0), "mean": 10.0, "background": 0.0, "unit": "SUV"}
    place = {"offset_mm": (0.5,) * 3, "field_mm": (48,) * 3, "fine_mm": (0.5,) * 3}
    return Lesion(texture=PLAIN, background_texture=PLAIN, **(settings | place | more))


@pytest.mark.parametrize(("radius", "sigma"), [(4, 3.0), (6, 3.0), (4, 1.5), (10, 3.0)])
def test_recovery_of_a_ball_within_a_hundredth(radius, sigma):
    scanner = PetScanner(spacing_mm=(1, 1, 1), system_sigma_mm=sigma, filter_sigma_mm=0, relative_sd=0)
    center = simulate(ball(radius), scanner).image.array[24, 24, 24] / 10
    assert center == approx(sphere_recovery(radius, sigma), abs=0.01)


def test_recovery_formula():
    assert sphere_recovery(5, 0) == 1
    assert sphere_recovery(30, 1) == approx(1)
    r = np.linspace(0, 6, 200_001)  # the same as the integral of the Gaussian over the ball
    density = 4 * math.pi * r**2 * np.exp(-(r**2) / (2 * 3**2)) / (2 * math.pi * 9) ** 1.5
    assert sphere_recovery(6, 3) == approx(np.trapezoid(density, r), abs=1e-9)


@pytest.mark.parametrize("cutoff", [0.35, 0.8])
def test_kernel_and_detector_blur_a_point_by_their_joint_sigma(cutoff):
    scanner = Scanner(
        spacing_mm=(1.0, 0.25, 0.25),  # in-plane as fine as the object: no average over the voxel
        detector_sigma_mm=0.5,
        cutoff_per_mm=cutoff,
        sigma_z_mm=0.8,
        noise_sd=0,
        integer=False,
    )
    fine = np.zeros((64, 65, 65))
    fine[:, 32, 32] = 1000  # a line along z
    signal = acquire(fine, (0.5, 0.25, 0.25), scanner, (32, 65, 65), np.random.default_rng(0))
    line = signal[16].sum(axis=0)
    x = (np.arange(65) - 32) * 0.25
    expected = 0.5**2 + 1 / (2 * math.pi * cutoff) ** 2
    assert line @ x**2 / line.sum() == approx(expected, rel=0.01)
    assert scanner.psf.sigma_mm == approx((0.8, math.sqrt(expected), math.sqrt(expected)))


@pytest.mark.parametrize("slice_mm", [2.0, 5.0])
def test_slice_profile_is_a_box_after_a_gaussian(slice_mm):
    fine = np.zeros((240, 4, 4))
    fine[119:121] = 1000  # a thin plane in the middle
    scanner = Scanner(spacing_mm=(0.5, 1, 1), slice_mm=slice_mm, sigma_z_mm=0.7, noise_sd=0, integer=False)
    profile = acquire(fine, (0.25, 0.5, 0.5), scanner, (120, 2, 2), np.random.default_rng(0))[:, 0, 0].astype(float)
    z = (np.arange(120) - 59.5) * 0.5
    plane = 0.5**2 / 12
    assert profile @ z**2 / profile.sum() == approx(slice_mm**2 / 12 + 0.7**2 + plane, rel=0.02)


@pytest.mark.parametrize(
    "scanner", [Scanner(), Scanner(cutoff_per_mm=0.8, noise_sd=20.0), Scanner(cutoff_per_mm=0.35, mas=50.0)]
)
def test_noise_sd_within_one_percent(scanner):
    noisy = simulate(Lesion(), scanner, seed=1)
    clean = counterfactual(noisy, replace(scanner, noise_sd=0))
    noise = noisy.image.array.astype(float) - clean.image.array
    assert noise.std() == approx(scanner.sd, rel=0.01)
    assert noise[~noisy.mask.array].std() == approx(scanner.sd, rel=0.01)
    assert noisy.truth["noise_sd"] == scanner.sd


def test_dose_and_thickness_set_the_noise():
    assert Scanner(noise_sd=8, mas=50).sd == approx(16)
    assert Scanner(noise_sd=8, slice_mm=5.0).sd == approx(8 / math.sqrt(2))


def test_calibration_drift_reaches_the_image():
    lesion = Lesion(texture=PLAIN, background_texture=PLAIN, shape=Shape(irregularity=0))
    scanner = Scanner(noise_sd=0, epsilon=0.005, offset_hu=2.0, integer=False)
    case = simulate(lesion, scanner)
    assert case.image.array[16, 32, 32] == approx(drift(lesion.mean, 0.005, 2.0), abs=1e-3)
    assert case.image.array[0, 0, 0] == approx(drift(lesion.background, 0.005, 2.0), abs=1e-3)
    assert (case.truth["epsilon"], case.truth["offset_hu"]) == (0.005, 2.0)


def test_ct_is_clipped_and_rounded_to_int16():
    lesion = Lesion(mean=5000, background=-3000)
    array = simulate(lesion, Scanner()).image.array
    assert array.dtype == np.int16
    assert (array.min(), array.max()) == (-1024, 3071)


def test_pet_scan():
    case = simulate(Lesion.pet(), PetScanner(epsilon=0.05), seed=2)
    clean = simulate(Lesion.pet(), PetScanner(relative_sd=0), seed=2)
    assert (case.image.modality, case.image.unit, case.image.array.dtype) == ("PET", "SUV", np.float32)
    assert case.image.array.min() >= 0
    ratio = case.image.array[case.mask.array].mean() / clean.image.array[clean.mask.array].mean()
    assert ratio == approx(1.05, abs=0.01)


def test_box_average_of_any_ratio():
    weights = box_average(7, 0.5, 2, 1.3, 1.3)
    assert weights.sum(axis=1) == approx(1)
    ramp = (np.arange(7) - 3) * 0.5
    right = (0.25 * 0 + 0.5 * 0.5 + 0.5 * 1.0 + 0.05 * 1.5) / 1.3  # overlap times value, from 0 to 1.3 mm
    assert weights @ ramp == approx([-right, right])
    fine = np.random.default_rng(0).normal(size=(4, 6, 8))
    boxes = (box_average(4, 1, 2, 2, 2), box_average(6, 1, 2, 3, 3), box_average(8, 1, 4, 2, 2))
    assert average_down(fine, boxes) == approx(fine.reshape(2, 2, 2, 3, 4, 2).mean(axis=(1, 3, 5)))


@pytest.mark.parametrize(
    "bad", [{"spacing_mm": (0, 1, 1)}, {"cutoff_per_mm": 0}, {"mas": -1}, {"epsilon": 0.9}, {"noise_sd": math.nan}]
)
def test_impossible_scanners_are_refused(bad):
    with pytest.raises(SettingError, match=next(iter(bad))):
        Scanner(**bad)
