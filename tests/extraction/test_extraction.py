"""extract: same numbers for any crop, stages cached, provenance complete, one voxel documented."""

import json
import math
import sys
import threading

import numpy as np
import pytest

import radkit
from radkit.extraction import StageCache, extract, run_stages, sweep, turn
from radkit.physics import GaussianPsf
from radkit.preprocess import FixedBinCount, FixedBinWidth, Resample, Resegment, crop
from radkit.recipe import AGGREGATIONS, Recipe
from radkit.volume import DataNotFound, GeometryMismatch, Image, Mask, Roi, SettingError, UnitMismatch


@pytest.fixture(scope="module")
def case():
    return radkit.load("simulated")


def test_the_digital_phantom_through_the_front_door():
    case = radkit.load("ibsi-digital")
    found = radkit.extract(case.image, case.mask, radkit.preset("ibsi-digital"))
    assert found["cm_contrast_3D_avg"] == pytest.approx(5.3245, abs=5e-5)
    assert found["cm_joint_entr_3D_comb"] == pytest.approx(2.5739, abs=5e-5)
    frame = found.to_frame()
    assert list(frame.columns) == ["name", "family", "feature", "ibsi", "aggregation", "value", "unit", "status"]
    assert frame.set_index("name").loc["cm_contrast_3D_avg", "aggregation"] == "3D, averaged"


def test_moving_the_bin_width_never_resamples_again(case):
    cache, recipe = StageCache(), Recipe.default("CT")
    extract(case.image, case.mask, recipe, cache=cache)
    again = extract(case.image, case.mask, turn(recipe, "bin_width", 10), cache=cache)
    stages = {s.name: s.cached for s in again.stages}
    assert stages["resample"]
    assert stages["morphology"]
    assert stages["statistics"]
    assert not stages["discretize"]
    assert not stages["glcm"]


def test_moving_the_bin_width_leaves_what_needs_no_gray_levels(case):
    cache, recipe = StageCache(), Recipe.default("CT")
    extract(case.image, case.mask, recipe, cache=cache)
    again = extract(case.image, case.mask, turn(recipe, "bin_width", 10), cache=cache)
    stages = {s.name: s.cached for s in again.stages}
    assert stages["intensity_volume_histogram"]
    assert stages["local_intensity"]
    assert not stages["ngtdm"]
    assert not stages["ngldm"]


def test_moving_the_bins_of_the_intensity_volume_histogram_computes_nothing_else(case):
    cache, recipe = StageCache(), Recipe.default("CT")
    before = extract(case.image, case.mask, recipe, cache=cache)
    other = recipe.replace(ivh_binning=FixedBinCount(n_bins=1000))
    again = extract(case.image, case.mask, other, cache=cache)
    assert [s.name for s in again.stages if not s.cached] == ["intensity_volume_histogram"]
    changed = {v.tag for v in again if v.value != before[v.tag]}
    assert changed >= {"ivh_i10", "ivh_i90"}
    assert all(tag.startswith("ivh_") for tag in changed)
    units = again.to_frame().set_index("name")["unit"]
    assert (units["ivh_i10"], units["stat_mean"]) == ("1", "HU")
    assert before.to_frame().set_index("name")["unit"]["ivh_i10"] == "HU"


def test_the_total_range_is_that_of_the_resegmentation(case):
    recipe = Recipe.default("CT").replace(families=("intensity_volume_histogram",))
    free = extract(case.image, case.mask, recipe)
    held = extract(case.image, case.mask, recipe.replace(resegment=Resegment(range=(-1000, 3000), unit="HU")))
    assert held["ivh_i10"] == free["ivh_i10"]
    assert held["ivh_v90"] < free["ivh_v90"]


def test_the_cache_changes_nothing(case):
    cache, recipe = StageCache(), Recipe.default("CT")
    first = extract(case.image, case.mask, recipe, cache=cache).to_dict()
    assert extract(case.image, case.mask, recipe, cache=cache).to_dict() == first
    assert extract(case.image, case.mask, recipe).to_dict() == first


def test_the_cache_is_bounded_and_shared_by_threads():
    cache = StageCache(max_bytes=50_000)
    threads = [
        threading.Thread(target=lambda k=k: [cache.get((k, i), lambda: np.zeros(500)) for i in range(40)])
        for k in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.n_bytes == 4000 * len(cache) <= 50_000
    value, cached = cache.get(("big",), lambda: np.zeros(100_000))
    assert (value.size, cached, ("big",) in cache._entries) == (100_000, False, False)


@pytest.mark.parametrize("interpolation", ["linear", "cubic"])
@pytest.mark.parametrize("margin", [0, 1, 6])
def test_any_crop_margin_gives_identical_features(interpolation, margin):
    rng = np.random.default_rng(3)
    array = rng.normal(0, 100, size=(70, 72, 74))
    mask = np.zeros(array.shape)
    mask[32:38, 30:40, 33:41] = rng.random((6, 10, 8)) < 0.95
    spacing = (2.5, 0.9, 0.9)
    image = Image.of(array, spacing_mm=spacing, modality="CT", unit="HU")
    roi = Roi.of(image, Mask.of(mask, spacing_mm=spacing))
    recipe = Recipe(
        psf=GaussianPsf(sigma_mm=(1, 1, 1)),
        resample=Resample.isotropic(2.0, interpolation=interpolation),
        resegment=Resegment(outlier_sd=3),
        binning=FixedBinWidth(width=25, origin=-1000, unit="HU"),
    )
    reach = recipe.support_voxels(image.grid)
    part = crop(roi, tuple(r + margin for r in reach))
    whole = extract(image, Mask(roi.morphological_mask, image.grid), recipe).to_dict()
    cropped = extract(part.image, Mask(part.morphological_mask, part.image.grid), recipe).to_dict()
    assert len(whole) > 90
    assert {"loc_peak_glob", "ngt_coarseness_3D", "ngl_lde_3D", "ivh_v10"} <= set(whole)
    for tag, value in whole.items():
        assert cropped[tag] == pytest.approx(value, rel=1e-12, abs=1e-12), tag


@pytest.mark.parametrize("interpolation", ["linear", "cubic"])
def test_what_lies_beyond_the_support_changes_nothing(interpolation, monkeypatch):
    """The pipeline cuts out what features can see; without that cut the numbers are the same."""
    rng = np.random.default_rng(4)
    mask = np.zeros((78, 82, 80))
    mask[36:41, 37:44, 38:42] = rng.random((5, 7, 4)) < 0.8
    spacing = (2.5, 1.9, 1.1)
    image = Image.of(rng.normal(0, 100, mask.shape), spacing_mm=spacing, modality="CT", unit="HU")
    recipe = Recipe(resample=Resample.isotropic(2.0, interpolation=interpolation, round_hu=False))
    region = Mask.of(mask, spacing_mm=spacing)
    stages = run_stages(image, region, recipe)
    assert np.less(stages.roi.image.grid.shape, np.array(stages.roi.image.grid.full_shape)).all()
    cut = extract(image, region, recipe).to_dict()
    monkeypatch.setattr(Recipe, "support_voxels", lambda self, grid: grid.shape)
    assert extract(image, region, recipe).to_dict() == pytest.approx(cut, rel=1e-9, abs=1e-9, nan_ok=True)


def test_one_voxel_gives_documented_values():
    case = radkit.load("ibsi-digital")
    mask = np.zeros(case.image.grid.shape)
    mask[1, 1, 1] = 1
    found = extract(case.image, Mask(mask, case.image.grid), radkit.preset("ibsi-digital"))
    assert found["stat_mean"] == case.image.array[1, 1, 1]
    assert found["stat_var"] == 0
    assert found["morph_vol_approx"] == 8
    undefined = [v for v in found if math.isnan(v.value)]
    assert all(v.note.startswith("undefined") for v in undefined)
    families = {v.feature.family for v in undefined}
    assert families <= {"glcm", "morphology", "ngtdm", "intensity_volume_histogram"}
    assert found["ngl_lde_3D"] == 1


def test_provenance_is_complete(case):
    found = extract(case.image, case.mask)
    p = found.provenance
    assert p["recipe_hash"] == Recipe.default("CT").hash
    assert p["radkit_version"] == radkit.__version__
    assert p["image_digest"] == case.image.digest
    assert p["n_levels"] > 1
    assert p["n_voxels_intensity"] == found.stages[-1].n_voxels
    assert Recipe.from_yaml(json.dumps(p["recipe_settings"])).hash == p["recipe_hash"]


def test_wrong_pairs_are_named(case):
    small = Mask.of(np.ones((2, 2, 2)), spacing_mm=(1, 1, 1))
    with pytest.raises(GeometryMismatch, match="resample_like"):
        extract(case.image, small)
    with pytest.raises(UnitMismatch, match="in SUV, the image is in HU"):
        extract(case.image, case.mask, Recipe.default("PET"))
    with pytest.raises(DataNotFound, match="did you mean 'stat_mean'"):
        extract(case.image, case.mask)["stat_maen"]


def test_the_stages_say_what_they_did(case):
    recipe = Recipe.default("CT").replace(
        psf=GaussianPsf(sigma_mm=(1, 1, 1)), resegment=Resegment(range=(-1000, 100), unit="HU")
    )
    stages = {s.name: s for s in run_stages(case.image, case.mask, recipe).stages}
    assert list(stages) == ["read", "blur", "resample", "resegment", "discretize"]
    assert stages["resegment"].high <= 100
    assert "left out" in stages["resegment"].note
    assert stages["discretize"].n_levels >= 1


def test_a_sweep_turns_one_knob(case):
    seen = []
    grid = {"bin_width": [10, 25, 50]}
    found = sweep(case.image, case.mask, Recipe.default("CT"), grid, progress=lambda *a: seen.append(a))
    entropy = found["cm_joint_entr_3D_avg"]
    assert entropy[0] > entropy[1] > entropy[2]  # claim B07
    assert len(set(found["stat_var"])) == 1  # computed before discretization
    assert (len(seen), found.units) == (3, {"bin_width": "HU"})
    with pytest.raises(SettingError, match="no knob is called 'binwidth'"):
        turn(Recipe.default("CT"), "binwidth", 3)
    with pytest.raises(SettingError, match="no fixed bin width to turn"):
        turn(Recipe.default("MR"), "bin_width", 3)


def test_blur_lowers_contrast_with_a_fixed_width(case):
    found = sweep(case.image, case.mask, Recipe.default("CT"), {"psf_sigma_mm": [0, 1, 2]})
    contrast, idm = found["cm_contrast_3D_avg"], found["cm_inv_diff_mom_3D_avg"]
    assert contrast[0] > contrast[1] > contrast[2]  # claim A05
    assert idm[0] < idm[1] < idm[2]


def test_values_do_not_depend_on_the_number_of_threads(monkeypatch):
    monkeypatch.setattr(sys.modules["radkit.extraction.extract"], "WORTH_THREADS", 1)
    scan = radkit.load("ibsi-digital")
    recipe = radkit.preset("ibsi-digital").replace(aggregations=AGGREGATIONS)
    one, many = (radkit.extract(scan.image, scan.mask, recipe, threads=n) for n in (1, 4))
    assert [(v.tag, repr(v.value), v.note) for v in many] == [(v.tag, repr(v.value), v.note) for v in one]
    assert [s.name for s in many.stages] == [s.name for s in one.stages]


@pytest.mark.parametrize("threads", [0, -1])
def test_no_threads_are_refused_however_small_the_region(threads):
    scan = radkit.load("ibsi-digital")
    with pytest.raises(SettingError, match=f"threads is {threads}; use 1 or more"):
        radkit.extract(scan.image, scan.mask, radkit.preset("ibsi-digital"), threads=threads)


def test_what_is_left_out_is_not_computed_and_the_rest_stays(monkeypatch):
    scan, recipe = radkit.load("ibsi-digital"), radkit.preset("ibsi-digital")
    slow = ("morph_moran_i", "morph_geary_c")
    whole = radkit.extract(scan.image, scan.mask, recipe).to_dict()
    monkeypatch.setattr("radkit.features.shape.pair_sums", None)  # calling it would fail
    rest = radkit.extract(scan.image, scan.mask, recipe.replace(leave_out=slow)).to_dict()
    assert rest == {tag: value for tag, value in whole.items() if tag not in slow}


def test_a_cache_tells_what_is_left_out_apart():
    scan, recipe, cache = radkit.load("ibsi-digital"), radkit.preset("ibsi-digital"), StageCache()
    few = radkit.extract(scan.image, scan.mask, recipe.replace(leave_out=("stat_mean",)), cache=cache)
    assert "stat_mean" not in few
    assert "stat_mean" in radkit.extract(scan.image, scan.mask, recipe, cache=cache)
