"""radkit cohort as a user meets it: what it says, where it writes, how it ends."""

import csv
import json
import sys

import pytest
from cohort_files import CHEAP, write_case

from radkit import cohort
from radkit.cli import main


@pytest.fixture
def cheap(tmp_path):
    (tmp_path / "cheap.yaml").write_text(CHEAP.to_yaml())
    return tmp_path / "cheap.yaml"


def run(capsys, *arguments):
    code = main(["cohort", *map(str, arguments)])
    return code, capsys.readouterr().err


def rows_of(path):
    return list(csv.DictReader(path.open(newline="")))


def test_a_table_and_what_it_says(capsys, cases_csv, computed, cheap, tmp_path):
    code, said = run(capsys, cases_csv, "--recipe", cheap, "--output", tmp_path / "f.csv", "--workers", 2)
    assert code == 0
    assert said.splitlines()[-1].startswith("radkit: 3 of 3 rows with")
    assert "of 3 rows, about" in said  # how far, and how long still
    assert len(rows_of(tmp_path / "f.csv")) == 3
    assert json.loads((tmp_path / "f.csv.provenance.json").read_text())["workers"] == "2 local"


def test_failed_rows_are_named_and_the_rest_counts(capsys, cases_csv, computed, cheap, tmp_path):
    (tmp_path / "p1.nii.gz").unlink()
    code, said = run(capsys, cases_csv, "--recipe", cheap, "--output", tmp_path / "f.csv")
    assert code == 0
    assert "line 3, column image: 'p1.nii.gz' is not there" in said.splitlines()[0]
    assert "2 of 3 rows with" in said
    assert "line 3 (p1) failed: p1.nii.gz is not there" in said


def test_exit_code_1_where_nothing_could_be_measured(capsys, cases_csv, computed, cheap, tmp_path):
    for i in range(3):
        (tmp_path / f"p{i}.nii.gz").write_bytes(b"not an image")
    code, said = run(capsys, cases_csv, "--recipe", cheap, "--output", tmp_path / "f.csv")
    assert code == 1
    assert "0 of 3 rows" in said
    assert [row["status"] for row in rows_of(tmp_path / "f.csv")] == ["failed"] * 3


def test_ctrl_c_says_how_to_go_on(capsys, cases_csv, cheap, tmp_path, monkeypatch):
    def interrupt(workers, tasks):
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules[cohort.build.__module__], "_pool", interrupt)
    monkeypatch.setattr(sys, "argv", ["radkit", "cohort", "my cases.csv", "--output", "f.csv", "--fresh"])
    code, said = run(capsys, cases_csv, "--recipe", cheap, "--output", tmp_path / "f.csv")
    assert code == 130
    assert said.strip().endswith("To go on: radkit cohort 'my cases.csv' --output f.csv")


def test_designs_are_written_beside(capsys, computed, cheap, tmp_path):
    lines = ["case,lesion,timepoint,image,mask,modality"]
    for i, (lesion, time) in enumerate((lesion, time) for lesion in "12" for time in "12"):
        write_case(tmp_path, f"p{i}", seed=i)
        lines.append(f"A,{lesion},{time},p{i}.nii.gz,p{i}_mask.nii.gz,PET")
    (tmp_path / "cases.csv").write_text("\n".join(lines))
    output = tmp_path / "f.csv"
    code, _ = run(capsys, tmp_path / "cases.csv", "--recipe", cheap, "--output", output, "--per-patient", "--change")
    assert code == 0
    wide = {(row["lesion"], row["timepoint"]): float(row["stat_mean"]) for row in rows_of(output)}
    patients, changes = rows_of(tmp_path / "f.patients.csv"), rows_of(tmp_path / "f.change.csv")
    assert [row["timepoint"] for row in patients] == ["1", "2"]
    for row in patients:  # the two balls are equal, so weights are too
        mine = [wide["1", row["timepoint"]], wide["2", row["timepoint"]]]
        assert float(row["stat_mean__weighted"]) == pytest.approx(sum(mine) / 2)
        assert float(row["stat_mean__range"]) == pytest.approx(abs(mine[0] - mine[1]))
    for row in changes:
        assert float(row["stat_mean__change"]) == pytest.approx(wide[row["lesion"], "2"] - wide[row["lesion"], "1"])
    assert json.loads((tmp_path / "f.change.csv.provenance.json").read_text())["made_from"] == "f.csv"


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        (["--workers", "0"], "workers is 0"),
        (["--scheduler", "localhost"], "write tcp://HOST:PORT"),
        (["--recipe", "ibsi-q"], "did you mean"),
        (["--per-patient"], "needs a column 'lesion'"),
        (["--change"], "needs a column 'timepoint'"),
        (["--output", "f.txt"], "must end in .csv, .parquet, .json"),
    ],
)
def test_refusals_come_before_work(capsys, cases_csv, computed, tmp_path, extra, sentence):
    code, said = run(capsys, cases_csv, "--output", tmp_path / "f.csv", *extra)
    assert code == 2
    assert len(said.splitlines()) == 1
    assert sentence in said
    assert computed == []
    assert not (tmp_path / "f.csv.partial").exists()
