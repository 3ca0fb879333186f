"""python -m radkit.cohort.worker: one local worker; tasks come in and results go out as lines of JSON.

It ends at once when its parent closes the pipe or dies, in the middle of a row too.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from typing import TextIO


def main() -> None:
    """Say hello once radkit is loaded, then answer until the parent has no more tasks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the parent decides what it means
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="ascii", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints must not look like an answer
    tasks: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(tasks,), daemon=True).start()
    import radkit.datasets
    import radkit.extraction
    from radkit.cohort.row import answer

    _say(answers, {"radkit": radkit.__version__})
    while True:
        _say(answers, answer(json.loads(tasks.get())))


def _say(answers: TextIO, value: dict) -> None:
    answers.write(json.dumps(value, allow_nan=False) + "\n")


def _listen(tasks: queue.SimpleQueue[str]) -> None:
    for line in sys.stdin:
        tasks.put(line)
    os._exit(0)  # the parent is done, or gone: nobody is left to answer


if __name__ == "__main__":
    main()
