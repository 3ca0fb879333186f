"""Measuring in turns: every library once a round, so that a slow minute of the machine is a slow minute for all."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

SLOW_S = 5.0  # a library that takes longer gets fewer rounds
FEWEST = 3


@dataclass(frozen=True, kw_only=True)
class Times:
    """What one library took in each round, in seconds: wall clock, and the processors' time of all its threads."""

    wall: tuple[float, ...]
    cpu: tuple[float, ...]

    def ms(self, clock: str = "wall") -> float:
        """Median milliseconds. On a busy machine the processors' time ("cpu") is the fairer one."""
        return statistics.median(self.wall if clock == "wall" else self.cpu) * 1e3


def alternate(calls: dict[str, Callable[[int], dict]], rounds: int) -> tuple[dict[str, Times], dict[str, dict]]:
    """Calls each library in turn, ``rounds`` times, and returns its times and the answer to its first call.

    ``calls`` take the number of the round. Round -1 comes first and warms up, so it is not counted; where it took over
    5 s it is, and two rounds more are enough: nothing that long is a matter of warming up.
    """
    first = {name: call(-1) for name, call in calls.items()}
    replies = {name: [reply] if reply["s"] >= SLOW_S else [] for name, reply in first.items()}
    slow = {name for name, found in replies.items() if found}
    for i in range(rounds):
        for name, call in calls.items():
            if name not in slow or len(replies[name]) < FEWEST:
                replies[name].append(call(i))
    times = {
        name: Times(wall=tuple(r["s"] for r in found), cpu=tuple(r["cpu_s"] for r in found))
        for name, found in replies.items()
    }
    return times, first
