"""A grid of knobs: each cell is what its setting gives by itself, stages are shared, a bad cell has its reason."""

import itertools
import math

import numpy as np
import pytest

import radkit
from radkit.extraction import KNOBS, StageCache, add_noise, erode, extract, stages, sweep, turn
from radkit.features import catalogue
from radkit.phantoms import Lesion, Scanner, Shape, simulate
from radkit.preprocess import crop
from radkit.volume import EmptyMask, GeometryMismatch, Image, Mask, Roi, SettingError

FAMILIES = ("morphology", "statistics", "glcm")
GRID = {
    "bin_width": (50, 25),
    "spacing_mm": (2, 3),
    "psf_sigma_mm": (0, 1.5),
    "noise_sd": (0, 10),
    "erosion_mm": (0, 2, -2),
}


@pytest.fixture(scope="module")
def case():
    return simulate(Lesion(shape=Shape(radius_mm=9.0), field_mm=(50.0, 40.0, 40.0)), Scanner(), 3, noise_seed=4)


@pytest.fixture(scope="module")
def recipe():
    return radkit.Recipe.default("CT").replace(families=FAMILIES, aggregations=("3D_avg",))


@pytest.fixture(scope="module")
def swept(case, recipe):
    return sweep(case.image, case.mask, recipe, GRID, replicates=2, seed=7)


def seed_of(image, replicate, seed=7):
    return (seed, replicate, int(image.digest[:16], 16))


# -- what a cell is --------------------------------------------------------------------------------------------------


def test_every_cell_is_what_its_setting_gives_by_itself(case, recipe, swept):
    assert len(swept.cells) == 2 * 2 * 2 * 3 * (1 + 2)  # no noise: one replicate
    for cell in swept.cells[::5]:
        width, spacing, blur, noise, erosion = cell.settings
        image = add_noise(case.image, noise, seed_of(case.image, cell.replicate)) if noise else case.image
        alone = turn(turn(turn(recipe, "bin_width", width), "spacing_mm", spacing), "psf_sigma_mm", blur)
        found = extract(image, erode(case.mask, erosion), alone)
        assert [v.value for v in cell.values] == [v.value for v in found]
        assert cell.n_voxels_intensity == found.provenance["n_voxels_intensity"]
        assert cell.n_levels == found.provenance["n_levels"]


def test_the_order_of_the_cells_is_the_grids(swept):
    expected = [
        (settings, replicate)
        for settings in itertools.product(*GRID.values())
        for replicate in range(2 if settings[3] else 1)
    ]
    assert [(cell.settings, cell.replicate) for cell in swept.cells] == expected
    assert swept.settings("noise_sd")[:3] == (0.0, 0.0, 0.0)
    assert swept.units == dict(zip(GRID, ("HU", "mm", "mm", "HU", "mm"), strict=True))
    assert "CT noise" in swept.noise


def test_noise_does_not_depend_on_the_rest_of_the_grid(case, recipe, swept):
    grid = {"noise_sd": (20, 10), "psf_sigma_mm": (1.5,), "bin_width": (25,)}
    other = sweep(case.image, case.mask, recipe, grid, replicates=2, seed=7)
    wide = swept.to_wide().xs((25, 2, 1.5, 10, 0), level=list(GRID))
    assert len(wide) == 2
    for replicate in range(2):
        mine = other.to_wide().loc[(10, 1.5, 25, replicate)]
        assert mine.to_dict() == wide.loc[replicate].to_dict()
    assert wide.loc[0, "stat_mean"] != wide.loc[1, "stat_mean"]
    again = sweep(case.image, case.mask, recipe, grid, replicates=1, seed=8)
    assert again["stat_mean"][1] not in other["stat_mean"]


# -- stages are shared -----------------------------------------------------------------------------------------------


def test_ten_bin_widths_resample_once_and_mesh_once(case, recipe, monkeypatch):
    calls = []
    real = stages.resample
    monkeypatch.setattr(stages, "resample", lambda *a: calls.append(1) or real(*a))
    found = sweep(case.image, case.mask, recipe, {"bin_width": range(5, 55, 5)})
    assert len(calls) == 1
    assert found.computed == {
        "read": 1, "resample": 1, "morphology": 1, "statistics": 1, "discretize": 10, "glcm": 10,
    }  # fmt: skip


def test_stages_are_shared_whatever_the_order_of_the_knobs_and_in_bounded_memory(case, recipe):
    cache, held = StageCache(max_bytes=3_000_000), []
    grid = {"bin_width": (10, 20, 40), "spacing_mm": (2, 2.5), "psf_sigma_mm": (1, 2)}  # what acts last comes first
    progress = lambda *_: held.append(cache.n_bytes)  # noqa: E731
    found = sweep(case.image, case.mask, recipe, grid, cache=cache, progress=progress)
    assert found.computed["blur"] == 2
    assert found.computed["resample"] == found.computed["morphology"] == 4
    assert found.computed["glcm"] == 12
    assert len(held) == 12
    assert max(held) <= 3_000_000
    nothing_kept = sweep(case.image, case.mask, recipe, grid, cache=StageCache(max_bytes=0))
    assert nothing_kept.computed["resample"] == 12
    assert nothing_kept["stat_mean"] == found["stat_mean"]


def test_progress_may_end_the_sweep(case, recipe):
    told = []

    def stop(title, fraction):
        told.append((title, fraction))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(case.image, case.mask, recipe, {"bin_width": (10, 20)}, progress=stop)
    assert told == [("bin_width 10", 0.5)]


# -- the tables ------------------------------------------------------------------------------------------------------


def test_the_tidy_table_has_one_row_a_cell_and_feature(swept):
    frame = swept.to_frame()
    assert list(frame.columns) == [
        *GRID, "replicate", "name", "family", "feature", "ibsi", "aggregation", "value", "unit",
        "n_voxels_intensity", "n_voxels_morphological", "n_levels", "note",
    ]  # fmt: skip
    assert len(frame) == len(swept.cells) * len([f for f in catalogue() if f.family in FAMILIES])
    assert frame.value.notna().all()
    contrast = frame[frame.name == "cm_contrast_3D_avg"]
    assert tuple(contrast.value) == swept["cm_contrast_3D_avg"]
    assert set(contrast.ibsi) == {"ACUI"}
    assert set(contrast.aggregation) == {"3D, averaged"}
    assert frame.attrs["units"]["noise_sd"] == "HU"
    wide = swept.to_wide()
    assert wide.index.names == [*GRID, "replicate"]
    assert tuple(wide["cm_contrast_3D_avg"]) == swept["cm_contrast_3D_avg"]


def test_a_setting_that_empties_the_mask_is_a_row_with_its_reason(case, recipe):
    found = sweep(case.image, case.mask, recipe, {"erosion_mm": (100, 0), "bin_width": (25,)})
    empty, whole = found.cells
    assert "leaves none of the" in empty.reason
    assert (empty.n_voxels_intensity, whole.reason) == (0, "")
    frame = found.to_frame()
    assert len(frame) == 2 * len(whole.values)
    assert (frame[frame.erosion_mm == 100].note == empty.reason).all()
    assert frame[frame.erosion_mm == 100].value.isna().all()
    assert math.isnan(found["stat_mean"][0])
    assert found["stat_mean"][1] > 0


def test_where_nothing_can_be_computed_the_reason_is_raised(case, recipe):
    with pytest.raises(EmptyMask, match="an erosion of 99 mm leaves none"):
        sweep(case.image, case.mask, recipe, {"erosion_mm": (99, 100)})


def test_the_noise_a_filter_sees_and_a_z_score_over_the_scan_are_those_of_the_whole_scan(case):
    mr = radkit.Recipe.default("MR").replace(
        families=("statistics",),
        normalize=radkit.ZScore(region="image"),
        filters=(radkit.filters.LaplacianOfGaussian(sigma_mm=2.0),),
    )
    image = Image(case.image.array, case.image.grid, "MR", "a.u.")
    found = sweep(image, case.mask, mr, {"noise_sd": (5,)}, seed=7)
    alone = extract(add_noise(image, 5, seed_of(image, 0)), case.mask, mr)
    assert [v.value for v in found.cells[0].values] == [v.value for v in alone]
    assert found.noise == "white Gaussian noise"


@pytest.mark.mirror
def test_a_small_sarcoma_in_pet_that_an_erosion_takes_away(mirror):
    case = radkit.load("sts51/STS_019/PET")
    pet = radkit.Recipe.default("PET").replace(families=("morphology", "glcm"))
    found = sweep(case.image, case.mask, pet, {"erosion_mm": (0, 5, 50), "noise_sd": (0, 0.5)}, replicates=3, seed=2)
    whole, eroded, gone = (cells.n_voxels_intensity for cells in (found.cells[0], found.cells[4], found.cells[8]))
    assert whole > eroded > 0 == gone
    assert found.units == {"erosion_mm": "mm", "noise_sd": "SUV"}
    contrast = found["cm_contrast_3D_avg"]
    assert contrast[0] < min(contrast[1:4])  # noise adds differences between neighbors
    assert [bool(cell.reason) for cell in found.cells] == [False] * 8 + [True] * 4


# -- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grid", "options", "sentence"),
    [
        ({}, {}, "the grid has no knob"),
        ({"blur": (1,)}, {}, "no knob is called 'blur'"),
        ({"bin_width": ()}, {}, "no values of bin_width"),
        ({"bin_width": (5, 5.0)}, {}, "a value twice"),
        ({"noise_sd": (-1,)}, {}, "each must be finite, and 0 or more"),
        ({"erosion_mm": (math.nan,)}, {}, "each must be finite"),
        ({"spacing_mm": (0,)}, {}, "resample spacing is"),
        ({"bin_width": (5,), "n_bins": (8,)}, {}, "both set the binning"),
        ({"n_bins": (8, 8.5)}, {}, "each must be a whole number"),
        ({"noise_sd": (5,)}, {"seed": -1}, "seed is -1"),
        ({"noise_sd": (5,)}, {"replicates": 0}, "must be 1 or more"),
        ({"noise_sd": (0,)}, {"replicates": 2}, "would all be the same"),
    ],
)
def test_an_impossible_grid_is_refused_before_anything_is_computed(case, recipe, grid, options, sentence):
    with pytest.raises(SettingError, match=sentence):
        sweep(case.image, case.mask, recipe, grid, **options)


def test_unknown_names_of_a_result_and_foreign_masks_are_refused(case, recipe, swept):
    with pytest.raises(SettingError, match="'n_bins' was not turned"):
        swept.settings("n_bins")
    with pytest.raises(SettingError, match="no feature 'stat_men'"):
        swept["stat_men"]
    with pytest.raises(SettingError, match="the sweep of one"):
        radkit.plots.DoseResponse.of(swept, "stat_mean")
    with pytest.raises(GeometryMismatch):
        sweep(case.image, Mask.of(np.ones((2, 2, 2)), spacing_mm=(1, 1, 1)), recipe, {"bin_width": (5,)})
    assert set(KNOBS) == {*GRID, "n_bins"}


# -- noise -----------------------------------------------------------------------------------------------------------


def test_a_crop_gets_the_noise_of_the_scan(case):
    for image in (case.image, Image(case.image.array, case.image.grid, "PET", "SUV")):
        part = crop(Roi.of(image, case.mask), (1, 2, 3)).image
        assert part.array.shape != image.array.shape
        start = part.grid.offset
        window = tuple(slice(a, a + n) for a, n in zip(start, part.array.shape, strict=True))
        np.testing.assert_array_equal(add_noise(part, 5, (1, 2)).array, add_noise(image, 5, (1, 2)).array[window])


def test_noise_has_the_standard_deviation_asked_for_and_scales(case):
    ct = add_noise(case.image, 8, (0,)).array - case.image.array
    np.testing.assert_allclose(ct.std(axis=(1, 2)), 8, rtol=1e-9)  # exactly, in every slice
    np.testing.assert_allclose(add_noise(case.image, 16, (0,)).array - case.image.array, 2 * ct, atol=1e-9)
    pet = Image.of(np.zeros((20, 50, 50)), spacing_mm=(4, 4, 4), modality="PET", unit="SUV")
    white = add_noise(pet, 0.5, (0,)).array
    assert white.std() == pytest.approx(0.5, rel=4 / math.sqrt(2 * white.size))  # 4 standard errors
    neighbors = np.corrcoef(white[..., 1:].ravel(), white[..., :-1].ravel())[0, 1]
    assert abs(neighbors) < 4 / math.sqrt(white.size)
    assert add_noise(pet, 0, (0,)) is pet
    with pytest.raises(SettingError, match="must be 0 or more"):
        add_noise(pet, math.inf, (0,))


# -- erosion ---------------------------------------------------------------------------------------------------------


def slow_erode(inside, spacing, radius):
    """Every voxel asks every voxel of the padded grid; beyond the grid is outside."""
    padded = np.pad(inside, 1)
    points = np.argwhere(padded) * spacing
    others = np.argwhere(~padded) * spacing
    keep = [np.sqrt(((others - p) ** 2).sum(axis=1)).min() > radius + 1e-9 for p in points]
    out = np.zeros_like(padded)
    out[tuple(np.argwhere(padded)[keep].T)] = True
    return out[1:-1, 1:-1, 1:-1]


@pytest.mark.parametrize("radius", [0.5, 1.0, 2.0, 3.1])
@pytest.mark.parametrize("touching", [True, False])
def test_erosion_and_dilation_match_their_slow_twin(radius, touching):
    rng, spacing = np.random.default_rng(5), (2.0, 1.0, 0.7)
    inside = np.zeros((9, 12, 13), bool)
    inside[slice(0, 9) if touching else slice(3, 6), 3:9, 4:10] = True
    inside &= rng.random(inside.shape) > 0.02
    mask = Mask.of(inside, spacing_mm=spacing)
    expected = slow_erode(inside, np.array(spacing), radius)
    if expected.any():
        np.testing.assert_array_equal(erode(mask, radius).array, expected)
    else:
        with pytest.raises(EmptyMask, match="Erode by less"):
            erode(mask, radius)
    where = np.argwhere(inside) * spacing
    every = np.argwhere(np.ones_like(inside)) * spacing
    near = [np.sqrt(((where - p) ** 2).sum(axis=1)).min() <= radius + 1e-9 for p in every]
    np.testing.assert_array_equal(erode(mask, -radius).array, np.reshape(near, inside.shape))


def test_erosion_is_in_mm_not_in_voxels():
    cube = Mask.of(np.pad(np.ones((5, 5, 5), bool), 3), spacing_mm=(3, 1, 1))
    assert erode(cube, 2).n_voxels == 5 * 1 * 1  # two layers in the slice, none across
    assert erode(cube, 0) is cube
    with pytest.raises(SettingError, match="finite number of mm"):
        erode(cube, math.nan)
