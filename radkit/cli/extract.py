"""radkit extract: features of one region as a table, on the screen or in a file."""

from __future__ import annotations

import csv
import json
import sys
from io import StringIO
from pathlib import Path

from radkit.cli import pyradiomics, region
from radkit.cli.first_run import say_when_compiling
from radkit.cli.progress import progress_bar
from radkit.volume import SettingError

_FORMATS = (".csv", ".parquet", ".json")


def add_commands(commands) -> None:
    """Register ``extract``."""
    parser = commands.add_parser("extract", help="features of a region", description=__doc__)
    region.add_arguments(parser)
    parser.add_argument("--output", type=Path, metavar="FILE", help="write .csv, .parquet or .json instead of a table")
    parser.add_argument("--names", choices=("radkit", "pyradiomics"), default="radkit", help="whose names of features")
    parser.add_argument(
        "--threads", type=int, default=1, help="families computed at a time; values do not depend on it"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="the time of every stage, on stderr")
    parser.set_defaults(run=run)


def run(options) -> int:
    """Read, extract, write."""
    if options.output is not None and options.output.suffix not in _FORMATS:
        raise SettingError(f"output is {options.output.name}; its name must end in {', '.join(_FORMATS)}.")
    if options.output is not None:
        region.require_folder(options.output)
    image, mask = region.read_region(options)
    recipe = region.read_recipe(options, image)
    from radkit.extraction import extract

    with say_when_compiling(), progress_bar() as progress:
        found = extract(image, mask, recipe, progress=progress, threads=options.threads)
    if options.verbose:
        _print_stages(found)
    if options.names == "pyradiomics":
        found = pyradiomics.rename(found, recipe)
    if options.output is None:
        _print_table(found)
    else:
        write_table(found, options.output)
        print(f"{len(found)} features written to {options.output}", file=sys.stderr)
    return 0


def write_table(found, path: Path) -> None:
    """Write a FeatureSet; provenance goes inside (.parquet, .json) or beside as FILE.provenance.json (.csv)."""
    from radkit.io import write_bytes

    provenance = json.dumps(found.provenance, indent=1)
    if path.suffix == ".csv":
        write_bytes(path, _csv(found.rows()).encode())
        write_bytes(path.with_name(path.name + ".provenance.json"), provenance.encode())
    elif path.suffix == ".json":
        text = json.dumps({"provenance": found.provenance, "features": _with_null(found.rows())}, indent=1)
        write_bytes(path, text.encode())
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.Table.from_pylist(found.rows())
        table = table.replace_schema_metadata({b"radkit": provenance.encode()})
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink)
        write_bytes(path, sink.getvalue().to_pybytes())


def _with_null(rows: list[dict]) -> list[dict]:
    # JSON has no NaN, and CSV has the empty field: an undefined value is null
    return [{k: None if v != v else v for k, v in row.items()} for row in rows]


def _csv(rows: list[dict]) -> str:
    from radkit.extraction import COLUMNS

    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_with_null(rows))
    return text.getvalue()


def _print_stages(found) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="stages", title_justify="left")
    for name in ("stage", "ms", "voxels", "levels", "range", "what it did"):
        table.add_column(name, justify="left" if name in ("stage", "what it did") else "right")
    for s in found.stages:
        levels = "" if s.n_levels is None else str(s.n_levels)
        table.add_row(s.name, f"{s.ms:.1f}", f"{s.n_voxels:,}", levels, f"{s.low:.4g} to {s.high:.4g}", s.note)
    Console(stderr=True).print(table)


def _print_table(found) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 160)
    p = found.provenance
    table = Table(box=None, pad_edge=False)
    for name in ("name", "feature", "ibsi", "aggregation", "value", "unit", "status"):
        table.add_column(name, justify="right" if name == "value" else "left", no_wrap=name in ("name", "value"))
    for row in found.rows():
        value = "undefined" if row["value"] != row["value"] else f"{row['value']:.5g}"
        cells = [row["name"], row["feature"], row["ibsi"], row["aggregation"], value, row["unit"], row["status"]]
        table.add_row(*map(str, cells))
    console.print(table)
    for reason in sorted(set(p["undefined"].values())):
        n = sum(note == reason for note in p["undefined"].values())
        console.print(f"{n} features are {reason}", highlight=False)
    console.print(
        f"\n{len(found)} features of {p['n_voxels_intensity']:,} voxels in {p['n_levels']} gray levels, recipe "
        f"{p['recipe']} ({p['recipe_hash']}), radkit {p['radkit_version']}. "
        "For teaching and research, not for diagnosis.",
        highlight=False,
    )
