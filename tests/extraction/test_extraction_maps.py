"""voxel_map: at every voxel what the cut-out says, whatever the batches and threads; bounded, watched, stoppable."""

import json
import math
import threading
import tracemalloc

import numpy as np
import pytest

import radkit
from radkit import features
from radkit.extraction import cut_out, map_features, maps, run_stages, voxel_map
from radkit.io import write_nifti, write_nrrd
from radkit.matrices import window_stacks
from radkit.preprocess import AsIs, FixedBinCount, FixedBinWidth, Resample, Resegment
from radkit.recipe import Recipe
from radkit.volume import Cancelled, DataNotFound, Image, Mask, RadkitError, SettingError

MAPPED = [f for f in features.FAMILIES if f.name not in ("morphology", "local_intensity")]
CONTRAST = ("cm_contrast_3D_avg",)


def tags_of(family):
    return [f"{f.tag}_{a}" if a else f.tag for a in family.aggregations or ("",) for f in family.features]


@pytest.fixture(scope="module")
def scan():
    """Two noisy regions apart and a lone voxel, in a grid whose border one of them touches."""
    rng = np.random.default_rng(7)
    array = rng.normal(40, 60, (11, 12, 13)).astype(np.float32)
    array[3:6, 2:5, 2:5] = 40  # a flat patch
    mask = np.zeros(array.shape, bool)
    mask[:6, :6, :6] = rng.random((6, 6, 6)) < 0.9
    mask[7:, 8:, 7:11] = True
    mask[0, 11, 12] = True
    spacing = (2.0, 1.0, 1.0)
    image = Image.of(array, spacing_mm=spacing, modality="CT", unit="HU")
    recipe = Recipe(
        resegment=Resegment(range=(-80, 130), unit="HU"), binning=FixedBinWidth(width=25, origin=-80, unit="HU")
    )
    return image, Mask.of(mask, spacing_mm=spacing), recipe


@pytest.fixture(scope="module")
def pipeline(scan):
    return run_stages(*scan)


def expected(pipeline, tag, voxel, radius):
    """The feature of the region in the cube around a voxel."""
    family = features.family(features.find(tag).family)
    settings = {name: getattr(pipeline.recipe, name) for name in family.settings}
    aggregation = tag.removeprefix(features.find(tag).tag).removeprefix("_")
    found = features.compute(family.name, *cut_out(pipeline, voxel, radius), (aggregation,), **settings)
    return next(value for value in found if value.tag == tag)


@pytest.mark.parametrize("radius", [(1, 1, 1), (1, 2, 2)])
@pytest.mark.parametrize("family", MAPPED, ids=lambda f: f.name)
def test_every_feature_equals_its_cut_out(pipeline, family, radius):
    found, _ = map_features(pipeline, tags_of(family), radius=radius)
    voxels = np.argwhere(pipeline.roi.intensity_mask)
    chosen = np.random.default_rng(3).choice(len(voxels), 12, replace=False)
    for voxel in [*voxels[chosen].tolist(), [0, 0, 0] if pipeline.roi.intensity_mask[0, 0, 0] else voxels[0].tolist()]:
        settings = {name: getattr(pipeline.recipe, name) for name in family.settings}
        region = cut_out(pipeline, voxel, radius)
        values = features.compute(family.name, *region, tuple(family.aggregations), **settings)
        theirs = {value.tag: value for value in values}
        for one in found:
            value = theirs[one.tag].value
            assert one.array[tuple(voxel)] == pytest.approx(value, rel=1e-11, abs=1e-11, nan_ok=True), one.tag
            assert (one.unit, one.aggregation) == (theirs[one.tag].unit, theirs[one.tag].aggregation)
            assert not math.isnan(value) or theirs[one.tag].note in one.undefined
    assert [one.tag for one in found] == tags_of(family)


def test_outside_is_nan_and_inside_is_counted(pipeline):
    """Only the lone voxel and its like have no neighbor; where a value is missing, the reason is counted."""
    tags = ["cm_contrast_3D_avg", "ngt_coarseness_3D", "rlm_sre_3D_avg", "stat_mean"]
    found, _ = map_features(pipeline, tags, radius=1)
    mask = pipeline.roi.intensity_mask
    for one in found:
        assert np.isnan(one.array[~mask]).all()
        assert one.n_undefined == np.isnan(one.array[mask]).sum()
        assert one.values.size == one.n_voxels - one.n_undefined
        assert not one.array.flags.writeable
    no_pairs = {"undefined: no two neighboring voxels lie in the region": found[0].n_undefined}
    assert found[0].n_undefined >= 1
    assert found[0].undefined == found[1].undefined == no_pairs
    assert found[2].undefined == found[3].undefined == {}


def test_by_hand():
    """In 1 1 4 with one voxel to each side the mean squared steps are 0, (0 + 9) / 2 and 9."""
    image = Image.of(np.array([[[1, 1, 4]]]), spacing_mm=(1, 1, 1))
    mask = Mask.of(image.array > 0, spacing_mm=(1, 1, 1))
    found = voxel_map(image, mask, Recipe(binning=AsIs()), radius=(0, 0, 1))
    assert found["cm_contrast_3D_avg"].array.ravel().tolist() == [0, (0 + 9) / 2, 9]
    whole = Recipe(binning=AsIs(), ivh_binning=AsIs())
    flat = voxel_map(image, mask, whole, features=["ivh_v10"], radius=(0, 0, 1))["ivh_v10"]
    assert flat.undefined == {"undefined: the range of intensities holds a single one": 1}
    assert np.isnan(flat.array).ravel().tolist() == [True, False, False]


def test_threads_change_not_a_bit(pipeline):
    tags = [tag for family in MAPPED for tag in tags_of(family)[:3]]
    one, _ = map_features(pipeline, tags, radius=1)
    three, _ = map_features(pipeline, tags, radius=1, threads=3)
    for a, b in zip(one, three, strict=True):
        np.testing.assert_array_equal(a.array, b.array, err_msg=a.tag)
        assert (a.undefined, a.unit) == (b.undefined, b.unit)


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_batches_of_any_size_give_the_same(pipeline, size, monkeypatch):
    """The batches are a function of the settings; others would round the last bit of a matrix product otherwise."""
    tags = [tag for family in MAPPED for tag in tags_of(family)[:: 1 if size > 1 else 25]]
    usual, _ = map_features(pipeline, tags, radius=1)
    monkeypatch.setattr(maps, "batch_size", lambda *settings: size)
    monkeypatch.setattr(maps, "ONE_BY_ONE", size)
    others, _ = map_features(pipeline, tags, radius=1)
    for a, b in zip(usual, others, strict=True):
        np.testing.assert_allclose(a.array, b.array, rtol=1e-11, atol=1e-11, err_msg=a.tag)
        assert a.undefined == b.undefined
        if a.feature.tag in ("cm_joint_max", "stat_mean", "ih_mean", "ngl_lde", "szm_sze", "rlm_sre"):
            np.testing.assert_array_equal(a.array, b.array, err_msg=a.tag)


def test_maps_of_a_filtered_image(scan):
    image, mask, recipe = scan
    laplacian = radkit.filters.LaplacianOfGaussian(sigma_mm=1.5)
    recipe = recipe.replace(filters=(laplacian,))
    tags = [f"{laplacian.name}__{tag}" for tag in ("cm_contrast_3D_comb", "stat_mean")]
    found = voxel_map(image, mask, recipe, features=tags, radius=1)
    part = run_stages(image, mask, recipe).filtered[laplacian.name]
    for voxel in np.argwhere(part.roi.intensity_mask)[::40].tolist():
        for one, tag in zip(found, ("cm_contrast_3D_comb", "stat_mean"), strict=True):
            assert one.array[tuple(voxel)] == pytest.approx(expected(part, tag, voxel, (1, 1, 1)).value, nan_ok=True)
    assert found[tags[0]].grid == part.roi.image.grid


def test_progress_never_falls_and_ends_at_one(scan):
    seen = []
    voxel_map(*scan, features=["stat_mean", "cm_contrast_3D_avg", "stat_var"], progress=lambda *a: seen.append(a))
    fractions = [fraction for _, fraction in seen]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0, 1)
    assert {name for name, _ in seen} == {"stages", "statistics", "cm_contrast_3D_avg"}


@pytest.mark.parametrize("threads", [1, 2])
def test_cancelled_by_an_event_or_a_function(pipeline, threads, monkeypatch):
    monkeypatch.setattr(maps, "batch_size", lambda *settings: 10)
    event, fractions = threading.Event(), []

    def progress(name, fraction):
        fractions.append(fraction)
        if len(fractions) == 3:
            event.set()

    n = pipeline.roi.values.size
    with pytest.raises(Cancelled, match=f"stopped after 30 of {n} voxels"):
        map_features(pipeline, CONTRAST, threads=threads, progress=progress, cancel=event)
    assert len(fractions) == 3
    with pytest.raises(Cancelled, match="after 0 of"):
        map_features(pipeline, CONTRAST, threads=threads, cancel=lambda: True)
    assert map_features(pipeline, CONTRAST, threads=threads, cancel=lambda: False)[0][0].n_voxels == n


def test_memory_stays_bounded():
    """Beside the map itself (8 bytes a voxel of the grid) and the voxels' places: the bytes of one batch a thread."""
    rng = np.random.default_rng(0)
    image = Image.of(rng.integers(1, 64, (24, 24, 24)), spacing_mm=(1, 1, 1))
    mask = Mask.of(np.ones(image.array.shape), spacing_mm=(1, 1, 1))
    recipe = Recipe(binning=AsIs())
    part = Mask.of(np.pad(np.ones((3, 3, 3)), ((0, 21),) * 3), spacing_mm=(1, 1, 1))
    voxel_map(image, part, recipe, features=("cm_contrast_3D_comb",))  # compiles the kernels
    pipeline = run_stages(image, mask, recipe)
    tracemalloc.start()
    map_features(pipeline, ("cm_contrast_3D_comb",), radius=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < window_stacks.BATCH_BYTES + 3 * 8 * image.array.size + (1 << 20)


class TestRefusals:
    def test_tags(self, scan):
        with pytest.raises(DataNotFound, match="did you mean 'cm_contrast_3D_avg'"):
            voxel_map(*scan, features=["cm_contrats_3D_avg"])
        with pytest.raises(SettingError, match=r"needs an aggregation\. Name cm_contrast_2D_avg, .* or cm_"):
            voxel_map(*scan, features=["cm_contrast"])
        with pytest.raises(SettingError, match="no feature was named"):
            voxel_map(*scan, features=[])
        with pytest.raises(DataNotFound, match="log_s9mm"):
            voxel_map(*scan, features=["log_s9mm__stat_mean"])

    def test_features_that_have_no_neighborhood(self, scan):
        with pytest.raises(SettingError, match=r"morph_volume tells of the region's shape, so it has no map\."):
            voxel_map(*scan, features=["morph_volume"])
        with pytest.raises(SettingError, match=r"loc_peak_loc tells of everything within .* mm, so it has no map\."):
            voxel_map(*scan, features=["loc_peak_loc"])

    @pytest.mark.parametrize("radius", [0, -1, 1.5, 16, (1, 2), (0, 0, 0), (1, 1, 99)])
    def test_radius(self, scan, radius):
        with pytest.raises(SettingError, match="radius is"):
            voxel_map(*scan, radius=radius)

    @pytest.mark.parametrize("threads", [0, 1.5, 1000])
    def test_threads(self, scan, threads):
        with pytest.raises(SettingError, match="threads is"):
            voxel_map(*scan, threads=threads)

    def test_a_formula_that_breaks_is_named(self, pipeline, monkeypatch):
        broken = next(f for f in features.family("glcm").features if f.tag == "cm_contrast")
        monkeypatch.setitem(broken.__dict__, "function", lambda m: np.full(len(m), np.inf))
        with pytest.raises(RadkitError, match="cm_contrast came out as inf without a documented reason"):
            map_features(pipeline, CONTRAST)

    def test_unknown_map(self, scan):
        found = voxel_map(*scan, features=["stat_mean"])
        assert "stat_mean" in found
        assert "stat_var" not in found
        with pytest.raises(DataNotFound, match="did you mean 'stat_mean'"):
            found["stat_maen"]


def test_a_formula_that_has_no_value_for_some_windows(pipeline, monkeypatch):
    """Where a formula refuses a whole stack, each window is asked by itself, and only some refuse."""

    def rough_only(m):
        if (m.p_level.max(axis=1) > 0.8).any():
            raise features.Undefined("one level prevails")
        return m.p_level.max(axis=1)

    feature = next(f for f in features.family("glcm").features if f.tag == "cm_contrast")
    monkeypatch.setitem(feature.__dict__, "function", rough_only)
    (found,), _ = map_features(pipeline, ("cm_contrast_3D_comb",), radius=1)
    assert 0 < found.undefined["undefined: one level prevails"] < found.n_voxels - 1
    for voxel in np.argwhere(pipeline.roi.intensity_mask)[::25].tolist():
        theirs = expected(pipeline, found.tag, voxel, (1, 1, 1)).value
        assert found.array[tuple(voxel)] == pytest.approx(theirs, nan_ok=True)


def test_the_record_is_written_and_shown(scan, tmp_path):
    found = voxel_map(*scan, features=["cm_contrast_3D_avg", "stat_var"], radius=(1, 2, 2))
    assert json.loads(json.dumps(found.provenance))["radius_voxels"] == [1, 2, 2]
    assert found.provenance["undefined"]["cm_contrast_3D_avg"] == found["cm_contrast_3D_avg"].undefined
    assert found.stages[-1].name == "map statistics"
    assert len(found) == 2
    one = found["stat_var"]
    assert one.unit == "HU^2"
    write_nifti(tmp_path / "map.nii.gz", one)
    write_nrrd(tmp_path / "map.nrrd", one.filled(-1))
    again = radkit.read(tmp_path / "map.nrrd")
    np.testing.assert_array_equal(again.array, np.where(np.isnan(one.array), -1, one.array))
    assert again.grid.matches(one.grid)
    assert "stat_var in HU^2" in one.filled().notes[0]
    import nibabel

    np.testing.assert_array_equal(nibabel.load(tmp_path / "map.nii.gz").get_fdata().T, one.array)


def test_a_map_on_the_resampled_grid(scan):
    """The grid of the map is the one that the features of the region are computed on."""
    image, mask, recipe = scan
    recipe = recipe.replace(resample=Resample.isotropic(1.5), binning=FixedBinCount(n_bins=16))
    one = voxel_map(image, mask, recipe, features="stat_max", radius=1)["stat_max"]
    pipeline = run_stages(image, mask, recipe)
    assert one.grid == pipeline.roi.image.grid
    assert one.grid.spacing_mm == (1.5, 1.5, 1.5)
    assert one.values.max() == pipeline.roi.values.max()


@pytest.mark.mirror
@pytest.mark.slow
def test_fifty_voxels_of_the_lung_tumor(mirror):
    case = radkit.load("ibsi-ct")
    recipe = Recipe.default("CT").replace(resample=Resample.isotropic(1.5))
    pipeline = run_stages(case.image, case.mask, recipe)
    (found,), _ = map_features(pipeline, CONTRAST, radius=2)
    voxels = np.argwhere(pipeline.roi.intensity_mask)
    assert len(voxels) > 100_000
    for voxel in np.random.default_rng(11).choice(voxels, 50, replace=False).tolist():
        theirs = expected(pipeline, found.tag, voxel, (2, 2, 2)).value
        assert found.array[tuple(voxel)] == pytest.approx(theirs, rel=1e-12)
