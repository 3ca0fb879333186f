"""radkit beside its peers: the same regions, the same run, in turns; and do their numbers agree?

    make bench ARGS=--quick                       or: python benchmarks/bench_peers.py --quick
    python benchmarks/bench_peers.py --python pictologics=PATH_OF_ITS_PYTHON --sizes small,medium --peers pictologics

Each library runs in a process of its own, one processor a thread, and is timed from images in memory to features:
no reading, no compiling. Peers live in virtual environments in RADKIT_PEERS (default: the user's cache), which are
made where they are missing; a peer that cannot be had is left out, and one sentence says why.
Exit code 1: a feature that is known to be equal differs.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
from pathlib import Path

import targets
import venvs
from contests import PEERS
from inputs import SPACING_MM, Region, lesion, prepare
from session import Session
from tables import say, show_equality, show_lost, show_matrices, show_parts, show_rows, show_versions

import radkit


def options() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="three rounds, no large region")
    parser.add_argument("--rounds", type=int, help="default 9; 3 with --quick, and for what takes over 5 s")
    parser.add_argument("--sizes", help="of small, medium, large")
    parser.add_argument("--threads", default="1,2", help="numbers of threads, default 1,2")
    parser.add_argument("--peers", default=",".join(PEERS), help="default: all; empty: radkit alone")
    parser.add_argument("--python", action="append", default=[], metavar="PEER=PATH", help="the Python that has a peer")
    parser.add_argument("--no-install", action="store_true", help="make no virtual environment")
    parser.add_argument("--radkit-path", default=str(Path(radkit.__file__).parents[1]), help="another checkout")
    parser.add_argument("--no-pin", action="store_true", help="leave the choice of processors to the system")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="cpu: fairer on a busy machine")
    parser.add_argument("--json", type=Path, help="write everything to this file, too")
    chosen = parser.parse_args()
    chosen.rounds = chosen.rounds or (3 if chosen.quick else 9)
    chosen.sizes = (chosen.sizes or ("small,medium" if chosen.quick else ",".join(SPACING_MM))).split(",")
    chosen.peers = [name for name in chosen.peers.split(",") if name]
    chosen.pythons = dict(item.split("=", 1) for item in chosen.python)
    for kind, names, known in (("size", chosen.sizes, SPACING_MM), ("peer", [*chosen.peers, *chosen.pythons], PEERS)):
        for name in names:
            if name not in known:
                parser.error(f"there is no {kind} {name!r}; use one of {', '.join(known)}")
    return chosen


def pythons(chosen: argparse.Namespace) -> dict[str, str]:
    """The Python of radkit and of every peer that can be had."""
    found = {"radkit": sys.executable}
    for name in chosen.peers:
        place = venvs.find(name, chosen.pythons.get(name), make=not chosen.no_install)
        if place.python is None:
            say(f"{PEERS[name].title} is left out: {place.words}")
        else:
            found[name] = place.python
    return found


def one_thread(session: Session, regions: list[Region], chosen: argparse.Namespace, record: dict) -> None:
    """Everything that is measured with one thread only."""
    repeats = min(chosen.rounds, 5)
    for region in regions:
        session.load(region)
        record["parts"][region.size] = parts = session.parts(repeats)
        show_parts(region.size, parts)
    say("\nradkit's matrices, ns per voxel (processors' time), 1 thread, 3D, from gray levels; each shares what it can")
    for region in regions:
        session.load(region)
        record["matrices"][region.size] = ms = session.matrices(repeats)
        show_matrices(region, ms)
    say("\nradkit's aggregations, ms, seven families, 1 thread")
    for region in regions:
        session.load(region)
        found = session.aggregations(repeats)
        record["aggregations"][region.size] = {name: times.ms(chosen.clock) for name, times in found.items()}
        cells = "   ".join(f"{name} {times.ms(chosen.clock):.2f}" for name, times in found.items())
        ratio = found["all six"].ms(chosen.clock) / found["3D"].ms(chosen.clock)
        say(f"{region.size:<8} {cells}   ({ratio:.2f} times 3D)")
        record["targets"].append(targets.of_aggregations(region.size, ratio))


def contests(session: Session, regions: list[Region], chosen: argparse.Namespace, record: dict) -> None:
    """The contests of one number of threads, against all peers; with more threads against those that have them."""
    n = session.n_threads
    say(f"\n{n} thread{'s' * (n > 1)}; ms, medians; ratio > 1: radkit is faster; the second one is of processors' time")
    say(f"{'':<20}{'':<18}{'':<13}{'radkit':>10}{'peer':>11}{'ratio':>8}{'cpu':>8}{'runs':>5}")
    for region in regions:
        session.load(region)
        rows, equal = session.seven(chosen.rounds)
        found = {"seven families": equal}
        show_rows(rows, region)
        turned = session.bin_width(chosen.rounds)
        show_rows(turned, region)
        record["rows"] += [*rows, *turned]
        if n == 1:
            more, found["all in common"] = session.everything(rows)
            show_rows(more, region)
            record["rows"] += more
        show_lost(session)
        for what, equalities in found.items():
            record["equality"].update({(region.size, what, peer): e for peer, e in equalities.items()})


def write(path: Path, record: dict, about: dict) -> None:
    """Everything as JSON."""
    plain = {key: record[key] for key in ("parts", "matrices", "aggregations", "input")} | {"about": about}
    plain["rows"] = [dataclasses.asdict(row) for row in record["rows"]]
    plain["targets"] = [dataclasses.asdict(t) | {"kept": t.kept} for t in record["targets"]]
    plain["equality"] = {" / ".join(key): dataclasses.asdict(e) for key, e in record["equality"].items()}
    path.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")


def main() -> int:
    """Measure, print, judge."""
    chosen = options()
    case, words = lesion()
    say(f"{words}; fixed bin width 25 HU; from images in memory to features")
    record: dict = {key: {} for key in ("parts", "matrices", "aggregations", "equality")}
    record |= {"rows": [], "targets": [], "input": words}
    interpreters, about = pythons(chosen), {}
    with tempfile.TemporaryDirectory() as folder:
        regions = [prepare(case, size, Path(folder)) for size in chosen.sizes]
        for n_threads in (int(n) for n in chosen.threads.split(",")):
            with_threads = {k: v for k, v in interpreters.items() if k == "radkit" or PEERS[k].turns_bin_width}
            session = Session(
                interpreters if n_threads == 1 else with_threads,
                n_threads,
                radkit_path=chosen.radkit_path,
                pinned=not chosen.no_pin,
            )
            try:
                if not about:
                    show_versions(session)
                    about = session.about
                contests(session, regions, chosen, record)
                if n_threads == 1:
                    one_thread(session, regions, chosen, record)
            finally:
                session.stop()
    broken = show_equality(record["equality"])
    record["targets"] = [*targets.of_rows(record["rows"], chosen.clock), *record["targets"]]
    say("\ntargets" + (" (processors' time)" if chosen.clock == "cpu" else ""))
    for target in record["targets"]:
        say(f"  {target}")
    if chosen.json:
        write(chosen.json, record, about)
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
