"""What a second worker is worth: `radkit cohort` on the 51 sarcoma PET cases with 1 and 2 workers, here and on Dask.

efficiency = t1 / (2 t2): 1 where the second worker halves the time. Three clocks: the whole command, its start-up too;
only the rows, from the first worker that had loaded radkit to the last row; and CPU seconds of the command and its
workers (cpu1 / cpu2: what the second worker's own start-up costs, whatever else the machine is doing). Every run is
alternated with the others, medians are shown, and every table must have the same bytes.

Run with: make bench, or python benchmarks/bench_cohort.py [REPEATS]
"""

from __future__ import annotations

import json
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from radkit import datasets
from radkit.filters import LaplacianOfGaussian, Wavelet
from radkit.recipe import AGGREGATIONS, Recipe

RADKIT = [sys.executable, "-m", "radkit"]
DASK = [sys.executable, "-m", "dask"]
PATIENCE_S = 60


def write_cases(folder: Path) -> tuple[int, str]:
    """CASES.csv of the sarcoma PET cases that are found, otherwise of simulated ones; how many, and in words."""
    names = [name for name in datasets.cases("sts51", only_found=True) if name.endswith("/PET")]
    what = "sarcoma PET cases"
    if not names:
        names, what = [f"simulated/{seed}" for seed in range(51)], "simulated CT cases"
    lines = ["case,image", *(f"{name},{name}" for name in names)]
    (folder / "cases.csv").write_text("\n".join(lines) + "\n")
    return len(names), what


def filtered_recipe() -> Recipe:
    """What a study with filters computes: six aggregations of the image, three LoG and eight wavelet responses."""
    logs = tuple(LaplacianOfGaussian(sigma_mm=sigma) for sigma in (4.0, 6.0, 8.0))
    bands = [f"{x}{y}{z}" for x in "LH" for y in "LH" for z in "LH"]
    waves = tuple(Wavelet(family="coif1", decomposition=band) for band in bands)
    base = Recipe.default("PET")
    return base.replace(name="filtered", aggregations=AGGREGATIONS, filters=(*logs, *waves))


def timed(folder: Path, recipe: str, *where: str) -> dict[str, float]:
    """One run of the command: wall and CPU seconds, the seconds of its rows alone, and a hash of its table."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [*RADKIT, "cohort", "cases.csv", "--recipe", recipe, "--output", "out.parquet", *where]
    subprocess.run(command, cwd=folder, check=True, stderr=subprocess.DEVNULL)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = json.loads((folder / "out.parquet.provenance.json").read_text())["seconds"]
    return {
        "whole command": wall,
        "rows only": seconds["until_the_last_row"] - seconds["until_a_worker_was_ready"],
        "CPU": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "table": hash((folder / "out.parquet").read_bytes()),
    }


@contextmanager
def dask(folder: Path, workers: int) -> Iterator[str]:
    """A scheduler and its workers on this machine, over TCP; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
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


def report(what: str, one: list[dict[str, float]], two: list[dict[str, float]], clocks: dict[str, int]) -> None:
    """A line a clock: medians with 1 and 2 workers, and the efficiency."""
    for clock, divisor in clocks.items():
        t1, t2 = (statistics.median(run[clock] for run in runs) for runs in (one, two))
        print(f"{what:<18}{clock:<15}{t1:8.1f} s{t2:8.1f} s{t1 / (divisor * t2):12.2f}", flush=True)


def main() -> None:
    """Print the table."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        n, what = write_cases(folder)
        (folder / "filtered.yaml").write_text(filtered_recipe().to_yaml())
        print(f"{n} {what}, medians of {repeats}, alternating")
        print(f"{'':<33}{'1 worker':>10}{'2 workers':>10}{'efficiency':>12}")
        tables = {}
        for recipe in ("default", "filtered.yaml"):
            runs = [
                (timed(folder, recipe, "--workers", "1"), timed(folder, recipe, "--workers", "2"))
                for _ in range(repeats)
            ]
            one, two = zip(*runs, strict=True)
            report(recipe, one, two, {"whole command": 2, "rows only": 2, "CPU": 1})
            tables[recipe] = {run["table"] for pair in runs for run in pair}
        by_count = {}
        for workers in (1, 2):
            with dask(folder, workers) as address:
                timed(folder, "default", "--scheduler", address)  # its workers load radkit once, in their first run
                by_count[workers] = [timed(folder, "default", "--scheduler", address) for _ in range(repeats)]
        report("default on Dask", by_count[1], by_count[2], {"whole command": 2, "rows only": 2})
        tables["default"] |= {run["table"] for runs in by_count.values() for run in runs}
        print(
            "tables: " + ("the same bytes in every run" if all(len(t) == 1 for t in tables.values()) else "DIFFERENT")
        )


if __name__ == "__main__":
    main()
