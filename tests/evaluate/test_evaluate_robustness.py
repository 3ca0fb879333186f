"""The robustness table: by arithmetic on small tables, and on a simulated cohort whose physics is known."""

import math

import numpy as np
import pandas as pd
import pytest

import radkit
from radkit.evaluate import FEW_VOXELS, icc, robustness
from radkit.extraction import sweep
from radkit.phantoms import Lesion, Scanner, Shape, simulate
from radkit.volume import SettingError

SETTINGS = [(0.0, 10.0), (0.0, 20.0), (1.0, 10.0), (1.0, 20.0)]  # blur in mm, bin width


def table(values: dict[str, list[float]], n_voxels=(1000,) * 4, settings=SETTINGS, replicate=0) -> pd.DataFrame:
    """A tidy table as a sweep of blur by bin width writes it: name -> the value at each setting."""
    rows = [
        (*setting, replicate, name, "morphology" if name.startswith("morph") else "glcm", "CODE", found[i], n, 2 * n)
        for i, (setting, n) in enumerate(zip(settings, n_voxels, strict=True))
        for name, found in values.items()
    ]
    columns = "psf_sigma_mm bin_width replicate name family ibsi value n_voxels_intensity n_voxels_morphological"
    return pd.DataFrame(rows, columns=columns.split())


def cohort(*contrasts, volumes=(10, 20, 30), **options) -> dict[str, pd.DataFrame]:
    return {
        f"case {i}": table({"cm_contrast_3D_avg": c, "morph_volume": [v] * 4}, **options)
        for i, (c, v) in enumerate(zip(contrasts, volumes, strict=False))
    }


CONTRASTS = ([4, 3, 2, 1], [8, 6, 4, 2], [12, 9, 6.5, 3])


# -- by arithmetic ---------------------------------------------------------------------------------------------------


def test_each_number_is_what_its_definition_says():
    found = robustness(cohort(*CONTRASTS))
    contrast, expected = found["cm_contrast_3D_avg"], icc(CONTRASTS, "A,1")
    interval = (expected.value, expected.low, expected.high)
    assert (contrast.icc, contrast.icc_low, contrast.icc_high) == pytest.approx(interval, rel=1e-12)
    assert contrast.grade == expected.grade == "poor"
    assert contrast.cv == pytest.approx(
        math.sqrt((1.5**2 + 0.5**2) * 2 / 3) / 2.5
    )  # as in cases 0 and 1; 2 is steadier
    assert contrast.volume_rho == pytest.approx(1)
    assert [str(course) for course in contrast.courses] == ["down in 3 of 3", "down in 3 of 3"]
    assert [(c.knob, c.expected, c.as_expected) for c in contrast.courses] == [
        ("psf_sigma_mm", "down", True),
        ("bin_width", "down", True),
    ]
    assert (contrast.n_voxels_low, contrast.n_voxels_high, contrast.warning, contrast.notes) == (1000, 1000, "", {})
    assert found.reference == {"psf_sigma_mm": 0, "bin_width": 10}
    assert (found.n_settings, found.vary, found.cases) == (
        4,
        ("psf_sigma_mm", "bin_width"),
        ("case 0", "case 1", "case 2"),
    )
    volume = found["morph_volume"]
    assert (volume.icc, volume.icc_low, volume.grade, volume.cv) == (1, 1, "excellent", 0)
    assert str(volume.courses[0]) == "none in 3 of 3"


def test_one_knob_alone_with_the_others_at_the_reference():
    every = np.array(CONTRASTS)
    found = robustness(cohort(*CONTRASTS), vary=("bin_width",))
    assert found["cm_contrast_3D_avg"].icc == pytest.approx(icc(every[:, :2], "A,1").value)  # blur 0
    assert found.n_settings == 2
    moved = robustness(cohort(*CONTRASTS), vary=("bin_width",), reference={"psf_sigma_mm": 1})
    assert moved["cm_contrast_3D_avg"].icc == pytest.approx(icc(every[:, 2:], "A,1").value)  # blur 1


def test_a_course_is_read_with_the_other_knobs_at_the_reference():
    upside_down = [4, 3, 5, 1]  # up from blur 0 to 1 at the bin width of 10, down at 20
    contrast = robustness(cohort(upside_down, *CONTRASTS[1:]))["cm_contrast_3D_avg"]
    assert str(contrast.courses[0]) == "down in 2 of 3"
    other = robustness(cohort(upside_down, *CONTRASTS[1:]), reference={"bin_width": 20})["cm_contrast_3D_avg"]
    assert str(other.courses[0]) == "down in 3 of 3"
    split = robustness(cohort(upside_down, CONTRASTS[1], volumes=(1, 2)))["cm_contrast_3D_avg"].courses[0]
    assert (str(split), split.as_expected) == ("mixed in at most 1 of 2", False)


def test_one_case_has_a_reason_instead_of_an_icc():
    alone = robustness(cohort(CONTRASTS[0]))["cm_contrast_3D_avg"]
    assert math.isnan(alone.icc)
    assert alone.grade == ""
    assert alone.notes["icc"] == "1 case with a value; agreement needs at least 2 cases and 2 settings"
    assert alone.notes["volume_rho"] == "1 cases with a value; a rank correlation needs at least 3"
    assert alone.cv > 0


def test_a_case_without_a_value_at_every_setting_is_left_out_and_counted():
    with_gap = [*CONTRASTS[:2], [5, math.nan, 1, 1]]
    tables = cohort(*with_gap, n_voxels=(1000, 0, 1000, 30))
    contrast = robustness(tables)["cm_contrast_3D_avg"]
    assert contrast.notes["n_cases"] == "1 of 3 left out, without a value at every setting"
    assert (contrast.n_cases, contrast.icc) == (2, pytest.approx(icc(CONTRASTS[:2], "A,1").value))
    assert (contrast.n_voxels_low, contrast.n_voxels_high) == (30, 1000)  # no voxels: nothing was computed
    assert contrast.warning.startswith(
        f"fewer than {FEW_VOXELS} voxels in 3 of 12 regions, of 3 of 3 cases (least: 30)"
    )
    assert robustness(tables)["morph_volume"].n_voxels_low == 60  # of the morphological mask
    assert robustness(tables, few_voxels=30)["cm_contrast_3D_avg"].warning == ""


def test_what_has_no_value_says_why():
    signs = robustness(cohort([1, -1, 2, 1], [1, 2, 3, 4], [2, 3, 4, 5]))["cm_contrast_3D_avg"]
    assert math.isnan(signs.cv)
    assert "takes both signs" in signs.notes["cv"]
    zeros = robustness(cohort([0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]))["cm_contrast_3D_avg"]
    assert "are the same" in zeros.notes["icc"]
    assert "is 0 at every setting of 3 cases" in zeros.notes["cv"]
    assert "the same in every case" in zeros.notes["volume_rho"]
    flat = table({"cm_contrast_3D_avg": [1, 2, 3, 4]})
    assert "add the family morphology" in robustness({"a": flat})["cm_contrast_3D_avg"].notes["volume_rho"]
    frame = robustness({"a": flat}).to_frame()
    assert frame.icc.isna().all()
    assert frame.note.str.contains("icc: 1 case with a value").all()
    nowhere = robustness({"a": table({"cm_contrast_3D_avg": [math.nan] * 4})})["cm_contrast_3D_avg"]
    assert (nowhere.n_cases, str(nowhere.courses[0])) == (0, "mixed in at most 0 of 0")
    assert {"n_cases", "icc", "cv", "volume_rho"} <= nowhere.notes.keys()


def test_the_order_of_the_rows_does_not_matter_and_features_of_filters_have_no_expectation():
    tables = cohort(*CONTRASTS)
    shuffled = {case: frame.sample(frac=1, random_state=1) for case, frame in tables.items()}
    shuffled["case 0"] = tables["case 0"]  # the first one gives order and reference
    pd.testing.assert_frame_equal(robustness(shuffled).to_frame(), robustness(tables).to_frame())
    filtered = {"a": table({"log_s1.5mm__cm_contrast_3D_avg": [4, 3, 2, 1]})}
    (feature,) = robustness(filtered).features
    assert [(str(c), c.expected, c.as_expected) for c in feature.courses] == [("down in 1 of 1", "", None)] * 2


def test_tables_that_do_not_belong_together_are_refused():
    good = cohort(*CONTRASTS)
    other_values = table({"cm_contrast_3D_avg": [1] * 4, "morph_volume": [1] * 4}, settings=[(0, 5), *SETTINGS[1:]])
    for bad in (
        good["case 0"][good["case 0"].bin_width == 10],
        good["case 0"][good["case 0"].name == "morph_volume"],
        good["case 0"].rename(columns={"bin_width": "n_bins"}),
        other_values,
    ):
        with pytest.raises(SettingError, match="the table of bad has other knobs, settings or features"):
            robustness({**good, "bad": bad})
    with pytest.raises(SettingError, match="twice at one setting"):
        robustness({**good, "bad": pd.concat([good["case 0"]] * 2)})
    with pytest.raises(SettingError, match="got no table"):
        robustness({})
    with pytest.raises(SettingError, match="none of the knobs"):
        robustness({"a": good["case 0"].drop(columns=["bin_width", "psf_sigma_mm"])})
    with pytest.raises(SettingError, match="'noise_sd' was not turned"):
        robustness(good, vary=("noise_sd",))
    with pytest.raises(SettingError, match="the reference bin_width 11 is not one"):
        robustness(good, reference={"bin_width": 11})
    with pytest.raises(SettingError, match="no feature 'stat_var'"):
        robustness(good)["stat_var"]


# -- on a simulated cohort -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def simulated():
    """Six lesions of 6 to 11 mm, blurred twice and made noisy twice."""
    recipe = radkit.Recipe.default("CT").replace(
        families=("morphology", "statistics", "glcm"), aggregations=("3D_avg",)
    )
    grid = {"psf_sigma_mm": (0, 1, 2), "noise_sd": (0, 20), "bin_width": (25, 50)}
    swept = {}
    for seed in range(6):
        lesion = Lesion(shape=Shape(radius_mm=6.0 + seed), field_mm=(60.0, 60.0, 60.0))
        case = simulate(lesion, Scanner(), seed, noise_seed=100 + seed)
        swept[case.name] = sweep(case.image, case.mask, recipe, grid, replicates=2, seed=1).to_frame()
    return robustness(swept)


@pytest.mark.parametrize(
    ("name", "blur", "noise", "wider"),
    [  # claims A05 and B07: blur averages differences away, noise adds them, wide bins forget them
        ("stat_var", "down", "up", "none"),
        ("cm_contrast_3D_avg", "down", "up", "down"),
        ("cm_joint_entr_3D_avg", "down", "up", "down"),
        ("cm_inv_diff_mom_3D_avg", "up", "down", "up"),
        ("morph_volume", "none", "none", "none"),
        ("morph_sphericity", "none", "none", "none"),
    ],
)
def test_blur_noise_and_bins_move_features_as_physics_says(simulated, name, blur, noise, wider):
    found = {course.knob: course for course in simulated[name].courses}
    for knob, way in (("psf_sigma_mm", blur), ("noise_sd", noise), ("bin_width", wider)):
        assert str(found[knob]) == f"{way} in 6 of 6", knob
        assert found[knob].as_expected is not False, knob  # True, or the catalogue has no expectation


def test_a_cohort_tells_steady_features_from_others(simulated):
    assert simulated.n_settings == 3 * 2 * (1 + 2)  # no noise: one replicate
    frame = simulated.to_frame().set_index("name")
    assert frame.loc["morph_volume", ["icc_low", "cv", "volume_rho"]].tolist() == pytest.approx([1, 0, 1])
    assert frame.loc["cm_contrast_3D_avg", "grade"] == "poor"
    assert frame.loc["stat_mean", "icc"] > frame.loc["stat_var", "icc"]
    assert frame.loc["cm_contrast_3D_avg", ["blur", "blur_expected", "blur_met"]].tolist() == [
        "down in 6 of 6", "down", True,
    ]  # fmt: skip
    has_none = frame[["icc", "cv", "volume_rho"]].isna().any(axis=1)
    assert (frame.note[has_none] != "").all()
    small = simulated["stat_mean"]
    assert small.n_voxels_low < 200 < small.n_voxels_high
