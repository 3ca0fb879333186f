"""From names to cases: the order of places, what is said about them, and the embedded default."""

import importlib.util

import numpy as np
import pytest

from radkit import datasets
from radkit.datasets import brain, places, registry
from radkit.datasets.files import write_sealed
from radkit.volume import DataNotFound

NAME = "sts51/STS_001/PET"
FILES = registry.case_files()[NAME]


def seal(folder, write_case, seed):
    """A case in a cache folder, as fetch leaves it."""
    write_case(folder, NAME, seed)
    for file in FILES.both:
        write_sealed(folder / file, (folder / file).read_bytes())


def first_voxels(seed):
    return np.random.default_rng(seed).integers(0, 16_000, 3) * 0.001


def test_places_are_searched_in_order(nowhere, monkeypatch, write_case):
    chosen, cache, beside = nowhere / "chosen", nowhere / "cache" / "data", nowhere / "shared" / "data"
    write_case(beside, NAME, seed=3)
    case = datasets.load(NAME)
    assert case.source.found == "Read from shared/data beside the checkout."
    assert case.image.array.ravel()[:3] == pytest.approx(first_voxels(3))

    seal(cache, write_case, seed=2)
    case = datasets.load(NAME)
    assert case.source.found == "Read from the user's cache."
    assert case.image.array.ravel()[:3] == pytest.approx(first_voxels(2))

    write_case(chosen, NAME, seed=1)
    monkeypatch.setenv("RADKIT_DATA", str(chosen))
    case = datasets.load(NAME)
    assert case.source.found == "Read from the folder in RADKIT_DATA."
    assert case.image.array.ravel()[:3] == pytest.approx(first_voxels(1))


def test_a_chosen_folder_that_fails_is_mentioned(nowhere, monkeypatch, write_case):
    write_case(nowhere / "shared" / "data", NAME)
    monkeypatch.setenv("RADKIT_DATA", str(nowhere / "missing"))
    found = datasets.load(NAME).source.found
    assert found == "Read from shared/data beside the checkout, after the folder in RADKIT_DATA (no such folder)."


def test_a_damaged_cache_entry_is_passed_over_and_mentioned(nowhere, write_case):
    cache = nowhere / "cache" / "data"
    seal(cache, write_case, seed=2)
    write_case(nowhere / "shared" / "data", NAME, seed=3)
    damaged = bytearray((cache / FILES.image).read_bytes())
    damaged[200] ^= 1
    (cache / FILES.image).write_bytes(damaged)
    found = datasets.load(NAME).source.found
    assert "shared/data" in found
    assert "the user's cache (sts51/PET/STS_001_PET.nii.gz is incomplete or damaged)" in found


def test_a_cache_file_without_its_seal_does_not_count(nowhere, write_case):
    write_case(nowhere / "cache" / "data", NAME)
    with pytest.raises(DataNotFound, match="incomplete or damaged"):
        datasets.load(NAME)


def test_not_found_says_what_was_tried_and_what_to_do(nowhere):
    with pytest.raises(DataNotFound) as caught:
        datasets.load(NAME)
    assert str(caught.value) == (
        "sts51/STS_001/PET was not found; tried RADKIT_DATA (not set), the user's cache (no such folder), "
        "shared/data beside the checkout (no such folder). Download it with `radkit data fetch sts51/STS_001/PET`, "
        "set RADKIT_DATA to a folder that has it, or use 'simulated', which needs no file."
    )


def test_the_default_is_never_silent(nowhere):
    case = datasets.load()
    assert case.name == "simulated"
    assert case.truth
    assert case.source.found == (
        "sts51/STS_001/PET was not found (tried RADKIT_DATA (not set), the user's cache (no such folder), shared/data "
        "beside the checkout (no such folder); `radkit data fetch sts51/STS_001/PET` downloads it), so the embedded "
        "default, a simulated lesion with known truth, is used instead."
    )


def test_the_default_survives_an_unreadable_file(nowhere, monkeypatch, write_case):
    write_case(nowhere / "chosen", NAME)
    (nowhere / "chosen" / FILES.image).write_text("this is no image")
    monkeypatch.setenv("RADKIT_DATA", str(nowhere / "chosen"))
    case = datasets.load("default")
    assert case.name == "simulated"
    assert "in the folder in RADKIT_DATA could not be read" in case.source.found
    assert "embedded default" in case.source.found


def test_the_default_is_the_first_sarcoma_where_it_is_found(nowhere, write_case):
    write_case(nowhere / "shared" / "data", NAME)
    case = datasets.default_case()
    assert case.name == NAME
    assert "shared/data" in case.source.found


def test_what_comes_with_radkit_needs_no_place(nowhere):
    digital = datasets.load("ibsi-digital")
    assert digital.image.array.shape == (4, 4, 5)
    assert digital.source.found
    simulated = datasets.load("simulated")
    assert simulated.truth
    assert simulated.source.found == "Simulated by radkit with seed 0."


def test_seeds_give_other_lesions_and_the_same_seed_the_same(nowhere):
    seven = datasets.load("simulated/7")
    assert seven.name == "simulated/7"
    assert seven.image.digest == datasets.load("simulated/7").image.digest
    assert seven.image.digest != datasets.load("simulated").image.digest


def test_units_and_facts(nowhere, monkeypatch, write_case):
    monkeypatch.setenv("RADKIT_DATA", str(nowhere / "chosen"))
    for name, unit in (("sts51/STS_002/PET", "SUV"), ("sts51/STS_002/CT", "HU"), ("native/STS_008/MR", "a.u.")):
        write_case(nowhere / "chosen", name)
        case = datasets.load(name)
        assert case.name == name
        assert (case.image.modality, case.image.unit) == (name.split("/")[-1], unit)
        assert case.facts["patient_id"] == name.split("/")[1]
        assert case.source.licence == "CC BY 3.0"
        assert len(case.source.citation) == 3
        assert registry.NO_REIDENTIFICATION in case.source.changes


def test_available_counts_what_is_there(nowhere, write_case):
    before = {known.name: known for known in datasets.available()}
    assert (before["sts51"].n_found, before["sts51"].found) == (0, "")
    assert "radkit data fetch sts51" in before["sts51"].how
    assert before["simulated"].n_found == before["ibsi-digital"].n_found == 1
    write_case(nowhere / "shared" / "data", NAME)
    after = {known.name: known for known in datasets.available()}
    assert (after["sts51"].n_found, after["sts51"].n_cases) == (1, 153)
    assert after["sts51"].found == "shared/data beside the checkout"
    assert datasets.cases("sts51", only_found=True) == (NAME,)
    assert len(datasets.cases("sts51")) == 153


def test_an_installed_package_has_no_checkout(nowhere, monkeypatch):
    monkeypatch.setattr(places, "checkout_folder", lambda: nowhere / "site-packages")
    assert [place.label for place in places.search_places()] == ["the user's cache"]


def test_cache_folder_follows_the_platform_without_radkit_cache(monkeypatch):
    monkeypatch.delenv("RADKIT_CACHE")
    assert "radkit" in str(datasets.cache_folder()).lower()


def test_mni152_without_nilearn_is_one_sentence(monkeypatch):
    monkeypatch.setattr(brain.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataNotFound, match="pip install nilearn"):
        datasets.load("mni152")


@pytest.mark.skipif(importlib.util.find_spec("nilearn") is None, reason="nilearn is not installed")
def test_mni152_is_a_brain_at_2_mm():
    case = datasets.load("mni152")
    assert (case.image.modality, case.image.unit) == ("MR", "a.u.")
    assert case.image.grid.spacing_mm == (2.0, 2.0, 2.0)
    assert 0 <= case.image.array.min() < case.image.array.max() <= 1
    assert 600 < case.mask.n_voxels * 8 / 1000 < 1300  # gray matter of an adult, ml
    inside = case.image.grid.to_world(np.argwhere(case.mask.array))
    assert np.abs(inside[:, 2].mean()) < 3  # mm: left and right are even about the midline


def test_mean_of_eight_and_its_grid():
    array = np.arange(4 * 4 * 5, dtype=np.int16).reshape(4, 4, 5)
    grid = brain.halved(datasets.load("ibsi-digital").image.grid)
    assert grid.shape == (2, 2, 2)
    assert grid.origin_mm == (1.0, 1.0, 1.0)  # half a voxel of 2 mm
    assert brain.mean_of_eight(array)[0, 0, 0] == (0 + 1 + 5 + 6 + 20 + 21 + 25 + 26) / 8


@pytest.mark.mirror
def test_all_51_pet_cases_have_the_reference_numbers(mirror, capsys):
    worst = {"SUVmax": 0.0, "SUVmean": 0.0, "ml": 0.0}
    n = 0
    for name in (name for name in datasets.cases("sts51") if name.endswith("/PET")):
        case = datasets.load(name)
        values = case.image.array[case.mask.array]
        ml = case.mask.n_voxels * case.image.grid.voxel_volume_mm3 / 1000
        facts = case.facts
        off = {
            "SUVmax": abs(values.max() - facts["suvmax_ref"]),
            "SUVmean": abs(values.mean() / facts["suvmean_ref"] - 1),
            "ml": abs(ml / facts["gtv_ml_ref"] - 1),
        }
        assert off["SUVmax"] <= 0.001, name
        assert off["SUVmean"] <= 0.001, name
        assert off["ml"] <= 0.001, name
        worst = {key: max(worst[key], off[key]) for key in worst}
        n += 1
    with capsys.disabled():
        print(
            f"\n{n} of 51 PET cases; worst: SUVmax {worst['SUVmax']:.2g} SUV, SUVmean {worst['SUVmean']:.3%}, "
            f"volume {worst['ml']:.3%}"
        )
    assert n == 51


@pytest.mark.mirror
def test_every_case_of_every_set_loads(mirror):
    for known in registry.sets():
        for name in known.case_names:
            if name == "mni152" and importlib.util.find_spec("nilearn") is None:
                continue
            case = datasets.load(name)
            assert case.name == name
            assert case.source.found
            assert case.mask.n_voxels > 0
    assert datasets.load(NAME).source.found.startswith("Read from")


@pytest.mark.mirror
def test_the_ibsi_ct_is_the_published_one(mirror):
    case = datasets.load("ibsi-ct")
    assert (case.image.array.shape, case.image.unit) == ((60, 201, 204), "HU")
    assert datasets.verify("ibsi-ct").startswith("ibsi-ct: both files")


@pytest.mark.mirror
def test_the_embedded_digital_phantom_is_the_published_one(mirror):
    from radkit import io

    folder = mirror / "ibsi_1_digital_phantom" / "nifti"
    case = datasets.load("ibsi-digital")
    published = io.read_nifti(folder / "image" / "phantom.nii.gz")
    assert np.array_equal(case.image.array, published.array)
    assert case.image.grid.spacing_mm == published.grid.spacing_mm
    assert np.array_equal(case.mask.array, io.read_mask(folder / "mask" / "mask.nii.gz").array)


@pytest.mark.mirror
def test_verify_reads_the_manifest(mirror, tmp_path, monkeypatch):
    assert "SHA-256 of the manifest" in datasets.verify(NAME)
    for file in ("MANIFEST.csv", *FILES.both):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes((mirror / file).read_bytes())
    monkeypatch.setenv("RADKIT_DATA", str(tmp_path))
    datasets.verify(NAME)
    (tmp_path / FILES.mask).write_bytes(b"something else")
    with pytest.raises(DataNotFound, match="another SHA-256 than its manifest says"):
        datasets.verify(NAME)
    (tmp_path / "MANIFEST.csv").unlink()
    with pytest.raises(DataNotFound, match="no SHA-256 to compare with"):
        datasets.verify(NAME)
    with pytest.raises(DataNotFound, match="has no files to verify"):
        datasets.verify("simulated")
