"""Foreign text: made safe by one helper, and never written into a page without it."""

import ast
import html
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import radkit_dashboards
from radkit_dashboards.shell.text import LIMIT, clean, safe

ROOT = Path(radkit_dashboards.__file__).parent
SHOWS = {
    "Markdown", "HTML", "Str", "Alert", "StaticText", "Typography", "Card", "Accordion", "Chip", "Tooltip",
    "TooltipIcon",
}  # fmt: skip
TRUSTED = {"safe", "format_value", "format_change", "len", "int", "float", "round", "escape"}
FOREIGN = {"name", "title", "licence", "citation", "changes", "found", "path", "filename", "label"}


def unsafe_text(source: str) -> list[str]:
    """Where a page component is given an f-string or an attribute that may hold foreign text, unescaped."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _called(node) in SHOWS:
            for value in [*node.args[:1], *(k.value for k in node.keywords if k.arg in ("object", "value", "title"))]:
                found += _unsafe(value)
        elif isinstance(node, ast.Assign) and any(
            isinstance(t, ast.Attribute) and t.attr == "object" for t in node.targets
        ):
            found += _unsafe(node.value)
    return found


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _unsafe(value: ast.expr) -> list[str]:
    if isinstance(value, ast.JoinedStr):
        parts = [part for part in value.values if isinstance(part, ast.FormattedValue)]
        return [f"line {value.lineno}: {ast.unparse(p.value)}" for p in parts if not _trusted(p)]
    if isinstance(value, ast.Attribute) and value.attr in FOREIGN:
        return [f"line {value.lineno}: {ast.unparse(value)}"]
    return []


def _trusted(part: ast.FormattedValue) -> bool:
    if isinstance(part.value, ast.Call) and _called(part.value) in TRUSTED:
        return True
    spec = part.format_spec.values[0].value if part.format_spec and part.format_spec.values else ""
    return spec[-1:] in ("f", "g", "e", "d", "%", ",")  # a number, or format() raises


def test_no_dashboard_writes_foreign_text_without_safe():
    sources = {p: p.read_text(encoding="utf-8") for p in sorted(ROOT.rglob("*.py"))}
    assert len(sources) > 5
    found = {str(p.relative_to(ROOT)): unsafe_text(text) for p, text in sources.items()}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_no_script_builds_html_from_text():
    scripts = {p: p.read_text(encoding="utf-8") for p in sorted(ROOT.rglob("*.js"))}
    assert len(scripts) >= 2
    banned = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write")
    assert {p.name: [b for b in banned if b in text] for p, text in scripts.items()} == {p.name: [] for p in scripts}


@pytest.mark.parametrize(
    "line",
    ["pn.pane.Markdown(f'# {case.name}')", "pn.pane.HTML(case.source.title)", "pane.object = f'<b>{name}</b>'",
     "Alert(object=f'{error}')"],
)  # fmt: skip
def test_the_check_finds_what_it_should(line):
    assert len(unsafe_text(line)) == 1


@pytest.mark.parametrize(
    "line",
    ["pn.pane.Markdown(f'# {safe(case.name)}')", "pane.object = f'{value:.3g} HU'", "pn.pane.Str('plain')"],
)  # fmt: skip
def test_the_check_leaves_safe_lines_alone(line):
    assert unsafe_text(line) == []


@pytest.mark.parametrize(
    "foreign",
    ["<script>alert(1)</script>", "![x](http://h/x.png)", "[a](javascript:alert(1))", "`{{ 1 }}`", "a|b", "# big",
     "<img src=x onerror=alert(1)>", "$$x$$", ":smile:"],
)  # fmt: skip
def test_safe_leaves_nothing_a_parser_would_act_on(foreign):
    shown = safe(foreign)
    assert not set("<>\"'`*_[](){}|!\\~$@") & set(shown.replace("&", ""))
    assert html.unescape(shown) == foreign


@given(st.text(max_size=300))
def test_safe_is_bounded_printable_and_reversible(text):
    plain = html.unescape(safe(text))
    assert len(plain) <= LIMIT
    assert plain == clean(text)
    assert plain.isprintable()


def test_safe_removes_bidi_controls_and_normalizes():
    assert clean("exe.\u202egnp.\u0000\u200b") == "exe.gnp."
    assert clean("ﬁle\n\tname") == "file name"
