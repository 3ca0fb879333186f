"""One run of the benchmark with a given number of threads: its workers, and the contests between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from contests import BIN_WIDTH, MORE, PEERS, SEVEN
from equality import Equality, compare
from inputs import Region
from rounds import FEWEST, SLOW_S, Times, alternate
from workers import Worker, WorkerFailed

SIX = ("2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb", "3D_avg", "3D_comb")
THREE_D = ("3D_avg", "3D_comb")
MATRICES = ("glcm", "glrlm", "glszm", "gldzm", "ngtdm", "ngldm")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One contest of radkit and one peer on one region."""

    size: str
    n_threads: int
    what: str
    peer: str
    radkit: Times
    other: Times

    def ratio(self, clock: str) -> float:
        """How many times faster radkit was."""
        return self.other.ms(clock) / self.radkit.ms(clock)


class Session:
    """radkit's worker and those of the peers, asked in turns."""

    def __init__(self, pythons: dict[str, str], n_threads: int, *, radkit_path: str, pinned: bool):
        self.n_threads, self.workers, self.about, self.lost = n_threads, {}, {}, []
        for name, python in pythons.items():
            path = radkit_path if name == "radkit" else None
            self.workers[name] = Worker(name, python, n_threads, path=path, pinned=pinned)
            try:
                self.about[name] = self.workers[name].ask(do="about")
            except WorkerFailed as failure:
                self.lose(failure)

    @property
    def peers(self) -> list[str]:
        """Those that answer, without radkit."""
        return [name for name in self.workers if name != "radkit"]

    def lose(self, failure: WorkerFailed) -> None:
        """Goes on without a peer that failed, and keeps a sentence about it in ``lost``; radkit must not fail."""
        self.workers.pop(failure.peer).stop()
        if failure.peer == "radkit":
            raise failure
        self.lost.append(f"{PEERS[failure.peer].title} is left out: {failure}")

    def load(self, region: Region) -> None:
        """Gives every worker the region."""
        self.region = region
        for worker in self.workers.values():
            worker.ask(**region.request)

    def stop(self) -> None:
        """Ends every worker."""
        for worker in self.workers.values():
            worker.stop()

    def task(self, families, aggregations, bin_width: float = BIN_WIDTH, **more) -> dict:
        """A request's task on this region."""
        settings = {"bin_width": bin_width, "origin": self.region.origin, **more}
        return {"families": list(families), "aggregations": list(aggregations), **settings}

    def seven(self, rounds: int) -> tuple[list[Row], dict[str, Equality]]:
        """Shape, first order and five matrices, against every peer."""
        return self._contest("seven families", "run", SEVEN, self.peers, rounds)

    def everything(self, rows: list[Row]) -> tuple[list[Row], dict[str, Equality]]:
        """All families that radkit and a peer both have, a few times; without peers that were slow with seven."""
        quick = [
            row.peer
            for row in rows
            if row.other.ms() < SLOW_S * 1e3 and set(MORE) & set(self.about[row.peer]["families"])
        ]
        return self._contest("all in common", "run", (*SEVEN, *MORE), quick, FEWEST)

    def bin_width(self, rounds: int) -> list[Row]:
        """The same region with another bin width, every time another; for peers that may keep something."""
        peers = [name for name in self.peers if PEERS[name].turns_bin_width]
        return self._contest("bin width turned", "step", SEVEN, peers, rounds)[0]

    def aggregations(self, rounds: int) -> dict[str, Times]:
        """radkit's seven families, in 3D and in all six aggregations."""
        return alternate(
            {
                name: self._call("radkit", "run", SEVEN, chosen)
                for name, chosen in (("3D averaged", THREE_D[:1]), ("3D", THREE_D), ("all six", SIX))
            },
            rounds,
        )[0]

    def parts(self, repeats: int) -> dict[str, dict[str, float]]:
        """Median ms of each family by itself, in turns, of libraries that can tell."""
        names = ["radkit", *(n for n in self.peers if PEERS[n].turns_bin_width)]
        task = self.task(SEVEN, THREE_D[1:])
        runs = [{name: self.workers[name].ask(do="parts", task=task)["ms"] for name in names} for _ in range(repeats)]
        return {name: {what: median(run[name][what] for run in runs) for what in runs[0][name]} for name in names}

    def matrices(self, repeats: int) -> dict[str, float]:
        """ms of radkit's matrices, in 3D, from gray levels."""
        task = self.task(MATRICES, THREE_D[1:])
        runs = [self.workers["radkit"].ask(do="matrices", task=task)["ms"] for _ in range(repeats)]
        return {name: median(run[name] for run in runs) for name in runs[0]}

    def _call(self, name: str, do: str, families, aggregations) -> Callable[[int], dict]:
        def call(i: int) -> dict:
            width = BIN_WIDTH + (i + 1 if do == "step" else 0)
            task = self.task(families, aggregations, width)
            return self.workers[name].ask(do=do, task=task, features=i < 0)

        return call

    def _contest(self, what: str, do: str, wanted, peers: list[str], rounds: int):
        calls, rivals = {}, {}
        for name in peers:
            families = tuple(f for f in wanted if f in self.about[name]["families"])
            ours = f"radkit {PEERS[name].aggregation} {' '.join(families)}"
            calls.setdefault(ours, self._call("radkit", do, families, [PEERS[name].aggregation]))
            calls[name] = self._call(name, do, families, [PEERS[name].aggregation])
            rivals[name] = ours
        try:
            times, first = alternate(calls, rounds)
        except WorkerFailed as failure:
            self.lose(failure)
            return self._contest(what, do, wanted, [name for name in peers if name in self.workers], rounds)
        rows = [
            Row(
                size=self.region.size,
                n_threads=self.n_threads,
                what=what,
                peer=name,
                radkit=times[ours],
                other=times[name],
            )
            for name, ours in rivals.items()
        ]
        codes = self.about["radkit"]["codes"]
        equalities = {}
        for name, ours in rivals.items():
            theirs = {codes.get(key, key): value for key, value in first[name]["features"].items()}
            equalities[name] = compare(first[ours]["features"], theirs, PEERS[name])
        return rows, equalities
