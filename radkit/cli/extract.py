"""radkit extract: features of one region as a table, on the screen or in a file."""

from __future__ import annotations

import json
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from radkit.volume import Case, Image, Mask, SettingError

if TYPE_CHECKING:
    from radkit.recipe import Recipe

_FORMATS = (".csv", ".parquet", ".json")


def add_commands(commands) -> None:
    """Register ``extract``."""
    parser = commands.add_parser("extract", help="features of a region", description=__doc__)
    parser.add_argument("image", metavar="IMAGE", help="a NIfTI or NRRD file, a DICOM folder, or sts51/STS_001/PET")
    parser.add_argument(
        "mask", metavar="MASK", nargs="?", help="likewise, or RTSTRUCT or SEG; a named case has its own"
    )
    parser.add_argument("--label", help="which structure or label of the mask, by number or name")
    parser.add_argument("--recipe", default="default", help="a preset (see radkit recipes) or a YAML file")
    parser.add_argument(
        "--modality", choices=("CT", "PET", "MR"), help="of a NIfTI or NRRD file, which does not say it"
    )
    parser.add_argument("--series", help="which series of a DICOM folder, by its number in the list shown")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write .csv, .parquet or .json instead of a table")
    parser.add_argument("-v", "--verbose", action="store_true", help="the time of every stage, on stderr")
    parser.set_defaults(run=run)


def run(options) -> int:
    """Read, extract, write."""
    if options.output is not None and options.output.suffix not in _FORMATS:
        raise SettingError(f"output is {options.output.name}; its name must end in {', '.join(_FORMATS)}.")
    if options.output is not None and not options.output.parent.is_dir():
        raise SettingError(f"the folder of {options.output.name} does not exist. Make it first, or choose another.")
    image, mask = _region(options)
    recipe = recipe_named(options.recipe, image)
    if image.modality == "OTHER" and options.recipe == "default":
        print("radkit: the file does not say its modality, so 32 bins are used; see --modality.", file=sys.stderr)
    from radkit.extraction import extract

    with _progress() as progress:
        found = extract(image, mask, recipe, progress=progress)
    if options.verbose:
        _print_stages(found)
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
    frame = found.to_frame()
    frame.attrs = {}
    if path.suffix == ".csv":
        write_bytes(path, frame.to_csv(index=False).encode())
        write_bytes(path.with_name(path.name + ".provenance.json"), provenance.encode())
    elif path.suffix == ".json":
        text = json.dumps({"provenance": found.provenance, "features": _rows(frame)}, indent=1)
        write_bytes(path, text.encode())
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.Table.from_pandas(frame, preserve_index=False)
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), b"radkit": provenance.encode()})
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink)
        write_bytes(path, sink.getvalue().to_pybytes())


def _rows(frame) -> list[dict]:
    # JSON has no NaN: an undefined value is null
    return [{k: None if v != v else v for k, v in row.items()} for row in frame.to_dict("records")]


def _region(options) -> tuple[Image, Mask]:
    from radkit import io

    case = _case(options.image)
    if case is not None:
        image, own_mask = case.image, case.mask
        print(f"radkit: {case.name}: {case.source.title}, {case.source.licence} ({case.source.found})", file=sys.stderr)
    else:
        image = io.read(options.image, modality=options.modality, series=options.series)
        own_mask = None
    if options.mask is None:
        if own_mask is None:
            raise SettingError("MASK is missing; a file or folder needs one. See radkit extract --help.")
        return image, own_mask
    mask_case = _case(options.mask)
    mask = mask_case.mask if mask_case is not None else io.read_mask(options.mask, image, label=options.label)
    return image, mask


def _case(name: str) -> Case | None:
    if Path(name).exists() or name.startswith((".", "/", "~")):
        return None
    from radkit import datasets

    is_name = name.split("/")[0] in {d.name for d in datasets.available()}
    if not is_name and (Path(name).suffix or "\\" in name):
        return None  # a path that does not exist: let the reader say so
    return datasets.load(name)


def recipe_named(name: str, image: Image | None = None) -> Recipe:
    """The recipe of ``--recipe``: a YAML file, or a preset; ``default`` follows the image's modality."""
    from radkit.recipe import Recipe, preset

    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        if not path.is_file():
            raise SettingError(f"recipe file {path.name} does not exist. Check the path, or see radkit recipes.")
        return Recipe.from_yaml(path.read_text(encoding="utf-8", errors="replace"))
    return preset(name, image)


@contextmanager
def _progress():
    """A callback that shows a bar on stderr once the work has lasted a second."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=Console(stderr=True), transient=True
    )
    task = bar.add_task("stages", total=1.0)
    delay = threading.Timer(1.0, bar.start)
    delay.daemon = True
    delay.start()
    try:
        yield lambda name, fraction: bar.update(task, completed=fraction, description=name)
    finally:
        delay.cancel()
        bar.stop()


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
    for _, row in found.to_frame().iterrows():
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
