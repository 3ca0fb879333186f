"""Do two libraries that were timed on one region also agree on it?"""

from __future__ import annotations

import math
from dataclasses import dataclass

from contests import Peer

EQUAL = 1e-8  # relative; of 16 digits, sums in another order leave some ten (PyRadiomics at large: 4e-10)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One feature with two values; ``why`` is empty where nobody knows."""

    tag: str
    radkit: float
    peer: float
    relative: float
    why: str


@dataclass(frozen=True, kw_only=True)
class Equality:
    """How two tables of features compare.

    ``n_equal`` of ``n_both`` agree to ``EQUAL``, the worst of these to ``worst``.
    """

    n_both: int
    n_equal: int
    worst: float
    known: tuple[Difference, ...]
    broken: tuple[Difference, ...]


def relative_difference(a: float, b: float) -> float:
    """|a - b| relative to the greater of both; 0 where both are undefined (NaN), infinite where one is."""
    if math.isnan(a) or math.isnan(b):
        return 0.0 if math.isnan(a) and math.isnan(b) else math.inf
    return abs(a - b) / max(abs(a), abs(b)) if a != b else 0.0


def compare(ours: dict[str, float], theirs: dict[str, float], peer: Peer) -> Equality:
    """The features that both tables have, by radkit's tags."""
    reasons = {tag: known for known in peer.known for tag in known.tags.split()}
    worst, n_equal, listed, broken = 0.0, 0, [], []
    both = [tag for tag in ours if tag in theirs]
    for tag in both:
        relative = relative_difference(ours[tag], theirs[tag])
        if relative <= EQUAL:
            worst, n_equal = max(worst, relative), n_equal + 1
            continue
        reason = reasons.get(tag)
        accepted = reason is not None and relative <= reason.within
        difference = Difference(
            tag=tag, radkit=ours[tag], peer=theirs[tag], relative=relative, why=reason.why if accepted else ""
        )
        (listed if accepted else broken).append(difference)
    return Equality(n_both=len(both), n_equal=n_equal, worst=worst, known=tuple(listed), broken=tuple(broken))
