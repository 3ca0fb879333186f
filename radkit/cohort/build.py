"""build: every row of CASES.csv measured, on one machine or on many, into one table that does not show which."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from radkit._version import __version__
from radkit.cohort.cluster import DaskPool, DaskWorkers
from radkit.cohort.columns import long, refuse_collisions, require_format, wide, write_columns
from radkit.cohort.local import LocalPool, LocalWorkers
from radkit.cohort.partial import Partial, key_of
from radkit.cohort.row import RowResult, Task
from radkit.cohort.table import CaseRow, CaseTable, fingerprint
from radkit.io import write_json

if TYPE_CHECKING:
    from radkit.recipe import Recipe

Workers = LocalWorkers | DaskWorkers


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Where the time of a run went, in s: until the first worker had loaded radkit, and until the last row was done.

    ``ready`` is None where every row was reused.
    """

    ready: float | None
    rows: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Cohort:
    """A built table: the rows in the order of CASES.csv, and how many of them were taken over from a killed run."""

    cases: CaseTable
    results: tuple[RowResult, ...]
    reused: int
    died: int
    timing: Timing
    warnings: tuple[str, ...] = ()

    @property
    def n_ok(self) -> int:
        """Rows with features."""
        return sum(result.status == "ok" for result in self.results)

    @property
    def n_features(self) -> int:
        """Different features of all rows."""
        return len({number.tag for result in self.results for number in result.numbers})


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run is: rows done (``reused`` among them), rows failed, and rows in all."""

    done: int
    failed: int
    total: int
    reused: int


def build(
    cases: CaseTable,
    recipe: Recipe | None = None,
    *,
    output: Path,
    workers: Workers | None = None,
    long_form: bool = False,
    fresh: bool = False,
    progress: Callable[[Progress], None] = lambda state: None,
) -> Cohort:
    """Measure every row and write the table, with its provenance beside it as FILE.provenance.json.

    Finished rows are kept in FILE.partial until the table is there: a run that was killed goes on where it was.
    A row that fails has its reason in the table and is tried again by the next run.

    Parameters
    ----------
    cases : from ``read_cases``.
    recipe : for every row; None: the default of each row's modality.
    output : .csv, .parquet or .json.
    workers : ``LocalWorkers()``, one a core, unless told; or ``DaskWorkers``. The table does not depend on it.
    long_form : one row a feature, with unit, IBSI code and note, instead of one column a feature.
    fresh : ignore what a killed run has left.
    progress : told after every row.

    Raises
    ------
    SettingError : the output cannot be written, or a column of the cases is called like a feature.
    RadkitError : no worker can be started or reached.
    """
    started, clock, output = datetime.now(UTC), monotonic(), Path(output)
    workers = workers or LocalWorkers()
    require_format(output)
    kept = Partial.beside(output)
    kept.open(len(cases.rows))
    if fresh:
        kept.clear()
    run = _Run(cases=cases, recipe=recipe, kept=kept, progress=progress)
    try:
        pool = run.rows(workers)
    finally:
        kept.tidy()  # where not one row was done, nothing is left behind
    cohort = Cohort(
        cases=cases,
        results=tuple(run.results[i] for i in range(len(cases.rows))),
        reused=run.reused,
        died=pool.died,
        timing=Timing(ready=min(pool.ready) - clock if pool.ready else None, rows=monotonic() - clock),
        warnings=tuple(run.warnings),
    )
    write_columns((long if long_form else wide)(cases, cohort.results), output)
    write_json(
        output.with_name(output.name + ".provenance.json"),
        provenance(cohort, recipe, workers=workers, started=started),
    )
    if cohort.n_ok == len(cases.rows):
        kept.clear()
    return cohort


@dataclass(kw_only=True)
class _Run:
    """The rows of a run as they come in."""

    cases: CaseTable
    recipe: Recipe | None
    kept: Partial
    progress: Callable[[Progress], None]
    results: dict[int, RowResult] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    reused: int = 0

    def rows(self, workers: Workers) -> LocalPool | DaskPool:
        """Take over what is kept, compute the rest; the largest files first, so that no worker ends long after all."""
        recipe_text = self.recipe.to_yaml() if self.recipe is not None else ""
        recipe_hash = self.recipe.hash if self.recipe is not None else "default"
        keys: dict[int, str] = {}
        todo: list[tuple[int, int, Task]] = []
        for i, row in enumerate(self.cases.rows):
            task, files = _task(row, recipe_text), fingerprint(row)
            if files is not None:
                keys[i] = key_of(task, recipe_hash, files)
            if not self._take_over(i, keys.get(i)):
                todo.append((-sum(size for _, size, _ in files or ()), i, task))
        tasks = [(i, task) for _, i, task in sorted(todo, key=lambda item: item[:2])]
        pool = _pool(workers, tasks)
        self._say()
        for i, result in pool.results() if tasks else ():
            self._accept(i, result)
            if result.status == "ok" and i in keys:
                self.kept.put(keys[i], result)
            self._say()
        return pool

    def _take_over(self, i: int, key: str | None) -> bool:
        found, warning = self.kept.get(key) if key else (None, "")
        if warning:
            self.warnings.append(warning)
        if found is None:
            return False
        self._accept(i, found)
        self.reused += 1
        return True

    def _accept(self, i: int, result: RowResult) -> None:
        refuse_collisions(self.cases, {number.tag for number in result.numbers})
        self.results[i] = result

    def _say(self) -> None:
        failures = sum(result.status != "ok" for result in self.results.values())
        self.progress(Progress(done=len(self.results), failed=failures, total=len(self.cases.rows), reused=self.reused))


def _pool(workers: Workers, tasks: Sequence[tuple[int, Task]]) -> LocalPool | DaskPool:
    match workers:
        case LocalWorkers(count=count):
            return LocalPool(tasks, count)
        case DaskWorkers(address=address):
            return DaskPool(tasks, address)


def _task(row: CaseRow, recipe: str) -> Task:
    return Task(
        image=row.image,
        named=row.named,
        mask=row.mask,
        label=row.cell("label"),
        series=row.cell("series"),
        modality=row.modality,
        roi=row.cell("roi"),
        recipe=recipe,
    )


def provenance(cohort: Cohort, recipe: Recipe | None, *, workers: Workers, started: datetime) -> dict[str, Any]:
    """What the table was made from: versions, recipes with their hashes, digests of every row's inputs, times."""
    facts = [result.facts for result in cohort.results]
    recipes = {f["recipe_hash"]: f["recipe_settings"] for f in facts if f}
    versions = {name: version for f in facts for name, version in f.get("versions", {}).items()}
    match workers:
        case LocalWorkers(count=count):
            place = f"{count} local"
        case DaskWorkers(address=address):
            place = f"Dask at {address}"
    return {
        "radkit": __version__,
        "versions": versions or {"python": platform.python_version()},
        "platform": f"{sys.platform} {platform.machine()}",
        "cases": {"file": cohort.cases.name, "sha256": cohort.cases.sha256},
        "recipe": "default of each modality" if recipe is None else recipe.name,
        "recipes": recipes,
        "rows": len(cohort.results),
        "ok": cohort.n_ok,
        "failed": len(cohort.results) - cohort.n_ok,
        "reused": cohort.reused,
        "workers": place,
        "workers_died": cohort.died,
        "started": started.isoformat(timespec="seconds"),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": {"until_a_worker_was_ready": cohort.timing.ready, "until_the_last_row": cohort.timing.rows},
        "inputs": [_inputs(row, result) for row, result in zip(cohort.cases.rows, cohort.results, strict=True)],
    }


def _inputs(row: CaseRow, result: RowResult) -> dict[str, Any]:
    once = ("recipe_settings", "versions")  # they stand at the top
    undefined: dict[str, list[str]] = {}
    for number in result.numbers:
        if number.note:
            undefined.setdefault(number.note, []).append(number.tag)
    return {
        "line": row.line,
        "case": row.cell("case"),
        "status": result.status,
        "reason": result.reason,
        **{name: value for name, value in result.facts.items() if name not in once},
        "undefined": undefined,
    }
