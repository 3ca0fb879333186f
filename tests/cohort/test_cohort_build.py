"""The table: its columns, its failed rows, and what a run takes over from one that was killed."""

import csv
import json
import math
import os
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
from cohort_files import CHEAP, write_case, write_cohort

import radkit
from radkit import cohort
from radkit.cohort.partial import Partial
from radkit.io import read, read_mask, write_nifti
from radkit.volume import Grid, Image, SettingError


def build(path, name="out.csv", recipe=CHEAP, **settings):
    return cohort.build(cohort.read_cases(path), recipe, output=path.parent / name, **settings)


def rows_of(path):
    return list(csv.DictReader(path.open(newline="")))


def provenance_of(path):
    return json.loads(path.with_name(path.name + ".provenance.json").read_text())


def test_rows_are_what_extract_gives(cases_csv, computed, tmp_path):
    build(cases_csv)
    for row in rows_of(tmp_path / "out.csv"):
        image = read(tmp_path / row["image"], modality="PET")
        mask = read_mask(tmp_path / row["mask"])
        found = radkit.extract(image, mask, CHEAP)
        assert {tag: float(row[tag]) for tag in found.to_dict()} == found.to_dict()  # to the last digit
        assert int(row["n_voxels"]) == mask.n_voxels
        assert float(row["mtv_ml"]) == pytest.approx(mask.n_voxels * 4 * 2 * 2 / 1000)
        assert float(row["tlg"]) == pytest.approx(float(row["mtv_ml"]) * float(row["stat_mean"]), rel=1e-6)


def test_columns_of_the_csv_then_the_status_then_the_features(cases_csv, computed, tmp_path):
    build(cases_csv)
    names = list(rows_of(tmp_path / "out.csv")[0])
    assert names[:5] == ["case", "image", "mask", "modality", "site"]
    assert names[5:9] == ["status", "reason", "n_voxels", "n_levels"]
    assert names[9:11] == ["mtv_ml", "tlg"]
    assert names[11].startswith("morph_")
    assert [row["site"] for row in rows_of(tmp_path / "out.csv")] == ["south", "north", "south"]


def test_the_three_formats_hold_the_same(cases_csv, computed, tmp_path):
    (tmp_path / "p1.nii.gz").write_bytes(b"not an image")
    for name in ("out.csv", "out.json", "out.parquet"):
        build(cases_csv, name)
    from_csv = rows_of(tmp_path / "out.csv")
    from_json = json.loads((tmp_path / "out.json").read_text())
    table = pq.read_table(tmp_path / "out.parquet")
    assert from_json == table.to_pylist()
    assert [list(row) for row in from_json] == [list(row) for row in from_csv]
    text = [{k: "" if v is None else str(v) for k, v in row.items()} for row in from_json]
    assert text == from_csv
    assert {str(table.schema.field(c).type) for c in ("n_voxels", "stat_mean", "case")} == {"int64", "double", "string"}


def test_one_bad_case_is_a_row(cases_csv, computed, tmp_path):
    write_nifti(tmp_path / "p0_mask.nii.gz", Image(np.zeros((12, 12, 12), np.uint8), read(tmp_path / "p0.nii.gz").grid))
    (tmp_path / "p1.nii.gz").write_bytes(b"not an image")
    built = build(cases_csv)
    bad_mask, bad_image, good = rows_of(tmp_path / "out.csv")
    assert (bad_mask["status"], bad_image["status"], good["status"]) == ("failed", "failed", "ok")
    assert "no voxel inside" in bad_mask["reason"]
    assert "p1.nii.gz" in bad_image["reason"]
    assert (bad_image["n_voxels"], bad_image["stat_mean"], good["reason"]) == ("", "", "")
    assert built.n_ok == 1
    record = provenance_of(tmp_path / "out.csv")
    assert (record["rows"], record["ok"], record["failed"]) == (3, 1, 2)
    assert record["inputs"][1]["reason"] == bad_image["reason"]


def test_a_mistake_of_ours_costs_a_row_too(cases_csv, computed, tmp_path, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("inside")

    monkeypatch.setattr("radkit.cohort.row.apply_region", broken)
    build(cases_csv)
    reasons = {row["reason"] for row in rows_of(tmp_path / "out.csv")}
    assert reasons == {"unexpected ZeroDivisionError: inside. Please report it."}


def test_the_long_form(cases_csv, computed, tmp_path):
    (tmp_path / "p1.nii.gz").write_bytes(b"not an image")
    grid = Grid(shape=(12, 12, 12), spacing_mm=(4, 2, 2))
    write_nifti(tmp_path / "p2.nii.gz", Image(np.ones(grid.shape, np.float32), grid))  # flat: skewness is undefined
    build(cases_csv, "wide.csv")
    build(cases_csv, "long.csv", long_form=True)
    wide, long = rows_of(tmp_path / "wide.csv"), rows_of(tmp_path / "long.csv")
    head = ["case", "image", "mask", "modality", "site", "status", "reason", "n_voxels", "n_levels"]
    assert list(long[0]) == [*head, "feature", "value", "unit", "ibsi", "note"]
    for row in wide:
        mine = {r["feature"]: r["value"] for r in long if r["case"] == row["case"] and r["feature"]}
        assert mine == ({} if row["status"] == "failed" else {k: row[k] for k in list(row)[9:]})
    (failed,) = [r for r in long if r["case"] == "p1"]
    assert (failed["status"], failed["feature"], failed["value"]) == ("failed", "", "")
    by_tag = {(r["case"], r["feature"]): r for r in long}
    assert by_tag["p0", "stat_mean"]["unit"] == "SUV"
    assert by_tag["p0", "stat_mean"]["ibsi"] == "Q4LE"
    assert (by_tag["p0", "tlg"]["unit"], by_tag["p0", "tlg"]["ibsi"]) == ("SUV ml", "")
    undefined = [r for r in long if r["status"] == "ok" and r["value"] == ""]
    assert undefined
    assert all(r["note"] for r in undefined)
    assert {r["feature"] for r in undefined} == {
        tag for tags in provenance_of(tmp_path / "wide.csv")["inputs"][2]["undefined"].values() for tag in tags
    }


def test_regions_are_applied(tmp_path, computed):
    write_case(tmp_path, "p", seed=1, size=16)
    text = "case,image,mask,modality,roi\n" + "".join(
        f"p,p.nii.gz,p_mask.nii.gz,PET,{roi}\n" for roi in ("tumor", "shell:4", "pet60", "suv99")
    )
    (tmp_path / "cases.csv").write_text(text)
    build(tmp_path / "cases.csv")
    drawn, shell, share, fixed = rows_of(tmp_path / "out.csv")
    image, mask = read(tmp_path / "p.nii.gz", modality="PET"), read_mask(tmp_path / "p_mask.nii.gz")
    inside = image.array[mask.array]
    assert int(drawn["n_voxels"]) == inside.size
    assert int(share["n_voxels"]) == (inside >= 0.6 * inside.max()).sum()
    assert int(shell["n_voxels"]) == cohort.apply_region(cohort.Shell(0, 4), image, mask)[0].n_voxels
    assert "reaches SUV 99" in fixed["reason"]


def test_the_default_recipe_follows_each_row(tmp_path, computed):
    (tmp_path / "cases.csv").write_text("case,image\nphantom,ibsi-digital\nlesion,simulated/1\n")
    build(tmp_path / "cases.csv", recipe=None)
    record = provenance_of(tmp_path / "out.csv")
    settings = [record["recipes"][row["recipe_hash"]] for row in record["inputs"]]
    assert settings[0] == radkit.Recipe.default(record["inputs"][0]["modality"]).settings()
    assert settings[1]["binning"] == {"fixed_bin_width": {"width": 25, "origin": -1000, "unit": "HU"}}


def test_an_unknown_modality_is_remarked_upon(tmp_path, computed):
    write_case(tmp_path, "p", seed=1)
    (tmp_path / "cases.csv").write_text("case,image,mask\np,p.nii.gz,p_mask.nii.gz\n")
    build(tmp_path / "cases.csv", recipe=None)
    (row,) = rows_of(tmp_path / "out.csv")
    assert row["status"] == "ok"
    assert "modality unknown" in row["reason"]
    assert "mtv_ml" not in row


def test_a_named_case_of_another_modality_is_not_taken(tmp_path, computed):
    (tmp_path / "cases.csv").write_text("case,image,modality\nlesion,simulated/1,PET\n")
    build(tmp_path / "cases.csv", recipe=None)
    (row,) = rows_of(tmp_path / "out.csv")
    assert row["reason"] == "the row says PET, simulated/1 is CT. Correct its modality."


def test_provenance(cases_csv, computed, tmp_path):
    import hashlib

    build(cases_csv)
    record = provenance_of(tmp_path / "out.csv")
    first = record["inputs"][0]
    assert record["cases"] == {"file": "cases.csv", "sha256": hashlib.sha256(cases_csv.read_bytes()).hexdigest()}
    assert first["image_sha256"] == hashlib.sha256((tmp_path / "p0.nii.gz").read_bytes()).hexdigest()
    assert first["mask_sha256"] == hashlib.sha256((tmp_path / "p0_mask.nii.gz").read_bytes()).hexdigest()
    assert first["image_digest"] == read(tmp_path / "p0.nii.gz", modality="PET").digest
    assert record["recipes"] == {CHEAP.hash: CHEAP.settings()}
    assert record["radkit"] == radkit.__version__
    assert record["versions"]["numpy"] == np.__version__
    assert str(tmp_path) not in json.dumps(record)  # no path of this machine


class TestResume:
    """A killed run is one whose entries are there and whose table is not."""

    def killed(self, path, done=2, recipe=CHEAP):
        """A run that is interrupted after ``done`` rows; returns its entries."""

        def interrupt(state):
            if state.done == done:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            build(path, recipe=recipe, progress=interrupt)
        entries = sorted((path.parent / "out.csv.partial").iterdir())
        assert len(entries) == done
        return entries

    def expected(self, path):
        build(path, "expected.csv")
        return (path.parent / "expected.csv").read_bytes()

    def test_only_the_rest_is_computed_and_the_table_is_the_same(self, cases_csv, computed, tmp_path):
        expected = self.expected(cases_csv)
        self.killed(cases_csv)
        assert not (tmp_path / "out.csv").exists()
        computed.clear()
        built = build(cases_csv)
        assert len(computed) == 1
        assert built.reused == provenance_of(tmp_path / "out.csv")["reused"] == 2
        assert (tmp_path / "out.csv").read_bytes() == expected
        assert not (tmp_path / "out.csv.partial").exists()

    def test_fresh_computes_all(self, cases_csv, computed):
        self.killed(cases_csv)
        computed.clear()
        assert build(cases_csv, fresh=True).reused == 0
        assert len(computed) == 3

    @pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "of an old format"])
    def test_a_damaged_entry_is_computed_again_with_one_warning(self, cases_csv, computed, tmp_path, damage):
        expected = self.expected(cases_csv)
        entry = self.killed(cases_csv)[0]
        data = entry.read_bytes()
        half = len(data) // 2
        entry.write_bytes(
            {
                "truncated": data[:-7],
                "flipped": data[:half] + bytes([data[half] ^ 1]) + data[half + 1 :],
                "empty": b"",
                "of an old format": b'{"status": "ok"}',
            }[damage]
        )
        computed.clear()
        built = build(cases_csv)
        assert built.warnings == (f"out.csv.partial/{entry.name} is damaged; its row is computed again.",)
        assert built.reused == 1
        assert len(computed) == 2
        assert (tmp_path / "out.csv").read_bytes() == expected

    @pytest.mark.parametrize("file", ["p0.nii.gz", "p0_mask.nii.gz"])
    def test_a_changed_file_is_computed_again(self, cases_csv, computed, tmp_path, file):
        self.killed(cases_csv, done=3)
        status = (tmp_path / file).stat()
        os.utime(tmp_path / file, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
        computed.clear()
        assert build(cases_csv).reused == 2
        assert [task.image for task in computed] == [str(tmp_path / "p0.nii.gz")]

    def test_another_recipe_or_region_is_computed_again(self, cases_csv, computed):
        self.killed(cases_csv, done=3)
        assert build(cases_csv, recipe=CHEAP.replace(families=("statistics",))).reused == 0
        self.killed(cases_csv, done=3)
        text = cases_csv.read_text().replace("site", "roi").replace("south", "tumor").replace("north", "pet41")
        cases_csv.write_text(text)
        assert build(cases_csv).reused == 0

    def test_a_corrected_column_of_ones_own_computes_nothing(self, cases_csv, computed, tmp_path):
        self.killed(cases_csv, done=3)
        cases_csv.write_text(cases_csv.read_text().replace("north", "west"))
        computed.clear()
        assert build(cases_csv).reused == 3
        assert computed == []
        assert rows_of(tmp_path / "out.csv")[1]["site"] == "west"

    def test_after_a_correction_only_the_failed_row_is_computed(self, cases_csv, computed, tmp_path):
        expected = self.expected(cases_csv)
        good = (tmp_path / "p1.nii.gz").read_bytes()
        (tmp_path / "p1.nii.gz").write_bytes(b"not an image")
        assert build(cases_csv).n_ok == 2
        (tmp_path / "p1.nii.gz").write_bytes(good)
        computed.clear()
        assert build(cases_csv).reused == 2
        assert len(computed) == 1
        assert (tmp_path / "out.csv").read_bytes() == expected


def test_the_largest_files_are_first(tmp_path, computed):
    path = write_cohort(tmp_path, 3)
    write_case(tmp_path, "p1", seed=1, size=20)
    build(path)
    assert computed[0].image == str(tmp_path / "p1.nii.gz")
    assert [row["case"] for row in rows_of(tmp_path / "out.csv")] == ["p0", "p1", "p2"]


def test_a_column_called_like_a_feature_is_refused_after_one_row(cases_csv, computed):
    cases_csv.write_text(cases_csv.read_text().replace("site", "stat_mean"))
    with pytest.raises(SettingError, match="column stat_mean that is called like a feature"):
        build(cases_csv)
    assert len(computed) == 1


@pytest.mark.parametrize("name", ["out.txt", "gone/out.csv", "folder.csv"])
def test_an_output_that_cannot_be_is_refused_before_work(cases_csv, computed, tmp_path, name):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(SettingError):
        build(cases_csv, name)
    assert computed == []


def test_a_full_disk_is_seen_before_work(cases_csv, computed, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(SettingError, match="0 MB are free beside the output, 3 rows take about"):
        build(cases_csv)
    assert computed == []


def test_a_folder_without_permission_is_seen_before_work(cases_csv, computed, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("radkit.cohort.partial.write_bytes", refuse)
    with pytest.raises(SettingError, match=r"cannot be written to \(Permission denied\)"):
        build(cases_csv)
    assert computed == []


def test_clearing_leaves_what_is_not_ours(tmp_path):
    kept = Partial.beside(tmp_path / "out.csv")
    kept.open(1)
    kept.put("a" * 64, cohort.RowResult(status="ok"))
    (kept.folder / "mine.json").write_text("{}")
    kept.clear()
    assert [path.name for path in kept.folder.iterdir()] == ["mine.json"]


def test_a_result_comes_back_from_json_as_it_was():
    number = cohort.Number("f", math.nan, "1", "ABCD", "the region is flat")
    result = cohort.RowResult(status="ok", n_voxels=3, n_levels=2, numbers=(number,), facts={"unit": "SUV"})
    back = cohort.RowResult.of(json.loads(json.dumps(result.plain(), allow_nan=False)))
    assert back.plain() == result.plain()
    assert math.isnan(back.numbers[0].value)


def test_frame_of_columns_and_back(cases_csv, computed):
    (cases_csv.parent / "p1.nii.gz").write_bytes(b"not an image")
    built = build(cases_csv)
    columns = cohort.wide(built.cases, built.results)
    assert cohort.of_frame(cohort.frame(columns)) == columns
