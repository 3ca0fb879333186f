"""The pinned baseline: what moved against it, and undo and redo of the knobs. No panel, no numpy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Change:
    """One number before and now.

    ``relative`` is absolute / |before|: nan where before is 0 and now is not, 0 where both are equal.
    ``noise`` is the half-width of the noise band in the value's own unit (None: not known).
    """

    tag: str
    before: float
    now: float
    absolute: float
    relative: float
    noise: float | None = None

    @property
    def size(self) -> float:
        """What the list is sorted by: |absolute| / noise where the noise is known, else |relative|."""
        if self.noise:
            return abs(self.absolute) / self.noise
        return math.inf if math.isnan(self.relative) else abs(self.relative)

    @property
    def beyond_noise(self) -> bool | None:
        """True if the change is larger than the noise band; None where that is not known."""
        return None if self.noise is None else abs(self.absolute) > self.noise


@dataclass(frozen=True)
class Baseline:
    """A pinned screen: the knobs and the feature values they gave."""

    parameters: Mapping[str, Any]
    values: Mapping[str, float]


def changes(
    before: Mapping[str, float], now: Mapping[str, float], noise: Mapping[str, float] | None = None
) -> list[Change]:
    """What moved, largest first; features that only one of the two tables has are left out.

    Examples
    --------
    >>> [round(c.relative, 2) for c in changes({"a": 2.0, "b": 10.0}, {"a": 2.1, "b": 5.0})]
    [-0.5, 0.05]
    """
    noise = noise or {}
    moved = [_change(tag, float(before[tag]), float(now[tag]), noise.get(tag)) for tag in now if tag in before]
    return sorted(moved, key=lambda c: -c.size)


def _change(tag: str, before: float, now: float, noise: float | None) -> Change:
    absolute = now - before
    if absolute == 0 or (math.isnan(before) and math.isnan(now)):
        return Change(tag, before, now, 0.0, 0.0, noise)
    relative = absolute / abs(before) if before else math.nan
    return Change(tag, before, now, absolute, relative, noise)


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
