"""One process per library: started, asked, stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PEERS = Path(__file__).resolve().parent / "peers"
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)


class WorkerFailed(Exception):
    """A library could not be started, or answered with an error; ``peer`` is its name."""

    def __init__(self, peer: str, words: str):
        super().__init__(f"{peer}: {words}")
        self.peer = peer


class Worker:
    """A library in a process of its own, with so many threads and processors and no more."""

    def __init__(self, peer: str, python: str, n_threads: int, *, path: str | None = None, pinned: bool = True):
        environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
        environment |= dict.fromkeys(THREAD_VARIABLES, str(n_threads))
        environment["RADKIT_BENCH_PIN"] = str(n_threads if pinned else 0)
        if path:
            environment["PYTHONPATH"] = path
        self.peer = peer
        self.log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115  stop() closes it
        self.process = subprocess.Popen(
            [python, str(PEERS / f"peer_{peer}.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=environment,
            text=True,
            encoding="utf-8",
        )

    def ask(self, **request) -> dict:
        """The answer to one request. Raises WorkerFailed with the library's own words."""
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self.process.wait()
            self.log.seek(0)
            words = self.log.read().strip().splitlines()
            raise WorkerFailed(self.peer, f"it ended: {words[-1] if words else 'without a word'}")
        reply = json.loads(line)
        if "error" in reply:
            print(reply["where"], file=sys.stderr, end="")
            raise WorkerFailed(self.peer, reply["error"])
        return reply

    def stop(self) -> None:
        """Ends the process."""
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()
