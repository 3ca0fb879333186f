"""CASES.csv: each mistake is one sentence with its line and column, before any work."""

import pytest

from radkit import cohort
from radkit.volume import DataNotFound, RadkitError


@pytest.fixture
def folder(tmp_path):
    for name in ("a.nii", "b.nii", "m.nii"):
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def read(folder, text, **settings):
    data = text if isinstance(text, bytes) else text.encode()
    (folder / "cases.csv").write_bytes(data)
    return cohort.read_cases(folder / "cases.csv", **settings)


def refused(folder, text):
    with pytest.raises(RadkitError) as refusal:
        read(folder, text)
    assert str(refusal.value).startswith("cases.csv")
    return str(refusal.value)


def test_rows_carry_their_cells_and_paths_are_relative_to_the_csv(folder):
    table = read(folder, f"case,image,mask,site,roi\nA,a.nii,m.nii,007,shell:5\nB,{folder}/b.nii,m.nii,,\n")
    assert table.columns == ("case", "image", "mask", "site", "roi")
    first, second = table.rows
    assert (first.line, first.cells["site"], first.cells["image"]) == (2, "007", "a.nii")
    assert first.region == cohort.Shell(0, 5)
    assert second.region == cohort.AsDrawn()
    assert first.image == str(folder / "a.nii")
    assert second.image == str(folder / "b.nii")
    assert table.warnings == ()


def test_excel_and_blank_lines(folder):
    table = read(folder, b"\xef\xbb\xbfcase,image,mask\r\n\r\nA,a.nii,m.nii\r\n,,\r\n")
    assert [(row.line, row.cell("case")) for row in table.rows] == [(3, "A")]


def test_a_named_case_needs_no_mask_and_no_column_for_it(folder):
    (row,) = read(folder, "case,image\nS,sts51/STS_001/PET\n").rows
    assert (row.image, row.named, row.mask) == ("sts51/STS_001/PET", True, None)
    assert read(folder, "case,image\nS,simulated/7\n").rows[0].named


def test_the_modality_of_the_row_wins(folder):
    text = "case,image,mask,modality\nA,a.nii,m.nii,CT\nB,b.nii,m.nii,\nC,simulated/1,,\n"
    table = read(folder, text, modality="PET")
    assert [row.modality for row in table.rows] == ["CT", "PET", ""]  # a named case knows its own
    assert [row.cells["modality"] for row in table.rows] == ["CT", "", ""]  # carried as written


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "is empty"),
        ("\n\n", "is empty"),
        ("case,image,mask\n", "no row"),
        (b"case,image,mask\nM\xfcller,a.nii,m.nii\n", "line 2 is not UTF-8"),
        ("case;image;mask\nA;a.nii;m.nii\n", "semicolons"),
        ('case,image,mask\n"A,a.nii,m.nii\n', "quotes"),
        ("case,image,mask\nA,a.nii\n", "line 2 has 2 cells, the header 3"),
        ("case,mask\nA,m.nii\n", "column 'image' is missing"),
        ("Case,image,mask\nA,a.nii,m.nii\n", "column 'Case' must be written 'case'"),
        ("case,image,mask,site,site\nA,a.nii,m.nii,1,2\n", "'site' is there twice"),
        ("case,image,mask,\nA,a.nii,m.nii,1\n", "a column has no name"),
        ("case,image,mask,status\nA,a.nii,m.nii,1\n", "'status' is one that radkit adds"),
        ("case,image,mask\n,a.nii,m.nii\n", "line 2, column case: the cell is empty"),
        ("case,image,mask\nA,a.nii,\n", "line 2, column mask: the cell is empty"),
        ("case,image,mask,modality\nA,a.nii,m.nii,pet\n", "line 2, column modality: 'pet'"),
        ("case,image,mask,series\nA,a.nii,m.nii,one\n", "line 2, column series: 'one'"),
        ("case,image,mask,roi\nA,a.nii,m.nii,rim\n", "line 2, column roi: roi 'rim' is not known"),
        ("case,image,mask,roi\nA,a.nii,m.nii,shell:7-2\n", "line 2, column roi: a shell from 7 to 2 mm"),
        ("case,image\nS,sts51/STS_099/PET\n", "the nearest is sts51/STS_"),
        ("case,image,label\nS,sts51/STS_001/PET,2\n", "line 2, column label: a named case has one mask"),
        ("case,image,mask\nA,a.nii,m.nii\nA,b.nii,m.nii\n", "line 3 has the same case as line 2"),
        ("case,image,mask,roi\nA,a.nii,m.nii,\nA,a.nii,m.nii,tumor\n", "line 3 has the same case, roi as line 2"),
    ],
)
def test_one_sentence_a_mistake(folder, text, sentence):
    message = refused(folder, text)
    assert sentence in message
    assert message.endswith(".")
    assert "\n" not in message


def test_all_mistakes_at_once_but_not_a_thousand(folder):
    text = "case,image,mask,roi\n" + "".join(f"A{i},a.nii,m.nii,rim\n" for i in range(30))
    lines = refused(folder, text).splitlines()
    assert lines[0] == "cases.csv has 30 problems:"
    assert len(lines) == 12
    assert lines[-1].strip() == "and 20 more."


def test_lesions_timepoints_regions_and_modalities_tell_rows_apart(folder):
    head = "case,lesion,timepoint,roi,modality,image,mask\n"
    rows = ["A,1,1,tumor,CT", "A,2,1,tumor,CT", "A,1,2,tumor,CT", "A,1,1,shell:5,CT", "A,1,1,tumor,PET"]
    assert len(read(folder, head + "".join(f"{row},a.nii,m.nii\n" for row in rows)).rows) == 5


def test_a_missing_file_costs_its_row_and_is_said_at_once(folder):
    table = read(folder, "case,image,mask\nA,a.nii,m.nii\nB,b.nii,gone.nii\n")
    assert table.warnings == (
        "line 3, column mask: 'gone.nii' is not there, so this row will have no features. Correct the path.",
    )


@pytest.mark.parametrize("name", ["x" * 5000, "a\0.nii", "a.nii/b"])
def test_a_name_that_no_file_can_have_is_a_missing_file(folder, name):
    assert read(folder, f"case,image,mask\nA,a.nii,m.nii\nB,{name},m.nii\n").rows[1].absent == "image"


def test_no_file_at_all_is_refused(folder):
    assert "not one of its files is there (line 2: 'x/a.nii')" in refused(folder, "case,image,mask\nA,x/a.nii,m.nii\n")


def test_a_csv_that_is_not_there(folder):
    with pytest.raises(DataNotFound, match=r"nothing\.csv is not there"):
        cohort.read_cases(folder / "nothing.csv")


def test_a_link_is_not_followed(folder):
    (folder / "real.csv").write_text("case,image,mask\nA,a.nii,m.nii\n")
    (folder / "link.csv").symlink_to(folder / "real.csv")
    with pytest.raises(RadkitError, match="symbolic link"):
        cohort.read_cases(folder / "link.csv")
