"""What a notebook lets you set is read without running it, and everything else is refused in one sentence."""

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radkit import runs
from radkit.volume import DataNotFound, SettingError, UnreadableFile

CELL = """\
bin_width = 25.0  # float, HU, 1 to 200: width of a gray-level bin
shift = -0.5  # float, -1 to 1: where the first edge lies
n_bins = 32  # int, 2 to 256: number of gray levels
bin_method = "width"  # choice, width | count: what stays fixed
full = False  # bool: show every table
case = "auto"  # str: which case to load
"""


def notebook(cell, tags='["parameters"]'):
    return f"# %% [markdown]\n# # A lesson\n\n# %% tags={tags}\n{cell}\n# %%\nprint('ran')\n"


@pytest.fixture
def lesson(tmp_path):
    path = tmp_path / "lesson.py"
    path.write_text(notebook(CELL))
    return path


@pytest.fixture
def schema(lesson):
    return runs.schema(lesson)


def test_names_types_defaults_bounds_units_and_meanings(schema):
    width, shift, count, method, full, case = schema.parameters
    assert schema.slug == "lesson"
    assert (width.kind, width.default, width.low, width.high, width.unit) == ("float", 25.0, 1.0, 200.0, "HU")
    assert width.doc == "width of a gray-level bin"
    assert (shift.default, shift.low, shift.high, shift.unit) == (-0.5, -1.0, 1.0, "")
    assert (count.kind, count.default, count.low, count.high) == ("int", 32, 2, 256)
    assert (method.kind, method.choices) == ("choice", ("width", "count"))
    assert (full.kind, full.default) == ("bool", False)
    assert (case.kind, case.default) == ("str", "auto")
    assert width.describe() == "bin_width = 25.0: width of a gray-level bin (a number from 1 to 200 HU)"


def test_given_values_are_converted_and_the_others_keep_their_defaults(schema):
    values = runs.check(schema, {"n_bins": "64", "bin_width": "1e1", "full": "True", "case": 'a "b" \\ {c}'})
    assert values == {
        "bin_width": 10.0, "shift": -0.5, "n_bins": 64, "bin_method": "width", "full": True, "case": 'a "b" \\ {c}',
    }  # fmt: skip
    assert list(values) == list(schema.names)
    assert runs.check(schema, values) == values  # typed values pass as they are


@pytest.mark.parametrize(
    ("given_", "sentence"),
    [
        (
            {"nonsense": "1"},
            "lesson has no parameter 'nonsense'; it has bin_width, shift, n_bins, bin_method, full, case.",
        ),
        ({"bin_widht": "1"}, "lesson has no parameter 'bin_widht'; did you mean bin_width?"),
        ({"bin_width": "-3"}, "bin_width is '-3'; it must be a number from 1 to 200 HU."),
        ({"bin_width": "1; import os"}, "bin_width is '1; import os'; it must be a number from 1 to 200 HU."),
        ({"bin_width": "nan"}, "bin_width is 'nan'; it must be a number from 1 to 200 HU."),
        ({"bin_width": "1_0"}, "bin_width is '1_0'; it must be a number from 1 to 200 HU."),
        ({"bin_width": ""}, "bin_width is ''; it must be a number from 1 to 200 HU."),
        ({"bin_width": True}, "bin_width is 'True'; it must be a number from 1 to 200 HU."),
        ({"n_bins": "2.5"}, "n_bins is '2.5'; it must be a whole number from 2 to 256."),
        ({"n_bins": "9" * 50}, f"n_bins is '{'9' * 37}...'; it must be a whole number from 2 to 256."),
        ({"bin_method": "wide"}, "bin_method is 'wide'; it must be one of width, count."),
        ({"full": "yes"}, "full is 'yes'; it must be true or false."),
        ({"case": "a\nb"}, "case is 'a\\nb'; it must be text of 1 to 200 printable characters."),
        ({"case": ["a"]}, "case is \"['a']\"; it must be text of 1 to 200 printable characters."),
        (
            {"x=1;import os;x": "1"},
            "lesson has no parameter 'x=1;import os;x'; it has bin_width, shift, n_bins, bin_method, full, case.",
        ),
    ],
)
def test_a_refusal_is_one_sentence(schema, given_, sentence):
    with pytest.raises(SettingError) as refused:
        runs.check(schema, given_)
    assert str(refused.value) == sentence
    assert "\n" not in sentence


SCHEMA = runs.schema(runs.Template(slug="lesson", text=notebook(CELL), suffix=".py"))


@given(st.floats(min_value=1, max_value=200), st.integers(2, 256), st.booleans(), st.sampled_from(["width", "count"]))
def test_text_and_typed_values_round_trip(width, count, full, method):
    typed = runs.check(SCHEMA, {"bin_width": width, "n_bins": count, "full": full, "bin_method": method})
    assert runs.check(SCHEMA, {name: str(value) for name, value in typed.items()}) == typed


@given(st.text(max_size=60))
def test_no_text_becomes_anything_but_a_number_within_bounds(text):
    width = runs.Parameter(name="w", kind="float", default=1.0, low=1, high=200, doc="width")
    value = None
    with contextlib.suppress(SettingError):
        value = width.convert(text)
    assert value is None or 1 <= value <= 200


@pytest.mark.parametrize(
    ("line", "about"),
    [
        ("bin_width = 25.0", "no comment with a type"),
        ("bin_width = 25.0  # HU: width", "no comment with a type"),
        ("bin_width = 25.0  # float, HU: width", "no bounds"),
        ("bin_width = 25.0  # float, HU, 200 to 1: width", "no bounds"),
        ("bin_width = 25.0  # float, HU, mm, 1 to 200: width", "two units, HU and mm"),
        ("bin_width = 0.5  # float, HU, 1 to 200: width", "default outside its own comment"),
        ("n_bins = 2.5  # int, 1 to 9: count", "default outside its own comment"),
        ("kind = 'a'  # choice: which", "no choices"),
        ("kind = 'c'  # choice, a | b: which", "default outside its own comment"),
        ("bin_width = 5 * 5.0  # float, HU, 1 to 200: width", "no literal"),
        ("bin_width = open('x')  # str: width", "no literal"),
        ("import os", "no plain assignment"),
        ("a = b = 1  # int, 1 to 2: two", "no plain assignment"),
        ("a, b = 1, 2  # int, 1 to 2: two", "no plain name"),
        ("_hidden = 1  # int, 1 to 2: hidden", "no plain name"),
        ("Width = 1  # int, 1 to 2: shouting", "no plain name"),
        ("a = 1  # int, 1 to 2: one\na = 2  # int, 1 to 2: two", "twice"),
        ("a = = 1", "not Python"),
    ],
)
def test_a_parameters_cell_against_the_convention_is_refused(tmp_path, line, about):
    path = tmp_path / "lesson.py"
    path.write_text(notebook(line))
    with pytest.raises(SettingError, match=re.escape(about)):
        runs.schema(path)


def test_reading_the_schema_runs_nothing(tmp_path):
    canary = tmp_path / "canary"
    path = tmp_path / "lesson.py"
    path.write_text(f"open({str(canary)!r}, 'w').close()\n" + notebook("a = 1  # int, 1 to 2: one"))
    assert runs.schema(path).names == ("a",)
    assert not canary.exists()


@pytest.mark.parametrize(("tags", "n"), [("[]", 0), ('["parameters"]', 2)])
def test_exactly_one_parameters_cell(tmp_path, tags, n):
    path = tmp_path / "lesson.py"
    path.write_text(notebook(CELL, tags) * max(n, 1))
    with pytest.raises(SettingError, match=f"has {n} cells tagged parameters"):
        runs.schema(path)


def test_a_notebook_file_is_read_like_a_script(lesson, tmp_path):
    import jupytext
    import nbformat

    path = tmp_path / "other.ipynb"
    nbformat.write(jupytext.read(lesson), path)
    assert runs.schema(path).parameters == runs.schema(lesson).parameters


@pytest.mark.parametrize("name", ["no_such_lesson", "../lesson", "/etc/passwd", "lesson.txt", "a\nb"])
def test_an_unknown_notebook_is_refused_in_one_sentence(name):
    with pytest.raises(DataNotFound) as refused:
        runs.schema(name)
    assert "\n" not in str(refused.value)
    assert "no lesson" in str(refused.value)


@pytest.mark.parametrize(("data", "about"), [(b"{not json", "no notebook"), (b"\xff\xfe\x00", "not UTF-8")])
def test_a_file_that_is_no_notebook_is_refused(tmp_path, data, about):
    path = tmp_path / "broken.ipynb"
    path.write_bytes(data)
    with pytest.raises(UnreadableFile, match=about):
        runs.schema(path)
