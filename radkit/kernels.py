"""How every kernel of radkit is compiled: lazily, at the first call, and kept on disk."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from numba import njit
from numba.core.event import Event, Listener, install_listener


def kernel(function: Callable) -> Callable:
    """Compile ``function`` at its first call, without the GIL and never parallel.

    The machine code is kept beside the source or, where that is read-only, in the user's cache folder. Where
    neither can be written, every process compiles anew.
    """
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # numba found no folder to keep the machine code in
        warnings.warn(  # the same words for every kernel, so that they are shown once
            "Every process compiles its kernels anew, as no folder for them can be written. "
            "Set NUMBA_CACHE_DIR to one that can.",
            RuntimeWarning,
            stacklevel=1,
        )
        return njit(nogil=True)(function)


@contextmanager
def compiling(tell: Callable[[bool], None]) -> Iterator[None]:
    """Within the block, call ``tell`` at the first kernel that is compiled rather than loaded from disk, and only then.

    ``tell`` is given whether the machine code will be kept on disk.

    Examples
    --------
    >>> double = njit(lambda x: 2 * x)
    >>> with compiling(lambda kept: print("this takes a moment")):
    ...     double(1), double(2)
    this takes a moment
    (2, 4)
    """
    with install_listener("numba:compile", _First(tell)):
        yield


class _First(Listener):
    """Passes on the first compilation of a kernel of radkit's; other libraries have kernels, too."""

    def __init__(self, tell: Callable[[bool], None]):
        self._tell: Callable[[bool], None] | None = tell

    def on_start(self, event: Event) -> None:
        dispatcher = event.data["dispatcher"]
        if self._tell and dispatcher.py_func.__module__.startswith("radkit."):
            tell, self._tell = self._tell, None
            tell(dispatcher.stats.cache_path is not None)

    def on_end(self, event: Event) -> None:
        """Nothing to say."""
