"""The Gaussian PSF: its transfer function (claim A04), its kernel, and the blur against an obvious twin."""

import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from radkit.physics import GaussianPsf, blur, kernel, support_voxels
from radkit.volume import Grid, Image, SettingError

approx = pytest.approx


def image_of(array, spacing_mm=(1.0, 1.0, 1.0), **more):
    return Image.of(np.asarray(array), spacing_mm=spacing_mm, **more)


def transfer(weights, frequency):
    x = np.arange(weights.size) - weights.size // 2
    return np.cos(2 * np.pi * np.multiply.outer(frequency, x)) @ weights


def test_mtf_of_one_pixel_sigma():
    psf = GaussianPsf.isotropic(1.0)
    assert psf.mtf((0, 0, 0.25)) == approx(math.exp(-2 * math.pi**2 * 0.25**2))
    assert round(float(psf.mtf((0, 0, 0.25))), 4) == 0.2912
    assert round(psf.f50[2], 4) == 0.1874
    assert psf.mtf_along(2, psf.f50[2]) == approx(0.5)
    assert psf.mtf_along(1, psf.f10[1]) == approx(0.1)


def test_fourier_transform_of_the_psf_is_the_formula():
    psf = GaussianPsf(sigma_mm=(2.0, 1.0, 1.5))
    step, n = 0.125, 512  # eight samples per mm over 64 mm: no alias, no cut
    x = (np.arange(n) - n // 2) * step
    for axis in range(3):
        measured = np.abs(np.fft.fft(psf.profile(axis, x))) * step
        assert np.abs(measured - psf.mtf_along(axis, np.fft.fftfreq(n, step))).max() <= 1e-6


def test_otf_is_the_product_of_the_axes_and_widths_are_per_axis():
    psf = GaussianPsf(sigma_mm=(2.0, 1.0, 0.0))
    f = np.array([[0.1, 0.2, 0.3], [0.0, 0.0, 0.0]])
    assert psf.otf(f) == approx([psf.mtf_along(0, 0.1) * psf.mtf_along(1, 0.2), 1.0])
    assert psf.fwhm_mm == approx((4.7096, 2.3548, 0.0), abs=1e-4)
    assert psf.f50[2] == math.inf


@pytest.mark.parametrize("sigma", [0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 3.0])
def test_kernel_follows_the_mtf_where_lesion_texture_lies(sigma):
    f = np.linspace(0, 0.25, 101)
    error = np.abs(transfer(kernel(sigma), f) - np.exp(-2 * (np.pi * sigma * f) ** 2)).max()
    assert error <= (0.02 if sigma < 0.7 else 4e-3 if sigma < 0.8 else 8e-4 if sigma < 1 else 2e-4)
    assert kernel(sigma).sum() == approx(1, abs=1e-14)
    assert kernel(sigma).size % 2 == 1


@pytest.mark.parametrize("sigma", [0.15, 0.3, 0.45, 0.6, 0.9])
def test_kernel_below_one_voxel_has_the_variance_asked_for(sigma):
    weights = kernel(sigma)
    x = np.arange(weights.size) - weights.size // 2
    assert weights @ x**2 == approx(sigma**2, rel=2e-3)


def test_blur_grows_with_sigma_without_a_jump():
    center = [kernel(s).max() for s in np.linspace(0.05, 2.0, 100)]
    steps = -np.diff(center)
    assert steps.min() > 0
    assert steps.max() < 0.04


def test_blur_equals_eight_obvious_lines():
    rng = np.random.default_rng(0)
    array = rng.normal(size=(5, 6, 7))
    spacing, psf = (2.0, 1.0, 0.5), GaussianPsf(sigma_mm=(2.0, 1.2, 0.0))
    slow = np.zeros_like(array)
    wz, wy = kernel(2.0 / 2.0), kernel(1.2 / 1.0)
    for z, y, x in np.ndindex(array.shape):
        for i, a in enumerate(wz):
            for j, b in enumerate(wy):
                zz = min(max(z + i - wz.size // 2, 0), 4)
                yy = min(max(y + j - wy.size // 2, 0), 5)
                slow[z, y, x] += a * b * array[zz, yy, x]
    assert blur(image_of(array, spacing), psf).array == approx(slow, abs=1e-12)


def test_blur_agrees_with_scipy_from_one_voxel_up():
    array = np.random.default_rng(1).normal(size=(20, 30, 30))
    out = blur(image_of(array, (1.0, 1.0, 2.0)), GaussianPsf(sigma_mm=(1.0, 2.0, 3.0)))
    assert out.array == approx(gaussian_filter(array, (1.0, 2.0, 1.5), mode="nearest", truncate=4.0), abs=1e-12)


def test_blur_keeps_constants_units_and_says_what_it_did():
    image = image_of(np.full((4, 5, 6), 40, np.int16), modality="CT", unit="HU")
    out = blur(image, GaussianPsf(sigma_mm=(0, 1.5, 1.5)))
    assert out.array == approx(np.full((4, 5, 6), 40.0))
    assert (out.array.dtype, out.unit, out.modality) == (np.float64, "HU", "CT")
    assert out.notes == ("blurred with a Gaussian PSF of sigma 0, 1.5, 1.5 mm (z, y, x)",)
    assert out.grid == image.grid


def test_no_blur_returns_the_image_itself():
    image = image_of(np.zeros((2, 2, 2)))
    assert blur(image, GaussianPsf.isotropic(0.0)) is image


def test_two_blurs_are_one_of_added_variance():
    array = np.random.default_rng(2).normal(size=(1, 64, 64))
    image, a, b = image_of(array), GaussianPsf(sigma_mm=(0, 1.2, 1.2)), GaussianPsf(sigma_mm=(0, 1.6, 1.6))
    twice, once = blur(blur(image, a), b), blur(image, a.then(b))
    assert a.then(b).sigma_mm == approx((0, 2, 2))
    assert twice.array[:, 16:-16, 16:-16] == approx(once.array[:, 16:-16, 16:-16], abs=2e-3)


def test_support_is_exactly_how_far_a_point_spreads():
    point = np.zeros((21, 21, 21))
    point[10, 10, 10] = 1
    psf = GaussianPsf(sigma_mm=(1.0, 2.0, 0.25))
    image = image_of(point, (2.0, 1.0, 1.0))
    touched = np.argwhere(blur(image, psf).array > 0)
    support = support_voxels(psf, image.grid)
    assert tuple(touched.max(axis=0) - 10) == support == (2, 8, 1)
    assert support_voxels(GaussianPsf.isotropic(0), Grid(shape=(3, 3, 3), spacing_mm=(1, 1, 1))) == (0, 0, 0)


@pytest.mark.parametrize("bad", [(-1, 0, 0), (1, 1), (math.nan, 1, 1), (math.inf, 1, 1), "abc", 3.0])
def test_impossible_widths_are_refused(bad):
    with pytest.raises(SettingError, match="sigma_mm"):
        GaussianPsf(sigma_mm=bad)
