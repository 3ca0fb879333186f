"""A bounded, thread-safe memory cache of stage results, shared by every session of a server."""

from __future__ import annotations

import dataclasses
import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from radkit.features import FeatureValue

_RECORD_BYTES = 500  # an entry that holds no array still costs something


class StageCache:
    """Keeps the results used last, up to ``max_bytes`` of arrays.

    Examples
    --------
    >>> cache = StageCache(max_bytes=10_000_000)
    >>> cache.get(("a",), lambda: 7)
    (7, False)
    >>> cache.get(("a",), lambda: 8)
    (7, True)
    """

    def __init__(self, max_bytes: int = 512 * 2**20):
        self.max_bytes = max_bytes
        self._entries: OrderedDict[Any, tuple[Any, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Any, compute: Callable[[], Any]) -> tuple[Any, bool]:
        """The entry of ``key`` and True, or what ``compute`` returns (kept from now on) and False."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
                return self._entries[key][0], True
        value = compute()
        size = _bytes(value)
        if size > self.max_bytes:
            return value, False
        with self._lock:
            if key not in self._entries:
                self._entries[key] = (value, size)
                self._bytes += size
            while self._bytes > self.max_bytes:
                _, (_, dropped) = self._entries.popitem(last=False)
                self._bytes -= dropped
        return value, False

    @property
    def n_bytes(self) -> int:
        """Bytes held now."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._entries)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._bytes = 0


@lru_cache(maxsize=1)
def shared_cache() -> StageCache:
    """The cache that all sessions of this process share, 512 MiB."""
    return StageCache()


def _bytes(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, (tuple, list)):
        if value and isinstance(value[0], FeatureValue):  # numbers, and by the hundred
            return _RECORD_BYTES * len(value)
        return _RECORD_BYTES + sum(_bytes(v) for v in value)
    if dataclasses.is_dataclass(value):
        return _RECORD_BYTES + sum(_bytes(getattr(value, f.name)) for f in dataclasses.fields(value))
    return _RECORD_BYTES
