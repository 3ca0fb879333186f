"""Every lesson keeps the contract: header, sections in order, one parameters cell, claims, no long functions."""

import ast
import re

import jupytext
import pytest

import radkit_lessons
from radkit import runs
from radkit.volume import DataNotFound

SECTIONS = [
    "Why", "Predict", "Run", "Investigate", "Modify", "Make", "Check", "Takeaways", "Provenance", "References",
]  # fmt: skip
HEADER = {
    "id", "title", "objectives", "prerequisites", "reading_minutes", "run_seconds", "memory_mib", "cores", "dashboard",
    "data", "licence",
}  # fmt: skip
CLAIM = re.compile(r"[A-E]\d\d")
BANNED = re.compile(r"\b(clearly|just|simply|obviously)\b", re.IGNORECASE)
LONGEST_DEF = 5

lessons = pytest.mark.parametrize("slug", radkit_lessons.slugs())


def notebook(slug):
    return jupytext.read(radkit_lessons.path(slug))


def prose(slug):
    return [cell.source for cell in notebook(slug).cells if cell.cell_type == "markdown"]


def code(slug):
    return [cell for cell in notebook(slug).cells if cell.cell_type == "code"]


def test_the_course_lists_every_lesson_once():
    folder = radkit_lessons.path(radkit_lessons.slugs()[0]).parent
    scripts = {p.stem for p in folder.glob("*.py") if p.read_text(encoding="utf-8").startswith("# ---\n# jupyter:")}
    assert sorted(radkit_lessons.slugs()) == sorted(scripts)


def test_an_unknown_lesson_is_refused_by_name():
    with pytest.raises(DataNotFound, match=r"there are .*binning_is_a_decision"):
        radkit_lessons.path("no_such_lesson")


@lessons
def test_header(slug):
    header = notebook(slug).metadata["radkit"]
    assert set(header) == HEADER
    assert re.fullmatch(r"L\d\d", header["id"])
    assert not re.search(r"\d", slug)
    assert f"# {header['title']}" in prose(slug)[0].splitlines()
    assert header["objectives"]
    for objective in header["objectives"]:
        assert set(objective) == {"verb", "what", "claims"}
        assert all(CLAIM.fullmatch(claim) for claim in objective["claims"])
        assert f"**{objective['verb']}**" in prose(slug)[0]
    assert header["run_seconds"]["fast"] <= 60
    assert header["run_seconds"]["full"] <= 150


@lessons
def test_sections_in_order(slug):
    text = "\n".join(prose(slug))
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS


@lessons
def test_one_parameters_cell_in_the_convention(slug):
    schema = runs.schema(slug)
    assert {"speed", "seed"} <= set(schema.names)
    assert schema["speed"].choices == ("fast", "full")
    assert schema.defaults["speed"] == "fast"


@lessons
def test_claims_of_the_objectives_are_taught_and_checked(slug):
    promised = {c for objective in notebook(slug).metadata["radkit"]["objectives"] for c in objective["claims"]}
    text = "\n".join(cell.source for cell in notebook(slug).cells)
    tagged = re.findall(r"claim:(\w+)", text)
    assert all(CLAIM.fullmatch(claim) for claim in tagged)
    assert set(tagged) == promised
    check = "\n".join(prose(slug) + [c.source for c in code(slug)]).split("## Check")[1]
    assert all(claim in check for claim in promised)
    assert any("assert " in cell.source for cell in code(slug))


@lessons
def test_source_has_no_outputs_and_no_long_functions(slug):
    for cell in code(slug):
        assert not cell.outputs
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno <= LONGEST_DEF, f"{node.name} belongs into the package"


@lessons
def test_voice(slug):
    found = [line for text in prose(slug) for line in text.splitlines() if BANNED.search(line)]
    assert not found


@lessons
def test_hints_hold_no_answer(slug):
    hints = re.findall(r"<summary>Hint \d</summary>(.*?)</details>", "\n".join(prose(slug)), re.DOTALL)
    assert len(hints) >= 6
    assert len(hints) % 3 == 0
    assert not any(re.search(r"\b(11|475)\b", hint) for hint in hints)


def test_answers_in_the_source_are_left_to_the_learner():
    answers = [c.source for c in code("binning_is_a_decision") if "answer" in c.metadata.get("tags", [])]
    assert len(answers) == 4
    values = [node.value for text in answers for node in ast.parse(text).body]
    assert all(constant.value is None for v in values for constant in ast.walk(v) if isinstance(constant, ast.Constant))
