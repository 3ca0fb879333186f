"""Real workers: the table does not depend on their number, and no kill costs more than a row or a restart."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from cohort_files import CHEAP, write_cohort

from radkit import cohort
from radkit.cohort.local import LocalPool
from radkit.cohort.row import Task
from radkit.volume import RadkitError, SettingError

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # a worker takes seconds to load radkit

PATIENCE_S = 200


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twelve cases large enough to be in the middle of one, and their table from one worker."""
    folder = tmp_path_factory.mktemp("workers")
    write_cohort(folder, 12, size=40)
    (folder / "cheap.yaml").write_text(CHEAP.to_yaml())
    assert run(folder, "expected.parquet", "--workers", "1").wait(PATIENCE_S) == 0
    return folder


def run(folder, output, *arguments):
    """The command, in a process group of its own."""
    command = [sys.executable, "-m", "radkit", "cohort", "cases.csv", "--recipe", "cheap.yaml", "--output", output]
    return subprocess.Popen([*command, *arguments], cwd=folder, stderr=subprocess.PIPE, text=True, process_group=0)


def wait_for_rows(running, folder, output, n):
    """Until n rows are kept; returns how many."""
    end = time.monotonic() + PATIENCE_S
    while running.poll() is None and time.monotonic() < end:
        kept = len(list(folder.glob(f"{output}.partial/*.json")))
        if kept >= n:
            return kept
        time.sleep(0.01)
    pytest.fail(f"the run ended before {n} rows were kept: {running.communicate()[1]}")


def provenance(folder, output):
    return json.loads((folder / f"{output}.provenance.json").read_text())


def same_table(folder, output):
    return (folder / output).read_bytes() == (folder / "expected.parquet").read_bytes()


def test_two_workers_give_the_bytes_of_one(folder):
    running = run(folder, "two.parquet", "--workers", "2")
    said = running.communicate(timeout=PATIENCE_S)[1]
    assert running.returncode == 0, said
    assert same_table(folder, "two.parquet")
    assert provenance(folder, "two.parquet")["ok"] == 12


def test_a_killed_worker_costs_one_retry(folder):
    running = run(folder, "killed.parquet", "--workers", "2")
    wait_for_rows(running, folder, "killed.parquet", 1)
    workers = psutil.Process(running.pid).children()
    assert len(workers) == 2
    workers[0].kill()
    said = running.communicate(timeout=PATIENCE_S)[1]
    assert running.returncode == 0, said
    assert same_table(folder, "killed.parquet")
    assert provenance(folder, "killed.parquet")["workers_died"] == 1


@pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX")
def test_a_killed_run_goes_on_where_it_was(folder):
    running = run(folder, "resumed.parquet", "--workers", "2")
    wait_for_rows(running, folder, "resumed.parquet", 3)
    children = psutil.Process(running.pid).children()
    os.killpg(running.pid, signal.SIGKILL)
    running.wait(PATIENCE_S)
    psutil.wait_procs(children, timeout=10)
    assert not (folder / "resumed.parquet").exists()
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("resumed.parquet.partial/*.json")}
    again = run(folder, "resumed.parquet", "--workers", "1")
    wait_for_rows(again, folder, "resumed.parquet", len(before) + 1)
    after = {path.name: path.stat().st_mtime_ns for path in folder.glob("resumed.parquet.partial/*.json")}
    assert again.wait(PATIENCE_S) == 0
    assert before.items() <= after.items()  # not written again
    assert provenance(folder, "resumed.parquet")["reused"] == len(before) >= 3
    assert same_table(folder, "resumed.parquet")
    assert not (folder / "resumed.parquet.partial").exists()


def test_workers_end_with_a_parent_that_was_killed(folder):
    running = run(folder, "orphans.parquet", "--workers", "2")
    wait_for_rows(running, folder, "orphans.parquet", 1)
    workers = psutil.Process(running.pid).children()
    running.kill()
    running.wait(PATIENCE_S)
    gone, alive = psutil.wait_procs(workers, timeout=10)
    assert len(gone) == 2
    assert not alive


@pytest.mark.skipif(os.name != "posix", reason="SIGINT to a group is POSIX")
def test_ctrl_c_stops_the_workers_and_keeps_what_is_done(folder):
    running = run(folder, "stopped.parquet", "--workers", "2")
    wait_for_rows(running, folder, "stopped.parquet", 1)
    workers = psutil.Process(running.pid).children()
    os.killpg(running.pid, signal.SIGINT)  # a terminal tells the workers too
    said = running.communicate(timeout=PATIENCE_S)[1]
    assert running.returncode == 130
    assert "stopped; what is done is kept in stopped.parquet.partial. To go on: " in said
    assert "Traceback" not in said
    assert not psutil.wait_procs(workers, timeout=10)[1]
    assert list(folder.glob("stopped.parquet.partial/*.json"))


@pytest.mark.skipif(os.name != "posix", reason="RLIMIT_FSIZE is POSIX")
def test_a_place_that_takes_no_file_is_refused_before_a_worker_starts(folder):
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); "
        "from radkit.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "cohort", "cases.csv", "--recipe", "cheap.yaml", "--output", "full.csv"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "cannot be written to" in done.stderr


def a_task(folder):
    image, mask = str(folder / "p0.nii.gz"), str(folder / "p0_mask.nii.gz")
    return Task(image=image, named=False, mask=mask, label="", series="", modality="PET", roi="", recipe="")


def kill_whoever_works(monkeypatch):
    """Every worker dies as soon as it is asked."""
    from radkit.cohort import local

    ask = local._Worker.ask

    def killed(worker, task):
        worker.kill()
        return ask(worker, task)

    monkeypatch.setattr(local._Worker, "ask", killed)


def test_a_row_that_kills_its_workers_fails_and_the_run_goes_on(folder, monkeypatch):
    kill_whoever_works(monkeypatch)
    pool = LocalPool([(7, a_task(folder))], 2)
    ((index, result),) = pool.results()
    assert (index, result.status) == (7, "failed")
    assert result.reason == "the worker died 3 times (signal 9, often for want of memory)"
    assert pool.died == 3


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for Python")
def test_workers_that_cannot_start_end_the_run_with_a_sentence(folder, monkeypatch, tmp_path):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    with pytest.raises(RadkitError, match=r"died 3 times \(exit code 1, .* before it was ready"):
        list(LocalPool([(0, a_task(folder))], 1).results())


def test_there_is_a_worker_for_each_core_unless_told():
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert cohort.LocalWorkers().count == cores
    assert cohort.LocalWorkers(count=3).count == 3
    with pytest.raises(SettingError, match="workers is 0"):
        cohort.LocalWorkers(count=0)
