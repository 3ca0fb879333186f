"""The card says what a result was made from, and nothing foreign gets out of it unescaped."""

import json

import numpy as np
import pytest

from radkit.report import ProvenanceCard, card
from radkit.volume import Case, Image, Mask, SettingError, Source


def a_case(name="case", value=1.0, licence="CC BY 3.0"):
    image = Image.of(np.full((1, 2, 2), value), spacing_mm=(1, 1, 1), modality="CT", unit="HU")
    mask = Mask.of(np.ones((1, 2, 2)), spacing_mm=(1, 1, 1))
    source = Source(title="A set", licence=licence, citation=("Someone (2015)",), changes="Cropped.", found="cache")
    return Case(name=name, image=image, mask=mask, source=source)


def test_a_card_holds_data_parameters_and_versions():
    made = card("Figure 1", a_case(), parameters={"bin_width": 25.0}, seed=3, recipe_hash="abc", seconds=1.25)
    fields = made.to_dict()
    assert fields["data"].keys() == {"case"}
    assert len(fields["data"]["case"]) == 64
    assert fields["source"] == "A set. Someone (2015). Cropped. cache."
    assert (fields["licence"], fields["seed"], fields["recipe_hash"], fields["seconds"]) == (
        "CC BY 3.0",
        3,
        "abc",
        1.25,
    )
    assert fields["packages"]["numpy"] == np.__version__
    assert fields["created"].endswith("Z")


def test_a_card_comes_back_from_json():
    made = card("Figure 1", a_case(), a_case("other", 2.0), parameters={"bins": [1, 2]}, seed=0)
    assert ProvenanceCard.from_dict(json.loads(made.to_json())) == made


def test_a_changed_card_is_noticed():
    fields = card("Figure 1", a_case(), parameters={"bin_width": 25.0}).to_dict()
    fields["parameters"] = {"bin_width": 10.0}
    with pytest.raises(SettingError, match="changed after it was made"):
        ProvenanceCard.from_dict(fields)


def test_a_foreign_field_is_no_card():
    with pytest.raises(SettingError, match="no provenance card"):
        ProvenanceCard.from_dict({"title": "x", "data": {}, "colour": "red"})


def test_the_hash_follows_what_decides_and_nothing_else():
    first = card("Figure 1", a_case(), parameters={"bin_width": 25.0}, seed=0)
    assert card("Other title", a_case(), parameters={"bin_width": 25.0}, seed=0, seconds=9).hash == first.hash
    assert card("Figure 1", a_case(value=2.0), parameters={"bin_width": 25.0}, seed=0).hash != first.hash
    assert card("Figure 1", a_case(), parameters={"bin_width": 10.0}, seed=0).hash != first.hash
    assert card("Figure 1", a_case(), parameters={"bin_width": 25.0}, seed=1).hash != first.hash


def test_html_is_escaped():
    bad = "<script>alert(1)</script>"
    made = card(bad, a_case(bad, licence=bad), parameters={bad: bad})
    text = made.to_html()
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 4
    assert made._repr_html_() == text


def test_parameters_must_be_plain():
    with pytest.raises(SettingError, match="plain numbers"):
        card("x", parameters={"a": object()})
    with pytest.raises(SettingError, match="plain numbers"):
        card("x", parameters={"a": float("nan")})
