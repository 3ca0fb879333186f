"""Gaussian texture: its length, its variance, and the analytic loss of variance behind a PSF."""

import math

import numpy as np
import pytest

from radkit.phantoms import Texture, gaussian_field
from radkit.physics import GaussianPsf, blur
from radkit.volume import Image, SettingError

approx = pytest.approx


def fields(texture, spacing, n=64, seeds=20):
    return [
        gaussian_field((n,) * 3, (spacing,) * 3, texture, np.random.default_rng(s)).astype(float) for s in range(seeds)
    ]


@pytest.mark.parametrize("length", [2.0, 4.0, 6.0])
def test_length_within_five_percent_and_expected_sd(length):
    spacing, lag = length / 2, 2
    sample = fields(Texture(sd=10, length_mm=length), spacing, seeds=8)
    variance = np.mean([np.mean(f**2) for f in sample])
    covariance = np.mean([np.mean(f * np.roll(f, lag, axis)) for f in sample for axis in range(3)])
    measured = lag * spacing / math.sqrt(-2 * math.log(covariance / variance))
    assert measured == approx(length, rel=0.05)
    assert math.sqrt(variance) == approx(10, rel=0.02)


@pytest.mark.parametrize(
    ("length", "sigma"),
    [(4.0, (0.5, 0.5, 0.5)), (4.0, (1.0, 1.0, 1.0)), (4.0, (2.0, 2.0, 2.0)), (3.0, (1.0, 2.0, 0.5)), (2.5, (2, 1, 0))],
)
def test_variance_after_the_psf_is_the_analytic_one(length, sigma):
    """Within 3 %, over 20 seeds: one 64 mm box holds few lumps of 4 mm, and its ratio scatters by several percent."""
    texture, psf, inner = Texture(sd=10, length_mm=length), GaussianPsf(sigma_mm=sigma), np.s_[10:-10, 10:-10, 10:-10]
    before = after = 0.0
    for field in fields(texture, 1.0):
        before += np.mean(field[inner] ** 2)
        after += np.mean(blur(Image.of(field, spacing_mm=(1, 1, 1)), psf).array[inner] ** 2)
    assert after / before == approx(texture.variance_after(sigma) / texture.sd**2, rel=0.03)


def test_isotropic_loss_is_the_power_of_three_halves():
    texture = Texture(sd=20, length_mm=4)
    assert texture.variance_after((2, 2, 2)) == approx(400 * (16 / (16 + 8)) ** 1.5)
    assert texture.variance_after((0, 0, 2)) == approx(400 * (16 / (16 + 8)) ** 0.5)


def test_anisotropic_voxels_do_not_change_the_lumps():
    field = gaussian_field((32, 64, 64), (4.0, 2.0, 1.0), Texture(sd=1, length_mm=4), np.random.default_rng(1))
    by_axis = [np.mean(field * np.roll(field, lag, axis)) for axis, lag in ((0, 1), (1, 2), (2, 4))]  # 4 mm each
    assert by_axis == approx([math.exp(-0.5)] * 3, abs=0.12)


def test_same_seed_same_lumps_and_sd_only_scales():
    a = gaussian_field((8, 8, 8), (1, 1, 1), Texture(sd=1, length_mm=2), np.random.default_rng(5))
    b = gaussian_field((8, 8, 8), (1, 1, 1), Texture(sd=3, length_mm=2), np.random.default_rng(5))
    assert b == approx(3 * a, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("bad", [{"sd": -1}, {"sd": math.inf}, {"length_mm": 0}])
def test_impossible_textures_are_refused(bad):
    with pytest.raises(SettingError, match=next(iter(bad))):
        Texture(**bad)
