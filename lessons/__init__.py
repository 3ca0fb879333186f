"""L8: the lessons, as percent-format notebooks, and the course that orders them."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path

from radkit.volume import DataNotFound


@cache
def slugs() -> tuple[str, ...]:
    """Slugs of all lessons, in the order of the course (course.toml)."""
    text = (files(__name__) / "course.toml").read_text(encoding="utf-8")
    return tuple(lesson["slug"] for lesson in tomllib.loads(text)["lessons"])


def path(slug: str) -> Path:
    """The percent script of a lesson. Raises DataNotFound for a slug that course.toml does not have."""
    if slug not in slugs():
        raise DataNotFound(f"no lesson is called {slug[:40]!r}; there are {', '.join(slugs())}.")
    return Path(str(files(__name__) / f"{slug}.py"))
