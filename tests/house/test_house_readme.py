"""What README tells a reader to type is there, and works."""

import re
import sys
from pathlib import Path

import house
import pytest


def readme() -> str:
    path = house.ROOT / "README.md"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def blocks(language: str) -> list[str]:
    """The fenced blocks of README in this language."""
    return re.findall(rf"^```{language}\n(.*?)^```", readme(), re.M | re.S)


def radkit_commands() -> list[str]:
    """Every subcommand that README names: `radkit serve` in the text, or at the start of a line of a block."""
    return sorted(set(re.findall(r"(?:`|^\$? *)radkit ([a-z]+)", readme(), re.M)))


def make_targets(text: str) -> set[str]:
    return set(re.findall(r"(?:`|^\$? *)make ([a-z]+)", text, re.M))


def test_make_commands_are_targets():
    makefile = set(re.findall(r"^([a-z]+):", house.text(Path("Makefile")), re.M))
    named = make_targets(readme())
    assert {"serve", "test"} <= named
    assert named <= makefile


def test_other_systems_have_their_lines():
    assert 'pip install -e ".[all]"' in readme()
    assert "serve" in radkit_commands()


def test_radkit_commands_answer():
    assert radkit_commands(), "README names no radkit command"
    radkit = str(house.BIN / "radkit")
    failed = [c for c in radkit_commands() if house.run(radkit, c, "--help").returncode]
    assert not failed


def test_the_example_runs(tmp_path):
    """The first Python block of README, at most twelve lines, in an empty folder."""
    examples = blocks("python")
    assert examples, "README has no Python example"
    example = examples[0]
    assert len(example.strip().splitlines()) <= 12
    result = house.run(sys.executable, "-c", example, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip(), "the example prints nothing"


@pytest.mark.parametrize("picture", re.findall(r"!\[[^\]]*\]\(([^)]+)\)", readme()) or ["none in README"])
def test_a_picture_is_a_picture(picture):
    assert (house.ROOT / picture).read_bytes().startswith(b"\x89PNG")
