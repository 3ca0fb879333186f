"""Every example in a docstring runs."""

import doctest
import importlib

import house
import pytest

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
PROGRAMS = (".app", ".__main__", ".child")  # they act when imported


def modules_with_examples() -> list[str]:
    return [n for n in house.module_names() if not n.startswith("radkit_lessons.") and not n.endswith(PROGRAMS)]


@pytest.mark.parametrize("name", modules_with_examples())
def test_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
    assert result.failed == 0
