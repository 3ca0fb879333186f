"""The layout of the feature bench: knobs left, pictures in the middle, what moved on the right."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import panel as pn
import panel_material_ui as pmui
import param
from panel.custom import JSComponent

import radkit
from radkit.volume import SettingError
from radkit_dashboards.feature_bench.figures import HistogramFigure, MatrixFigure
from radkit_dashboards.feature_bench.knobs import Rail, text
from radkit_dashboards.feature_bench.state import KNOBS, PARAMETERS, TEACHING, FeatureBench, Screen, case_names
from radkit_dashboards.feature_bench.words import (
    code_html,
    finding_html,
    provenance_html,
    rows,
    source_html,
    why_html,
)
from radkit_dashboards.shell.history import History
from radkit_dashboards.shell.page import BenchPage
from radkit_dashboards.shell.text import clean
from radkit_dashboards.shell.url import sync
from radkit_dashboards.shell.viewer import SliceViewer

HERE = Path(__file__).parent
KEYS = {
    "histogram": "Bars: now, one a bin. Blue line: baseline.",
    "matrix": "Brighter: a more frequent pair of neighbors.",
}
SLOTS = ("knobs", "picture", "moved")
LIVE_MS = 300  # work predicted to take longer leaves the server's thread


@cache
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="bench")


class FeatureTable(JSComponent):
    """Features with their change against the baseline; found, sorted and drawn in the browser."""

    rows = param.List([], doc="tag, label, family, value, change, relative change or None, note; texts ready to show.")
    hints = param.Dict({}, doc="Tag: what the feature means, in a sentence.")
    pinned = param.List([], doc="Tags that stay on top, in this order.")
    busy = param.Boolean(False, doc="Dimmed: newer numbers are on their way.")
    _esm = HERE / "feature_table.js"
    _stylesheets = (str(HERE / "feature_table.css"),)


class FeatureBenchView:
    """One session's page: a turn changes the state, the newest state is computed, one batch redraws the page."""

    def __init__(self, state: FeatureBench):
        self.state = state
        self._pending = False  # an answer is scheduled
        self._turn = 0  # number of the newest turn
        self._working = False  # a worker computes
        self.drawer = {name: text() for name in ("Why it moved", "Code", "Provenance")}
        self.findings = {name: text(margin=0) for name in ("histogram", "matrix")}
        self.source = text(margin=(2, 0, 10, 0))
        self.case = pmui.AutocompleteInput(
            label="Case", options=list(case_names()), value=state.case, restrict=True, min_characters=0, size="small",
            sizing_mode="stretch_width", margin=0, case_sensitive=False,
        )  # fmt: skip
        self._columns = {
            name: pn.Column(sizing_mode="stretch_width", margin=0) for name in ("knobs", "picture", "moved")
        }
        self.bench = BenchPage(
            title="Feature bench",
            question="What happens to the number when I turn this?",
            drawer=self.drawer,
            case_bar=self.case,
            **{name: [column] for name, column in self._columns.items()},
        )
        problems = sync(state, self.bench.address, list(PARAMETERS))
        screen, problem = self._first_screen()
        self.bench.notice = " ".join([*problems, problem]).strip()
        self._fill(screen)
        self.history = History(state.to_params())
        self.case.value = state.case
        self.case.param.watch(self._choose, "value")
        state.param.watch(self._turned, [*PARAMETERS])
        for action in ("undo", "redo", "reset", "baseline"):
            self.bench.on(action, getattr(self, f"_{action}"))

    # -- layout -------------------------------------------------------------------------------------------------

    def _first_screen(self) -> tuple[Screen, str]:
        """What the address asks for, or the defaults where radkit refuses that."""
        screen, problem = compute(self.state)
        if screen is None:
            self.state.param.update(**self.state.defaults(), baseline="")
            screen = self.state.screen()
        return screen, problem

    def _fill(self, screen: Screen) -> None:
        self.viewer = SliceViewer(*screen.picture)
        self.histogram, self.matrix = HistogramFigure(screen.histogram), MatrixFigure(screen.matrix)
        hints = {v.tag: f"{v.feature.meaning} {v.feature.status}, {v.tag}." for v in screen.features}
        self.table = FeatureTable(pinned=list(TEACHING), hints=hints, sizing_mode="stretch_width", margin=0)
        self.rail = Rail(self.state, self._refuse, self._remember)
        figures = {"histogram": self.histogram, "matrix": self.matrix}
        plots = pn.FlexBox(
            *(
                pn.Column(self.findings[name], figure.pane, styles={"flex": "1 1 260px", "min-width": "0"}, margin=0)
                for name, figure in figures.items()
            ),
            flex_wrap="wrap", gap="16px", sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        self._columns["knobs"].objects = self.rail.rows
        self._columns["picture"].objects = [self.viewer, self.source, plots]
        self._columns["moved"].objects = [self.table]
        self._show(screen)
        self._show_baseline()

    def servable(self) -> FeatureBenchView:
        """Put the page on the current document."""
        self.bench.servable()
        return self

    # -- turning ------------------------------------------------------------------------------------------------

    def _turned(self, *events) -> None:
        self._turn += 1
        if any(event.name in ("case", "seed", "baseline", "bin_method") for event in events):
            self._remember()
        self.rail.follow()
        if self.case.value != self.state.case:
            self.case.value = self.state.case
        document = pn.state.curdoc
        if document is None or (len(events) == 1 and events[0].name in KNOBS):
            self._answer()
        elif not self._pending:  # several parameters change together: one answer once all have
            self._pending = True
            document.add_next_tick_callback(self._answer)

    def _answer(self) -> None:
        self._pending = False
        document = pn.state.curdoc
        if document is None or self.state.predicted_ms() <= LIVE_MS:
            self._finish(self._turn, *compute(self.state))
        elif not self._working:
            self._work(document)  # otherwise: the work under way looks at the newest turn when it ends

    def _work(self, document) -> None:
        """Compute on a worker thread; the last result stays, dimmed, until the newest is there."""
        self._working, turn = True, self._turn
        self.bench.busy, self.table.busy = "Computing features", True
        copy = FeatureBench(case=self.state.case, seed=self.state.seed)  # knobs may turn meanwhile
        copy.from_params(self.state.to_params())

        def collect(done) -> None:
            self._working = False
            if turn != self._turn:
                self._work(document)
            else:
                self._finish(turn, *done.result())

        work = _workers().submit(compute, copy)
        work.add_done_callback(lambda done: document.add_next_tick_callback(lambda: collect(done)))

    def _finish(self, turn: int, screen: Screen | None, problem: str) -> None:
        if turn != self._turn:
            return  # a newer answer is on its way
        with pn.io.hold():
            self.bench.busy, self.table.busy = "", False
            self.bench.notice = problem
            if screen is not None:
                self._show(screen)

    # -- showing ------------------------------------------------------------------------------------------------

    def _show(self, screen: Screen) -> None:
        """One batch of updates: picture, plots, table, drawer."""
        self.viewer.update(*screen.picture)
        self.histogram.update(screen.histogram, self.state.limits())
        self.matrix.update(screen.matrix)
        self.findings["histogram"].object = finding_html(screen.histogram, KEYS["histogram"])
        self.findings["matrix"].object = finding_html(screen.matrix, KEYS["matrix"])
        self.table.rows = rows(screen)
        self.bench.said = screen.why[0]
        self.drawer["Why it moved"].object = why_html(screen)
        self.drawer["Code"].object = code_html(screen.code)
        self.drawer["Provenance"].object = provenance_html(screen, self.state)
        self.source.object = source_html(self.state)

    def _show_baseline(self) -> None:
        self.viewer.set_baseline(*self.state.picture(**self.state.pinned()))

    # -- actions ------------------------------------------------------------------------------------------------

    def _choose(self, event) -> None:
        if event.new in (None, self.state.case):
            return
        try:
            self.state.case = event.new
        except ValueError as error:
            self._refuse(clean(str(error), 300))
            self.case.value = self.state.case
        self._show_baseline()

    def _baseline(self) -> None:
        self.state.pin()
        self._show_baseline()

    def _reset(self) -> None:
        self.state.reset()
        self._remember()

    def _remember(self) -> None:
        self.history.push(self.state.to_params())
        self._mark_history()

    def _undo(self) -> None:
        self._travel(self.history.undo())

    def _redo(self) -> None:
        self._travel(self.history.redo())

    def _travel(self, to: dict | None) -> None:
        if to is None:
            return
        try:
            self.state.from_params(to)
        except SettingError as error:
            self._refuse(clean(str(error), 300))
        self._show_baseline()
        self._mark_history()

    def _mark_history(self) -> None:
        self.bench.can_undo, self.bench.can_redo = self.history.can_undo, self.history.can_redo

    def _refuse(self, sentence: str) -> None:
        self.bench.notice = sentence


def compute(state: FeatureBench) -> tuple[Screen | None, str]:
    """The screen and no sentence, or no screen and the sentence that says why."""
    try:
        return state.screen(), ""
    except radkit.RadkitError as error:
        return None, clean(str(error), 400)


def warm_up() -> None:
    """Make the page of the default case once, for nobody."""
    FeatureBenchView(FeatureBench())
