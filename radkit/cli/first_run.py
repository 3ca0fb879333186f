"""What the first command on a machine says while it compiles: one line, and never again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def say_when_compiling() -> Iterator[None]:
    """Within the block, say so on stderr, in one line, once a kernel is compiled; silent where all come from disk.

    Imports numba: enter it where kernels are about to be needed.
    """
    from radkit.kernels import compiling

    with compiling(_say):
        yield


def _say(kept: bool) -> None:
    when = "the first time only" if kept else "as in every process: no folder to keep them in can be written"
    print(f"radkit: kernels are being compiled ({when}); this takes up to half a minute.", file=sys.stderr, flush=True)
