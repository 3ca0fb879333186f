"""The whole state of a bench in its URL: versioned, bounded, checked by the parameters' own bounds. No panel."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode

import param

from radkit_dashboards.shell.text import clean

MAX_QUERY = 4000  # characters; a longer one is not read at all
MAX_VALUE = 120  # characters of one value
MAX_FIELDS = 100
VERSION_KEY = "v"
NONE = "none"


class Address(Protocol):
    """Anything with a ``search`` ("?a=1&b=2") that can be read and set: BenchPage.address, or a fake in a test."""

    search: str


def sync(
    state: param.Parameterized, location: Address, names: Sequence[str] | Mapping[str, str], version: int = 1
) -> list[str]:
    """Read the query into the state, then write every change of the state back into it.

    ``names``: the parameters to keep, or {parameter: query key}, those that others depend on first (the case before
    its bin width). A value that the parameter's own bounds refuse is ignored: the result holds one sentence for
    each, plain text, empty where all was well. Keys of others are kept.
    """
    keys = dict(names) if isinstance(names, Mapping) else {name: name for name in names}
    problems = read(state, location.search, keys, version)

    def write(*_events) -> None:
        location.search = query(state, keys, version, others=location.search)

    state.param.watch(write, list(keys))
    write()
    return problems


def read(state: param.Parameterized, search: str, keys: Mapping[str, str], version: int = 1) -> list[str]:
    """Set the parameters from a query, one by one in the order of ``keys``; the sentences for what was ignored."""
    if len(search) > MAX_QUERY:
        return [f"The link is longer than {MAX_QUERY} characters and was not read."]
    found = _fields(search)
    if found.get(VERSION_KEY, str(version)) != str(version):
        return [
            f"The link was made for version {clean(found[VERSION_KEY], 10)} of this bench, this is version {version}; "
            "it was not read."
        ]
    problems = (_set(state, name, found[key]) for name, key in keys.items() if key in found)
    return [problem for problem in problems if problem]


def query(state: param.Parameterized, keys: Mapping[str, str], version: int = 1, others: str = "") -> str:
    """The state as "?v=1&key=value&...", keys of others kept at the end.

    Examples
    --------
    >>> class Knobs(param.Parameterized):
    ...     bin_width = param.Number(25.0, bounds=(1, 100))
    >>> query(Knobs(), {"bin_width": "w"}, others="?theme=dark&w=3")
    '?v=1&w=25.0&theme=dark'
    """
    mine = {VERSION_KEY: str(version)} | {key: encode(getattr(state, name)) for name, key in keys.items()}
    kept = {key: value for key, value in _fields(others[: MAX_QUERY + 1]).items() if key not in mine}
    return "?" + urlencode(mine | kept)


def encode(value: Any) -> str:
    """One value as text that ``decode`` reads back exactly."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (tuple, list)):
        return ",".join(encode(v) for v in value)
    if isinstance(value, int):
        return str(value)
    return repr(float(value)) if not isinstance(value, str) and hasattr(value, "__float__") else str(value)


def decode(parameter: param.Parameter, text: str) -> Any:
    """The value that a text means for a parameter; ValueError where it means none (bounds are not checked here)."""
    if text == NONE and parameter.allow_None:
        return None
    match parameter:
        case param.Boolean():
            return {"1": True, "true": True, "0": False, "false": False}[text.lower()]
        case param.Selector():
            return {encode(option): option for option in parameter.get_range().values()}[text]
        case param.NumericTuple():
            return tuple(_number(part) for part in text.split(","))
        case param.Integer():
            return int(text) if len(text) < 20 else _fail(text)
        case param.Number():
            return _number(text)
        case param.String():
            return text if text.isprintable() else _fail(text)
    raise TypeError(
        f"{type(parameter).__name__} cannot be kept in a URL; use numbers, tuples, booleans, selectors, text."
    )


def _set(state: param.Parameterized, name: str, text: str) -> str | None:
    """Set one parameter; the sentence that says why not, or None."""
    parameter, before = state.param[name], getattr(state, name)
    try:
        if len(text) > MAX_VALUE:
            _fail(text)
        value = decode(parameter, text)
        if value != before:
            setattr(state, name, value)
    except (ValueError, KeyError):  # decode, the parameter's own bounds, or radkit itself (a case that is not there)
        if getattr(state, name) != before:
            setattr(state, name, before)
        shown = clean(text, 40) or "empty"
        return f"{_label(parameter)} was {shown} in the link, {_wanted(parameter)}, and was ignored."
    return None


def _number(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _fail(text)


def _fail(text: str):
    raise ValueError(f"not a value: {text[:MAX_VALUE]}")


def _label(parameter: param.Parameter) -> str:
    return parameter.label or parameter.name


def _wanted(parameter: param.Parameter) -> str:
    bounds = getattr(parameter, "bounds", None)
    if bounds and None not in bounds:
        return f"not a value from {bounds[0]:g} to {bounds[1]:g}"
    if isinstance(parameter, param.Selector):
        options = [clean(encode(option), 30) for option in parameter.get_range().values()]
        return "not one of " + ", ".join(options[:6]) + (" ..." if len(options) > 6 else "")
    return "not a value it can take"


def _fields(search: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(search.removeprefix("?"), keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:  # too many fields
        return {}
