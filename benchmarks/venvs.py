"""A Python for each peer: the one that was named, the one of an earlier run, or a new virtual environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from contests import PEERS, Peer

BIN = Path("Scripts/python.exe") if os.name == "nt" else Path("bin/python")
MARK = "made-by-radkit-bench"  # a folder without it is somebody else's, and is not written into


@dataclass(frozen=True, kw_only=True)
class Found:
    """The Python that has a library; ``python`` is None where there is none, and ``words`` say why."""

    python: str | None
    words: str = ""


def folder() -> Path:
    """RADKIT_PEERS, or a folder in the user's cache."""
    from radkit.datasets.places import cache_folder

    chosen = os.environ.get("RADKIT_PEERS", "").strip()
    return Path(chosen).expanduser() if chosen else cache_folder() / "peers"


def find(name: str, given: str | None, *, make: bool = True) -> Found:
    """A Python with the peer in it, made where it is missing and can be made. Never raises: a peer may be missing."""
    peer, home = PEERS[name], folder() / name
    how = f"name a Python that has it: --python {name}=PATH"
    if given:
        held = version_in(given, peer)
        return Found(python=given) if held else Found(python=None, words=f"{given} has no {peer.package}; {how}")
    if (home / BIN).exists() and version_in(str(home / BIN), peer):
        return Found(python=str(home / BIN))
    if home.exists() and not (home / MARK).exists():
        return Found(python=None, words=f"{home} holds no {peer.package} that answers; {how}")
    if home.exists() and (failed := (home / MARK).read_text(encoding="utf-8")):
        return Found(python=None, words=f"{failed}; remove {home} to try again, or {how}")
    if not make:
        return Found(python=None, words=f"{home} is not there yet, and --no-install forbids making it; {how}")
    base = interpreter(peer)
    if base is None:
        wanted = " or ".join(f"3.{minor}" for minor in sorted(peer.pythons))
        return Found(python=None, words=f"it needs Python {wanted}, which is not on the PATH; {how}")
    problem = build(peer, base, home)
    return Found(python=None, words=f"{problem}; {how}") if problem else Found(python=str(home / BIN))


def version_in(python: str, peer: Peer) -> str:
    """The version of the peer's package in a Python; empty where it has none, or is none."""
    ask = f"from importlib.metadata import version; print(version({peer.package!r}))"
    return _output([python, "-c", ask])


def interpreter(peer: Peer) -> str | None:
    """A Python on the PATH, or this one, that the peer runs on."""
    for minor in peer.pythons:
        for command in (sys.executable, shutil.which(f"python3.{minor}")):
            if command and _output([command, "-c", "import sys; print(sys.version_info[1])"]) == str(minor):
                return command
    return None


def build(peer: Peer, base: str, home: Path) -> str:
    """Makes a virtual environment with the pinned version; returns what went wrong, in a few words."""
    print(f"making a virtual environment for {peer.title} {peer.version} in {home}", flush=True)
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    (home / MARK).touch()
    install = [str(home / BIN), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    commands = [[base, "-m", "venv", str(home)]]
    if peer.builds_with:
        commands.append([*install, *peer.builds_with])
        install.append("--no-build-isolation")
    commands.append([*install, f"{peer.package}=={peer.version}"])
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=_clean())
        if done.returncode:
            problem = f"it could not be installed ({_telling(done.stderr or done.stdout)})"
            (home / MARK).write_text(problem, encoding="utf-8")  # else every run would try in vain
            return problem
    if peer.first_use:
        print(f"{peer.title} is installed; {peer.first_use}", flush=True)
    return ""


def _telling(output: str) -> str:
    """The line of an installer's output that says most."""
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["without a word"]
    errors = [line for line in lines if "Error: " in line or line.startswith("ERROR")]
    return (errors or lines)[-1][:160]


def _clean() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=_clean())
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
