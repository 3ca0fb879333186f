"""Undo and redo of the knobs. No panel, no numpy. What moved against a baseline is ``radkit.plots.compare``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class History:
    """Undo and redo of the knobs: a bounded list of parameter dictionaries and a place in it.

    Examples
    --------
    >>> history = History({"bin_width": 25})
    >>> history.push({"bin_width": 10})
    >>> history.undo()
    {'bin_width': 25}
    >>> history.redo()
    {'bin_width': 10}
    >>> history.redo() is None
    True
    """

    def __init__(self, start: Mapping[str, Any], limit: int = 100):
        self._states: list[dict[str, Any]] = [dict(start)]
        self._place = 0
        self._limit = max(2, limit)

    @property
    def now(self) -> dict[str, Any]:
        """The parameters at the present place."""
        return dict(self._states[self._place])

    @property
    def can_undo(self) -> bool:
        """True if there is something to undo."""
        return self._place > 0

    @property
    def can_redo(self) -> bool:
        """True if there is something to redo."""
        return self._place < len(self._states) - 1

    def push(self, parameters: Mapping[str, Any]) -> None:
        """Remember a new state; what could be redone is forgotten; an equal state is not stored twice."""
        if dict(parameters) == self._states[self._place]:
            return
        self._states = [*self._states[: self._place + 1], dict(parameters)][-self._limit :]
        self._place = len(self._states) - 1

    def undo(self) -> dict[str, Any] | None:
        """The state before, or None at the beginning."""
        if not self.can_undo:
            return None
        self._place -= 1
        return self.now

    def redo(self) -> dict[str, Any] | None:
        """The state after, or None at the end."""
        if not self.can_redo:
            return None
        self._place += 1
        return self.now
