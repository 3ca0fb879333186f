"""What a notebook lets you set: names, types, bounds and choices, read from its parameters cell without running it.

The cell tagged ``parameters`` holds one assignment a line, with a comment that a program can read::

    bin_width = 25.0  # float, HU, 1 to 200: width of a gray-level bin
    n_bins = 32  # int, 2 to 256: number of gray levels
    bin_method = "width"  # choice, width | count: fixed bin width or fixed bin count
    show_all = False  # bool: show every table
    case = "auto"  # str: which case to load

``NAME = LITERAL  # TYPE[, UNIT][, LOW to HIGH | A | B | C]: what it does``. TYPE is int, float, bool, str or
choice; a number needs its bounds, a choice its alternatives, each needs its sentence. The value must be a plain
literal of that type, inside its own bounds.
"""

from __future__ import annotations

import ast
import difflib
import io
import keyword
import math
import re
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from radkit.runs.template import Template, printable, template
from radkit.volume import SettingError

Kind = Literal["int", "float", "bool", "str", "choice"]
KINDS = ("int", "float", "bool", "str", "choice")
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
BOUNDS = re.compile(rf"({NUMBER}) to ({NUMBER})", re.ASCII)
PATTERNS = {"int": re.compile(r"[+-]?\d{1,15}", re.ASCII), "float": re.compile(NUMBER, re.ASCII)}
BOOLS = {"true": True, "false": False}
MAX_TEXT = 200  # characters of a str parameter
CONVENTION = "NAME = LITERAL  # TYPE[, UNIT][, LOW to HIGH]: what it does"


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One thing to set: its name, type, default, bounds or choices, unit and meaning.

    Examples
    --------
    >>> width = Parameter(name="bin_width", kind="float", default=25.0, low=1, high=200, unit="HU", doc="bin width")
    >>> width.convert("10")
    10.0
    """

    name: str
    kind: Kind
    default: Any
    doc: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def wants(self) -> str:
        """What a value must be, in words: ``a number from 1 to 200 HU``."""
        unit = f" {self.unit}" if self.unit else ""
        match self.kind:
            case "int":
                return f"a whole number from {self.low:g} to {self.high:g}{unit}"
            case "float":
                return f"a number from {self.low:g} to {self.high:g}{unit}"
            case "bool":
                return "true or false"
            case "choice":
                return "one of " + ", ".join(self.choices)
            case _:
                return f"text of 1 to {MAX_TEXT} printable characters"

    def convert(self, given: Any) -> Any:
        """The value as this parameter's type, from text (a command line, a URL) or from a typed value.

        Raises
        ------
        SettingError : not of the type, out of bounds, or not among the choices.
        """
        value = self._from_text(given) if isinstance(given, str) else self._from_value(given)
        if value is None:
            raise SettingError(f"{self.name} is {printable(given)}; it must be {self.wants}.")
        return value

    def describe(self) -> str:
        """One line: name, default, allowed values and meaning."""
        return f"{self.name} = {self.default!r}: {self.doc} ({self.wants})"

    def _from_text(self, text: str) -> Any:
        match self.kind:
            case "int" | "float":
                text = text.strip()
                if not PATTERNS[self.kind].fullmatch(text):
                    return None
                return self._inside(int(text) if self.kind == "int" else float(text))
            case "bool":
                return BOOLS.get(text.strip().lower())
            case "choice":
                return text if text in self.choices else None
            case _:
                return text if text.strip() and len(text) <= MAX_TEXT and text.isprintable() else None

    def _from_value(self, value: Any) -> Any:
        if isinstance(value, bool):
            return value if self.kind == "bool" else None
        if self.kind == "int" and isinstance(value, int):
            return self._inside(value)
        if self.kind == "float" and isinstance(value, int | float):
            return self._inside(float(value))
        return None

    def _inside(self, value: float) -> float | None:
        return value if math.isfinite(value) and self.low <= value <= self.high else None


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The parameters of one notebook, in the order of its cell."""

    slug: str
    parameters: tuple[Parameter, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names that may be set."""
        return tuple(p.name for p in self.parameters)

    @property
    def defaults(self) -> dict[str, Any]:
        """Name to default value."""
        return {p.name: p.default for p in self.parameters}

    def __getitem__(self, name: str) -> Parameter:
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        near = difflib.get_close_matches(name, self.names, n=1, cutoff=0.6)
        hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(self.names)}."
        raise SettingError(f"{self.slug} has no parameter {printable(name)}; {hint}")


def schema(source: str | Path | Template) -> Schema:
    """Read what a notebook lets you set, from its ``parameters`` cell, without running a line of it.

    Parameters
    ----------
    source : slug of a lesson, path of a .py or .ipynb, or a Template.

    Returns
    -------
    Schema : the parameters with their types, defaults, bounds, choices and units.

    Raises
    ------
    DataNotFound : no such notebook.
    SettingError : the cell is not written in the convention of this module.
    """
    found = template(source)
    cell = found.parameters_source()
    return Schema(slug=found.slug, parameters=_parameters(cell, found.slug))


def check(to: Schema, given: Mapping[str, Any]) -> dict[str, Any]:
    """All parameters of a notebook with their values: the given ones checked and converted, the others' defaults.

    Parameters
    ----------
    to : what may be set.
    given : name to value, as text (``{"bin_width": "10"}``) or typed.

    Returns
    -------
    dict : every parameter of the schema, in its order.

    Raises
    ------
    SettingError : an unknown name (with the nearest valid one), a wrong type, a value out of bounds.

    Examples
    --------
    >>> width = Parameter(name="bin_width", kind="float", default=25.0, low=1, high=200, unit="HU", doc="bin width")
    >>> check(Schema(slug="lesson", parameters=(width,)), {"bin_width": "-3"})
    Traceback (most recent call last):
    ...
    radkit.volume.errors.SettingError: bin_width is '-3'; it must be a number from 1 to 200 HU.
    """
    values = {str(name): to[str(name)].convert(value) for name, value in given.items()}
    return {name: values.get(name, default) for name, default in to.defaults.items()}


def _parameters(cell: str, slug: str) -> tuple[Parameter, ...]:
    try:
        statements = ast.parse(cell).body
        comments = {
            token.start[0]: token.string.lstrip("# ").rstrip()
            for token in tokenize.generate_tokens(io.StringIO(cell).readline)
            if token.type == tokenize.COMMENT
        }
    except (SyntaxError, ValueError, tokenize.TokenError) as error:
        raise SettingError(f"the parameters cell of {slug} is not Python ({error}); write {CONVENTION}.") from error
    found: list[Parameter] = []
    for statement in statements:
        parameter = _parameter(statement, comments.get(statement.end_lineno, ""), slug)
        if parameter.name in {p.name for p in found}:
            raise SettingError(f"the parameters cell of {slug} sets {parameter.name} twice; keep one line of it.")
        found.append(parameter)
    return tuple(found)


def _parameter(statement: ast.stmt, comment: str, slug: str) -> Parameter:
    where = f"line {statement.lineno} of the parameters cell of {slug}"
    if not (isinstance(statement, ast.Assign) and len(statement.targets) == 1):
        raise SettingError(f"{where} is no plain assignment; write {CONVENTION}.")
    target = statement.targets[0]
    if not (isinstance(target, ast.Name) and NAME.fullmatch(target.id) and not keyword.iskeyword(target.id)):
        raise SettingError(f"{where} has no plain name in lower case on its left; write {CONVENTION}.")
    try:
        default = ast.literal_eval(statement.value)
    except (ValueError, TypeError) as error:
        raise SettingError(f"{where} has no literal on its right; write {CONVENTION}.") from error
    parameter = _from_comment(target.id, default, comment, where)
    try:
        return Parameter(**{**vars(parameter), "default": parameter.convert(default)})
    except SettingError as error:
        raise SettingError(f"{where} has a default outside its own comment: {error}") from error


def _from_comment(name: str, default: Any, comment: str, where: str) -> Parameter:
    head, colon, doc = comment.partition(": ")
    kind, *rest = (part.strip() for part in head.split(","))
    if kind not in KINDS or not colon or not doc.strip():
        raise SettingError(f"{where} has no comment with a type and a meaning; write {CONVENTION}.")
    fields: dict[str, Any] = {}
    for part in rest:
        if bounds := BOUNDS.fullmatch(part):
            fields |= {"low": float(bounds[1]), "high": float(bounds[2])}
        elif "|" in part:
            fields["choices"] = tuple(choice.strip() for choice in part.split("|"))
        elif "unit" not in fields:
            fields["unit"] = part
        else:
            raise SettingError(f"{where} names two units, {fields['unit']} and {part}; write {CONVENTION}.")
    if kind in ("int", "float") and not fields.get("low", math.nan) < fields.get("high", math.nan):
        raise SettingError(f"{where} has no bounds, the lower one first; write {CONVENTION}.")
    if kind == "choice" and (len(fields.get("choices", ())) < 2 or not all(fields["choices"])):
        raise SettingError(f"{where} has no choices; write NAME = 'a'  # choice, a | b: what it does.")
    return Parameter(name=name, kind=kind, default=default, doc=doc.strip(), **fields)
