"""Noise: exact standard deviation, spectrum as specified, dose law, PET's square root."""

import math

import numpy as np
import pytest

from radkit.physics import CtNoise, ct_noise, dose_scale, pet_noise, radial_nps
from radkit.physics.noise import synthesize
from radkit.volume import Grid, SettingError

approx = pytest.approx


def test_standard_deviation_is_exact_and_the_mean_zero():
    grid = Grid(shape=(8, 40, 40), spacing_mm=(2.5, 0.7, 0.7))
    field = ct_noise(grid, CtNoise(cutoff_per_mm=0.8), 17.0, np.random.default_rng(0))
    assert field.std() == approx(17.0, rel=1e-12)
    assert field.mean() == approx(0, abs=1e-9)
    assert field.shape == grid.shape


@pytest.mark.parametrize("cutoff", [0.35, 0.8])
def test_spectrum_has_the_shape_asked_for(cutoff):
    noise = CtNoise(cutoff_per_mm=cutoff, sigma_z_mm=0)
    spacing = (1.0, 0.2, 0.2)  # Nyquist 2.5 per mm, far beyond the cutoff
    measured = radial_nps(synthesize((40, 256, 256), spacing, noise, np.random.default_rng(1)), spacing, 0.05)
    assert measured.centroid_per_mm == approx(math.sqrt(math.pi) / 2 * cutoff, rel=0.03)
    expected = noise.nps(measured.frequency_per_mm)
    strong = expected > 0.3 * expected.max()
    ratio = measured.power[strong] / expected[strong]
    assert ratio / ratio.mean() == approx(1, abs=0.1)
    assert noise.nps(noise.peak_per_mm) >= noise.nps(np.linspace(0, 2, 500)).max()


def test_slices_are_correlated_as_sigma_z_says():
    noise = CtNoise(cutoff_per_mm=0.5, sigma_z_mm=2.0)
    field = synthesize((64, 64, 64), (1.0, 1.0, 1.0), noise, np.random.default_rng(2)).astype(float)
    measured = (field * np.roll(field, 3, axis=0)).mean() / field.var()
    assert measured == approx(math.exp(-(3.0**2) / (4 * 2.0**2)), abs=0.02)


def test_kernel_blurs_the_signal_as_it_colors_the_noise():
    """The apodization exp(-f^2 / (2 f_c^2)) is the MTF of a Gaussian of 1 / (2 pi f_c); its square colors the noise."""
    noise = CtNoise(cutoff_per_mm=0.35, sigma_z_mm=0)
    f = np.linspace(0.01, 1, 50)
    mtf = np.exp(-2 * (math.pi * noise.kernel_sigma_mm * f) ** 2)
    assert noise.nps(f) / f == approx(mtf**2)
    assert round(noise.kernel_sigma_mm, 3) == 0.455


def test_power_integrates_to_the_variance():
    field = np.random.default_rng(3).normal(0, 3, (30, 64, 64))
    power = np.abs(np.fft.fft2(field - field.mean(axis=(1, 2), keepdims=True))) ** 2 * 0.25 / 64**2
    assert power.mean() / 0.25 == approx(9, rel=0.02)
    assert radial_nps(field, (1, 0.5, 0.5), 0.1).power == approx(9 * 0.25, rel=0.1)


def test_dose_law():
    assert dose_scale(mas=50, reference_mas=200, slice_mm=1.25, reference_slice_mm=2.5) == approx(2 * math.sqrt(2))
    with pytest.raises(SettingError, match="mas"):
        dose_scale(mas=0, reference_mas=200, slice_mm=1, reference_slice_mm=1)


def test_pet_noise_grows_with_the_square_root_of_activity():
    activity = np.ones((24, 32, 32))
    activity[:, :, 16:] = 9.0
    rng = np.random.default_rng(4)
    field = pet_noise(activity, (4, 4, 4), relative_sd=0.1, filter_sigma_mm=2.5, rng=rng)
    assert field[:, :, 16:].std() / field[:, :, :16].std() == approx(3, rel=0.05)
    assert field[:, :, :16].std() == approx(0.1, rel=0.05)


def test_same_seed_same_noise():
    grid = Grid(shape=(4, 16, 16), spacing_mm=(1, 1, 1))
    a, b, c = (ct_noise(grid, CtNoise(), 5.0, np.random.default_rng(s)) for s in (7, 7, 8))
    assert (a == b).all()
    assert (a != c).any()


@pytest.mark.parametrize("bad", [{"cutoff_per_mm": 0}, {"cutoff_per_mm": math.nan}, {"sigma_z_mm": -1}])
def test_impossible_spectra_are_refused(bad):
    with pytest.raises(SettingError, match=next(iter(bad))):
        CtNoise(**bad)


def test_impossible_fields_are_refused():
    rng, noise = np.random.default_rng(0), CtNoise()
    with pytest.raises(SettingError, match="0 or more"):
        ct_noise(Grid(shape=(4, 4, 4), spacing_mm=(1, 1, 1)), noise, -1.0, rng)
    with pytest.raises(SettingError, match="oversample"):
        ct_noise(Grid(shape=(4, 4, 4), spacing_mm=(1, 1, 1)), noise, 1.0, rng, oversample=0)
    with pytest.raises(SettingError, match="larger field"):
        ct_noise(Grid(shape=(1, 1, 1), spacing_mm=(1, 1, 1)), noise, 1.0, rng, oversample=1)
