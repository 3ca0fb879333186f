"""The simulated case: its truth, its mean within three standard errors, do(scanner), and blur against contrast."""

import math
from dataclasses import replace

import numpy as np
import pytest

from radkit.phantoms import Lesion, PetScanner, Scanner, Shape, Texture, counterfactual, ibsi_digital, simulate
from radkit.phantoms import simulated_case as default
from radkit.physics import GaussianPsf, blur
from radkit.volume import SettingError, UnitMismatch

approx = pytest.approx


def contrast(array, mask, bin_width=25.0):
    """GLCM contrast over the neighbors along each axis, by its definition: mean squared difference of gray levels."""
    levels = np.floor((array + 1000) / bin_width)
    squares = []
    for axis in range(3):
        a, b = np.delete(levels, -1, axis), np.delete(levels, 0, axis)
        inside = np.delete(mask, -1, axis) & np.delete(mask, 0, axis)
        squares.append((a - b)[inside] ** 2)
    return np.concatenate(squares).mean()


def test_default_is_what_the_bench_expects():
    case = default()
    assert case.name == "simulated"
    assert case.image.array.shape == (32, 64, 64)
    assert case.image.grid.spacing_mm == (2.5, 1.0, 1.0)
    assert (case.image.modality, case.image.unit) == ("CT", "HU")
    assert case.source.found == "embedded default"
    assert "not compared with a physical phantom" in case.source.changes
    assert default(7).name == "simulated/7"
    border = case.mask.array.copy()
    border[2:-2, 4:-4, 4:-4] = False
    assert not border.any()  # room for blur and resampling around it


def test_same_seed_same_case_and_other_seeds_differ():
    a, b, c = default(3), default(3), default(4)
    assert a.image.digest == b.image.digest
    assert a.mask.digest == b.mask.digest
    assert a.image.digest != c.image.digest


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_contrast_falls_with_blur_at_fixed_bin_width(seed):
    case = default(seed)
    values = [contrast(blur(case.image, GaussianPsf.isotropic(s)).array, case.mask.array) for s in (0, 1, 2, 3)]
    assert (np.diff(values) < 0).all()
    assert values[2] < 0.5 * values[0]


def test_mean_is_the_specified_one_within_three_standard_errors():
    shape = Shape(irregularity=0, radius_mm=16)
    lesion = Lesion(shape=shape, mean=60.0, background=-100.0)
    means = []
    for seed in range(12):
        case = simulate(lesion, Scanner(), seed)
        axes = [np.arange(n) - (n - 1) / 2 for n in case.image.grid.shape]
        z, y, x = np.ix_(*(a * s for a, s in zip(axes, case.image.grid.spacing_mm, strict=True)))
        core = z**2 + y**2 + x**2 < (16 - 4) ** 2  # four millimeters from the edge no background is mixed in
        means.append(case.image.array[core].mean())
    standard_error = np.std(means, ddof=1) / math.sqrt(len(means))
    assert abs(np.mean(means) - 60.0) <= 3 * standard_error
    assert standard_error < 2.0


def test_another_scanner_leaves_volume_mask_and_shape():
    case = default(5)
    sharp = Scanner(cutoff_per_mm=0.8, noise_sd=20.0, epsilon=0.01)
    other = counterfactual(case, sharp)
    assert (other.mask.array == case.mask.array).all()
    for name in ("volume_mm3", "area_mm2", "sphericity", "realized_mean", "realized_sd", "seed"):
        assert other.truth[name] == case.truth[name]
    assert (other.image.array != case.image.array).any()
    assert other.truth["scanner"] == sharp
    assert other.truth["noise_sd"] == 20.0


def test_another_spacing_keeps_the_volume_and_nearly_the_voxel_count_in_mm3():
    case = default(5)
    thick = counterfactual(case, Scanner(spacing_mm=(5.0, 1.5, 1.5)))
    assert thick.truth["volume_mm3"] == case.truth["volume_mm3"]
    measured = thick.mask.n_voxels * thick.image.grid.voxel_volume_mm3
    assert measured == approx(case.truth["volume_mm3"], rel=0.03)


def test_another_noise_seed_is_a_repeat_scan():
    case = default(2)
    repeat = counterfactual(case, case.truth["scanner"], noise_seed=99)
    difference = repeat.image.array.astype(float) - case.image.array
    assert difference.std() == approx(case.truth["noise_sd"] * math.sqrt(2), rel=0.03)
    assert (repeat.mask.array == case.mask.array).all()


def test_volume_of_the_fine_mask_and_of_the_voxels():
    case = simulate(Lesion(shape=Shape(irregularity=0, radius_mm=16)), Scanner())
    ball = 4 / 3 * math.pi * 16**3
    assert case.truth["volume_mm3"] == approx(ball, rel=0.005)
    assert case.mask.n_voxels * 2.5 == approx(ball, rel=0.01)
    assert case.truth["sphericity"] == approx(1, abs=1e-3)


def test_texture_and_shape_have_their_own_random_streams():
    smooth, rough = Lesion(), Lesion(texture=Texture(sd=40, length_mm=2))
    a, b = simulate(smooth, Scanner(), 4), simulate(rough, Scanner(), 4)
    assert (a.mask.array == b.mask.array).all()
    assert b.truth["realized_sd"] > a.truth["realized_sd"]


def test_realized_texture_is_near_the_specified_one():
    spread = [default(seed).truth["realized_sd"] for seed in range(8)]
    assert np.mean(spread) == approx(Lesion().texture.sd, rel=0.1)


def test_refusals_name_the_way_out():
    with pytest.raises(UnitMismatch, match=r"Lesion.pet\(\) with PetScanner"):
        simulate(Lesion(), PetScanner())
    with pytest.raises(SettingError, match="half the voxel"):
        simulate(Lesion(), Scanner(spacing_mm=(2.5, 0.7, 0.7)))
    with pytest.raises(SettingError, match="larger field_mm"):
        simulate(Lesion(shape=Shape(radius_mm=40)), Scanner())
    with pytest.raises(SettingError, match="seed is -1"):
        default(-1)
    with pytest.raises(SettingError, match="was not simulated"):
        counterfactual(ibsi_digital(), Scanner())
    with pytest.raises(SettingError, match="fine_mm"):
        Lesion(fine_mm=(0.1, 0.1, 0.1))
    with pytest.raises(SettingError, match="unit"):
        replace(Lesion(), unit="Bq/ml")
