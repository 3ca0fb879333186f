"""Resampling, re-segmentation and discretization against arithmetic, slow twins and IBSI's own diagnostics."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from radkit.preprocess import (
    AsIs,
    FixedBinCount,
    FixedBinWidth,
    Resample,
    Resegment,
    crop,
    discretize,
    resample,
    resample_like,
    resegment,
)
from radkit.volume import MAX_LEVELS, EmptyMask, Grid, Image, Mask, Roi, SettingError, UnitMismatch

REFERENCE = Path(__file__).parents[1] / "reference"


def region(array, spacing_mm=(1, 1, 1), mask=None, unit="HU"):
    array = np.asarray(array, dtype=float)
    mask = np.ones(array.shape) if mask is None else mask
    return Roi.of(
        Image.of(array, spacing_mm=spacing_mm, modality="CT", unit=unit), Mask.of(mask, spacing_mm=spacing_mm)
    )


def row(*values, unit="HU"):
    return region(np.reshape(values, (1, 1, -1)), unit=unit)


@pytest.mark.mirror
@pytest.mark.parametrize("name", ["ibsi-a", "ibsi-b", "ibsi-c", "ibsi-d", "ibsi-e"])
def test_every_ibsi_diagnostic_of_the_ct_phantom(name, mirror):
    import radkit

    case, recipe = radkit.load("ibsi-ct"), radkit.preset(name)
    start = Roi.of(case.image, case.mask)
    interpolated = resample(start, recipe.resample) if recipe.resample else start
    stages = {"init": start, "interp": interpolated, "reseg": resegment(interpolated, recipe.resegment)}
    got = {key: value for stage, roi in stages.items() for key, value in _diagnostics(stage, roi).items()}
    with open(REFERENCE / "ibsi1_diagnostics.csv") as file:
        rows = [r for r in csv.DictReader(file) if r["config"] == name[-1].upper() and r["value"]]
    wrong = []
    for r in rows:
        half_digit = 0.5 * 10 ** -len(r["value"].partition(".")[2])
        if abs(got[r["tag"]] - float(r["value"])) > float(r["tolerance"] or 0) + half_digit:
            wrong.append((r["tag"], r["value"], got[r["tag"]]))
    assert (len(rows), wrong) == (60, [])


def _diagnostics(stage, roi):
    array = roi.image.array
    found = {
        f"mean_int_{stage}_img": array.mean(),
        f"min_int_{stage}_img": array.min(),
        f"max_int_{stage}_img": array.max(),
        f"int_mask_vox_count_{stage}_roi": roi.intensity_mask.sum(),
        f"morph_mask_vox_count_{stage}_roi": roi.morphological_mask.sum(),
        f"int_mask_mean_int_{stage}_roi": roi.values.mean(),
        f"int_mask_min_int_{stage}_roi": roi.values.min(),
        f"int_mask_max_int_{stage}_roi": roi.values.max(),
    }
    for k, axis in enumerate("zyx"):
        found[f"img_dim_{axis}_{stage}_img"] = found[f"int_mask_dim_{axis}_{stage}_roi"] = array.shape[k]
        found[f"vox_dim_{axis}_{stage}_img"] = roi.image.grid.spacing_mm[k]
        for short, mask in (("int", roi.intensity_mask), ("morph", roi.morphological_mask)):
            found[f"{short}_mask_bb_dim_{axis}_{stage}_roi"] = np.ptp(np.nonzero(mask)[k]) + 1
    return found


class TestResample:
    def test_old_and_new_grid_share_their_center_and_size_is_rounded_up(self):
        roi = resample(region(np.zeros((3, 5, 7)), (3, 1, 1)), Resample.isotropic(2.0))
        assert roi.image.grid.shape == (5, 3, 4)  # ceil(3*3/2), ceil(5*1/2), ceil(7*1/2)
        middle_before = np.array([1, 2, 3]) * (3, 1, 1)
        middle_after = roi.image.grid.to_world((np.array(roi.image.grid.shape) - 1) / 2)
        np.testing.assert_allclose(middle_after, middle_before)

    @pytest.mark.parametrize(("interpolation", "order"), [("linear", 1), ("cubic", 3)])
    def test_against_scipy_where_the_grid_lies_inside(self, interpolation, order):
        array = np.random.default_rng(0).normal(size=(9, 11, 12)) * 100
        roi = resample(
            region(array, (3, 1.2, 0.9)), Resample.isotropic(1.7, interpolation=interpolation, round_hu=False)
        )
        world = roi.image.grid.to_world(np.indices(roi.image.grid.shape).reshape(3, -1).T)
        index = (world / (3, 1.2, 0.9)).T
        twin = ndimage.map_coordinates(array, index, order=order, mode="mirror").reshape(roi.image.grid.shape)
        inside = ((index >= 0) & (index <= (np.array(array.shape) - 1)[:, None])).all(axis=0).reshape(twin.shape)
        assert inside.mean() > 0.5
        np.testing.assert_allclose(roi.image.array[inside], twin[inside], atol=1e-10)

    def test_hounsfield_units_are_rounded_and_suv_never(self):
        array = np.random.default_rng(1).normal(size=(6, 6, 6)) * 10
        hu = resample(region(array), Resample.isotropic(1.5))
        suv = resample(region(array, unit="SUV"), Resample.isotropic(1.5))
        assert (hu.image.array == np.rint(hu.image.array)).all()
        assert (suv.image.array != np.rint(suv.image.array)).any()

    @pytest.mark.parametrize("interpolation", ["linear", "cubic"])
    @pytest.mark.parametrize("margin", [0, 3, 8])
    def test_any_crop_gives_the_same_region(self, interpolation, margin):
        rng = np.random.default_rng(2)
        array = rng.normal(size=(90, 80, 85))
        mask = np.zeros(array.shape)
        mask[40:47, 35:44, 38:50] = rng.random((7, 9, 12)) < 0.9
        whole = region(array, (3.27, 1.17, 1.17), mask, unit="SUV")
        setting = Resample.isotropic(2.0, interpolation=interpolation)
        support = {"linear": 2, "cubic": 26}[interpolation]
        full = resample(whole, setting)
        part = resample(crop(whole, (support + margin,) * 3), setting)
        assert part.image.grid.full_shape == full.image.grid.full_shape
        np.testing.assert_array_equal(np.argwhere(part.morphological_mask) + part.image.grid.offset,
                                      np.argwhere(full.morphological_mask))  # fmt: skip
        np.testing.assert_allclose(part.values, full.values, rtol=0, atol=0 if interpolation == "linear" else 1e-12)

    def test_a_mask_too_small_for_the_spacing_is_named(self):
        mask = np.zeros((9, 9, 9))
        mask[3, 4, 4] = 1
        with pytest.raises(EmptyMask, match="no voxel is left of the mask's 1 after resampling"):
            resample(region(np.zeros(mask.shape), mask=mask), Resample.isotropic(6.0))

    def test_a_mask_of_another_grid_is_brought_over(self):
        image = Image.of(np.zeros((6, 6, 6)), spacing_mm=(1, 1, 1))
        coarse = Mask(np.ones((1, 1, 1)), Grid(shape=(1, 1, 1), spacing_mm=(3, 3, 3), origin_mm=(2, 2, 2)))
        found = resample_like(coarse, image).array
        assert found[2, 2, 2]
        assert found.sum() == 1 + 6  # 2/3 at one voxel along an axis, 4/9 across two
        far = Grid(shape=(1, 1, 1), spacing_mm=(1, 1, 1), origin_mm=(99, 0, 0))
        with pytest.raises(EmptyMask, match="does not reach into the image"):
            resample_like(Mask(np.ones((1, 1, 1)), far), image)

    @pytest.mark.parametrize("spacing", [(0, 1, 1), (-1, 1, 1), (1, 1), (np.nan, 1, 1), (99, 1, 1)])
    def test_an_impossible_spacing_is_refused(self, spacing):
        with pytest.raises(SettingError, match="resample spacing"):
            Resample(spacing_mm=spacing)


class TestResegment:
    def test_the_range_includes_both_ends_and_spares_the_morphological_mask(self):
        roi = resegment(row(-501, -500, 0, 400, 401), Resegment(range=(-500, 400), unit="HU"))
        assert roi.values.tolist() == [-500, 0, 400]
        assert roi.morphological_mask.sum() == 5

    def test_outliers_are_measured_with_the_population_sd_of_what_the_range_left(self):
        roi = row(*([0.0] * 99), 10.0, 1000.0)  # without 1000: mean 0.1, SD sqrt(0.99) = 0.995, 3 SD reach 3.08
        kept = resegment(roi, Resegment(range=(-100, 100), outlier_sd=3, unit="HU"))
        assert kept.values.size == 99

    def test_nothing_left_is_named_with_what_there_was(self):
        with pytest.raises(EmptyMask, match=r"lies in 100 to 200 HU: it runs from 1 to 3\. Widen the range"):
            resegment(row(1, 2, 3), Resegment(range=(100, 200), unit="HU"))

    def test_a_range_in_hu_is_refused_on_suv(self):
        with pytest.raises(UnitMismatch, match="range is in HU, the image in SUV"):
            resegment(row(1, 2, unit="SUV"), Resegment(range=(0, 1), unit="HU"))


class TestDiscretize:
    def test_25_hu_from_minus_100_to_400_are_21_levels_because_the_top_edge_opens_a_bin(self):
        levels = discretize(row(-100, -76, -75, 399, 400), FixedBinWidth(width=25, origin=-100, unit="HU"))
        assert levels.array.ravel().tolist() == [1, 1, 2, 20, 21]
        assert levels.n_levels == 21
        assert levels.edges[[0, 1, -1]].tolist() == [-100, -75, 425]

    def test_a_value_on_an_edge_goes_up_whatever_the_division_rounds_to(self):
        levels = discretize(row(0.6, 1.2, unit="SUV"), FixedBinWidth(width=0.2, origin=0, unit="SUV"))
        assert levels.array.ravel().tolist() == [4, 7]  # 0.6 / 0.2 is 2.9999999999999996 in floating point

    def test_fixed_count_puts_the_maximum_into_the_last_level(self):
        levels = discretize(row(0, 1, 2, 3, 4), FixedBinCount(n_bins=4))
        assert levels.array.ravel().tolist() == [1, 2, 3, 4, 4]

    def test_a_flat_region_is_all_level_one(self):
        levels = discretize(row(7, 7, 7), FixedBinCount(n_bins=32))
        assert levels.array.ravel().tolist() == [1, 1, 1]
        assert levels.n_levels == 32

    def test_the_morphological_mask_goes_along(self):
        roi = resegment(row(-501, -500, 0, 400, 401), Resegment(range=(-500, 400), unit="HU"))
        levels = discretize(roi, FixedBinCount(n_bins=2))
        assert levels.array.ravel().tolist() == [0, 1, 2, 2, 0]
        assert levels.morphological_mask.all()

    def test_below_the_origin_is_level_one(self):
        levels = discretize(row(-1024, -1000, 0), FixedBinWidth(width=500, origin=-1000, unit="HU"))
        assert levels.array.ravel().tolist() == [1, 1, 3]

    def test_as_is_wants_whole_numbers_from_one(self):
        assert discretize(row(1, 3, unit="1"), AsIs()).n_levels == 3
        for bad in (0.0, 1.5):
            with pytest.raises(SettingError, match="not gray levels"):
                discretize(row(bad, 2, unit="1"), AsIs())

    def test_a_width_in_hu_is_refused_on_suv(self):
        with pytest.raises(UnitMismatch, match="bin width is 25 HU, the image is in SUV"):
            discretize(row(1, 2, unit="SUV"), FixedBinWidth(width=25, origin=0, unit="HU"))

    def test_too_many_levels_are_refused_with_their_number(self):
        with pytest.raises(SettingError, match="makes 100001 gray levels; at most 65535"):
            discretize(row(0, 1000), FixedBinWidth(width=0.01, origin=0, unit="HU"))

    def test_as_many_levels_as_16_bits_tell_apart(self):
        values = np.array([0, 1, 40_000, 65_534], np.uint16)
        by_width = discretize(row(*values), FixedBinWidth(width=1, origin=0, unit="HU"))
        assert by_width.array.ravel().tolist() == [1, 2, 40_001, 65_535]
        assert by_width.n_levels == FixedBinCount(n_bins=65_535).n_bins == MAX_LEVELS
        assert discretize(row(1, 65_535, unit="1"), AsIs()).n_levels == 65_535

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.integers(-1000, 3000), min_size=1, max_size=30),
        st.sampled_from([1.0, 2.5, 7.0, 25.0, 333.0]),
        st.sampled_from([2, 7, 32]),
    )
    def test_against_a_loop_over_voxels(self, values, width, n_bins):
        low, high = min(values), max(values)
        by_width = [int((v + 1000) // width) + 1 for v in values]
        by_count = [min(n_bins, n_bins * (v - low) // max(high - low, 1) + 1) for v in values]
        if max(by_width) <= 2048:
            found = discretize(row(*values), FixedBinWidth(width=width, origin=-1000, unit="HU"))
            assert found.array.ravel().tolist() == by_width
        assert discretize(row(*values), FixedBinCount(n_bins=n_bins)).array.ravel().tolist() == by_count

    @pytest.mark.parametrize(
        "make",
        [
            lambda: FixedBinWidth(width=0, origin=0, unit="HU"),
            lambda: FixedBinWidth(width=-3, origin=0, unit="HU"),
            lambda: FixedBinWidth(width=float("nan"), origin=0, unit="HU"),
            lambda: FixedBinWidth(width=1, origin=float("inf"), unit="HU"),
            lambda: FixedBinWidth(width=1, origin=0, unit="bananas"),
            lambda: FixedBinCount(n_bins=1),
            lambda: FixedBinCount(n_bins=2.5),
            lambda: Resegment(range=(4, 4), unit="HU"),
            lambda: Resegment(range=(0, 4)),
            lambda: Resegment(outlier_sd=0),
            lambda: Resample(spacing_mm=(1, 1, 1), interpolation="spline"),
            lambda: Resample(spacing_mm=(1, 1, 1), mask_threshold=0),
        ],
    )
    def test_impossible_settings_are_refused(self, make):
        with pytest.raises(SettingError):
            make()
