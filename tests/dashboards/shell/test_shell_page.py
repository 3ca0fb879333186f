"""The page without a browser: slots, actions, what a client may send, the document."""

import pytest
from bokeh.document import Document
from panel.pane import HTML

from radkit_dashboards.shell.page import ACTIONS, BenchPage


@pytest.fixture
def bench():
    return BenchPage(
        title="Demo bench", question="Which?", knobs=[HTML("<p>k</p>")], picture=[HTML("<p>p</p>")],
        moved=[HTML("<p>m</p>")], drawer={"Code": HTML("<p>c</p>")}, notice="One was ignored.",
    )  # fmt: skip


def test_the_document_is_built_with_every_slot(bench):
    document = Document()
    bench.page.server_doc(document)
    assert document.title == "Demo bench | radkit"
    layout, bar = bench._layout, bench._bar
    assert (layout.tab_names, len(layout.tabs), layout.notice) == (["Code"], 1, "One was ignored.")
    assert (bar.title, bar.question) == ("Demo bench", "Which?")
    assert len(document.to_json().content["roots"]) >= 1


def test_two_pages_build_two_documents(bench):
    for page in (bench, BenchPage(title="Other")):
        document = Document()
        page.page.server_doc(document)
        assert len(document.roots) >= 1


def test_actions_reach_their_callbacks_and_anything_else_is_dropped(bench):
    heard = []
    for action in ACTIONS:
        bench.on(action, lambda action=action: heard.append(action))
    for sent in ({"action": "baseline"}, {"action": "reset"}, {"action": "explode"}, "reset", None, {}):
        bench._bar._handle_msg(sent)
    assert heard == ["baseline", "reset"]


def test_undo_is_dead_until_there_is_something_to_undo(bench):
    heard = []
    bench.on("undo", lambda: heard.append("undo"))
    bench._layout._handle_msg({"action": "undo"})
    assert heard == []
    bench.can_undo = True
    bench._layout._handle_msg({"action": "undo"})
    assert heard == ["undo"]
    assert bench._bar.can_undo


def test_an_unknown_action_is_refused(bench):
    with pytest.raises(ValueError, match="use one of undo, redo"):
        bench.on("explode", print)


def test_what_is_dismissed_in_the_browser_is_gone_for_the_bench(bench):
    bench._layout.notice = ""
    assert bench.notice == ""
    bench.notice, bench.busy, bench.said = "again", "Computing", "Contrast fell."
    assert (bench._layout.notice, bench._layout.busy, bench._layout.said) == ("again", "Computing", "Contrast fell.")


def test_the_address_is_sent_to_the_browser(bench):
    bench.address.search = "?v=1&a=2"
    assert bench._layout.query == "?v=1&a=2"
    assert bench.address.search == "?v=1&a=2"


def test_d_turns_the_lights_off_and_on(bench):
    before = bench.page.dark_theme
    bench._layout._handle_msg({"action": "dark"})
    assert bench.page.dark_theme is not before
