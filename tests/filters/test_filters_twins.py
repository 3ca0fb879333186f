"""Filters against the same sums written out, tap by tap, and against waves, which a linear filter only scales."""

import itertools
import math

import numpy as np
import pytest

from radkit.filters import LaplacianOfGaussian, Laws, Riesz, Simoncelli, Wavelet

UNIT = (1.0, 1.0, 1.0)
BOUNDARIES = ("constant", "nearest", "wrap", "mirror")
LAWS = {  # Laws 1980, before they are scaled to a unit sum of squares
    "L5": (1, 4, 6, 4, 1), "E5": (-1, -2, 0, 2, 1), "S5": (-1, 0, 2, 0, -1), "W5": (-1, 2, 0, -2, 1),
    "R5": (1, -4, 6, -4, 1), "L3": (1, 2, 1), "E3": (-1, 0, 1), "S3": (-1, 2, -1),
}  # fmt: skip
LOW_PASS = {  # Daubechies, Ten Lectures on Wavelets, 1992, tables 6.1 and 8.1
    "haar": (0.707106781187, 0.707106781187),
    "db2": (0.482962913145, 0.836516303738, 0.224143868042, -0.129409522551),
    "db3": (0.332670552950, 0.806891509311, 0.459877502118, -0.135011020010, -0.085441273882, 0.035226291882),
    "coif1": (-0.072732619513, 0.337897662458, 0.852572020212, 0.384864846864, -0.072732619513, -0.015655728135),
}


def noise(shape=(6, 7, 9)):
    return np.random.default_rng(0).normal(size=shape)


def voxel(array, axis, index, boundary):
    """The voxels at ``index``, which may lie outside, along an axis."""
    n = array.shape[axis]
    outside = (index < 0) | (index >= n)
    if boundary == "nearest":
        index = np.clip(index, 0, n - 1)
    elif boundary == "mirror":  # half-sample: ... 1 0 | 0 1 2 ... n-1 | n-1 ...
        index = np.where(index % (2 * n) < n, index % (2 * n), 2 * n - 1 - index % (2 * n))
    found = array.take(index % n, axis=axis)
    if boundary == "constant":
        found = found * np.where(outside, 0, 1).reshape([-1 if a == axis else 1 for a in range(3)])
    return found


def response(array, taps, boundary):
    """Σ weight x voxel at the tap's offset, for each axis that ``taps`` (axis to offset to weight) names."""
    for axis, weights in taps.items():
        places = np.arange(array.shape[axis])
        array = sum(w * voxel(array, axis, places + offset, boundary) for offset, w in weights.items())
    return array


def law(name):
    scale = math.sqrt(sum(w**2 for w in LAWS[name]))
    half = len(LAWS[name]) // 2
    return {half - k: w / scale for k, w in enumerate(LAWS[name])}  # a convolution: weight k meets the voxel behind


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("names", [("L5", "E5", "S5"), ("E3", "W5", "R5"), ("S3", "L3"), ("R5", "E5")])
def test_laws_is_the_sum_over_its_kernels(names, boundary):
    a = noise()
    taps = {2 - k: law(name) for k, name in enumerate(names)}  # along x, y, z
    expected = response(a, taps, boundary)
    setting = Laws(kernels="".join(names), boundary=boundary)
    np.testing.assert_allclose(setting.respond(a, UNIT), expected, atol=1e-12)
    cube = {axis: dict.fromkeys(range(-2, 3), 1 / 5) for axis in taps}
    energy = Laws(kernels="".join(names), boundary=boundary, energy_distance=2).respond(a, UNIT)
    np.testing.assert_allclose(energy, response(np.abs(expected), cube, boundary), atol=1e-12)


def subband(family, band, level):
    """Offset to weight: weight k of n lies (k - n/2 + 1) 2^(level - 1) voxels ahead; levels below are low-passes."""
    low = LOW_PASS[family]
    high = [(-1) ** k * w for k, w in enumerate(reversed(low))]
    taps = {0: 1.0}
    for j in range(1, level + 1):
        weights = high if band == "H" and j == level else low
        here = {(k - len(low) // 2 + 1) * 2 ** (j - 1): w for k, w in enumerate(weights)}
        both = {}
        for (a, v), (b, w) in itertools.product(taps.items(), here.items()):
            both[a + b] = both.get(a + b, 0.0) + v * w
        taps = both
    return taps


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("family", list(LOW_PASS))
@pytest.mark.parametrize(("bands", "level"), [("LLH", 1), ("HLH", 2), ("HL", 1), ("LH", 2)])
def test_wavelets_are_sums_over_published_weights(family, bands, level, boundary):
    a = noise()
    taps = {2 - k: subband(family, band, level) for k, band in enumerate(bands)}
    setting = Wavelet(family=family, decomposition=bands, level=level, boundary=boundary)
    np.testing.assert_allclose(setting.respond(a, UNIT), response(a, taps, boundary), atol=1e-10)  # of 12 digits


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_log_in_slices_is_the_sum_over_its_kernel(boundary):
    """-(2 - r²/σ²) exp(-r²/2σ²) / (2πσ⁴) at the centers of voxels of 1 x 1 mm, cut at 4 σ."""
    a, sigma = noise(), 1.5
    expected = 0
    for dy, dx in itertools.product(range(-6, 7), repeat=2):
        r2 = (dy**2 + dx**2) / sigma**2
        weight = -(2 - r2) * math.exp(-r2 / 2) / (2 * math.pi * sigma**4)
        shifted = voxel(voxel(a, 1, np.arange(7) + dy, boundary), 2, np.arange(9) + dx, boundary)
        expected = expected + weight * shifted
    ours = LaplacianOfGaussian(sigma_mm=sigma, dimensions=2, boundary=boundary).respond(a, UNIT)
    np.testing.assert_allclose(ours, expected, atol=1e-12)


def wave(shape, cycles, shift=0.0):
    """cos(2π Σ cycles x / n + shift): ``cycles`` whole periods along each axis."""
    phase = sum(c * np.arange(n).reshape([-1 if a == k else 1 for a in range(3)]) / n
                for k, (c, n) in enumerate(zip(cycles, shape, strict=True)))  # fmt: skip
    return np.cos(2 * math.pi * phase + shift)


@pytest.mark.parametrize(("dimensions", "cycles"), [(3, (1, 2, 4)), (3, (0, 0, 5)), (2, (3, 2, 4)), (2, (0, 7, 0))])
@pytest.mark.parametrize("level", [1, 2])
def test_simoncelli_and_riesz_scale_a_wave_and_shift_it(dimensions, cycles, level):
    """On an odd axis of n voxels IBSI's grid has frequency 2 k / (n - 1) of Nyquist at k whole periods.

    The band is cos(π/2 log2(2^level w)) for 2^-(level+1) < w < 2^-(level-1); a Riesz transform along x scales by
    w_x / w and shifts by a quarter of a period, (-i)^1; twice, by w_x² / w² and half a period.
    """
    shape = (15, 17, 19)
    axes = range(3 - dimensions, 3)
    w = {k: 2 * cycles[k] / (shape[k] - 1) for k in axes}
    radius = math.sqrt(sum(v**2 for v in w.values()))
    near = 2.0 ** -(level + 1) < radius < 2.0 ** -(level - 1)
    gain = math.cos(math.pi / 2 * math.log2(2**level * radius)) if near else 0.0
    setting = Simoncelli(level=level, dimensions=dimensions, boundary="wrap")
    found = setting.respond(wave(shape, cycles), UNIT)
    np.testing.assert_allclose(found, gain * wave(shape, cycles), atol=1e-12)
    for times in (1, 2):
        order = (0,) * (dimensions - 1) + (times,)
        expected = gain * (w[2] / radius) ** times * wave(shape, cycles, -times * math.pi / 2)
        found = Riesz(of=setting, order=order).respond(wave(shape, cycles), UNIT)
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_riesz_of_log_shifts_each_wave_of_its_response():
    shape, cycles = (15, 17, 19), (1, 3, 2)
    log = LaplacianOfGaussian(sigma_mm=1, boundary="wrap")
    w = [2 * c / (n - 1) for c, n in zip(cycles, shape, strict=True)]
    gain = log.respond(wave(shape, cycles), UNIT)[0, 0, 0]  # a wave with its crest there
    expected = gain * w[1] / math.hypot(*w) * wave(shape, cycles, -math.pi / 2)
    np.testing.assert_allclose(Riesz(of=log, order=(0, 1, 0)).respond(wave(shape, cycles), UNIT), expected, atol=1e-12)


@pytest.mark.parametrize("boundary", ["constant", "nearest"])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_transforms_continue_the_image_to_twice_its_size(boundary, dimensions):
    """Zeros or the border's voxels, half of the size before and the rest after; the whole of it is then periodic."""
    a = noise((6, 7, 9))
    halves = [(n // 2, n - n // 2) if axis >= 3 - dimensions else (0, 0) for axis, n in enumerate(a.shape)]
    wider = np.pad(a, halves, mode={"constant": "constant", "nearest": "edge"}[boundary])
    inside = tuple(slice(before, before + n) for (before, _), n in zip(halves, a.shape, strict=True))
    for order in (None, (1, 0, 1)[3 - dimensions :]):
        settings = [Simoncelli(level=1, dimensions=dimensions, boundary=b) for b in (boundary, "wrap")]
        ours, periodic = settings if order is None else (Riesz(of=s, order=order) for s in settings)
        np.testing.assert_allclose(ours.respond(a, UNIT), periodic.respond(wider, UNIT)[inside], atol=1e-12)
