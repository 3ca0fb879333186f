"""What radkit has promised itself, and whether it was kept."""

from __future__ import annotations

from dataclasses import dataclass

from session import Row

# ns per voxel of a C prototype: all texture matrices alone, SIMD, one bin width, one thread
LIMIT_NS = {"small": 160.0, "medium": 76.0, "large": 84.0}


@dataclass(frozen=True, kw_only=True)
class Target:
    """At least (or at most) so many times."""

    sentence: str
    wanted: float
    found: float
    at_most: bool = False

    @property
    def kept(self) -> bool:
        """True where it was reached."""
        return self.found <= self.wanted if self.at_most else self.found >= self.wanted

    def __str__(self) -> str:
        sign = "<=" if self.at_most else ">="
        verdict = "PASS" if self.kept else "MISS"
        return f"{verdict}  {self.found:6.2f} {sign} {self.wanted:5.2f}   {self.sentence}"


def of_rows(rows: list[Row], clock: str) -> list[Target]:
    """The targets that a run's rows can judge."""
    found = []
    for row in rows:
        where = f"{row.size}, {row.n_threads} thread{'s' * (row.n_threads > 1)}"
        if row.peer == "pictologics" and row.what == "seven families":
            wanted = 1.3 if row.n_threads == 1 and row.size != "small" else 1.0
            sentence = f"times faster than pictologics, {where}"
        elif row.peer == "pictologics" and row.what == "bin width turned" and row.n_threads == 1:
            wanted, sentence = 1.5, f"times faster than pictologics with another bin width, {where}"
        elif row.peer == "pyradiomics" and row.size == "medium" and row.n_threads == 1:
            wanted, sentence = 40.0, f"times faster than PyRadiomics, {where}"
        else:
            continue
        found.append(Target(sentence=sentence, wanted=wanted, found=row.ratio(clock)))
    return found


def of_aggregations(size: str, ratio: float) -> Target:
    """Six aggregations against the two of 3D."""
    sentence = f"times as long for all six aggregations as for 3D alone, {size}"
    return Target(sentence=sentence, wanted=2.0, found=ratio, at_most=True)
