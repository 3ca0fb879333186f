"""CASES.csv: which columns it may have, and every mistake in it found before any work starts."""

from __future__ import annotations

import csv
import hashlib
import io as text_io
import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from radkit.cohort.regions import AsDrawn, Region, parse_region
from radkit.datasets import registry
from radkit.io import LIMITS, safe_name
from radkit.io.files import read_bytes
from radkit.volume import MODALITIES, RadkitError, SettingError

REQUIRED = ("case", "image")
IDENTITY = ("case", "lesion", "timepoint", "roi", "modality")  # no two rows may agree in all of these
KNOWN = ("case", "image", "mask", "label", "series", "modality", "lesion", "timepoint", "roi")
COMPUTED = ("status", "reason", "n_voxels", "n_levels")  # columns that the output adds before the features
LONG = ("feature", "value", "unit", "ibsi", "note")  # and those of the long form
MOST_BYTES = 50_000_000
SHOWN = 10  # problems that one refusal lists


@dataclass(frozen=True, kw_only=True)
class CaseRow:
    """One line of CASES.csv, checked.

    Parameters
    ----------
    line : its line in the file, the header being 1.
    cells : every cell as it was written, by column.
    image : a path, or the name of a case of a data set (``named``).
    mask : a path; None: a named case has its own.
    modality : what the row or the caller says it is; "" where neither does.
    region : what the column ``roi`` says.
    absent : the column of a file that is not there; "" if all are.
    """

    line: int
    cells: dict[str, str]
    image: str
    named: bool
    mask: str | None = None
    modality: str = ""
    region: Region = field(default_factory=AsDrawn)
    absent: str = ""

    def cell(self, column: str) -> str:
        """A cell without the spaces around it; "" where the table has no such column."""
        return self.cells.get(column, "").strip()

    @property
    def title(self) -> str:
        """What people call the row: its case, lesion, time point and region."""
        return safe_name(" ".join(filter(None, (self.cell(column) for column in IDENTITY[:4]))))


@dataclass(frozen=True, kw_only=True)
class CaseTable:
    """A checked CASES.csv: its columns and rows in the order of the file, and the sha256 of its bytes."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[CaseRow, ...]
    sha256: str

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence for each file that is not there; its row will fail and say so, the others are computed."""
        return tuple(
            f"line {row.line}, column {row.absent}: {safe_name(row.cell(row.absent))!r} is not there, so this row "
            "will have no features. Correct the path."
            for row in self.rows
            if row.absent
        )


def read_cases(path, *, modality: str | None = None) -> CaseTable:
    """Read and check CASES.csv: ``case,image,mask[,label,series,modality,lesion,timepoint,roi]`` and your own columns.

    Paths are relative to the CSV's folder, or absolute. ``image`` may be the name of a case of a data set, such as
    sts51/STS_001/PET, which has its own mask.

    Parameters
    ----------
    path : a CSV file, UTF-8, comma separated, with a header line.
    modality : "CT", "PET" or "MR" for rows that do not say theirs.

    Raises
    ------
    SettingError : the mistakes, one sentence each with line, column and what to do.
    RefusedFile, UnreadableFile, DataNotFound : a file that cannot be read at all.
    """
    path = Path(path)
    data = read_bytes(path, MOST_BYTES)
    columns, lines = _parse(data, safe_name(path.name))
    problems = _column_problems(columns)
    rows = []
    for number, cells in lines if not problems else ():
        try:
            rows.append(_row(number, dict(zip(columns, cells, strict=True)), path.parent, modality))
        except SettingError as problem:
            problems.append(f"line {number}, {problem}")
    problems += _duplicates(rows)
    if not problems and not lines:
        problems.append("it has a header and no row. Add one line for each region.")
    if not problems and all(row.absent for row in rows):
        problems.append(
            f"not one of its files is there (line {rows[0].line}: {safe_name(rows[0].cell(rows[0].absent))!r}). "
            "Paths are relative to the folder of the CSV."
        )
    if problems:
        raise SettingError(_refusal(safe_name(path.name), problems))
    return CaseTable(
        name=safe_name(path.name), columns=columns, rows=tuple(rows), sha256=hashlib.sha256(data).hexdigest()
    )


def _refusal(name: str, problems: list[str]) -> str:
    if len(problems) == 1:
        return f"{name}: {problems[0]}"
    more = [f"and {len(problems) - SHOWN} more."] if len(problems) > SHOWN else []
    return "\n  ".join([f"{name} has {len(problems)} problems:", *problems[:SHOWN], *more])


def _parse(data: bytes, name: str) -> tuple[tuple[str, ...], list[tuple[int, list[str]]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise SettingError(f"{name}: line {line} is not UTF-8. Save it as 'CSV UTF-8'.") from None
    try:
        reader = csv.reader(text_io.StringIO(text, newline=""), strict=True)
        header = next((line for line in reader if any(map(str.strip, line))), None)
        if header is None:
            raise SettingError(f"{name} is empty. Its first line names the columns: case,image,mask.")
        lines = [(reader.line_num, line) for line in reader if any(map(str.strip, line))]
    except csv.Error as error:
        raise SettingError(f"{name}: line {reader.line_num} is not CSV ({error}). Check its quotes.") from None
    if len(header) == 1 and ";" in header[0]:
        raise SettingError(f"{name} is separated by semicolons. Save it with commas.")
    columns = tuple(column.strip() for column in header)
    for number, line in lines:
        if len(line) != len(columns):
            raise SettingError(
                f"{name}: line {number} has {len(line)} cells, the header {len(columns)}. "
                "Add the missing commas, or put a cell that holds one into quotes."
            )
    return columns, lines


def _column_problems(columns: tuple[str, ...]) -> list[str]:
    problems = []
    for column in columns:
        proper = column.lower().replace(" ", "_")
        if not column:
            problems.append("a column has no name. Name it, or delete it.")
        elif columns.count(column) > 1:
            problems.append(f"column {safe_name(column)!r} is there twice. Delete one.")
        elif column in COMPUTED or column in LONG or column in ("mtv_ml", "tlg"):
            problems.append(f"column {column!r} is one that radkit adds. Rename yours.")
        elif column not in KNOWN and proper in KNOWN:
            problems.append(f"column {safe_name(column)!r} must be written {proper!r}.")
    for column in REQUIRED:
        if column not in columns and not problems:
            there = ", ".join(map(safe_name, columns[:12]))
            problems.append(f"column {column!r} is missing; it has {there}. Add it.")
    return list(dict.fromkeys(problems))


def _row(line: int, cells: dict[str, str], folder: Path, modality: str | None) -> CaseRow:
    row = CaseRow(line=line, cells=cells, image="", named=False)
    for column in REQUIRED:
        if not row.cell(column):
            raise SettingError(f"column {column}: the cell is empty. Fill it, or delete the line.")
    if row.cell("modality") not in (*MODALITIES, ""):
        raise SettingError(f"column modality: {safe_name(row.cell('modality'))!r} is none; write CT, PET or MR.")
    if row.cell("series") and not re.fullmatch(r"\d{1,6}", row.cell("series")):
        raise SettingError(f"column series: {safe_name(row.cell('series'))!r} is no number of a series; write 1, 2 ...")
    try:
        region = parse_region(row.cell("roi"))
    except SettingError as problem:
        raise SettingError(f"column roi: {problem}") from None
    image, mask = row.cell("image"), row.cell("mask")
    place = folder / image
    there = os.path.exists(place)  # unlike Path.exists False for a name that no file can have
    named = not there and image.split("/")[0] in {known.name for known in registry.sets()}
    if named:
        _require_case(image)
        if row.cell("label") and not mask:
            raise SettingError("column label: a named case has one mask and no labels. Leave the cell empty.")
    elif not mask:
        raise SettingError("column mask: the cell is empty. Only a named case, such as sts51/STS_001/PET, has its own.")
    absent = "" if named or there else "image"
    if mask and not os.path.exists(folder / mask):
        absent = absent or "mask"
    return replace(
        row,
        image=image if named else str(place.absolute()),
        named=named,
        modality=row.cell("modality") or ("" if named else modality or ""),  # a named case knows its own
        region=region,
        mask=str((folder / mask).absolute()) if mask else None,
        absent=absent,
    )


def _require_case(name: str) -> None:
    known = registry.case_names()
    if name in known or re.fullmatch(r"simulated/\d{1,9}", name):
        return
    raise SettingError(f"column image: {safe_name(name)!r} is no case; the nearest is {registry.nearest(name, known)}.")


def _duplicates(rows: list[CaseRow]) -> list[str]:
    seen: dict[tuple, int] = {}
    problems = []
    for row in rows:
        key = tuple(row.region if column == "roi" else row.cell(column) for column in IDENTITY)
        if key in seen:
            problems.append(
                f"line {row.line} has the same {', '.join(c for c in IDENTITY if row.cell(c))} as line {seen[key]} "
                f"({row.title}). Tell them apart with lesion, timepoint, roi or modality."
            )
        seen.setdefault(key, row.line)
    return problems


def fingerprint(row: CaseRow) -> tuple[tuple[str, int, int], ...] | None:
    """(path, bytes, modification time in ns) of every file behind a row; empty for what radkit makes itself.

    None where a file cannot be looked at: whoever reads it says what is wrong.
    """
    from radkit.datasets import files_of

    try:
        paths = list(files_of(row.image)) if row.named else [Path(row.image)]
        paths += [Path(row.mask)] if row.mask else []
        files = [file for path in paths for file in _files(path)]
        return tuple((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files)
    except (OSError, RadkitError):
        return None


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.is_file())[: LIMITS.dicom_files + 1]
