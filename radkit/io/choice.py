"""Which of several named and numbered regions of a file is meant."""

from __future__ import annotations

from collections.abc import Mapping

from radkit.io.text import listed, nearest, safe_name
from radkit.volume import SettingError


def choose(names: Mapping[int, str], label: int | str | None, what: str, name: str) -> int:
    """The number of the structure meant by ``label``: its name, its name in other case, or its number."""
    shown = listed(f"{number} {text}" for number, text in names.items())
    if not names:
        raise SettingError(f"{name} holds no {what} at all. Choose another file.")
    if label is None:
        if len(names) > 1:
            raise SettingError(f"{name} holds {len(names)} {what}s ({shown}). Choose one with label=, or --label.")
        return next(iter(names))
    wanted = safe_name(label)
    for same in (lambda text: text == wanted, lambda text: text.lower() == wanted.lower()):
        hits = [number for number, text in names.items() if same(text)]
        if len(hits) > 1:
            raise SettingError(f"{name} holds {len(hits)} {what}s called {wanted!r} ({shown}). Choose one by number.")
        if hits:
            return hits[0]
    if wanted.isdecimal() and int(wanted) in names:
        return int(wanted)
    near = nearest(wanted, names.values())
    hint = f"; the nearest is {near!r}" if near else ""
    raise SettingError(f"{name} has no {what} {wanted!r}{hint}; it holds {shown}. Choose one of these.")
