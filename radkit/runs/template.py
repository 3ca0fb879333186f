"""A parametrized notebook as it lies on disk: found by its slug or its path, read, never run here."""

from __future__ import annotations

import difflib
import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from radkit.volume import DataNotFound, SettingError, UnreadableFile

LESSONS = "radkit_lessons"
SLUG = re.compile(r"[a-z][a-z0-9_]{0,79}")
MAX_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Template:
    """The source of a parametrized notebook: a percent script (.py) or a notebook (.ipynb).

    Parameters
    ----------
    slug : its name, without folder and extension.
    text : the file's text.
    suffix : ".py" or ".ipynb".
    """

    slug: str
    text: str
    suffix: str

    @cached_property
    def digest(self) -> str:
        """sha256 (hex) of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def notebook(self) -> Any:
        """A fresh nbformat notebook, without outputs. Raises UnreadableFile where the text is none."""
        import jupytext

        try:
            notebook = jupytext.reads(self.text, fmt="py:percent" if self.suffix == ".py" else "ipynb")
        except Exception as error:
            raise UnreadableFile(
                f"{self.slug}{self.suffix} is no notebook ({type(error).__name__}); write it in jupytext's percent "
                "format, or save it from Jupyter as .ipynb."
            ) from error
        notebook.cells = [c for c in notebook.cells if "injected-parameters" not in c.metadata.get("tags", [])]
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        return notebook

    def parameters_source(self) -> str:
        """Source of the one cell tagged ``parameters``. Raises SettingError unless there is exactly one."""
        cells = [c for c in self.notebook().cells if "parameters" in c.metadata.get("tags", [])]
        if len(cells) != 1 or cells[0].cell_type != "code":
            raise SettingError(
                f"{self.slug} has {len(cells)} cells tagged parameters; tag exactly one code cell with it."
            )
        return cells[0].source


def template(name: str | Path) -> Template:
    """Find a notebook by the slug of a lesson, or by the path of a .py or .ipynb file.

    Parameters
    ----------
    name : "binning_is_a_decision", or "my/notebook.ipynb".

    Raises
    ------
    DataNotFound : no lesson and no file of that name.
    RefusedFile, UnreadableFile : a file of another kind, too large, or not UTF-8.
    """
    if isinstance(name, Template):
        return name
    path = Path(name)
    if path.suffix in (".py", ".ipynb") and path.is_file():
        return Template(slug=path.stem, text=_text(path), suffix=path.suffix)
    slug = str(name)
    source = _lesson(slug) if SLUG.fullmatch(slug) else None
    if source is None:
        raise DataNotFound(_not_found(slug))
    return Template(slug=slug, text=_text(source), suffix=".py")


def lesson_slugs() -> tuple[str, ...]:
    """Slugs of the lessons that are installed, in the order of the course; empty where none is."""
    try:
        from importlib import import_module

        return tuple(import_module(LESSONS).slugs())
    except ModuleNotFoundError:
        return ()


def _lesson(slug: str) -> Traversable | None:
    return files(LESSONS) / f"{slug}.py" if slug in lesson_slugs() else None


def _not_found(slug: str) -> str:
    slugs = lesson_slugs()
    shown = printable(slug)
    if not slugs:
        return f"no lesson {shown} is installed; install radkit with its lessons, or give a .py or .ipynb file."
    near = difflib.get_close_matches(slug, slugs, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(slugs)}, or give the path of a .py or .ipynb."
    return f"no lesson and no notebook file is called {shown}; {hint}"


def _text(source: Path | Traversable) -> str:
    data = source.read_bytes()
    if len(data) > MAX_BYTES:
        raise UnreadableFile(f"{source.name} has {len(data):,} bytes; a notebook template has at most {MAX_BYTES:,}.")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{source.name} is not UTF-8 text (byte {error.start}); save it as UTF-8.") from error


def heading(cell: Any) -> str:
    """The first heading of a markdown cell, without its marks; empty where it has none."""
    lines = cell.source.splitlines() if cell.cell_type == "markdown" else ()
    return next((line.lstrip("# ").strip() for line in lines if line.startswith("#")), "")


def printable(text: object, limit: int = 40) -> str:
    """Foreign text, quoted, escaped and cut to ``limit`` characters, fit for an error message.

    Examples
    --------
    >>> printable("bin\\nwidth")
    "'bin\\\\nwidth'"
    """
    shown = ascii(str(text))
    return shown if len(shown) <= limit + 2 else shown[: limit - 2] + "...'"
