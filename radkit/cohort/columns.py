"""From rows to columns: the wide table, the long one, and how they become bytes that know nothing of the run."""

from __future__ import annotations

import csv
import io as text_io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from radkit.cohort.row import RowResult
from radkit.cohort.table import COMPUTED, CaseTable
from radkit.io import write_bytes
from radkit.io.text import listed
from radkit.volume import SettingError

if TYPE_CHECKING:
    import pandas as pd

FORMATS = (".csv", ".parquet", ".json")


@dataclass(frozen=True, kw_only=True)
class Column:
    """A named column; None where there is no value, never NaN."""

    name: str
    kind: Literal["text", "count", "number"]
    values: list


def wide(cases: CaseTable, results: Sequence[RowResult]) -> list[Column]:
    """One row a line of CASES.csv: its own columns as they are, then status, reason, n_voxels, n_levels, features.

    A feature is empty where its row failed, has none of that name, or has no value; the long form says why.
    """
    tags = dict.fromkeys(number.tag for result in results for number in result.numbers)
    refuse_collisions(cases, tags)
    by_tag = [{number.tag: number.value for number in result.numbers} for result in results]
    return [
        *_carried(cases, range(len(results))),
        *_computed(results),
        *(Column(name=tag, kind="number", values=[_known(row.get(tag)) for row in by_tag]) for tag in tags),
    ]


def long(cases: CaseTable, results: Sequence[RowResult]) -> list[Column]:
    """One row a feature, with its unit, IBSI code and the note that says why it has no value; one for a failed row."""
    cells = [(i, number) for i, result in enumerate(results) for number in result.numbers or (None,)]
    which = [i for i, _ in cells]

    def column(name: str, kind: Literal["text", "number"] = "text") -> Column:
        found = [
            None if number is None else getattr(number, "tag" if name == "feature" else name) for _, number in cells
        ]
        return Column(name=name, kind=kind, values=[_known(value) for value in found])

    return [
        *_carried(cases, which),
        *_computed([results[i] for i in which]),
        column("feature"),
        column("value", "number"),
        column("unit"),
        column("ibsi"),
        column("note"),
    ]


def refuse_collisions(cases: CaseTable, tags) -> None:
    """Raise SettingError where a column of CASES.csv is called like a feature."""
    taken = [column for column in cases.columns if column in tags]
    if taken:
        raise SettingError(f"{cases.name} has a column {listed(taken)} that is called like a feature. Rename yours.")


def frame(columns: Sequence[Column]) -> pd.DataFrame:
    """The columns as a data frame: text, Int64 and float64."""
    import pandas as pd

    dtypes = {"text": "object", "count": "Int64", "number": "float64"}
    return pd.DataFrame(
        {
            c.name: pd.array(c.values, dtype="Int64")
            if c.kind == "count"
            else pd.Series(c.values, dtype=dtypes[c.kind])
            for c in columns
        }
    )


def of_frame(table: pd.DataFrame) -> list[Column]:
    """The columns of a data frame, by their dtypes."""
    kinds = {"f": "number", "i": "count"}
    return [
        Column(
            name=name,
            kind=kinds.get(table[name].dtype.kind, "text"),
            values=table[name].astype(object).where(table[name].notna(), None).tolist(),
        )
        for name in table.columns
    ]


def require_format(path: Path) -> None:
    """Raise SettingError where a table cannot be written under this name."""
    if path.suffix not in FORMATS:
        raise SettingError(f"output is {path.name}; its name must end in {', '.join(FORMATS)}.")
    if not path.parent.is_dir():
        raise SettingError(f"the folder of {path.name} does not exist. Make it first, or choose another.")
    if path.is_dir():
        raise SettingError(f"{path.name} is a folder. Choose the name of a file.")


def write_columns(columns: Sequence[Column], path: Path) -> None:
    """Write a table atomically as .csv, .parquet or .json; the same columns always give the same bytes."""
    match path.suffix:
        case ".csv":
            write_bytes(path, _csv(columns))
        case ".json":
            names = [column.name for column in columns]
            rows = [dict(zip(names, row, strict=True)) for row in _rows(columns)]
            write_bytes(path, (json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode())
        case _:
            write_bytes(path, _parquet(columns))


def _csv(columns: Sequence[Column]) -> bytes:
    text = text_io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(column.name for column in columns)
    writer.writerows(_rows(columns))  # csv writes a float with every digit and None as nothing
    return text.getvalue().encode()


def _parquet(columns: Sequence[Column]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"text": pa.string(), "count": pa.int64(), "number": pa.float64()}
    arrays = [pa.array(column.values, types[column.kind]) for column in columns]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(arrays, names=[column.name for column in columns]), sink)
    return sink.getvalue().to_pybytes()


def _rows(columns: Sequence[Column]):
    return zip(*(column.values for column in columns), strict=True)


def _carried(cases: CaseTable, which: Sequence[int]) -> list[Column]:
    return [Column(name=name, kind="text", values=[cases.rows[i].cells[name] for i in which]) for name in cases.columns]


def _computed(results: Sequence[RowResult]) -> list[Column]:
    kinds = {"status": "text", "reason": "text", "n_voxels": "count", "n_levels": "count"}
    return [Column(name=c, kind=kinds[c], values=[getattr(result, c) for result in results]) for c in COMPUTED]


def _known(value):
    return None if isinstance(value, float) and math.isnan(value) else value
