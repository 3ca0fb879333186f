"""Where files of data sets may lie on this machine, in the order in which they are looked for."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import radkit

FROM_ENVIRONMENT = "the folder in RADKIT_DATA"
DAMAGED = "incomplete or damaged"


@dataclass(frozen=True)
class Place:
    """A folder laid out like the data mirror, with its name in words.

    ``sealed``: a file counts only beside its own ``.sha256`` (written last), so half a download is no file.
    """

    label: str
    folder: Path
    sealed: bool = False


@dataclass(frozen=True)
class Found:
    """The first place that holds the files (None: nowhere) and, in words, every place tried before it.

    ``surprises``: those tried places that a user would expect to work (RADKIT_DATA is set, a file is damaged).
    """

    place: Place | None
    tried: tuple[str, ...]
    surprises: tuple[str, ...] = ()


def cache_folder() -> Path:
    """The user's cache: RADKIT_CACHE, or the platform's cache folder."""
    chosen = os.environ.get("RADKIT_CACHE", "").strip()
    if chosen:
        return Path(chosen).expanduser()
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("radkit"))


def checkout_folder() -> Path:
    """The folder that holds pyproject.toml when radkit runs from its source tree."""
    return Path(radkit.__file__).resolve().parents[1]


def search_places() -> tuple[Place, ...]:
    """Every place to look in: RADKIT_DATA, the user's cache, shared/data beside a checkout."""
    chosen = os.environ.get("RADKIT_DATA", "").strip()
    found = [Place(FROM_ENVIRONMENT, Path(chosen).expanduser())] if chosen else []
    found.append(Place("the user's cache", cache_folder() / "data", sealed=True))
    root = checkout_folder()
    if (root / "pyproject.toml").is_file():
        found.append(Place("shared/data beside the checkout", root.parent / "shared" / "data"))
    return tuple(found)


def locate(files: tuple[str, ...]) -> Found:
    """The first place that holds all of ``files`` (paths relative to it), and what was tried."""
    tried = [] if os.environ.get("RADKIT_DATA", "").strip() else ["RADKIT_DATA (not set)"]
    surprises = []
    for place in search_places():
        problem = missing(place, files)
        if not problem:
            return Found(place, tuple(tried), tuple(surprises))
        tried.append(f"{place.label} ({problem})")
        if place.label == FROM_ENVIRONMENT or problem.endswith(DAMAGED):
            surprises.append(tried[-1])
    return Found(None, tuple(tried), tuple(surprises))


def missing(place: Place, files: tuple[str, ...]) -> str:
    """Why a place cannot give the files, in a few words; empty if it can."""
    if not place.folder.is_dir():
        return "no such folder"
    for file in files:
        path = place.folder / file
        if not path.is_file():
            return f"no {file}"
        if place.sealed and not intact(path):
            return f"{file} is {DAMAGED}"
    return ""


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def seal_of(path: Path) -> Path:
    """Where the SHA-256 of a cached file is kept."""
    return path.with_name(path.name + ".sha256")


def intact(path: Path) -> bool:
    """True if a cached file still has the SHA-256 that was written after it."""
    seal = seal_of(path)
    return (
        path.is_file() and seal.is_file() and seal.read_text(encoding="ascii", errors="replace").strip() == sha256(path)
    )
