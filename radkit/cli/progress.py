"""A progress bar on stderr, for commands that may take a while."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(*, to_go: bool = False) -> Iterator[Callable[[str, float], None] | None]:
    """A callback that shows a bar once the work has lasted a second, where stderr is a screen; None where it is not.

    The bar tells the time gone and, if wanted, to go.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = [TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()]
    if to_go:
        columns += [TextColumn("to go"), TimeRemainingColumn()]
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task("stages", total=1.0)
    delay = threading.Timer(1.0, bar.start)
    delay.daemon = True
    delay.start()
    try:
        yield lambda name, fraction: bar.update(task, completed=fraction, description=name)
    finally:
        delay.cancel()
        bar.stop()
