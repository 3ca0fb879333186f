"""Intensity statistics and intensity histogram, by arithmetic that a reader can check."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from regions import levels_of, roi_of, row

from radkit import features


def statistics(*numbers):
    return {v.tag: v for v in features.compute("statistics", roi_of(row(*numbers)), None)}


def histogram(*levels, n_levels=None):
    found = features.compute("intensity_histogram", roi_of(row(*levels)), levels_of(row(*levels), n_levels))
    return {v.tag: v.value for v in found}


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("stat_mean", (1 + 2 + 4 + 9) / 4),
        ("stat_var", (9 + 4 + 0 + 25) / 4),
        ("stat_skew", (-27 - 8 + 125) / 4 / 9.5**1.5),
        ("stat_kurt", (81 + 16 + 625) / 4 / 9.5**2 - 3),
        ("stat_median", (2 + 4) / 2),
        ("stat_min", 1),
        ("stat_max", 9),
        ("stat_p10", 1 + 0.3 * (2 - 1)),
        ("stat_p90", 4 + 0.7 * (9 - 4)),
        ("stat_iqr", (4 + 0.25 * 5) - (1 + 0.75 * 1)),
        ("stat_range", 9 - 1),
        ("stat_mad", (3 + 2 + 0 + 5) / 4),
        ("stat_rmad", 1),  # 2 and 4 lie between 1.3 and 7.5; their mean is 3
        ("stat_medad", (2 + 1 + 1 + 6) / 4),
        ("stat_cov", 9.5**0.5 / 4),
        ("stat_qcod", (5.25 - 1.75) / (5.25 + 1.75)),
        ("stat_energy", 1 + 4 + 16 + 81),
        ("stat_rms", (102 / 4) ** 0.5),
    ],
)
def test_statistics_by_hand(tag, value):
    """Four voxels, 1 2 4 9: mean 4, deviations -3 -2 0 5."""
    assert statistics(9, 1, 4, 2)[tag].value == pytest.approx(value)


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("ih_mean", (2 * 1 + 3 + 5 * 2) / 5),
        ("ih_var", (2 * 4 + 0 + 2 * 4) / 5),
        ("ih_median", 3),
        ("ih_min", 1),
        ("ih_max", 5),
        ("ih_mode", 1),  # levels 1 and 5 are as frequent, and as far from the mean 3: the lower one
        ("ih_range", 4),
        ("ih_entropy", -(2 * 0.4 * np.log2(0.4) + 0.2 * np.log2(0.2))),
        ("ih_uniformity", 0.4**2 + 0.2**2 + 0.4**2),
        ("ih_max_grad", 2 - 0),  # counts 2 0 1 0 2: slopes -2, -1/2, 0, 1/2, 2
        ("ih_max_grad_g", 5),
        ("ih_min_grad", 0 - 2),
        ("ih_min_grad_g", 1),
        ("ih_qcod", (5 - 1) / (5 + 1)),
        ("ih_cov", (16 / 5) ** 0.5 / 3),
    ],
)
def test_histogram_by_hand(tag, value):
    assert histogram(1, 5, 3, 1, 5)[tag] == pytest.approx(value)


def test_mode_of_several_is_the_one_nearest_to_the_mean():
    assert histogram(1, 1, 6, 6, 5)["ih_mode"] == 6  # mean 3.8: 6 is 2.2 away, 1 is 2.8


def test_gradient_sees_empty_levels_up_to_the_number_of_levels():
    assert histogram(1, 2, 2, 2)["ih_min_grad"] == 3 - 1
    assert histogram(1, 2, 2, 2, n_levels=3)["ih_min_grad"] == 0 - 3


@given(st.lists(st.integers(1, 30), min_size=3, max_size=60))
def test_histogram_equals_statistics_of_the_levels(levels):
    """A histogram knows as much as the list of its voxels: mean to percentiles must agree."""
    of_list, of_counts = statistics(*levels), histogram(*levels, n_levels=30)
    for name in ("mean", "var", "skew", "kurt", "median", "min", "p10", "p90", "max", "iqr", "range", "mad", "rmad",
                 "medad", "cov", "qcod"):  # fmt: skip
        assert of_counts[f"ih_{name}"] == pytest.approx(of_list[f"stat_{name}"].value, abs=1e-9), name


def test_percentiles_are_those_of_numpy():
    x = np.random.default_rng(3).normal(size=101)
    found = statistics(*x)
    assert found["stat_p10"].value == pytest.approx(np.sort(x)[10])
    assert found["stat_iqr"].value == pytest.approx(np.sort(x)[75] - np.sort(x)[25])


def test_undefined_says_why():
    assert statistics(-1, 1)["stat_cov"].note == "undefined: the mean intensity is 0"
    assert np.isnan(statistics(-1, 1)["stat_cov"].value)
    assert "quartile add up to 0" in statistics(-2, -2, 0, 2, 2)["stat_qcod"].note
    assert "between the 10th and the 90th" in statistics(1, 2)["stat_rmad"].note
