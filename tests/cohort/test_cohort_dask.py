"""Dask's scheduler and workers over TCP, as separate processes: the same table as on one machine."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest
from cohort_files import CHEAP, write_cohort

from radkit import cohort
from radkit.cohort import cluster
from radkit.volume import RadkitError, SettingError

pytest.importorskip("distributed", reason="Dask is not installed (pip install 'radkit[distributed]')")

PATIENCE_S = 200


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def dask(folder, *arguments):
    log = (folder / f"{arguments[0]}.log").open("w")
    command = [sys.executable, "-m", "dask", *arguments, "--no-dashboard"]
    return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, process_group=0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dask")
    write_cohort(folder, 12, size=40)
    (folder / "cheap.yaml").write_text(CHEAP.to_yaml())
    return folder


@pytest.fixture(scope="module")
def scheduler(folder):
    """tcp://127.0.0.1:PORT of a scheduler with two workers of one thread, and their parent's process."""
    address = f"tcp://127.0.0.1:{free_port()}"
    head = dask(folder, "scheduler", "--host", "127.0.0.1", "--port", address.rpartition(":")[2])
    hands = dask(folder, "worker", address, "--nworkers", "2", "--nthreads", "1", "--local-directory", str(folder))
    yield address, hands
    for process in (hands, head):
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE_S)


def run(folder, output, *arguments):
    command = [sys.executable, "-m", "radkit", "cohort", "cases.csv", "--recipe", "cheap.yaml", "--output", output]
    return subprocess.Popen([*command, *arguments], cwd=folder, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_bytes_are_those_of_this_process_even_if_a_worker_is_killed(folder, scheduler, computed):
    address, hands = scheduler
    cohort.build(cohort.read_cases(folder / "cases.csv"), CHEAP, output=folder / "here.parquet")
    assert len(computed) == 12
    there = run(folder, "there.parquet", "--scheduler", address)
    end = time.monotonic() + PATIENCE_S
    while len(list(folder.glob("there.parquet.partial/*.json"))) < 1 and time.monotonic() < end:
        assert there.poll() is None, there.stderr.read()
        time.sleep(0.01)
    workers = [p for p in psutil.Process(hands.pid).children(recursive=True) if "spawn_main" in " ".join(p.cmdline())]
    assert len(workers) == 2
    workers[0].kill()
    said = there.communicate(timeout=PATIENCE_S)[1]
    assert there.returncode == 0, said
    assert (folder / "there.parquet").read_bytes() == (folder / "here.parquet").read_bytes()
    record = json.loads((folder / "there.parquet.provenance.json").read_text())
    assert (record["ok"], record["workers"]) == (12, f"Dask at {address}")


def test_no_scheduler_is_one_sentence(folder, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_S", 1)
    cases = cohort.read_cases(folder / "cases.csv")
    nobody = cohort.DaskWorkers(address=f"tcp://127.0.0.1:{free_port()}")
    with pytest.raises(RadkitError, match="no scheduler answers at tcp://127"):
        cohort.build(cases, CHEAP, output=folder / "none.csv", workers=nobody)
    assert not (folder / "none.csv.partial").exists()


@pytest.mark.slow
def test_a_scheduler_without_workers_is_one_sentence(folder, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_S", PATIENCE_S)  # a busy machine starts it slowly
    monkeypatch.setattr(cluster, "WORKERS_S", 1)
    address = f"tcp://127.0.0.1:{free_port()}"
    head = dask(folder, "scheduler", "--host", "127.0.0.1", "--port", address.rpartition(":")[2])
    try:
        cases = cohort.read_cases(folder / "cases.csv")
        with pytest.raises(RadkitError, match=r"has no worker\. Start some with: dask worker tcp://127"):
            cohort.build(cases, CHEAP, output=folder / "none.csv", workers=cohort.DaskWorkers(address=address))
    finally:
        os.killpg(head.pid, signal.SIGKILL)
        head.wait(PATIENCE_S)


def test_without_dask_the_sentence_says_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    cases = cohort.read_cases(folder / "cases.csv")
    with pytest.raises(SettingError, match=r"pip install 'radkit\[distributed\]'"):
        cohort.build(cases, CHEAP, output=folder / "none.csv", workers=cohort.DaskWorkers(address="tcp://127.0.0.1:1"))


def test_a_worker_with_another_radkit_is_refused(monkeypatch):
    class Finished:
        status = "finished"

        def result(self):
            return {"radkit": "0.0.1", "result": {}}

    with pytest.raises(RadkitError, match=r"a worker has radkit 0\.0\.1, here it is"):
        cluster.DaskPool([], "tcp://127.0.0.1:1")._outcome(Finished())
