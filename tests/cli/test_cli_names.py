"""Coming from PyRadiomics on the command line: its files as recipes, its names on our features."""

import csv
import json
import re

import pytest

import radkit
from radkit.cli import main
from radkit.features.pyradiomics_names import pyradiomics_names
from radkit.recipe import translate

PARAMETERS = """
imageType:
  Original: {}
  Wavelet: {}
featureClass:
  firstorder:
  glcm:
setting:
  binWidth: 25
  removeOutliers: 3
"""


@pytest.fixture
def parameters(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text(PARAMETERS)
    return path


def run(capsys, *arguments):
    code = main([str(a) for a in arguments])
    output = capsys.readouterr()
    return code, output.out, output.err


def test_a_parameter_file_is_a_recipe(capsys, parameters, tmp_path):
    table = tmp_path / "features.csv"
    arguments = ("extract", "simulated", "--recipe", parameters, "--names", "pyradiomics", "--output", table)
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (0, "")
    assert "params.yaml is a PyRadiomics parameter file: 2 of" in err
    assert "radkit: left out: setting.removeOutliers: radkit clips no intensities" in err
    assert "radkit: differs: firstorder Kurtosis: 3 lower" in err
    assert re.search(r"\d+ features have no equal in PyRadiomics and are left out", err)
    rows = {row["name"]: row for row in csv.DictReader(table.open())}
    case = radkit.load("simulated")
    ours = radkit.extract(case.image, case.mask, translate(PARAMETERS).recipe).to_dict()
    for theirs, wanted in (
        ("original_firstorder_Mean", ours["stat_mean"]),
        ("original_firstorder_Kurtosis", ours["stat_kurt"] + 3),
        ("original_glcm_Contrast", ours["cm_contrast_3D_avg"]),
        ("wavelet-HLL_glcm_Contrast", ours["wavelet_coif1_HLL__cm_contrast_3D_avg"]),
    ):
        assert float(rows[theirs]["value"]) == pytest.approx(wanted, rel=1e-6)
    assert list(rows["original_firstorder_Mean"]) == list(radkit.extraction.COLUMNS)
    provenance = json.loads((tmp_path / "features.csv.provenance.json").read_text())
    assert provenance["names"]["tags"]["original_glcm_SumSquares"] == "cm_joint_var_3D_avg"
    assert provenance["recipe"] == "from-pyradiomics"


def test_names_on_the_screen_with_a_recipe_of_ours(capsys):
    code, out, err = run(capsys, "extract", "simulated", "--names", "pyradiomics")
    assert code == 0
    assert "original_glcm_Contrast" in out
    assert "cm_contrast" not in out
    assert "original_glcm_Autocorrelation" not in out  # its levels are numbered from -1000 HU
    assert "PyRadiomics calls level 1 what is level" in err
    assert "values are near PyRadiomics', not equal: shape_MeshVolume" in err


def test_a_translation_is_printed_and_written(capsys, parameters, tmp_path):
    written = tmp_path / "mine.yaml"
    code, out, _ = run(capsys, "recipes", "--from-pyradiomics", parameters, "--modality", "PET", "--output", written)
    assert code == 0
    for line in ("mapped .*setting.binWidth .*25 .*aligned bin width 25 SUV", "left out .*setting.removeOutliers"):
        assert re.search(line, out), line
    assert "firstorder Kurtosis" in out
    assert radkit.Recipe.from_yaml(written.read_text()) == translate(PARAMETERS, modality="PET").recipe


def test_the_table_of_names(capsys):
    code, out, _ = run(capsys, "features", "--names", "pyradiomics")
    assert code == 0
    for row in pyradiomics_names():
        assert f"{row.feature_class}_{row.name}" in out
    assert re.search(r"firstorder_Kurtosis +stat_kurt +plus_3 ", out)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("recipes", "--from-pyradiomics", "nowhere.yaml"), "'nowhere.yaml' does not exist"),
        (("recipes", "--output", "mine.yaml"), "--output goes with --from-pyradiomics"),
        (("recipes", "--from-pyradiomics", "params.yaml", "--output", "mine.txt"), "its name must end in .yaml"),
        (("extract", "simulated", "--recipe", "typo.yaml"), "setting has no 'binWidht'; did you mean 'binWidth'?"),
    ],
)
def test_refusals(capsys, parameters, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "typo.yaml").write_text(PARAMETERS.replace("binWidth", "binWidht"))
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err


def test_a_recipe_translated_for_another_modality_is_refused(capsys, tmp_path):
    case = radkit.load("simulated")
    radkit.io.write_nifti(tmp_path / "scan.nii.gz", case.image)
    radkit.io.write_nifti(tmp_path / "mask.nii.gz", case.mask)
    (tmp_path / "ct.yaml").write_text(translate(PARAMETERS, modality="CT").recipe.to_yaml())
    files = (tmp_path / "scan.nii.gz", tmp_path / "mask.nii.gz")
    code, out, err = run(capsys, "extract", *files, "--modality", "PET", "--recipe", tmp_path / "ct.yaml")
    assert (code, out) == (2, "")
    assert "in HU, the image is in SUV" in err
