"""radkit map: what it writes is what voxel_map says, and an interrupted run leaves nothing behind."""

import json

import numpy as np
import pytest

import radkit
from radkit.cli import main
from radkit.extraction import maps
from radkit.io import read, write_nifti


def run(capsys, *arguments):
    code = main(["map", *map(str, arguments)])
    output = capsys.readouterr()
    return code, output.out, output.err


def refused(capsys, *arguments):
    code, out, err = run(capsys, *arguments)
    sentences = [line for line in err.splitlines() if line.strip()]
    assert (code, out, len(sentences)) == (2, "", 1), err
    assert sentences[0].startswith("radkit: ")
    return sentences[0]


@pytest.fixture(scope="module")
def case():
    return radkit.load("ibsi-digital")


@pytest.fixture
def files(case, tmp_path):
    write_nifti(tmp_path / "image.nii.gz", case.image)
    write_nifti(tmp_path / "mask.nii.gz", case.mask)
    return tmp_path


def test_one_map_in_one_file(capsys, case, files):
    path = files / "map.nii.gz"
    arguments = (files / "image.nii.gz", files / "mask.nii.gz", "--recipe", "ibsi-digital", "--radius", 1)
    code, out, err = run(capsys, *arguments, "--output", path)
    assert code == 0
    assert out.startswith("map.nii.gz: cm_contrast_3D_avg, 74 voxels, from ")
    import nibabel

    wanted = radkit.voxel_map(case.image, case.mask, radkit.preset("ibsi-digital"), radius=1)
    np.testing.assert_array_equal(nibabel.load(path).get_fdata().T, wanted["cm_contrast_3D_avg"].array)
    provenance = json.loads((files / "map.nii.gz.provenance.json").read_text())
    assert (provenance["radius_voxels"], provenance["n_voxels_intensity"]) == ([1, 1, 1], 74)
    assert "map.nii.gz.provenance.json" in err
    assert not list(files.glob(".*.part"))


def test_several_maps_with_a_number_outside(capsys, case, tmp_path):
    """Where NaN would be, the number is written, and then radkit reads the map as an image."""
    tags = ["stat_mean", "ngt_coarseness_3D"]
    chosen = [part for tag in tags for part in ("--feature", tag)]
    more = ("--radius", "0,1,1", "--outside", -1, "--threads", 2, "--recipe", "ibsi-digital")
    code, out, _ = run(capsys, "ibsi-digital", *chosen, *more, "--output", tmp_path / "m.nrrd")
    assert code == 0
    assert len(out.splitlines()) == 2
    wanted = radkit.voxel_map(case.image, case.mask, radkit.preset("ibsi-digital"), features=tags, radius=(0, 1, 1))
    for tag in tags:
        found = read(tmp_path / f"m_{tag}.nrrd")
        np.testing.assert_array_equal(found.array, wanted[tag].filled(-1).array)
        assert found.grid.matches(wanted[tag].grid)


def test_what_is_undefined_is_said(capsys, case, tmp_path):
    lone = np.zeros(case.mask.array.shape)
    lone[0, 0, 0] = lone[2:, 2:, 2:] = 1
    write_nifti(tmp_path / "lone.nii", radkit.volume.Mask(lone, case.mask.grid))
    options = ("--recipe", "ibsi-digital", "--radius", 1, "--output", tmp_path / "map.nii")
    code, out, _ = run(capsys, "ibsi-digital", tmp_path / "lone.nii", *options)
    assert code == 0
    assert out.strip().endswith("; 1 undefined: no two neighboring voxels lie in the region")


def test_an_interrupted_run_leaves_nothing(capsys, tmp_path, monkeypatch):
    calls = []

    def stack(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return whole(*arguments)

    whole = maps.stack
    monkeypatch.setattr(maps, "stack", stack)
    monkeypatch.setattr(maps, "batch_size", lambda *settings: 10)
    code, out, err = run(capsys, "simulated", "--output", tmp_path / "map.nii.gz")
    assert (code, out) == (130, "")
    assert "stopped" in err
    assert not list(tmp_path.iterdir())


def test_refusals(capsys, files):
    region = (files / "image.nii.gz", files / "mask.nii.gz", "--recipe", "ibsi-digital")
    path = files / "map.nii.gz"
    assert "must end in .nii.gz, .nii, .nrrd" in refused(capsys, *region, "--output", files / "map.png")
    assert "must end in" in refused(capsys, *region, "--output", files / ".nii.gz")
    assert "does not exist" in refused(capsys, *region, "--output", files / "no" / "map.nii.gz")
    assert "write whole numbers" in refused(capsys, *region, "--output", path, "--radius", "two")
    assert "radius is (1, 2)" in refused(capsys, *region, "--output", path, "--radius", "1,2")
    assert "did you mean" in refused(capsys, *region, "--output", path, "--feature", "cm_contrats_3D_avg")
    assert "it has no map" in refused(capsys, *region, "--output", path, "--feature", "morph_volume")
    assert "threads is 0" in refused(capsys, *region, "--output", path, "--threads", 0)
    assert "See radkit map --help" in refused(capsys, files / "image.nii.gz", "--output", path)
    assert not path.exists()
