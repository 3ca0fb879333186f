"""The catalogue and the reference tables are the same set; metadata stands once, and is complete."""

import csv
from pathlib import Path

import numpy as np
import pytest
from regions import levels_of, roi_of, row

from radkit import features
from radkit.features.catalogue import Moves, feature
from radkit.volume import RadkitError, SettingError

REFERENCE = Path(__file__).parent.parent / "reference" / "ibsi1_reference.csv"


def reference_rows():
    with REFERENCE.open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["family"] in features.families()]


def bare_tag(row):
    words = {suffix for f in features.FAMILIES for suffix, name in f.aggregations.items() if name == row["aggregation"]}
    return row["tag"].removesuffix("_" + next(iter(words))) if row["aggregation"] else row["tag"]


def test_catalogue_and_reference_are_the_same_set():
    reference = {(r["family"], bare_tag(r), r["ibsi_code"], r["feature"]) for r in reference_rows()}
    assert {(f.family, f.tag, f.ibsi, f.name) for f in features.catalogue()} == reference
    assert len(features.catalogue()) == 29 + 2 + 18 + 23 + 7 + 25 + 3 * 16 + 5 + 17


def test_standardized_as_the_reference_says():
    with_value = {bare_tag(r) for r in reference_rows() if r["standardised"] == "1"}
    assert {f.tag for f in features.catalogue() if f.standardized} == with_value
    assert {f.status for f in features.catalogue()} == {"IBSI verified", "implemented, no reference"}


def test_computed_tags_are_those_of_the_reference():
    levels = levels_of([[[1, 2], [3, 1]], [[2, 2], [1, 3]]])
    wanted = {r["tag"] for r in reference_rows() if r["config"] == "digital_phantom"}
    suffixes = features.family("glcm").aggregations
    values = [
        v for f in features.families() for v in features.compute(f, roi_of(levels.array), levels, tuple(suffixes))
    ]
    assert {v.tag for v in values} == wanted
    assert len(values) == len(wanted)
    words = {r["tag"]: r["aggregation"] for r in reference_rows()}
    assert {v.tag: v.aggregation for v in values} == {tag: words[tag] for tag in wanted}


def test_every_feature_says_what_it_means():
    for f in features.catalogue():
        assert f.meaning.endswith("."), f.tag
        assert f.formula, f.tag
        assert not f.formula.endswith("."), f.tag


def test_families_are_in_ibsi_order():
    takes = {
        "morphology": "roi",
        "local_intensity": "roi",
        "statistics": "roi",
        "intensity_histogram": "levels",
        "intensity_volume_histogram": "roi",
        "glcm": "levels",
        "glrlm": "levels",
        "glszm": "levels",
        "gldzm": "levels",
        "ngtdm": "levels",
        "ngldm": "levels",
    }
    assert features.families() == tuple(takes)
    assert {name: features.family(name).takes for name in features.families()} == takes


@pytest.mark.parametrize(
    ("tag", "image_unit", "unit"),
    [
        ("stat_mean", "HU", "HU"),
        ("stat_var", "SUV", "SUV^2"),
        ("stat_var", "1", "1"),
        ("stat_energy", "Bq/ml", "(Bq/ml)^2"),
        ("stat_mean", "Bq/ml", "Bq/ml"),
        ("morph_integ_int", "SUV", "SUV mm^3"),
        ("morph_integ_int", "1", "mm^3"),
        ("morph_volume", "HU", "mm^3"),
        ("cm_contrast", "HU", "1"),
    ],
)
def test_unit_follows_the_image(tag, image_unit, unit):
    assert features.find(tag).unit_of(image_unit) == unit


def test_directions_are_sure_for_what_the_lesson_shows():
    assert features.find("cm_contrast").moves == Moves(blur="down", noise="up", wider_bins="down")
    assert features.find("cm_inv_diff_mom").moves == Moves(blur="up", noise="down", wider_bins="up")
    assert features.find("stat_mean").moves.wider_bins == "none"


def test_find_with_and_without_suffix():
    assert features.find("cm_contrast_2_5D_avg") is features.find("cm_contrast")
    assert features.status(features.find("morph_vol_dens_mvee")) == "implemented, no reference"
    with pytest.raises(SettingError, match="no feature 'cm_contrast_5D'"):
        features.find("cm_contrast_5D")


def test_unknown_family():
    with pytest.raises(SettingError, match="family is 'texture'; use one of morphology, local_intensity"):
        features.compute("texture", roi_of(row(1, 2)), levels_of(row(1, 2)))


def test_a_family_passes_over_aggregations_that_it_does_not_know():
    levels = levels_of(row(1, 2, 2))
    tags = [v.tag for v in features.compute("glcm", roi_of(levels.array), levels, ("3D_comb", "2D"))]
    assert len(tags) == 25
    assert tags[0] == "cm_joint_max_3D_comb"
    assert features.compute("glcm", roi_of(levels.array), levels, ("2D",)) == []


def test_a_family_with_one_matrix_takes_the_first_part_of_an_aggregation():
    six = ("2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb", "3D_avg", "3D_comb")
    for name in ("ngtdm", "ngldm"):
        assert features.family(name).chosen(six) == ("2D", "2_5D", "3D")
        assert features.family(name).chosen(("3D_comb", "3D_avg", "2D_avg", "4D")) == ("3D", "2D")
    assert features.family("glcm").chosen(six) == six
    levels = levels_of(row(1, 2, 2))
    found = features.compute("ngtdm", roi_of(levels.array), levels, ("3D_avg", "3D_comb"))
    assert found[0].tag == "ngt_coarseness_3D"
    assert len(found) == 5


def test_a_tag_stands_once():
    with pytest.raises(SettingError, match="'stat_mean' stands in statistics and in"):

        @feature("stat_mean", ibsi="Q4LE", name="Mean")
        def again(s):
            """Mean.

            μ
            """


def test_impossible_direction():
    with pytest.raises(SettingError, match="blur is 'sideways'"):
        Moves(blur="sideways")


def test_no_silent_nan(monkeypatch):
    """A formula that gives NaN without a documented reason is an error, not a value."""
    sample = features.family("statistics").formulas.Sample
    monkeypatch.setattr(sample, "mean", np.nan)
    with pytest.raises(RadkitError, match="stat_mean came out as nan without a documented reason"):
        features.compute("statistics", roi_of(row(1, 2)), None)
