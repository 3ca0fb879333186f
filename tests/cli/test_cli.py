"""The command line as a user meets it: tables, files, and one sentence with exit code 2 for what cannot be done."""

import csv
import gzip
import json
import subprocess
import sys

import numpy as np
import pytest

import radkit
from radkit.cli import main
from radkit.io import write_nifti, write_nrrd
from radkit.volume import Grid, Image, Mask


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    case = radkit.load("simulated")
    write_nifti(folder / "ct.nii.gz", case.image)
    write_nifti(folder / "mask.nii.gz", case.mask)
    write_nrrd(folder / "ct.nrrd", case.image)
    return folder


def run(capsys, *arguments):
    try:
        code = main([str(a) for a in arguments])
    except SystemExit as stop:  # argparse
        code = stop.code
    output = capsys.readouterr()
    return code, output.out, output.err


def refused(capsys, *arguments):
    code, out, err = run(capsys, *arguments)
    sentences = [line for line in err.splitlines() if line.strip()]
    assert code == 2, err
    assert out == ""
    assert len(sentences) == 1, err
    assert sentences[0].startswith("radkit: ")
    assert sentences[0].endswith(".")
    assert "Traceback" not in err
    return sentences[0]


def test_version_and_help(capsys):
    assert run(capsys, "--version")[1].strip() == f"radkit {radkit.__version__}"
    code, out, _ = run(capsys)
    assert code == 0
    for command in ("serve", "lab", "extract", "map", "run", "data", "recipes", "features", "doctor"):
        assert command in out
        assert run(capsys, command, "--help")[0] == 0


def test_a_table_on_the_screen(capsys):
    code, out, err = run(capsys, "extract", "simulated")
    assert code == 0
    assert "cm_contrast_3D_avg" in out
    assert "not for diagnosis" in out
    assert "Simulated by radkit with seed 0" in err  # which data were used


@pytest.mark.parametrize("suffix", [".csv", ".json", ".parquet"])
def test_files_hold_the_same_features_and_their_provenance(capsys, folder, suffix):
    path = folder / f"features{suffix}"
    code, _, err = run(
        capsys, "extract", folder / "ct.nii.gz", folder / "mask.nii.gz", "--modality", "CT", "--output", path, "-v"
    )
    assert code == 0
    assert "resample" in err  # -v shows the stages
    case = radkit.load("simulated")
    wanted = radkit.extract(case.image, case.mask, radkit.Recipe.default("CT"))
    columns = ["name", "family", "feature", "ibsi", "aggregation", "value", "unit", "status"]
    if suffix == ".csv":
        rows = list(csv.DictReader(path.open()))
        provenance = json.loads((folder / "features.csv.provenance.json").read_text())
    elif suffix == ".json":
        content = json.loads(path.read_text())
        rows, provenance = content["features"], content["provenance"]
    else:
        import pyarrow.parquet as pq

        table = pq.read_table(path)
        rows, provenance = table.to_pylist(), json.loads(table.schema.metadata[b"radkit"])
    assert list(rows[0]) == columns
    assert {r["name"]: float(r["value"]) for r in rows} == pytest.approx(wanted.to_dict(), rel=1e-6)
    assert provenance["recipe_hash"] == wanted.provenance["recipe_hash"]
    assert provenance["n_voxels_intensity"] == wanted.provenance["n_voxels_intensity"]
    assert provenance["n_levels"] == wanted.provenance["n_levels"]
    assert not list(folder.glob(".*.part"))


def test_a_recipe_file(capsys, folder):
    text = radkit.Recipe.default("CT").replace(name="mine", families=("statistics",)).to_yaml()
    (folder / "mine.yaml").write_text(text)
    code, out, _ = run(capsys, "extract", "simulated", "--recipe", folder / "mine.yaml")
    assert code == 0
    assert "18 features" in out.replace("\n", " ")
    (folder / "typo.yaml").write_text(text.replace(" width:", " widht:").replace("{width:", "{widht:"))
    assert "did you mean 'width'" in refused(capsys, "extract", folder / "ct.nii.gz", folder / "mask.nii.gz",
                                             "--modality", "CT", "--recipe", folder / "typo.yaml")  # fmt: skip


class TestRefusals:
    def extract(self, capsys, folder, image="ct.nii.gz", mask="mask.nii.gz"):
        return refused(capsys, "extract", folder / image, folder / mask, "--modality", "CT")

    def test_a_mask_of_another_size(self, capsys, folder):
        write_nifti(folder / "small.nii.gz", Mask.of(np.ones((2, 3, 4)), spacing_mm=(1, 1, 1)))
        assert "mask is (2, 3, 4)" in self.extract(capsys, folder, mask="small.nii.gz")

    def test_an_empty_mask(self, capsys, folder):
        grid = radkit.load("simulated").image.grid
        write_nifti(folder / "empty.nii.gz", Image(np.zeros(grid.shape, np.uint8), grid))
        assert "no voxel inside" in self.extract(capsys, folder, mask="empty.nii.gz")

    def test_a_text_file_named_nifti(self, capsys, folder):
        (folder / "text.nii.gz").write_text("dear diary, this is not a scan\n" * 40)
        assert "text.nii.gz" in self.extract(capsys, folder, image="text.nii.gz")

    def test_a_detached_header_is_not_followed(self, capsys, folder):
        (folder / "secret.raw").write_bytes(b"CANARY" * 1000)
        header = "NRRD0004\ntype: short\ndimension: 3\nsizes: 4 4 4\nencoding: raw\ndata file: secret.raw\n\n"
        (folder / "detached.nrrd").write_text(header)
        sentence = self.extract(capsys, folder, image="detached.nrrd")
        assert "CANARY" not in sentence
        (folder / "points.mha").write_text(
            "ObjectType = Image\nNDims = 3\nDimSize = 4 4 4\nElementType = MET_SHORT\nElementDataFile = secret.raw\n"
        )
        assert "CANARY" not in self.extract(capsys, folder, image="points.mha")

    def test_a_truncated_file(self, capsys, folder):
        whole = gzip.decompress((folder / "ct.nii.gz").read_bytes())
        (folder / "short.nii").write_bytes(whole[: len(whole) // 2])
        assert "short.nii" in self.extract(capsys, folder, image="short.nii")
        (folder / "short.nii.gz").write_bytes((folder / "ct.nii.gz").read_bytes()[:5000])
        assert "short.nii.gz" in self.extract(capsys, folder, image="short.nii.gz")

    def test_a_path_that_does_not_exist(self, capsys, folder):
        assert "nowhere.nii.gz" in self.extract(capsys, folder, image="nowhere.nii.gz")

    def test_a_missing_mask_and_names_with_a_typo(self, capsys, folder):
        assert "MASK is missing" in refused(capsys, "extract", folder / "ct.nii.gz")
        assert "the nearest name is 'simulated'" in refused(capsys, "extract", "simulatde")
        assert "did you mean 'ibsi-c'" in refused(
            capsys, "extract", folder / "ct.nii.gz", folder / "mask.nii.gz", "--recipe", "ibsi_c"
        )

    def test_an_output_that_cannot_be(self, capsys, folder):
        assert "must end in .csv" in refused(capsys, "extract", "simulated", "--output", folder / "f.xlsx")
        assert "does not exist" in refused(capsys, "extract", "simulated", "--output", folder / "no" / "f.csv")

    def test_a_recipe_in_another_unit(self, capsys, folder):
        sentence = refused(
            capsys, "extract", folder / "ct.nii.gz", folder / "mask.nii.gz", "--modality", "PET", "--recipe", "ibsi-c"
        )
        assert "in HU, the image is in SUV" in sentence

    def test_unknown_commands_and_options(self, capsys):
        assert "invalid choice" in refused(capsys, "exract")
        assert "unrecognized arguments" in refused(capsys, "extract", "simulated", "--bin-width", "3")


def test_one_voxel(capsys, folder):
    grid = Grid(shape=(3, 3, 3), spacing_mm=(1, 1, 1))
    write_nifti(folder / "tiny.nii.gz", Image(np.arange(27).reshape(3, 3, 3).astype(np.int16), grid))
    one = np.zeros((3, 3, 3))
    one[1, 1, 1] = 1
    write_nifti(folder / "one.nii.gz", Mask(one, grid))
    code, _, _ = run(capsys, "extract", folder / "tiny.nii.gz", folder / "one.nii.gz", "--output", folder / "one.json")
    assert code == 0
    values = {f["name"]: f["value"] for f in json.loads((folder / "one.json").read_text())["features"]}
    assert values["stat_mean"] == 13
    assert values["stat_var"] == 0
    assert values["morph_vol_approx"] == 1


def test_listings(capsys):
    code, out, _ = run(capsys, "recipes")
    assert code == 0
    assert "ibsi-e" in out
    yaml = run(capsys, "recipes", "show", "ibsi-c")[1]
    assert radkit.Recipe.from_yaml(yaml) == radkit.preset("ibsi-c")
    assert "ACUI" in run(capsys, "features", "--family", "glcm")[1]
    assert "ACUI" in run(capsys, "features", "cm_contrast")[1]
    assert "sts51" in run(capsys, "data")[1]
    assert "glcm" in refused(capsys, "features", "--family", "glmc")


def test_doctor_names_versions_data_and_device(capsys):
    code, out, _ = run(capsys, "doctor")
    assert code == 0
    for word in (radkit.__version__, "numpy", "device", "cache", "sts51", "simulated"):
        assert word in out


def test_run_refuses_before_a_kernel_starts(capsys, monkeypatch):
    execute = sys.modules["radkit.runs.execute"] if radkit.runs else None
    monkeypatch.setattr(execute, "_run", lambda *a: pytest.fail("a kernel was about to start"))
    for parameter in ("nonsense=1", "bin_width=-3", "bin_width=1; import os", "import os"):
        assert refused(capsys, "run", "binning_is_a_decision", "-p", parameter)


def test_python_dash_m_is_the_same():
    done = subprocess.run([sys.executable, "-m", "radkit", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"radkit {radkit.__version__}"
