"""A handful of the sarcoma PET cases through real workers: what extract gives, and the volume that others measured."""

import sys

import pyarrow.parquet as pq
import pytest

import radkit
from radkit import cohort

CASES = [f"sts51/STS_{i:03d}/PET" for i in (2, 8, 19, 35, 42)]  # the smallest tumors


@pytest.mark.mirror
@pytest.mark.slow
def test_five_sarcomas(mirror, tmp_path, monkeypatch):
    monkeypatch.setenv("RADKIT_DATA", str(mirror))
    (tmp_path / "cases.csv").write_text("case,image\n" + "".join(f"{name.split('/')[1]},{name}\n" for name in CASES))
    cases = cohort.read_cases(tmp_path / "cases.csv")
    built = cohort.build(cases, output=tmp_path / "f.parquet", workers=cohort.LocalWorkers(count=2))
    rows = pq.read_table(tmp_path / "f.parquet").to_pylist()
    assert built.n_ok == len(rows) == len(CASES)
    for name, row in zip(CASES, rows, strict=True):
        case = radkit.load(name)
        found = radkit.extract(case.image, case.mask, radkit.Recipe.default("PET"))
        for value in found:
            assert row[value.tag] == (None if value.note else value.value), value.tag
        assert row["case"] == name.split("/")[1]
        assert row["mtv_ml"] == pytest.approx(case.facts["gtv_ml_ref"], rel=1e-3)
        assert row["tlg"] == pytest.approx(row["mtv_ml"] * case.facts["suvmean_ref"], rel=1e-3)
    assert "radkit.cohort.worker" not in sys.modules  # they were other processes
