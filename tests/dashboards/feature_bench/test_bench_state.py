"""The bench without a browser: knobs in, records out."""

import math
import subprocess
import sys
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from radkit.volume import RadkitError, SettingError
from radkit_dashboards.feature_bench.state import KNOBS, PARAMETERS, TEACHING, FeatureBench, case_names

CONTRAST, HOMOGENEITY = "cm_contrast_3D_avg", "cm_inv_diff_mom_3D_avg"


@pytest.fixture
def bench():
    return FeatureBench(case="simulated")


@pytest.fixture
def pet(mirror):
    return FeatureBench(case="sts51/STS_001/PET")


def undefined(features):
    """Tags of values that are not finite although no note says why."""
    return [v.tag for v in features if not math.isfinite(v.value) and not v.note]


def test_the_state_needs_no_browser_library():
    script = (
        "import sys, radkit_dashboards.feature_bench.state; "
        "print([m for m in ('panel', 'bokeh', 'holoviews', 'tornado') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_every_knob_has_bounds_a_unit_and_a_sentence(bench):
    for name in KNOBS[1:]:
        assert bench.param[name].bounds[0] < bench.param[name].bounds[1]
        assert bench.knob(name).unit
        assert len(bench.param[name].doc) > 20
    assert bench.param.bin_method.doc


def test_knobs_follow_the_modality(mirror):
    bench = FeatureBench(case="sts51/STS_001/PET")
    assert (bench.knob("bin_width").unit, bench.bin_width, bench.bin_method) == ("SUV", 0.5, "width")
    assert bench.recipe().binning.origin == 0
    bench.case = "sts51/STS_001/CT"
    assert (bench.knob("bin_width").unit, bench.bin_width, bench.bin_method) == ("HU", 25, "width")
    assert bench.recipe().binning.origin == -1000
    bench.case = "sts51/STS_001/MR"
    assert (bench.bin_method, bench.n_bins) == ("count", 32)
    assert bench.features().provenance["unit"] == "1"
    bench.bin_method = "width"
    assert not undefined(bench.features())


def test_knobs_stay_where_they_are_within_a_modality(mirror):
    bench = FeatureBench(case="sts51/STS_001/PET")
    bench.bin_width, bench.psf_sigma_mm = 0.25, 2.0
    bench.case = "sts51/STS_002/PET"
    assert (bench.bin_width, bench.psf_sigma_mm) == (0.25, 2.0)


def test_the_default_case_is_the_first_that_is_named():
    assert FeatureBench().case == case_names()[0]
    assert "simulated" in case_names()


def test_a_case_that_cannot_be_read_leaves_the_one_that_is_shown(bench, monkeypatch):
    bench.param.case.objects = [*bench.param.case.objects, "sts51/STS_999/PET"]
    with pytest.raises(RadkitError):
        bench.case = "sts51/STS_999/PET"
    assert bench.case == "simulated"
    assert len(bench.features()) > 60


@pytest.mark.parametrize("name", KNOBS[1:])
@pytest.mark.parametrize("end", [0, 1])
def test_the_ends_of_every_knob_give_numbers(bench, name, end):
    setattr(bench, name, bench.param[name].bounds[end])
    screen = bench.screen()
    assert not undefined(screen.features)
    assert screen.histogram.alt
    assert screen.matrix.alt
    assert screen.why


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_random_places_of_all_knobs_give_numbers(bench, data):
    for name in KNOBS[1:]:
        low, high = bench.param[name].bounds
        number = st.integers(low, high) if name == "n_bins" else st.floats(low, high)
        setattr(bench, name, data.draw(number, label=name))
    bench.bin_method = data.draw(st.sampled_from(["width", "count"]))
    try:
        assert not undefined(bench.screen().features)
    except RadkitError as error:  # a named refusal in a full sentence is an answer, too
        assert str(error).endswith(".")  # noqa: PT017


def test_bounds_are_checked_on_the_server(bench):
    wrong = {"bin_width": -3, "n_bins": 10**6, "psf_sigma_mm": 1e9, "spacing_mm": -1, "case": "nowhere"}
    for name, value in wrong.items():
        before = getattr(bench, name)
        with pytest.raises(ValueError):
            setattr(bench, name, value)
        assert getattr(bench, name) == before
    with pytest.raises(ValueError):
        bench.baseline = "width,1,2"


def test_between_as_scanned_and_the_finest_spacing_there_is_nothing(bench):
    low = bench.knob("spacing_mm").low
    bench.spacing_mm = low / 3
    assert bench.spacing_mm == low
    bench.spacing_mm = 0
    assert bench.recipe().resample is None


def test_blur_lowers_contrast_and_raises_homogeneity_with_fixed_width(bench):
    contrast, homogeneity = [], []
    for sigma in (0.0, 1.0, 2.0, 3.0):
        bench.psf_sigma_mm = sigma
        features = bench.features()
        contrast.append(features[CONTRAST])
        homogeneity.append(features[HOMOGENEITY])
    assert contrast == sorted(contrast, reverse=True)
    assert homogeneity == sorted(homogeneity)


def test_why_says_what_blur_does_with_a_fixed_width(pet):
    pet.psf_sigma_mm = 3.0
    lead, blur = pet.why()
    assert "contrast fell by" in lead
    assert "mixes neighbors" in blur


def test_why_says_that_contrast_need_not_fall_with_a_fixed_count(pet):
    pet.bin_method = "count"
    pet.pin()
    pet.psf_sigma_mm = 3.0
    text = " ".join(pet.why())
    assert "need not fall" in text
    assert "each of the 32 bins" in text


def test_why_names_the_factor_of_the_bins_alone(pet):
    pet.bin_width = 0.25
    text = " ".join(pet.why())
    assert "×4" in text
    assert "before discretization" in text
    assert pet.change("stat_mean").relative == 0
    assert pet.change(CONTRAST).value / pet.change(CONTRAST).baseline == pytest.approx(4, rel=0.1)


def test_why_speaks_of_spacing_and_of_a_change_of_method(bench):
    bench.spacing_mm = bench.param.spacing_mm.bounds[1]
    assert "farther apart" in " ".join(bench.why())
    bench.spacing_mm = 0
    assert "another distance" in " ".join(bench.why())
    bench.spacing_mm = bench.knob("spacing_mm").low
    assert "resemble each other more" in " ".join(bench.why())
    bench.bin_method = "count"
    assert "follows this region's range" in " ".join(bench.why())


def test_nothing_moves_against_a_baseline_that_was_just_pinned(bench):
    bench.psf_sigma_mm = 1.0
    assert any(c.moved for c in bench.changes())
    bench.pin()
    assert not any(c.moved for c in bench.changes())
    assert bench.why()[0].startswith("Nothing moved")
    bench.reset()
    assert bench.psf_sigma_mm == 0
    assert bench.pinned()["psf_sigma_mm"] == 1.0


def test_moving_the_bin_width_never_resamples_again(pet):
    pet.features()
    pet.bin_width = 0.35
    stages = {s.name: s for s in pet.features().stages}
    assert stages["resample"].cached
    assert stages["morphology"].cached
    assert not stages["discretize"].cached


def test_the_code_reproduces_the_screen(bench):
    bench.param.update(bin_width=10, spacing_mm=3, psf_sigma_mm=1.5)
    for method in ("width", "count"):
        bench.bin_method = method
        shown, names = bench.features(), {}
        exec(bench.code().replace("print(", "str("), names)  # the code is what is tested
        assert names["features"].to_dict() == pytest.approx(shown.to_dict(), nan_ok=True)
        assert names["features"].provenance["recipe_hash"] == shown.provenance["recipe_hash"]


def test_the_whole_state_survives_its_parameters(bench):
    bench.param.update(seed=3, bin_width=12, psf_sigma_mm=0.7)
    bench.pin()
    bench.param.update(bin_method="count", n_bins=64, spacing_mm=0)
    texts = {name: str(value) for name, value in bench.to_params().items()}
    other = FeatureBench()
    other.from_params(texts)
    assert other.to_params() == bench.to_params()
    assert other.features().to_dict() == pytest.approx(bench.features().to_dict(), nan_ok=True)
    assert [c.relative for c in other.changes()] == [c.relative for c in bench.changes()]


@pytest.mark.parametrize(
    "params",
    [{"nonsense": 1}, {"bin_width": "-3"}, {"bin_width": "1; import os"}, {"case": "../etc"}, {"n_bins": "nan"}],
)
def test_impossible_parameters_are_refused_in_one_sentence_and_change_nothing(bench, params):
    before = bench.to_params()
    with pytest.raises(SettingError) as refused:
        bench.from_params({"psf_sigma_mm": 1, **params})
    assert "\n" not in str(refused.value)
    assert bench.to_params() == before
    assert set(before) == set(PARAMETERS)


def test_the_teaching_features_exist(bench):
    tags = {v.tag for v in bench.features()}
    assert set(TEACHING) <= tags
    with pytest.raises(SettingError, match="no feature"):
        bench.change("cm_nonsense")


def test_the_picture_shows_gray_levels_inside_the_mask(bench):
    import numpy as np

    image, mask = bench.picture()
    inside = np.unique(image.array[mask.array])
    assert len(inside) == np.count_nonzero(bench.pipeline().levels.counts)
    bench.bin_width = 100
    assert len(np.unique(bench.picture()[0].array[mask.array])) < len(inside)
    bench.spacing_mm = 4
    assert bench.picture()[0].grid.spacing_mm == (4, 4, 4)


def test_without_the_sarcomas_the_simulated_lesion_comes_first(monkeypatch):
    sets = [SimpleNamespace(name=name, n_found=int(name != "sts51")) for name in ("sts51", "mni152", "simulated")]
    found = SimpleNamespace(available=lambda: sets, cases=lambda name, only_found: (name,) if only_found else ())
    monkeypatch.setattr("radkit_dashboards.feature_bench.state.datasets", found)
    assert case_names.__wrapped__() == ("simulated", "mni152")  # past its cache
