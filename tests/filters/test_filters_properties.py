"""Filters against dense convolutions written out, against turned images, and against what they do to simple images."""

import itertools
import math

import numpy as np
import pytest
from scipy import ndimage

from radkit.filters import (
    Gabor,
    LaplacianOfGaussian,
    Laws,
    Mean,
    Riesz,
    Simoncelli,
    Wavelet,
    apply,
    support_voxels,
)
from radkit.filters.edges import pad
from radkit.filters.spectrum import grid
from radkit.filters.wavelet import FAMILIES, along_axis, high_pass, low_pass
from radkit.volume import Grid, Image, SettingError

UNIT = (1.0, 1.0, 1.0)
SCIPY = {"constant": "constant", "nearest": "nearest", "wrap": "wrap", "mirror": "reflect"}
LOG = LaplacianOfGaussian(sigma_mm=1)
LOCAL = (
    Mean(support=3),
    LOG,
    LaplacianOfGaussian(sigma_mm=1.5, dimensions=2, boundary="nearest"),
    Laws(kernels="L5E5S5", pooling="max", energy_distance=2),
    Laws(kernels="E5S5", boundary="constant"),
    Gabor(sigma_mm=1, wavelength_mm=3, gamma=1.5, theta_deg=30),
    Gabor(sigma_mm=1, wavelength_mm=3, theta_step_deg=45, orthogonal_planes=True, boundary="nearest"),
    Wavelet(family="db2", decomposition="LHH", level=2, pooling="average"),
)
GLOBAL = (Simoncelli(level=1), Simoncelli(level=2, dimensions=2), Riesz(of=LOG, order=(0, 1, 1)))
EVERY = LOCAL + GLOBAL


def noise(shape=(9, 12, 15), seed=0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def scan(array, spacing_mm=UNIT) -> Image:
    return Image.of(array, spacing_mm=spacing_mm, modality="CT", unit="HU")


def rotations_3d():
    """The 24 turns of a cube as (turn, turn back)."""
    for order in itertools.permutations(range(3)):
        parity = np.linalg.det(np.eye(3)[list(order)])
        for flips in itertools.product((1, -1), repeat=3):
            if parity * np.prod(flips) > 0:
                window, back = tuple(slice(None, None, f) for f in flips), np.argsort(order)
                yield (
                    lambda a, o=order, w=window: a.transpose(o)[w],
                    lambda a, b=back, w=window: a[w].transpose(b),
                )


@pytest.mark.parametrize("boundary", list(SCIPY))
def test_mean_is_scipys_uniform_filter(boundary):
    a = noise()
    ours = Mean(support=5, boundary=boundary).respond(a, UNIT)
    np.testing.assert_allclose(ours, ndimage.uniform_filter(a, 5, mode=SCIPY[boundary]), atol=1e-12)
    flat = Mean(support=5, dimensions=2, boundary=boundary).respond(a, UNIT)
    np.testing.assert_allclose(flat, ndimage.uniform_filter(a, (1, 5, 5), mode=SCIPY[boundary]), atol=1e-12)


@pytest.mark.parametrize("boundary", list(SCIPY))
@pytest.mark.parametrize("zero_sum", [False, True])
def test_log_is_a_dense_convolution(boundary, zero_sum):
    a, sigma = noise(), 1.5
    k = np.arange(-6, 7)
    squared = k[:, None, None] ** 2 + k[:, None] ** 2 + k**2
    kernel = -(3 - squared / sigma**2) * np.exp(-squared / (2 * sigma**2)) / (sigma**2 * (2 * np.pi * sigma**2) ** 1.5)
    ours = LaplacianOfGaussian(sigma_mm=1.5, boundary=boundary, zero_sum=zero_sum).respond(a, UNIT)
    atol = 2e-3 if zero_sum else 1e-12  # the correction is small, and the tails it moves are too
    np.testing.assert_allclose(ours, ndimage.convolve(a, kernel, mode=SCIPY[boundary]), atol=atol)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_log_of_a_flat_image_is_zero_with_the_correction(dimensions):
    flat = np.full((9, 20, 20), 1000.0)
    corrected = LaplacianOfGaussian(sigma_mm=1.5, dimensions=dimensions, zero_sum=True).respond(flat, UNIT)
    sampled = LaplacianOfGaussian(sigma_mm=1.5, dimensions=dimensions).respond(flat, UNIT)
    assert np.abs(corrected).max() < 1e-10
    assert 0.1 < np.abs(sampled).max() < 1  # of 1000: what IBSI's kernel, cut at 4 sigma, leaves


def test_log_keeps_its_shape_in_mm_on_anisotropic_voxels():
    """A blob of the physical size answers alike where voxels are half as thick."""
    z, y, x = np.mgrid[-12:12.5:0.5, -12:13, -12:13]
    fine = np.exp(-(z**2 + y**2 + x**2) / 18)
    setting = LaplacianOfGaussian(sigma_mm=3, zero_sum=True)
    thin, cubic = setting.respond(fine, (0.5, 1, 1)), setting.respond(fine[::2], UNIT)
    scale = 0.5 ** (2 / 3)  # responses are per squared voxel, geometric mean of its edges
    inside = slice(6, -6)  # borders are mirrored at half a voxel, and that is not the same place
    np.testing.assert_allclose((thin[::2] / scale)[inside], cubic[inside], atol=0.003 * np.abs(cubic).max())


def test_log_finds_blobs_of_its_size():
    z, y, x = np.mgrid[-10:11, -10:11, -10:11]
    bright = np.exp(-(z**2 + y**2 + x**2) / 8.0)
    response = LaplacianOfGaussian(sigma_mm=2).respond(bright, UNIT)
    assert np.unravel_index(response.argmin(), response.shape) == (10, 10, 10)


@pytest.mark.parametrize(
    "setting",
    [
        Laws(kernels="L5E5S5"),
        Laws(kernels="E3W5R5"),
        Wavelet(family="db3", decomposition="LLH"),
        Wavelet(family="haar", decomposition="LHL", level=2),
    ],
    ids=lambda s: s.name,
)
@pytest.mark.parametrize("boundary", list(SCIPY))
@pytest.mark.parametrize("pooling", ["average", "max"])
def test_pooling_turns_the_kernel_as_one_would_turn_the_image(setting, boundary, pooling):
    fields = {name: getattr(setting, name) for name in setting.__dataclass_fields__}
    alone = type(setting)(**(fields | {"boundary": boundary}))
    pooled = type(setting)(**(fields | {"boundary": boundary, "pooling": pooling}))
    a = noise((7, 8, 10))
    turned = [back(alone.respond(turn(a), UNIT)) for turn, back in rotations_3d()]
    assert len(turned) == 24
    expected = np.max(turned, axis=0) if pooling == "max" else np.mean(turned, axis=0)
    np.testing.assert_allclose(pooled.respond(a, UNIT), expected, atol=1e-12)


def test_pooling_in_the_plane_has_four_turns():
    a = noise()
    alone = Wavelet(family="coif1", decomposition="LH")
    turned = [np.rot90(alone.respond(np.rot90(a, k, (1, 2)), UNIT), -k, (1, 2)) for k in range(4)]
    pooled = Wavelet(family="coif1", decomposition="LH", pooling="average").respond(a, UNIT)
    np.testing.assert_allclose(pooled, np.mean(turned, axis=0), atol=1e-12)


@pytest.mark.parametrize(
    "setting",
    [
        Mean(support=3),
        LOG,
        Laws(kernels="L5E5E5", pooling="max", energy_distance=3),
        Gabor(sigma_mm=1, wavelength_mm=3, gamma=2, theta_step_deg=45, orthogonal_planes=True),
        Wavelet(family="db3", decomposition="HHL", pooling="average"),
        Simoncelli(level=2),
    ],
    ids=lambda s: s.name,
)
def test_invariant_filters_turn_with_the_image(setting):
    a = noise((8, 8, 8))
    still = setting.respond(a, UNIT)
    for turn, back in rotations_3d():
        np.testing.assert_allclose(back(setting.respond(turn(a), UNIT)), still, atol=1e-10)


@pytest.mark.parametrize("boundary", list(SCIPY))
def test_gabor_is_a_dense_convolution(boundary):
    a, spacing = noise((2, 14, 17)), (5.0, 0.8, 1.0)
    setting = Gabor(sigma_mm=1.2, wavelength_mm=3, gamma=0.7, theta_deg=25, boundary=boundary)
    y, x = np.mgrid[-12:13, -12:13] * np.reshape(spacing[1:], (2, 1, 1))
    theta = math.radians(25)
    u, v = x * math.cos(theta) + y * math.sin(theta), -x * math.sin(theta) + y * math.cos(theta)
    kernel = np.exp(-(u**2 + 0.49 * v**2) / (2 * 1.44) + 2j * math.pi * u / 3)
    parts = [[ndimage.convolve(s, part, mode=SCIPY[boundary]) for part in (kernel.real, kernel.imag)] for s in a]
    expected = np.hypot(*np.moveaxis(parts, 1, 0))
    np.testing.assert_allclose(setting.respond(a, spacing), expected, atol=1e-4)


def test_gabor_hears_its_own_wave():
    x = np.arange(64)
    wave = np.broadcast_to(np.cos(2 * math.pi * x / 6), (1, 64, 64))
    along, across = (
        Gabor(sigma_mm=5, wavelength_mm=6, theta_deg=t).respond(wave, UNIT)[0, 32, 32] for t in (0.0, 90.0)
    )
    assert along > 100 * across


def test_gabor_pools_directions_and_planes():
    a = noise((10, 11, 12))
    part = {"sigma_mm": 1, "wavelength_mm": 3, "gamma": 1.5}
    each = [Gabor(theta_deg=t, **part).respond(a, UNIT) for t in range(0, 360, 90)]
    slices = Gabor(theta_step_deg=90, **part)
    np.testing.assert_allclose(slices.respond(a, UNIT), np.mean(each, axis=0), atol=1e-12)
    top = Gabor(theta_step_deg=90, pooling="max", **part).respond(a, UNIT)
    np.testing.assert_allclose(top, np.max(each, axis=0), atol=1e-12)
    planes = [np.moveaxis(slices.respond(np.moveaxis(a, k, 0), UNIT), 0, k) for k in range(3)]
    mean = Gabor(theta_step_deg=90, orthogonal_planes=True, **part).respond(a, UNIT)
    np.testing.assert_allclose(mean, np.mean(planes, axis=0), atol=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_wavelet_weights_are_orthonormal(family):
    low, high = low_pass(family), high_pass(family)
    assert low.sum() == pytest.approx(math.sqrt(2), abs=1e-14)
    assert high.sum() == pytest.approx(0, abs=1e-14)
    for shift in range(0, low.size, 2):
        assert low[shift:] @ low[: low.size - shift] == pytest.approx(float(shift == 0), abs=1e-14)
        assert high[shift:] @ high[: low.size - shift] == pytest.approx(float(shift == 0), abs=1e-14)
        assert low[shift:] @ high[: low.size - shift] == pytest.approx(0, abs=1e-14)
    moments = {"haar": 1, "db2": 2, "db3": 3, "coif1": 2}[family]
    k = np.arange(high.size)
    assert [float(high @ k**m) for m in range(moments)] == pytest.approx([0] * moments, abs=1e-12)
    assert abs(high @ k**moments) > 0.1


def test_wavelet_level_two_has_holes():
    h, g = low_pass("haar"), high_pass("haar")
    row = noise((1, 1, 40))
    ours = Wavelet(family="haar", decomposition="HH", level=2, boundary="wrap").respond(np.tile(row, (1, 40, 1)), UNIT)
    np.testing.assert_allclose(ours, 0, atol=1e-12)  # nothing changes along y
    first = h[0] * row + h[1] * np.roll(row, -1, axis=2)
    second = g[0] * first + g[1] * np.roll(first, -2, axis=2)
    kernel = along_axis("haar", "H", 2)
    np.testing.assert_allclose(ndimage.correlate1d(row, kernel, axis=2, mode="wrap"), second, atol=1e-12)


@pytest.mark.parametrize("order", [(), (0, 0, 1), (1, 0, 0), (0, 2, 0), (1, 1, 0), (1, 1, 1), (2, 1, 0)])
def test_mirrored_spectra_are_those_of_the_doubled_image(order):
    """Cosine and sine transforms against a plain FFT of the image mirrored to twice its size."""
    a, level = noise((8, 9, 10)), 1
    wavelet = Simoncelli(level=level)
    ours = (Riesz(of=wavelet, order=order) if order else wavelet).respond(a, UNIT)
    doubled = pad(a, tuple((0, n) for n in a.shape), "mirror")
    total, order = 0, order or (0, 0, 0)
    scale = math.sqrt(math.factorial(sum(order)) / math.prod(map(math.factorial, order)))
    for signs in itertools.product((1, -1), repeat=3):  # IBSI's grid and its reflections
        axes = [
            s * np.fft.ifftshift(np.linspace(-1, 1, n))[(s * np.arange(n)) % n]
            for s, n in zip(signs, doubled.shape, strict=True)
        ]
        w = np.meshgrid(*axes, indexing="ij")
        radius = np.sqrt(sum(v**2 for v in w))
        near = (radius > 2.0 ** -(level + 1)) & (radius < 2.0 ** -(level - 1))
        band = np.where(near, np.cos(math.pi / 2 * np.log2(2**level * radius)), 0)
        riesz = (-1j) ** sum(order) * scale * math.prod(v**p for v, p in zip(w, order, strict=True))
        total = total + band * riesz / radius ** sum(order) / 8
    expected = np.fft.ifftn(np.fft.fftn(doubled) * total).real[:8, :9, :10]
    np.testing.assert_allclose(ours, expected, atol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 5, 8, 63, 64])
def test_the_frequency_grid_is_its_own_point_reflection(n):
    one, other = grid(n)
    assert one.shape == other.shape == (n,)
    np.testing.assert_allclose(other, [-one[(-k) % n] for k in range(n)], atol=1e-15)
    assert max(abs(one)) <= 1


def test_simoncelli_levels_tile_the_frequencies():
    """Squared bands of neighboring levels add to 1: cos^2 + sin^2."""
    radius = np.geomspace(0.1, 0.49, 50)
    total = sum(Simoncelli(level=j).transfer([radius, np.zeros(1), np.zeros(1)]) ** 2 for j in range(1, 6))
    np.testing.assert_allclose(total, 1, atol=1e-12)


def test_riesz_orders_of_one_sum_keep_the_energy():
    """The first-order transforms together have the energy of what they transform (inside one period)."""
    a = noise((16, 16, 16))
    wavelet = Simoncelli(level=1, boundary="wrap")
    parts = [Riesz(of=wavelet, order=o).respond(a, UNIT) for o in ((1, 0, 0), (0, 1, 0), (0, 0, 1))]
    whole = (wavelet.respond(a, UNIT) ** 2).sum()
    assert sum((p**2).sum() for p in parts) == pytest.approx(whole, rel=0.1)  # equal but for IBSI's half-step grid


@pytest.mark.parametrize("setting", EVERY, ids=lambda s: s.name)
def test_a_response_lies_within_the_support(setting):
    """Two images that differ in one voxel have responses that differ within the support of it, and there only."""
    shape = (41, 43, 45)
    point = np.zeros(shape)
    middle = tuple(n // 2 for n in shape)
    point[middle] = 1
    response = np.abs(setting.respond(point, UNIT))
    support = support_voxels(setting, Grid(shape=shape, spacing_mm=UNIT))
    where = np.argwhere(response > 1e-9 * response.max())
    assert (np.abs(where - middle).max(axis=0) <= support).all()


@pytest.mark.parametrize("setting", EVERY, ids=lambda s: s.name)
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 9, 8), (2, 3, 40)])
def test_small_images_have_finite_responses(setting, shape):
    response = apply(scan(noise(shape)), setting)
    assert response.array.shape == shape
    assert np.isfinite(response.array).all()


@pytest.mark.parametrize("setting", EVERY, ids=lambda s: s.name)
def test_apply_says_what_it_did(setting):
    image = scan(noise((5, 6, 7)))
    response = apply(image, setting)
    assert response.grid == image.grid
    assert response.notes == (f"filtered: {setting.name}",)
    assert response.unit == ("HU" if isinstance(setting, Mean) else "1")
    assert response.modality == "CT"


def test_names_are_short_and_different():
    names = {
        "mean_5": Mean(support=5),
        "log_s1.5mm": LaplacianOfGaussian(sigma_mm=1.5),
        "log_s1.5mm_c3_zerosum_2D_wrap": LaplacianOfGaussian(
            sigma_mm=1.5, cutoff=3, zero_sum=True, dimensions=2, boundary="wrap"
        ),
        "laws_L5E5E5_max_e7": Laws(kernels="L5E5E5", pooling="max", energy_distance=7),
        "gabor_s5mm_w2mm_g1.5_t0_step22.5_average_2D": Gabor(
            sigma_mm=5, wavelength_mm=2, gamma=1.5, theta_step_deg=22.5
        ),
        "wavelet_db3_LLH": Wavelet(family="db3", decomposition="LLH"),
        "wavelet_db3_HHH_l2_average": Wavelet(family="db3", decomposition="HHH", level=2, pooling="average"),
        "simoncelli_l1": Simoncelli(level=1),
        "riesz_001_log_s3mm": Riesz(of=LaplacianOfGaussian(sigma_mm=3), order=(0, 0, 1)),
    }
    assert {name: setting.name for name, setting in names.items()} == {name: name for name in names}


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Mean(support=4), "support is 4 voxels; it must be odd"),
        (lambda: Mean(support=3.5), "support is 3.5; it must be a whole number"),
        (lambda: Mean(support=3, dimensions=1), "dimensions is 1; use 2"),
        (lambda: Mean(support=3, boundary="reflect"), "boundary is 'reflect'; use one of constant, nearest"),
        (lambda: LaplacianOfGaussian(sigma_mm=0), "sigma_mm is 0; it must lie in 0.1 to 50 mm"),
        (lambda: LaplacianOfGaussian(sigma_mm=True), "sigma_mm is True"),
        (lambda: LaplacianOfGaussian(sigma_mm=1, zero_sum="yes"), "zero_sum is 'yes'"),
        (lambda: Laws(kernels="L5X5"), "kernels is 'L5X5'; join two or three of L3, E3"),
        (lambda: Laws(kernels="L5"), "kernels is 'L5'"),
        (lambda: Laws(kernels="L5E5", pooling="min"), "pooling is 'min'"),
        (lambda: Laws(kernels="L5E5", energy_distance=0), "energy_distance is 0"),
        (lambda: Gabor(sigma_mm=1, wavelength_mm=4, theta_step_deg=50), "theta_step_deg is 50; whole steps"),
        (lambda: Gabor(sigma_mm=1, wavelength_mm=4, pooling=None), "pooling is None; use 'average' or 'max'"),
        (lambda: Wavelet(family="db9", decomposition="LH"), "wavelet family is 'db9'; use one of haar"),
        (lambda: Wavelet(family="db2", decomposition="LLX"), "decomposition is 'LLX'"),
        (lambda: Wavelet(family="db2", decomposition="LH", level=0), "level is 0"),
        (lambda: Simoncelli(level=9), "level is 9; it must lie in 1 to 8"),
        (lambda: Riesz(of=Mean(support=3), order=(0, 0, 1)), "a Riesz transform is of a Mean"),
        (lambda: Riesz(of=LOG, order=(0, 1)), "order is (0, 1); it must be 3 whole numbers (z, y, x)"),
        (lambda: Riesz(of=LOG, order=(0, 0, 0)), "whose sum is 1 to 4"),
        (lambda: apply(scan(np.ones((1, 2, 2))), "log"), "filter is a str; use one of Mean, LaplacianOfGaussian"),
        (
            lambda: apply(scan(np.ones((1, 2, 2)), (1, 3, 3)), Gabor(sigma_mm=5, wavelength_mm=4)),
            "wavelength_mm is 4 mm on voxels of 3 mm; it must be at least two voxels",
        ),
    ],
)
def test_the_impossible_is_refused_in_one_sentence(make, sentence):
    with pytest.raises(SettingError) as caught:
        make()
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
