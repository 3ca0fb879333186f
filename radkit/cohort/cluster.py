"""Workers beyond this machine: the same task function, handed to a Dask scheduler that the user has started."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from radkit._version import __version__
from radkit.cohort.row import RowResult, Task, answer, failed
from radkit.io import safe_name
from radkit.volume import RadkitError, SettingError

CONNECT_S = 10
WORKERS_S = 30
RETRIES = 2


@dataclass(frozen=True, kw_only=True)
class DaskWorkers:
    """The workers of a Dask scheduler, tcp://HOST:PORT; they must see the files under the same paths."""

    address: str

    def __post_init__(self):
        scheme, sign, rest = self.address.partition("://")
        if not (sign and scheme in ("tcp", "tls", "ws", "wss", "ucx") and ":" in rest):
            raise SettingError(f"scheduler is {safe_name(self.address)!r}; write tcp://HOST:PORT, as dask says it.")


@dataclass(eq=False)
class DaskPool:
    """Runs tasks on a Dask cluster. Dask itself tries the row of a worker that died again."""

    tasks: Sequence[tuple[int, Task]]
    address: str
    ready: list[float] = field(default_factory=list)
    died: int = 0

    def results(self) -> Iterator[tuple[int, RowResult]]:
        """(index, result) in the order in which rows finish; closing the iterator takes back what is not done."""
        client = _connect(self.address)
        try:
            self.ready.append(monotonic())
            with client.as_current():
                yield from self._results(client)
        finally:
            with suppress(OSError, TimeoutError):  # a scheduler that has gone need not be told
                client.close()

    def _results(self, client: Any) -> Iterator[tuple[int, RowResult]]:
        from distributed import as_completed

        run = f"radkit-{uuid.uuid4().hex}"
        waiting = {
            client.submit(answer, task.plain(), key=f"{run}-{index}", retries=RETRIES, pure=False): index
            for index, task in self.tasks
        }
        for future in as_completed(list(waiting)):
            yield waiting.pop(future), self._outcome(future)
            future.release()

    def _outcome(self, future: Any) -> RowResult:
        from distributed.scheduler import KilledWorker

        if future.status in ("cancelled", "lost"):
            raise RadkitError(f"the scheduler {self.address} went away. Start it again, then run the same command.")
        if future.status == "error":
            error = future.exception()
            if isinstance(error, KilledWorker):
                return failed("the workers that took this row died, one after the other (often for want of memory)")
            raise RadkitError(
                f"the workers cannot run radkit ({type(error).__name__}: {safe_name(error)}). "
                f"Install radkit {__version__} on every worker."
            )
        found = future.result()
        if found["radkit"] != __version__:
            raise RadkitError(
                f"a worker has radkit {safe_name(found['radkit'])}, here it is {__version__}. Install the same on all."
            )
        return RowResult.of(found["result"])


def _connect(address: str) -> Any:
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise SettingError("--scheduler needs Dask. Run pip install 'radkit[distributed]'.") from None
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # it is told below, in one sentence
    try:
        client = Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError):
        raise RadkitError(
            f"no scheduler answers at {safe_name(address)} within {CONNECT_S} s. Start one with: dask scheduler"
        ) from None
    try:
        client.wait_for_workers(1, timeout=WORKERS_S)
    except TimeoutError:
        client.close()
        raise RadkitError(
            f"the scheduler {safe_name(address)} has no worker. Start some with: "
            f"dask worker {safe_name(address)} --nworkers 2 --nthreads 1"
        ) from None
    return client
