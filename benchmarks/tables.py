"""What the benchmark prints, as it goes."""

from __future__ import annotations

import targets
from contests import PEERS
from equality import Equality
from inputs import Region
from session import Row, Session


def say(text: str = "") -> None:
    """Prints at once, for a benchmark takes minutes."""
    print(text, flush=True)


def show_versions(session: Session) -> None:
    """One line a library; who did not answer."""
    for name, about in session.about.items():
        pinned = PEERS[name].version if name in PEERS else about["version"]
        other = "" if about["version"] == pinned else f" (the benchmark is made for {pinned})"
        rest = ", ".join(f"{what} {about[what]}" for what in ("numpy", "numba", "python") if what in about)
        say(f"{name:<12} {about['version']}{other}, {rest}")
    show_lost(session)


def show_lost(session: Session) -> None:
    """One sentence a peer that failed, once."""
    while session.lost:
        say(session.lost.pop(0))


def show_rows(rows: list[Row], region: Region) -> None:
    """One line a contest: wall clock, ratio, and the ratio of processors' time."""
    for row in rows:
        ours, theirs = row.radkit.ms(), row.other.ms()
        say(
            f"{row.size:<8}{region.n_voxels:>10,}  {row.what:<18}{row.peer:<13}{ours:>10.2f}{theirs:>11.2f}"
            f"{row.ratio('wall'):>8.2f}{row.ratio('cpu'):>8.2f}{len(row.other.wall):>5}"
        )


def show_parts(size: str, parts: dict[str, dict[str, float]]) -> None:
    """ms of each family by itself."""
    say(f"\n{size}: ms of each stage and family, 1 thread, 3D_comb" + "".join(f"{name:>14}" for name in parts))
    say("    (a peer's family is a run of its own, with discretization; all its matrices share one run)")
    for what in dict.fromkeys(what for found in parts.values() for what in found):
        cells = (f"{found[what]:>14.2f}" if what in found else f"{'':>14}" for found in parts.values())
        say(f"    {what:<47}" + "".join(cells))


def show_matrices(region: Region, ms: dict[str, float]) -> None:
    """ns per voxel and matrix, and their sum beside the limit."""
    cells = "  ".join(f"{name} {value * 1e6 / region.n_voxels:.1f}" for name, value in ms.items())
    total, limit = sum(ms.values()) * 1e6 / region.n_voxels, targets.LIMIT_NS[region.size]
    say(f"{region.size:<8} {cells}  all {total:.1f}  (C prototype: {limit:.0f})")


def show_equality(found: dict[tuple[str, str, str], Equality]) -> int:
    """What agreed and what did not, by peer, over all regions; the number of features that differ and should not."""
    say("\nequal to 1e-8 (relative), of the features that both have")
    for peer in dict.fromkeys(peer for _, _, peer in found):
        all_of_it = [(size, e) for (size, _, name), e in found.items() if name == peer]
        widest = max((e for _, e in all_of_it), key=lambda e: e.n_both)
        worst = max(e.worst for _, e in all_of_it)
        sizes = ", ".join(dict.fromkeys(size for size, _ in all_of_it))
        say(f"{PEERS[peer].title}: {widest.n_equal} of {widest.n_both} (worst {worst:.0e}; {sizes})")
        known = [d for _, e in all_of_it for d in e.known]
        for why in dict.fromkeys(d.why for d in known):
            tags = dict.fromkeys(d.tag for d in known if d.why == why)
            most = max(d.relative for d in known if d.why == why)
            say(f"    {len(tags)} up to {most:.0e} apart, because {why}: {' '.join(tags)}")
        for size, d in ((size, d) for size, e in all_of_it for d in e.broken):
            say(f"    BROKEN at {size}: {d.tag} is {d.radkit:.12g} here, {d.peer:.12g} there ({d.relative:.0e} apart)")
    return sum(len(equality.broken) for equality in found.values())
