"""Sizes, names and habits that DESIGN asks for, by program."""

import ast
import re
from pathlib import Path

import house

MAX_LINES, MAX_BODY, MAX_ARGUMENTS = 400, 60, 8
# Paths, or path:function, that are allowed to be longer; each with its reason beside it. Empty, and meant to stay so.
ALLOWED: frozenset[str] = frozenset()

HOMELESS = {"utils", "util", "common", "helpers", "helper", "misc", "manager"}  # a homeless function is a missing noun
HOMELESS_ALONE = {"core", "base"}


def body_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the first statement after the docstring to the end."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return function.end_lineno - body[0].lineno + 1 if body else 0


def length(path: Path) -> int:
    """Lines of a module; of a lesson those of its code, since its text cells are prose to be read."""
    lines = house.text(path).splitlines()
    return sum(not line.startswith("#") for line in lines) if path.parts[0] == "lessons" else len(lines)


def test_modules_are_short():
    long = {str(path): n for path in house.python_files() if (n := length(path)) > MAX_LINES}
    assert not {path: n for path, n in long.items() if path not in ALLOWED}


def test_functions_are_short():
    long = {
        f"{path}:{function.name}": body_length(function)
        for path in house.python_files()
        for function in house.functions(path)
        if body_length(function) > MAX_BODY
    }
    assert not {name: n for name, n in long.items() if name not in ALLOWED}


def test_functions_take_few_arguments():
    many = {
        f"{path}:{function.name}": count
        for path in house.python_files()
        for function in house.functions(path)
        if (count := len(function.args.args) + len(function.args.kwonlyargs)) > MAX_ARGUMENTS
    }
    assert not {name: n for name, n in many.items() if name not in ALLOWED}


def test_no_homeless_names():
    def is_homeless(name: str) -> bool:
        return name in HOMELESS_ALONE or bool(HOMELESS & set(name.split("_")))

    parts = {part for path in house.python_files() for part in path.with_suffix("").parts}
    classes = {n.name for p in house.python_files() for n in ast.walk(house.tree(p)) if isinstance(n, ast.ClassDef)}
    found = [part for part in parts if is_homeless(part)]
    found += [name for name in classes if re.search(r"(Manager|Helper|Utils?)$", name)]
    assert not found


def test_nothing_is_unfinished():
    words = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented" + "Error", "for n" + "ow"]
    sign = re.compile(rf"\b({'|'.join(words)})\b")
    found = [str(path) for path in house.python_files() if sign.search(house.text(path))]
    assert not found


def test_every_test_asserts():
    asserts = re.compile(r"Assert\(|raises|assert_|expect|check_")
    silent = [
        f"{path}:{function.name}"
        for path in house.python_files()
        if path.parts[0] == "tests"
        for function in house.functions(path)
        if function.name.startswith("test_") and not asserts.search(ast.dump(function))
    ]
    assert not silent


def test_test_files_have_names_of_their_own():
    """pytest imports test files by their base name, so two of the same name in two folders hide one another."""
    names = [path.name for path in house.python_files() if path.parts[0] == "tests" and path.name != "conftest.py"]
    assert sorted(names) == sorted(set(names))


def imported(path: Path) -> set[str]:
    """Every dotted name that a file imports, relative imports by their last parts; strings that look like modules."""
    names: set[str] = set()
    for node in ast.walk(house.tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            names |= {source} | {f"{source}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 80:
            names.add(node.value)
    return {part for name in names for part in re.findall(r"\w+", name)}


def test_no_module_is_dangling():
    """A module of radkit or of the dashboards is imported, or at least named, by another file."""
    modules = [p for p in house.python_files() if p.parts[0] in ("radkit", "dashboards") and p.stem[0] != "_"]
    words = {path: imported(path) for path in house.python_files()}
    dangling = [str(p) for p in modules if not any(p.stem in found for other, found in words.items() if other != p)]
    assert not dangling
