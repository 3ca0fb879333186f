"""Local intensity: spheres counted by hand, the slow twin, ties, and what lies outside the region."""

import numpy as np
import pytest
import slow_twins
from hypothesis import given
from hypothesis import strategies as st
from regions import roi_of

from radkit import features
from radkit.features.local_intensity import RADIUS_MM, sphere

SPACINGS = [(6.0, 6.0, 6.0), (4.0, 2.5, 3.0), (1.0, 9.0, 3.1), (3.0, 1.9, 1.9), (7.0, 7.0, 7.0)]


def peaks(image, mask, spacing_mm):
    found = features.compute("local_intensity", roi_of(image, mask, spacing_mm), None)
    assert [v.tag for v in found] == ["loc_peak_loc", "loc_peak_glob"]
    return tuple(v.value for v in found)


def test_the_sphere_holds_a_cubic_centimeter():
    assert 4 / 3 * np.pi * RADIUS_MM**3 == pytest.approx(1000)
    rows = sphere((0.2, 0.25, 0.3))
    n = ((2 * rows[:, 2] + 1) * np.where(rows[:, 0] > 0, 2, 1)).sum()
    assert n * 0.2 * 0.25 * 0.3 == pytest.approx(1000, rel=0.01)


def test_by_hand():
    """At 6 mm the sphere is a voxel and its six face neighbors; those beyond the border do not count."""
    image = np.zeros((3, 3, 4))
    image[1, 1, 1], image[1, 1, 2], image[0, 0, 0] = 70, 35, 28
    mask = np.zeros(image.shape, dtype=bool)
    mask[1, 1, 1:3] = True
    assert peaks(image, mask, (6, 6, 6)) == ((70 + 35) / 7, (70 + 35) / 7)
    mask[0, 0, 0] = True
    assert peaks(image, mask, (6, 6, 6)) == ((70 + 35) / 7, (70 + 35) / 7)
    image[0, 0, 0] = 71  # in the corner four voxels are within the image
    assert peaks(image, mask, (6, 6, 6)) == (71 / 4, 71 / 4)


def test_of_equal_maxima_the_highest_peak_counts():
    image = np.zeros((1, 1, 9))
    image[0, 0, [1, 5, 6]] = 10, 10, 9
    mask = image == 10
    assert peaks(image, mask, (6, 6, 6)) == ((10 + 9) / 3, (10 + 9) / 3)


def test_the_highest_mean_need_not_be_around_the_highest_voxel():
    image = np.zeros((1, 1, 9))
    image[0, 0, [1, 4, 5, 6]] = 10, 9, 9, 9
    local, highest = peaks(image, np.ones(image.shape, dtype=bool), (6, 6, 6))
    assert (local, highest) == (10 / 3, 9)


def test_only_centers_lie_in_the_region_neighbors_may_lie_anywhere():
    image = np.zeros((3, 3, 3))
    image[1, 1, 1], image[1, 1, 2] = 1, 1000
    mask = np.zeros(image.shape, dtype=bool)
    mask[1, 1, 1] = True
    assert peaks(image, mask, (6, 6, 6)) == (1001 / 7, 1001 / 7)


@given(st.integers(0, 10_000), st.sampled_from(SPACINGS))
def test_equals_slow_twin(seed, spacing_mm):
    rng = np.random.default_rng(seed)
    shape = rng.integers(1, 9, 3)
    image = np.round(rng.normal(0, 5, shape))
    mask = rng.random(shape) < 0.3
    mask[tuple(rng.integers(0, shape))] = True
    expected = slow_twins.peaks(image, mask, np.array(spacing_mm))
    assert peaks(image, mask, spacing_mm) == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_flips_and_turns_change_nothing():
    rng = np.random.default_rng(2)
    image, mask = rng.normal(50, 20, (7, 8, 9)), np.zeros((7, 8, 9), dtype=bool)
    mask[2:5, 3:6, 1:8] = True
    expected = peaks(image, mask, (3, 3, 3))
    for turn in (lambda a: a[::-1], lambda a: a[..., ::-1], np.rot90, lambda a: np.rot90(a, axes=(1, 2))):
        assert peaks(turn(image), turn(mask), (3, 3, 3)) == pytest.approx(expected, rel=1e-12)


def test_voxels_larger_than_the_sphere():
    image = np.arange(8.0).reshape(2, 2, 2)
    assert peaks(image, image > 3, (7, 7, 7)) == (7, 7)
