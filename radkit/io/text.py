"""Foreign text made safe to show: names that came out of a file, and the nearest of several names."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable

SHOWN = 80  # characters of a foreign text that are ever shown


def safe_name(text: object, limit: int = SHOWN) -> str:
    """A foreign text as one printable line of at most ``limit`` characters (Unicode NFKC).

    Line breaks, tabs and control or formatting characters become one space; anything longer is cut.

    Examples
    --------
    >>> safe_name("GTV\\nmass\\x00 1")
    'GTV mass 1'
    """
    raw = str(text)[: 16 * limit]
    kept = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFKC", raw))
    line = " ".join(kept.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def listed(names: Iterable[object], limit: int = 12) -> str:
    """Up to ``limit`` names in one line, and how many more there are."""
    names = [safe_name(name, 40) for name in names]
    rest = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {rest} more" if rest > 0 else "")


def nearest(name: object, names: Iterable[str]) -> str | None:
    """The most similar of ``names``, or None."""
    by_lower = {candidate.lower(): candidate for candidate in names}
    found = difflib.get_close_matches(safe_name(name).lower(), list(by_lower), 1, 0.4)
    return by_lower[found[0]] if found else None
