"""A table on the screen: as wide as the terminal, or 160 characters where there is none."""

from __future__ import annotations

import sys


def print_table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print rows of text under their headings; a column called "name" is never broken."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=column == "name")
    for row in rows:
        table.add_row(*map(Text, row))  # not markup: a cell may hold [1, 1, 3]
    Console(width=None if sys.stdout.isatty() else 160).print(table)
