"""radkit cohort: one table of features of many cases, on this machine or on a Dask cluster; resumable."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from radkit.volume import SettingError

if TYPE_CHECKING:
    from radkit import cohort

INTERRUPTED = 130
REASONS_SHOWN = 3


def add_commands(commands) -> None:
    """Register ``cohort``."""
    parser = commands.add_parser("cohort", help="features of many cases, as one table", description=__doc__)
    parser.add_argument(
        "cases",
        metavar="CASES.csv",
        type=Path,
        help="case,image,mask[,label,series,modality,lesion,timepoint,roi] and your own columns",
    )
    parser.add_argument("--recipe", default="default", help="a preset (see radkit recipes) or a YAML file")
    parser.add_argument("--output", type=Path, metavar="FILE", required=True, help=".csv, .parquet or .json")
    parser.add_argument(
        "--modality", choices=("CT", "PET", "MR"), help="of NIfTI and NRRD files whose row does not say it"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, metavar="N", help="processes on this machine (default: one a core)")
    where.add_argument("--scheduler", metavar="tcp://HOST:PORT", help="a Dask scheduler instead")
    parser.add_argument("--long", action="store_true", help="one row a feature, with unit, IBSI code and note")
    parser.add_argument("--per-patient", action="store_true", help="also FILE.patients: several lesions into one row")
    parser.add_argument("--change", action="store_true", help="also FILE.change: between time points")
    parser.add_argument("--fresh", action="store_true", help="ignore the rows that a killed run has left")
    parser.set_defaults(run=run)


def run(options) -> int:
    """Check, build, write; exit code 1 where not one row could be measured."""
    from radkit import cohort
    from radkit.cli.region import recipe_named

    cohort.require_format(options.output)
    cases = cohort.read_cases(options.cases, modality=options.modality)
    for flag, wanted, column in (
        ("--per-patient", options.per_patient, "lesion"),
        ("--change", options.change, "timepoint"),
    ):
        if wanted and column not in cases.columns:
            raise SettingError(f"{flag} needs a column {column!r} in {cases.name}. Add it.")
    for warning in cases.warnings:
        _say(warning)
    recipe = None if options.recipe == "default" else recipe_named(options.recipe)
    workers = cohort.LocalWorkers(count=options.workers)
    if options.scheduler is not None:
        workers = cohort.DaskWorkers(address=options.scheduler)
    try:
        with _progress() as progress:
            built = cohort.build(
                cases,
                recipe,
                output=options.output,
                workers=workers,
                long_form=options.long,
                fresh=options.fresh,
                progress=progress,
            )
    except KeyboardInterrupt:
        _say(f"stopped; what is done is kept in {options.output}.partial. To go on: {_same_command()}")
        return INTERRUPTED
    _write_designs(built, options)
    _summarize(built, options.output)
    return 0 if built.n_ok else 1


def _same_command() -> str:
    return shlex.join(["radkit", *(word for word in sys.argv[1:] if word != "--fresh")])


def _write_designs(built: cohort.Cohort, options) -> None:
    from radkit import cohort
    from radkit.io import write_json

    wanted = {"patients": cohort.per_patient} if options.per_patient else {}
    wanted |= {"change": cohort.change} if options.change else {}
    if not wanted:
        return
    table = cohort.frame(cohort.wide(built.cases, built.results))
    for name, design in wanted.items():
        path = options.output.with_name(f"{options.output.stem}.{name}{options.output.suffix}")
        found = design(table)
        cohort.write_columns(cohort.of_frame(found), path)
        write_json(path.with_name(path.name + ".provenance.json"), {"made_from": options.output.name, **found.attrs})
        _say(f"{len(found)} rows written to {path}")


def _summarize(built: cohort.Cohort, output: Path) -> None:
    for warning in built.warnings:
        _say(warning)
    total, reused = len(built.results), f", {built.reused} of them from before" if built.reused else ""
    _say(f"{built.n_ok} of {total} rows with {built.n_features} features{reused} written to {output}")
    failures = [(row, r) for row, r in zip(built.cases.rows, built.results, strict=True) if r.status != "ok"]
    for row, result in failures[:REASONS_SHOWN]:
        _say(f"line {row.line} ({row.title}) failed: {result.reason}")
    if failures:
        more = f"{len(failures) - REASONS_SHOWN} more failed, see the column reason. " if len(failures) > 3 else ""
        _say(f"{more}Correct them and run the same command: only they are computed again.")


def _say(sentence: str) -> None:
    print(f"radkit: {sentence}", file=sys.stderr)


@contextmanager
def _progress() -> Iterator[Callable[[cohort.Progress], None]]:
    """A bar with the time left on a terminal; elsewhere a line every tenth."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines()
        return
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=None)

        def show(state: cohort.Progress) -> None:
            description = f"{state.failed} failed" if state.failed else ""
            bar.update(task, total=state.total, completed=state.done, description=description)

        yield show


class _Lines:
    """Prints how far it is, and how long it will still take, whenever another tenth is done."""

    def __init__(self):
        self._tenth = 0
        self._first: tuple[float, int] | None = None  # when the first new row was done, and how many there were then

    def __call__(self, state: cohort.Progress) -> None:
        if state.done == state.reused or state.done == state.total:
            return
        if self._first is None:
            self._first = monotonic(), state.done
            return
        tenth = 10 * state.done // state.total
        if tenth == self._tenth:
            return
        self._tenth = tenth
        start, before = self._first
        left = (monotonic() - start) / (state.done - before) * (state.total - state.done)
        failed = f", {state.failed} failed" if state.failed else ""
        _say(f"{state.done} of {state.total} rows{failed}, about {left:.0f} s left")
