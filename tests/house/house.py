"""The checkout as the house tests see it: its files, its modules, its settings."""

import ast
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"radkit": "radkit", "radkit_dashboards": "dashboards", "radkit_lessons": "lessons"}
BIN = Path(sys.executable).parent


@cache
def files() -> tuple[Path, ...]:
    """Every file that git tracks or would add, relative to the root; fails where git cannot tell."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(sorted({Path(name) for name in listing.split("\0") if name and (ROOT / name).is_file()}))


@cache
def text(path: Path) -> str:
    """A file's text; empty for a binary one."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(text(path), str(path))


def python_files(*, but: tuple[str, ...] = ()) -> list[Path]:
    """All Python files, except those in the named top folders."""
    return [path for path in files() if path.suffix == ".py" and path.parts[0] not in but]


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a file, methods and inner ones too."""
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


@cache
def pyproject() -> dict:
    return tomllib.loads(text(Path("pyproject.toml")))


def module_names() -> list[str]:
    """Every module of the three packages by its import name, from the files."""
    names = []
    for package, folder in PACKAGES.items():
        for path in python_files():
            if path.parts[0] == folder:
                parts = [package, *path.with_suffix("").parts[1:]]
                names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return sorted(names)


def run(*command: str, **options) -> subprocess.CompletedProcess:
    """Runs a command to its end, its output captured as text."""
    return subprocess.run(command, capture_output=True, text=True, timeout=options.pop("timeout", 120), **options)
