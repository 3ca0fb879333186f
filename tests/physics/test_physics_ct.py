"""HU and calibration drift: claims A01, A02 and the affine part of A03."""

import numpy as np
import pytest
from scipy.stats import kurtosis, skew

from radkit.physics import attenuation_to_hu, drift, hu_to_attenuation
from radkit.volume import Image, SettingError, UnitMismatch

approx = pytest.approx


def test_water_is_zero_and_nothing_is_minus_1000():
    assert attenuation_to_hu(0.02, 0.02) == 0
    assert attenuation_to_hu(0.0, 0.02) == -1000
    mu = np.array([0.0, 0.01, 0.02, 0.03])
    assert attenuation_to_hu(mu, 0.02) == approx([-1000, -500, 0, 500])
    assert hu_to_attenuation(attenuation_to_hu(mu, 0.02), 0.02) == approx(mu)


@pytest.mark.parametrize("water", [0.0, -0.02, float("nan")])
def test_water_without_attenuation_is_refused(water):
    with pytest.raises(SettingError, match="mu_water_per_mm"):
        attenuation_to_hu(0.02, water)


def test_drift_of_liver():
    assert drift(45.0, 0.005) == approx(39.8010, abs=5e-5)
    assert drift(45.0, 0.005) - 45 == approx(-0.005 * (1000 + 45) / 1.005)
    assert drift(-1000.0, 0.005) == approx(-1000)
    assert drift(1000.0, 0.005) - 1000 == approx(-9.950, abs=5e-4)
    assert drift(45.0, 0.0, 3.0) == 48


def test_drift_is_what_a_wrong_water_coefficient_reads():
    mu, water, epsilon = np.linspace(0, 0.05, 50), 0.0193, 0.0137
    direct = attenuation_to_hu(mu, water * (1 + epsilon))
    assert drift(attenuation_to_hu(mu, water), epsilon) == approx(direct, abs=1e-9)


def test_drift_scales_the_variance_and_keeps_skewness_and_kurtosis():
    hu = np.random.default_rng(0).gamma(3.0, 20.0, 5000)
    out = drift(hu, 0.005)
    assert out.var() / hu.var() == approx(1 / 1.005**2)
    assert skew(out) == approx(skew(hu), abs=1e-9)
    assert kurtosis(out) == approx(kurtosis(hu), abs=1e-9)


def test_drift_of_an_image_is_noted_and_needs_hu():
    image = Image.of(np.array([[[45, -1000]]], np.int16), spacing_mm=(1, 1, 1), modality="CT", unit="HU")
    out = drift(image, 0.005)
    assert out.array.ravel() == approx([39.801, -1000], abs=1e-3)
    assert "epsilon 0.005" in out.notes[0]
    with pytest.raises(UnitMismatch, match="SUV"):
        drift(Image.of(np.ones((1, 1, 1)), spacing_mm=(1, 1, 1), unit="SUV"), 0.005)
    with pytest.raises(SettingError, match="epsilon"):
        drift(45.0, -1.0)
