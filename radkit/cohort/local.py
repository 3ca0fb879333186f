"""Workers on this machine: fresh interpreters, one row at a time each; one that dies costs one retry of its row."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

from radkit.cohort.row import RowResult, Task, failed
from radkit.volume import RadkitError, SettingError

ATTEMPTS = 3  # a row is tried as often before it is given up as the killer of its workers
STARTS = 3  # and a worker that dies before it is ready is started as often
MOST_WORKERS = 512
ONE_THREAD = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS", "BLIS_NUM_THREADS",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class LocalWorkers:
    """Processes on this machine; None: one for each core that this process may use."""

    count: int | None = None

    def __post_init__(self):
        if self.count is None:
            object.__setattr__(self, "count", _cores())
        if not 1 <= self.count <= MOST_WORKERS:
            raise SettingError(f"workers is {self.count}; it must lie in 1 ... {MOST_WORKERS}. Use one a core.")


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


@dataclass(eq=False)
class _Job:
    index: int
    task: Task
    attempts: int = 0


class _Worker:
    """One child process; ``ask`` gives None when it has died."""

    def __init__(self):
        paths = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "radkit.cohort.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **dict.fromkeys(ONE_THREAD, "1"), "PYTHONPATH": paths},
            encoding="ascii",
        )

    def hear(self) -> dict | None:
        line = self._process.stdout.readline()
        return json.loads(line) if line.endswith("\n") else None

    def ask(self, task: Task) -> dict | None:
        try:
            self._process.stdin.write(json.dumps(task.plain()) + "\n")
            self._process.stdin.flush()
        except OSError:
            return None
        return self.hear()

    def kill(self) -> None:
        self._process.kill()

    def stop(self) -> int:
        """End it, whatever it is doing; returns its exit code."""
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what it did not read any more
                pipe.close()
        return self._process.wait()


@dataclass(eq=False)
class LocalPool:
    """Runs tasks on local workers; each of its threads looks after one of them.

    ``ready`` holds the moments (monotonic, s) at which workers had loaded radkit.
    """

    tasks: Sequence[tuple[int, Task]]
    count: int
    ready: list[float] = field(default_factory=list)
    died: int = 0

    def __post_init__(self):
        self._todo = deque(_Job(index, task) for index, task in self.tasks)
        self._done: queue.SimpleQueue[tuple[int, RowResult] | RadkitError] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._workers: set[_Worker] = set()
        self._stopped = False

    def results(self) -> Iterator[tuple[int, RowResult]]:
        """(index, result) in the order in which rows finish; closing the iterator stops the workers."""
        count = min(self.count, len(self.tasks))
        threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(count)]
        try:
            for thread in threads:
                thread.start()
            for _ in range(len(self.tasks)):
                item = self._done.get()
                if isinstance(item, RadkitError):
                    raise item
                yield item
        finally:
            self._stop()
            for thread in threads:
                thread.join()

    def _stop(self) -> None:
        with self._lock:
            self._stopped = True
            for worker in self._workers:
                worker.kill()

    def _serve(self) -> None:
        worker, exit_code = None, None
        while (job := self._next()) is not None:
            worker = worker or self._start()
            if worker is None:
                return
            found = worker.ask(job.task)
            if found is not None:
                self._done.put((job.index, RowResult.of(found["result"])))
                continue
            exit_code, worker = self._end(worker), None
            self._retry(job, exit_code)
        if worker is not None:
            self._end(worker)

    def _next(self) -> _Job | None:
        with self._lock:
            return self._todo.popleft() if self._todo and not self._stopped else None

    def _retry(self, job: _Job, exit_code: int) -> None:
        job.attempts += 1
        with self._lock:
            self.died += not self._stopped
            if job.attempts < ATTEMPTS:
                self._todo.appendleft(job)
                return
        self._done.put((job.index, failed(died(exit_code, ATTEMPTS))))

    def _start(self) -> _Worker | None:
        """A worker that has said hello; None where the run was stopped or none can be started."""
        for _ in range(STARTS):
            with self._lock:
                if self._stopped:
                    return None
                worker = _Worker()
                self._workers.add(worker)
            if worker.hear() is not None:
                self.ready.append(monotonic())
                return worker
            exit_code = self._end(worker)
        self._done.put(RadkitError(f"{died(exit_code, STARTS)} before it was ready. Run radkit doctor."))
        return None

    def _end(self, worker: _Worker) -> int:
        with self._lock:
            self._workers.discard(worker)
        return worker.stop()


def died(exit_code: int, times: int) -> str:
    """Why a row has no features although its file may be good.

    Examples
    --------
    >>> died(-9, 3)
    'the worker died 3 times (signal 9, often for want of memory)'
    """
    how = f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
    return f"the worker died {times} times ({how}, often for want of memory)"
