"""Baseline, change and history."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radkit_dashboards.shell.baseline import History, changes


def test_changes_are_absolute_relative_and_sorted_by_size():
    moved = changes({"a": 10.0, "b": -4.0, "c": 3.0, "gone": 1.0}, {"a": 6.2, "b": -5.0, "c": 3.0, "new": 1.0})
    assert [c.tag for c in moved] == ["a", "b", "c"]
    assert [c.absolute for c in moved] == pytest.approx([-3.8, -1.0, 0.0])
    assert [c.relative for c in moved] == pytest.approx([-3.8 / 10, -1 / 4, 0.0])


def test_noise_band_decides_order_and_verdict():
    moved = changes({"a": 100.0, "b": 1.0}, {"a": 150.0, "b": 1.1}, noise={"a": 100.0, "b": 0.01})
    assert [(c.tag, c.beyond_noise) for c in moved] == [("b", True), ("a", False)]
    assert moved[0].size == pytest.approx(0.1 / 0.01)


def test_change_from_zero_has_no_percentage_and_comes_first():
    moved = changes({"zero": 0.0, "same": 0.0, "a": 1.0}, {"zero": 2.0, "same": 0.0, "a": 1.5})
    assert [c.tag for c in moved] == ["zero", "a", "same"]
    assert math.isnan(moved[0].relative)
    assert moved[2].relative == 0.0


def test_two_undefined_values_have_not_moved():
    (change,) = changes({"a": math.nan}, {"a": math.nan})
    assert (change.absolute, change.relative) == (0.0, 0.0)


@given(st.lists(st.sampled_from(["push", "undo", "redo"]), max_size=60))
def test_history_is_a_list_with_a_place(steps):
    history, states, place = History({"n": 0}, limit=1000), [0], 0
    for count, step in enumerate(steps, start=1):
        if step == "push":
            states, place = [*states[: place + 1], count], place + 1
            history.push({"n": count})
        elif step == "undo":
            expected = states[place - 1] if place else None
            place = max(0, place - 1)
            found = history.undo()
            assert (found and found["n"]) == expected
        else:
            place = min(place + 1, len(states) - 1)
            history.redo()
        assert history.now == {"n": states[place]}
        assert (history.can_undo, history.can_redo) == (place > 0, place < len(states) - 1)


def test_history_is_bounded_and_ignores_equal_states():
    history = History({"n": 0}, limit=5)
    for n in [1, 1, 2, 3, 4, 5, 6]:
        history.push({"n": n})
    back = [state["n"] for state in iter(history.undo, None)]
    assert back == [5, 4, 3, 2]


def test_history_gives_copies():
    history = History({"n": 0})
    history.now["n"] = 99
    assert history.now == {"n": 0}
