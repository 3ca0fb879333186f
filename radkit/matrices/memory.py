"""What several matrices of one region share is computed once."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from radkit.volume import Levels

REGIONS = 2  # how many are remembered; each takes some ten bytes a voxel of its box
Result = TypeVar("Result")


class _Entry:
    """What is known of one region; threads that want the same thing wait for the first of them, others do not."""

    def __init__(self):
        self.locks: dict[Callable, threading.Lock] = {}
        self.results: dict[Callable, Any] = {}


_entries: WeakKeyDictionary[Levels, _Entry] = WeakKeyDictionary()
_lock = threading.Lock()


def remembered(function: Callable[[Levels], Result]) -> Callable[[Levels], Result]:
    """Keep a function's result for the regions that were seen last, no longer than each of them lives."""

    @functools.wraps(function)
    def recall(levels: Levels) -> Result:
        entry = _entry(levels)
        with entry.locks.setdefault(function, threading.Lock()):
            if function not in entry.results:
                entry.results[function] = function(levels)
            return entry.results[function]

    return recall


def _entry(levels: Levels) -> _Entry:
    with _lock:
        entry = _entries.pop(levels, None) or _Entry()
        _entries[levels] = entry  # the last one now
        while len(_entries) > REGIONS:
            del _entries[next(iter(_entries))]
        return entry
