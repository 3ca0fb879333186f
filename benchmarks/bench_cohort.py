"""What a second worker is worth: `radkit cohort` on the 51 sarcoma PET cases with 1 and 2 workers, here and on Dask.

efficiency = t1 / (2 t2): 1 where the second worker halves the time. Every worker loads radkit and its kernels, a second
or two, which 51 small cases hardly outlast; so the same cases are also measured four times over (204 rows), and "rows
alone" is the difference of the two: what a row costs once the workers run. The recipe "filtered" is what a study with
filters computes. Two clocks: wall time of the whole command, start-up too, and CPU time of it and its workers (local
ones only; cpu1 / cpu2), which other work on the machine does not stretch. Runs alternate, medians are shown, and all
tables of a kind must have the same bytes. Python keeps its bytecode in a folder of the benchmark's, filled before.

Run with: make bench, or python benchmarks/bench_cohort.py [REPEATS]
"""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from radkit import datasets
from radkit.filters import LaplacianOfGaussian, Wavelet
from radkit.recipe import AGGREGATIONS, Recipe

RADKIT = [sys.executable, "-m", "radkit"]
DASK = [sys.executable, "-m", "dask"]
PATIENCE_S = 60
TIMES = 4
RECIPES = ("default", "filtered.yaml")
KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": "134217728", "MALLOC_MMAP_THRESHOLD_": "33554432"}  # see docs/cohort.md


def write_cases(folder: Path) -> tuple[int, str]:
    """Both CSVs, of the sarcoma PET cases that are found, otherwise of simulated ones; how many, and in words."""
    names = [name for name in datasets.cases("sts51", only_found=True) if name.endswith("/PET")]
    what = "sarcoma PET cases"
    if not names:
        names, what = [f"simulated/{seed}" for seed in range(51)], "simulated CT cases"
    for times in (1, TIMES):
        lines = ["case,lesion,image", *(f"{name},{i},{name}" for i in range(times) for name in names)]
        (folder / f"cases{times}.csv").write_text("\n".join(lines) + "\n")
    return len(names), what


def filtered_recipe(modality: str) -> Recipe:
    """What a study with filters computes: six aggregations of the image, three LoG and eight wavelet responses."""
    logs = tuple(LaplacianOfGaussian(sigma_mm=sigma) for sigma in (4.0, 6.0, 8.0))
    bands = [f"{x}{y}{z}" for x in "LH" for y in "LH" for z in "LH"]
    waves = tuple(Wavelet(family="coif1", decomposition=band) for band in bands)
    base = Recipe.default(modality)
    return base.replace(name="filtered", aggregations=AGGREGATIONS, filters=(*logs, *waves))


@dataclass(frozen=True)
class Run:
    """Wall and CPU seconds of one command, and its table."""

    wall: float
    cpu: float
    table: bytes


def timed(folder: Path, times: int, recipe: str, *where: str) -> Run:
    """One run of the command."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [*RADKIT, "cohort", f"cases{times}.csv", "--recipe", recipe, "--output", "out.parquet", *where]
    subprocess.run(command, cwd=folder, env=environment(folder), check=True, stderr=subprocess.DEVNULL)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(wall, cpu, (folder / "out.parquet").read_bytes())


def environment(folder: Path) -> dict[str, str]:
    """This process's, with bytecode kept."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}


@contextmanager
def dask(folder: Path, workers: int) -> Iterator[str]:
    """A scheduler and its workers on this machine, over TCP; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    settings = {**environment(folder), **KEEP_MEMORY}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, "env": settings}
    head = subprocess.Popen([*DASK, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"], **quiet)
    each = ["--nworkers", str(workers), "--nthreads", "1", "--no-dashboard", "--local-directory", str(folder)]
    hands = subprocess.Popen([*DASK, "worker", address, *each], **quiet)
    try:
        from distributed import Client

        with Client(address, timeout=PATIENCE_S, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=PATIENCE_S)
        yield address
    finally:
        for process in (hands, head):
            process.terminate()
            process.wait(PATIENCE_S)


class Table:
    """Prints a line a measurement, and remembers whether runs of a kind gave the same bytes."""

    def __init__(self):
        self.same = True
        print(f"{'':<32}{'1 worker':>11}{'2 workers':>11}{'efficiency':>12}")

    def add(self, what: str, one: list[Run], two: list[Run]) -> None:
        """Wall and CPU time of a kind of run with one and with two workers."""
        self.same &= len({run.table for run in (*one, *two)}) == 1
        self.line(f"{what}, wall", median(r.wall for r in one), median(r.wall for r in two))
        if "Dask" not in what:
            self.line(f"{what}, CPU", median(r.cpu for r in one), median(r.cpu for r in two), 1)

    def line(self, what: str, t1: float, t2: float, share: int = 2) -> None:
        """One line."""
        print(f"{what:<32}{t1:9.1f} s{t2:9.1f} s{t1 / (share * t2):12.2f}", flush=True)


def difference(long: list[Run], short: list[Run]) -> float:
    """Wall seconds that the additional rows took."""
    return median(r.wall for r in long) - median(r.wall for r in short)


def local(folder: Path, times: int, recipe: str, repeats: int) -> tuple[list[Run], list[Run]]:
    """Runs with one and with two workers, alternating."""
    one, two = [], []
    for _ in range(repeats):
        one.append(timed(folder, times, recipe, "--workers", "1"))
        two.append(timed(folder, times, recipe, "--workers", "2"))
    return one, two


def on_dask(folder: Path, repeats: int) -> dict[tuple[int, str], list[Run]]:
    """Runs by (workers, recipe), of workers that have loaded radkit in a run before."""
    runs = {}
    for workers in (1, 2):
        with dask(folder, workers) as address:
            timed(folder, 1, "default", "--scheduler", address)
            for recipe in RECIPES:
                where = ("--scheduler", address)
                runs[workers, recipe] = [timed(folder, 1, recipe, *where) for _ in range(repeats)]
    return runs


def main() -> None:
    """Print the table."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        n, what = write_cases(folder)
        (folder / "filtered.yaml").write_text(filtered_recipe("PET" if "PET" in what else "CT").to_yaml())
        timed(folder, 1, "default", "--workers", "1")
        print(f"{n} {what}, medians of {repeats}, alternating")
        table = Table()
        few, many = (local(folder, times, "default", repeats) for times in (1, TIMES))
        table.add(f"default, {n} rows", *few)
        table.add(f"default, {TIMES * n} rows", *many)
        table.line("default, rows alone, wall", *(difference(m, f) for m, f in zip(many, few, strict=True)))
        filtered = local(folder, 1, "filtered.yaml", repeats)
        table.add(f"filtered, {n} rows", *filtered)
        runs = on_dask(folder, repeats)
        for recipe, here in zip(RECIPES, (few, filtered), strict=True):
            table.add(f"Dask, {recipe.removesuffix('.yaml')}, {n} rows", runs[1, recipe], runs[2, recipe])
            table.same &= runs[1, recipe][0].table == here[0][0].table
        print("tables: " + ("the same bytes, whatever computed them" if table.same else "DIFFERENT"))


if __name__ == "__main__":
    main()
