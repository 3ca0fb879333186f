"""How every kernel is compiled: lazily, at the first call, and kept on disk."""

from __future__ import annotations

import warnings
from collections.abc import Callable

from numba import njit


def kernel(function: Callable) -> Callable:
    """Compile ``function`` at its first call, without the GIL and never parallel.

    The machine code is kept beside the source or, where that is read-only, in the user's cache folder. Where
    neither can be written, every process compiles anew.
    """
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError as error:  # numba found no folder to keep the machine code in
        warnings.warn(f"{function.__name__} is compiled in every process: {error}", RuntimeWarning, stacklevel=2)
        return njit(nogil=True)(function)
