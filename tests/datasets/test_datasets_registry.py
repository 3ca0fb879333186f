"""Names, terms and the tables that come with the package."""

import re
from importlib import resources

import pytest

from radkit import datasets
from radkit.datasets import registry
from radkit.volume import DataNotFound


def test_every_set_says_its_terms():
    for known in registry.sets():
        assert known.title
        assert known.licence
        assert known.changes
        assert known.how
        assert known.n_cases == len(set(known.case_names)) > 0


def test_cohort_has_three_citations_with_doi_and_the_sentence():
    known = registry.data_set("sts51")
    dois = [re.search(r"DOI: (\S+)$", citation).group(1) for citation in known.citation]
    assert dois == ["10.7937/K9/TCIA.2015.7GO2GSKS", "10.1088/0031-9155/60/14/5471", "10.1007/s10278-013-9622-7"]
    assert registry.NO_REIDENTIFICATION in known.changes
    assert "Never try to re-identify anyone" in registry.NO_REIDENTIFICATION
    for change in ("cropped", "int16", "3 mm"):
        assert change in known.changes
    text = datasets.cite("sts51/STS_001/PET")
    assert all(doi in text for doi in dois)
    assert "CC BY 3.0" in text


def test_numbers_of_cases():
    assert registry.data_set("sts51").n_cases == 3 * 51
    assert registry.data_set("native").n_cases == 2 * 4
    assert "NC" in registry.data_set("ibsi-ct").licence


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("sts51/STS_01/PET", "sts51/STS_001/PET"),
        ("STS51/sts_002/ct", "sts51/STS_002/CT"),
        ("ibsi-digitl", "ibsi-digital"),
        ("MNI152", "mni152"),
        ("simulate", "simulated"),
        ("native/STS_008/RM", "native/STS_008/MR"),
    ],
)
def test_unknown_name_gets_the_nearest_one(wrong, right):
    with pytest.raises(DataNotFound, match=f"nearest name is '{right}'"):
        datasets.load(wrong)


@pytest.mark.parametrize("wrong", ["../../etc/passwd", "sts51/../STS_001/PET", "", "x" * 10_000, "a\nb"])
def test_a_hostile_name_is_one_short_sentence(wrong):
    with pytest.raises(DataNotFound) as caught:
        datasets.load(wrong)
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)


def test_a_set_is_not_a_case():
    with pytest.raises(DataNotFound, match="set of 153 cases; name one of them, such as 'sts51/STS_001/PET'"):
        datasets.load("sts51")
    with pytest.raises(DataNotFound, match="nearest name is 'sts51'"):
        datasets.cases("sts5")


@pytest.mark.parametrize("seed", ["x", "-1", "1.5", "7/8", "9" * 40])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(DataNotFound, match="a seed is a whole number from 0, as in 'simulated/7'"):
        datasets.load(f"simulated/{seed}")


def test_packaged_tables_are_small_and_whole():
    folder = resources.files("radkit.datasets")
    sizes = [len(folder.joinpath(n).read_bytes()) for n in ("originals.csv", "derived.csv", "sts51_facts.csv")]
    assert sum(sizes) < 100_000
    assert all(re.fullmatch("[0-9a-f]{64}", value) for value in registry.originals().values())
    derived = {file for f in registry.case_files().values() if f.set_name != "ibsi-ct" for file in f.both}
    assert set(registry.derived()) == derived


def test_every_original_belongs_to_a_case_and_gaps_are_known():
    wanted = {f for c in registry.case_files().values() for f in (c.original_image, c.original_mask)}
    digital = {f"ibsi_1_digital_phantom/nifti/{part}.nii.gz" for part in ("image/phantom", "mask/mask")}
    assert set(registry.originals()) - wanted == digital
    without = {c.name for c in registry.case_files().values() if c.original_image not in registry.originals()}
    assert len([name for name in without if name.endswith("/CT")]) == 15
    assert sorted(name for name in without if not name.endswith("/CT")) == ["sts51/STS_009/MR", "sts51/STS_020/MR"]


def test_facts_are_typed_and_count_19_events():
    rows = [datasets.facts(patient) for patient in registry.PATIENTS]
    assert len(rows) == 51
    assert sum(row["lung_metastasis"] for row in rows) == 19
    for row in rows:
        assert type(row["lung_metastasis"]) is int
        assert type(row["age"]) is float
        assert type(row["suvmax_ref"]) is float
        assert row["sex"] in {"F", "M"}
    assert datasets.facts("STS_999") == {}


@pytest.mark.mirror
def test_manifest_has_the_shapes_of_the_packaged_table(mirror):
    rows = registry.read_table((mirror / "MANIFEST.csv").read_text())
    shapes = {row["name"]: "x".join(reversed(row["shape"].split("x"))) for row in rows}  # x, y, z -> z, y, x
    for file, (shape, _) in registry.derived().items():
        assert shapes[file] == shape, file


@pytest.mark.mirror
def test_mirror_facts_agree_with_the_packaged_ones(mirror):
    place = datasets.Place("the mirror", mirror)
    for patient in registry.PATIENTS:
        theirs = datasets.facts(patient, place)
        assert {key: theirs[key] for key in datasets.facts(patient)} == datasets.facts(patient)


@pytest.mark.mirror
def test_licences_stand_beside_the_mirror(mirror):
    for name in ("CC-BY-3.0_ibsi_validation.md", "CC-BY-4.0_ibsi_phantoms.md", "README_ibsi_validation.md"):
        assert (mirror / "LICENSES" / name).stat().st_size > 1000
    text = (mirror / "LICENSES" / "README_ibsi_validation.md").read_text(encoding="latin-1")
    for citation in registry.data_set("sts51").citation:
        assert citation.split("DOI: ")[1] in text
    assert (mirror / "ibsi_1_ct_phantom" / "LICENSE.md").is_file()
