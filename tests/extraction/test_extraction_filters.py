"""Filtered images in an extraction: names, masks, stages, cache, crops."""

import numpy as np
import pytest

import radkit
from radkit.extraction import StageCache, extract, run_stages, turn
from radkit.filters import Gabor, LaplacianOfGaussian, Laws, Mean, Simoncelli, Wavelet, apply
from radkit.preprocess import FixedBinCount, FixedBinWidth, Resample, Resegment, crop
from radkit.recipe import Recipe
from radkit.volume import Image, Mask, Roi

LOG = LaplacianOfGaussian(sigma_mm=1.5)


@pytest.fixture(scope="module")
def case():
    return radkit.load("simulated")


@pytest.fixture(scope="module")
def recipe():
    return Recipe.default("CT").replace(filters=(LOG, Mean(support=3)), families=("morphology", "statistics", "glcm"))


def test_filtered_features_stand_beside_the_original(case, recipe):
    plain = extract(case.image, case.mask, recipe.replace(filters=())).to_dict()
    found = extract(case.image, case.mask, recipe).to_dict()
    assert {tag: found[tag] for tag in plain} == plain
    added = set(found) - set(plain)
    repeated = {tag for tag in plain if not tag.startswith("morph_")}  # shape does not change under a filter
    assert added == {f"{name}__{tag}" for name in ("log_s1.5mm", "mean_3") for tag in repeated}


def test_without_the_original_only_morphology_is_left_of_it(case, recipe):
    found = extract(case.image, case.mask, recipe.replace(original=False)).to_dict()
    assert {tag.partition("_")[0] for tag in found if "__" not in tag} == {"morph"}
    assert "log_s1.5mm__stat_mean" in found


def test_units_levels_and_provenance(case, recipe):
    fs = extract(case.image, case.mask, recipe)
    units = fs.to_frame().set_index("name")["unit"]
    tags = ("stat_var", "mean_3__stat_var", "log_s1.5mm__stat_var")
    assert [units[tag] for tag in tags] == ["HU^2", "HU^2", "1"]
    pipeline = run_stages(case.image, case.mask, recipe)
    assert {p.levels.binning for p in pipeline.filtered.values()} == {FixedBinCount(n_bins=32)}
    assert pipeline.filtered["log_s1.5mm"].levels.n_levels == 32
    assert fs.provenance["recipe_settings"]["filters"][0]["log"]["sigma_mm"] == 1.5
    record = next(s for s in fs.stages if s.name == "filter")
    assert record.note == "filtered: log_s1.5mm"
    assert record.low == fs["log_s1.5mm__stat_min"]


def test_range_and_outliers_are_judged_on_the_base_image(case):
    recipe = Recipe(
        resegment=Resegment(range=(0, 60), outlier_sd=2, unit="HU"), filters=(LOG,), families=("statistics",)
    )
    pipeline = run_stages(case.image, case.mask, recipe)
    filtered = pipeline.filtered["log_s1.5mm"].roi
    everywhere = apply(case.image, LOG).array
    assert filtered.values.size == pipeline.roi.values.size < case.mask.n_voxels
    whole = run_stages(case.image, case.mask, recipe.replace(filters=())).roi
    start = np.subtract(whole.image.grid.offset, case.image.grid.offset)
    window = tuple(slice(a, a + n) for a, n in zip(start, whole.image.grid.shape, strict=True))
    np.testing.assert_allclose(filtered.values, everywhere[window][whole.intensity_mask], rtol=0, atol=1e-9)


def test_a_filter_is_computed_once(case, recipe):
    cache = StageCache()
    extract(case.image, case.mask, recipe, cache=cache)
    again = extract(case.image, case.mask, turn(recipe, "bin_width", 10), cache=cache)
    assert all(s.cached for s in again.stages if s.name == "filter" or "__" in s.name)
    ranged = recipe.replace(resegment=Resegment(range=(0, 60), unit="HU"))
    moved = run_stages(case.image, case.mask, ranged, cache)
    assert all(s.cached for s in moved.stages if s.name == "filter")
    fresh = extract(case.image, case.mask, ranged).to_dict()
    assert extract(case.image, case.mask, ranged, cache=cache).to_dict() == fresh


@pytest.mark.parametrize("margin", [0, 5])
def test_any_crop_margin_gives_identical_filtered_features(margin):
    rng = np.random.default_rng(3)
    array = rng.normal(0, 100, size=(40, 80, 82))
    mask = np.zeros(array.shape)
    mask[17:23, 36:43, 37:45] = rng.random((6, 7, 8)) < 0.95
    spacing = (3.0, 1.0, 1.0)
    image = Image.of(array, spacing_mm=spacing, modality="CT", unit="HU")
    recipe = Recipe(
        resample=Resample.isotropic(2.0),
        binning=FixedBinWidth(width=25, origin=-1000, unit="HU"),
        families=("statistics",),
        filters=(
            LaplacianOfGaussian(sigma_mm=3),
            Laws(kernels="L5E5E5", pooling="max", energy_distance=3),
            Wavelet(family="db3", decomposition="LLH", level=2, pooling="average"),
            Gabor(sigma_mm=3, wavelength_mm=6, theta_step_deg=90, orthogonal_planes=True),
        ),
    )
    part = crop(
        Roi.of(image, Mask.of(mask, spacing_mm=spacing)), tuple(r + margin for r in recipe.support_voxels(image.grid))
    )
    assert part.image.grid.shape != image.grid.shape
    whole = extract(image, Mask.of(mask, spacing_mm=spacing), recipe).to_dict()
    cropped = extract(part.image, Mask(part.morphological_mask, part.image.grid), recipe).to_dict()
    assert len(whole) == 5 * 18
    for tag, value in whole.items():
        assert cropped[tag] == pytest.approx(value, rel=1e-9, abs=1e-9), tag


def test_a_global_filter_sees_the_whole_scan(case):
    recipe = Recipe(filters=(Simoncelli(level=2),), families=("statistics",))
    assert recipe.support_voxels(case.image.grid) == case.image.grid.shape
    found = extract(case.image, case.mask, recipe)
    values = apply(case.image, Simoncelli(level=2)).array[case.mask.array]
    assert found["simoncelli_l2__stat_mean"] == pytest.approx(values.mean(), rel=1e-12)
