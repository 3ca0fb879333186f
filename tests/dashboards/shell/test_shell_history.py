"""The history of knobs: a bounded list with a place in it."""

from hypothesis import given
from hypothesis import strategies as st

from radkit_dashboards.shell.history import History


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
