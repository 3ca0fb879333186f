"""The table of foreign names: every one once, every tag of ours in the catalogue."""

from collections import Counter

from radkit.features import catalogue
from radkit.features.pyradiomics_names import RELATIONS, pyradiomics_names

# as its getFeatureClasses() counts them, retired ones too
COUNTS = {
    "shape": 17, "shape2D": 10, "firstorder": 19, "glcm": 28, "glrlm": 16, "glszm": 16, "ngtdm": 5, "gldm": 16,
}  # fmt: skip


def test_every_class_is_whole():
    assert Counter(row.feature_class for row in pyradiomics_names()) == COUNTS
    assert len({(row.feature_class, row.name) for row in pyradiomics_names()}) == sum(COUNTS.values())


def test_every_tag_is_in_the_catalogue():
    tags = {feature.tag for feature in catalogue()}
    for row in pyradiomics_names():
        assert row.tag in tags if row.tag else row.relation == "missing", row


def test_relations_are_known_and_what_is_not_equal_says_why():
    assert {row.relation for row in pyradiomics_names()} == set(RELATIONS)
    for row in pyradiomics_names():
        assert row.note or row.relation in ("equal", "near"), row
        assert row.given == (row.relation not in ("retired", "missing"))


def test_a_tag_has_one_equal_name_only():
    equal = Counter(row.tag for row in pyradiomics_names() if row.relation == "equal")
    assert max(equal.values()) == 1
