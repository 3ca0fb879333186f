"""Intensity-volume histogram: IBSI's own example, the slow twin, and the three kinds of axes."""

import numpy as np
import pytest
import slow_twins
from hypothesis import given
from hypothesis import strategies as st
from regions import roi_of, row

from radkit import features
from radkit.features.intensity_volume_histogram import TABLE, VolumeCurve, binning_for
from radkit.preprocess import AsIs, FixedBinCount, FixedBinWidth, Resegment, resegment
from radkit.volume import SettingError, UnitMismatch

NAME = "intensity_volume_histogram"


def computed(roi, binning=None):
    return {v.tag: v for v in features.compute(NAME, roi, None, ivh_binning=binning)}


def numbers(roi, binning=None):
    return {tag: v.value for tag, v in computed(roi, binning).items()}


def test_the_example_of_ibsi():
    """The digital phantom: 50, 1, 16 and 7 voxels of 1, 3, 4 and 6; levels 2 and 5 are on the axis all the same."""
    roi = roi_of(row(*np.repeat([1, 3, 4, 6], [50, 1, 16, 7])))
    curve = VolumeCurve.of(roi, AsIs())
    assert [curve.share(i) for i in range(1, 7)] == pytest.approx(np.array([74, 24, 24, 23, 7, 7]) / 74)
    found = numbers(roi, AsIs())
    assert found == {
        "ivh_v10": 24 / 74,
        "ivh_v90": 7 / 74,
        "ivh_i10": 5,
        "ivh_i90": 2,
        "ivh_diff_v10_v90": 24 / 74 - 7 / 74,
        "ivh_diff_i10_i90": 3,
        "ivh_auc": pytest.approx(((74 + 7) / 2 + 24 + 24 + 23 + 7) / 74 / 5),
    }


@given(st.lists(st.integers(-30, 30), min_size=2, max_size=40).filter(lambda v: len(set(v)) > 1))
def test_whole_numbers_equal_slow_twin(values):
    axis = np.arange(min(values), max(values) + 1)
    twin = slow_twins.intensity_volume_histogram(np.array(values), axis)
    assert numbers(roi_of(row(*values), unit="HU")) == pytest.approx(twin)


@given(st.lists(st.integers(-30, 30), min_size=2, max_size=40).filter(lambda v: len(set(v)) > 1))
def test_a_range_equals_slow_twin(values):
    """The total range is that of the re-segmentation, whether voxels come near its ends or not."""
    roi = resegment(roi_of(row(*values), unit="HU"), Resegment(range=(-40, 45), unit="HU"))
    twin = slow_twins.intensity_volume_histogram(np.array(values), np.arange(-40, 46))
    assert numbers(roi) == pytest.approx(twin)


@given(st.lists(st.floats(0, 20), min_size=2, max_size=40), st.sampled_from([0.1, 0.5, 2.5]))
def test_bin_centers_equal_slow_twin(values, width):
    bins = np.floor(np.array(values) / width + 1e-9)
    if bins.min() == bins.max():
        return
    axis = np.arange(bins.min(), bins.max() + 1)  # counted in bins: an intensity is width x (bin + 1/2)
    twin = slow_twins.intensity_volume_histogram(bins, axis)
    for tag in ("ivh_i10", "ivh_i90"):
        twin[tag] = width * (twin[tag] + 1 / 2)
    twin["ivh_diff_i10_i90"] *= width
    roi = roi_of(row(*values), unit="SUV")
    assert numbers(roi, FixedBinWidth(width=width, origin=0, unit="SUV")) == pytest.approx(twin)


@given(st.lists(st.floats(-1, 1, width=16), min_size=2, max_size=40).filter(lambda v: np.ptp(v) > 1e-3))
def test_bin_numbers_equal_slow_twin(values):
    x = np.array(values)
    bins = np.minimum(np.floor((x - x.min()) * (100 / np.ptp(x)) + 1e-9) + 1, 100)
    twin = slow_twins.intensity_volume_histogram(bins, np.arange(1, 101))
    assert numbers(roi_of(row(*values)), FixedBinCount(n_bins=100)) == pytest.approx(twin)


def test_the_unit_chooses_the_axis():
    assert binning_for("HU") == AsIs()
    assert binning_for("SUV") == FixedBinWidth(width=0.1, origin=0, unit="SUV")
    assert {binning_for(unit) for unit in ("1", "a.u.", "Bq/ml", "counts")} == {FixedBinCount(n_bins=1000)}
    for unit in ("HU", "SUV", "1"):
        roi = roi_of(row(1, 2.5, 4, 11), unit=unit)
        assert numbers(roi) == numbers(roi, binning_for(unit))


def test_bin_numbers_have_no_unit():
    roi = roi_of(row(-100, 20, 60, 90), unit="HU")
    assert computed(roi)["ivh_i10"].unit == "HU"
    assert computed(roi, FixedBinCount(n_bins=1000))["ivh_i10"].unit == "1"
    assert computed(roi)["ivh_v10"].unit == "1"


def test_bin_numbers_are_invariant_to_scale_and_shift():
    x = np.random.default_rng(1).normal(size=200)
    assert numbers(roi_of(row(*(8 * x - 3)))) == pytest.approx(numbers(roi_of(row(*x))))


def test_a_range_open_at_one_end_takes_the_region_at_that_end():
    roi = resegment(roi_of(row(10, 20, 60, 90), unit="HU"), Resegment(range=(0, np.inf), unit="HU"))
    assert (VolumeCurve.of(roi).low, VolumeCurve.of(roi).high) == (0, 90)


def test_bin_centers_within_a_range():
    """IBSI: 𝒢 runs from the range's lower end plus half a bin to its upper end less half a bin."""
    roi = resegment(roi_of(row(-990, 20, 60, 90), unit="HU"), Resegment(range=(-1000, 400), unit="HU"))
    curve = VolumeCurve.of(roi, FixedBinWidth(width=2.5, origin=-1000, unit="HU"))
    assert (curve.low, curve.high) == (-998.75, 398.75)
    assert (
        curve.intensity_at(0.9) == -990 + 2.5 * 1.5
    )  # -990 opens a bin; a step further a quarter of the voxels is gone


def test_intensities_far_apart_are_sorted_instead_of_counted():
    values = [0, 1, 1, 5, 5 * TABLE]
    curve = VolumeCurve.of(roi_of(row(*values), unit="HU"))
    assert curve.places.tolist() == [0, 1, 5, 5 * TABLE]
    assert curve.counts.tolist() == [1, 2, 1, 1]
    assert curve.volume_at(0.1) == 1 / 5


def test_one_intensity():
    flat = computed(roi_of(np.full((2, 2, 2), 50), unit="HU"))
    for tag in ("ivh_v10", "ivh_v90", "ivh_diff_v10_v90"):
        assert flat[tag].note == "undefined: the range of intensities holds a single one"
    assert (flat["ivh_i10"].value, flat["ivh_i90"].value, flat["ivh_auc"].value) == (51, 51, 0)
    in_bins = numbers(roi_of(np.full((2, 2, 2), 50)))  # by convention all voxels are in bin 1 of 1000
    assert (in_bins["ivh_v10"], in_bins["ivh_i10"], in_bins["ivh_auc"]) == (0, 2, 0)


def test_a_bin_width_in_another_unit_is_refused():
    with pytest.raises(UnitMismatch, match=r"2.5 HU wide, the image is in SUV\. Choose"):
        computed(roi_of(row(1, 2), unit="SUV"), FixedBinWidth(width=2.5, origin=0, unit="HU"))


def test_only_this_family_takes_the_setting():
    with pytest.raises(SettingError, match="statistics has no setting 'ivh_binning'; it takes none"):
        features.compute("statistics", roi_of(row(1, 2)), None, ivh_binning=AsIs())
    with pytest.raises(SettingError, match="has no setting 'binning'; it takes ivh_binning"):
        features.compute(NAME, roi_of(row(1, 2)), None, binning=AsIs())
