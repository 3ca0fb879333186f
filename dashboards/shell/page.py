"""The page of a bench: top bar, knobs, picture, what moved, drawer; and the one pn.extension call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import panel as pn
import panel_material_ui as pmui
import param
from panel.custom import Child, Children, JSComponent
from panel.util import edit_readonly

from radkit_dashboards.shell.style import theme

ACTIONS = ("undo", "redo", "reset", "baseline", "dark")


def extension(*names: str) -> None:
    """The only ``pn.extension`` call of radkit (it is process-global); ``names`` as in Panel, e.g. "tabulator"."""
    pn.extension(*names, sizing_mode=None, notifications=False)


class BenchPart(JSComponent):
    """What bar and layout share: the buttons' state, and the actions that come back from the browser."""

    can_undo = param.Boolean(False)
    can_redo = param.Boolean(False)
    kind = param.Selector(objects=["bar", "layout"], constant=True)

    _esm = "bench.js"
    _stylesheets: ClassVar = ["bench.css"]
    __abstract = True

    def __init__(self, act: Callable[[str], None], **params):
        self._act = act
        super().__init__(**params)

    @classmethod
    def _patch_datamodel_ref(cls, props, ref: str) -> None:
        """Tag what hangs below for Panel's clean-up once; Panel would walk the whole page at every change (20 ms)."""
        if f"__ref:{ref}" not in props.tags:
            super()._patch_datamodel_ref(props, ref)

    def _handle_msg(self, data: Any) -> None:
        action = data.get("action") if isinstance(data, dict) else None
        if action in ACTIONS:
            self._act(action)


class BenchBar(BenchPart):
    title = param.String()
    question = param.String()
    case_bar = Child()


class BenchLayout(BenchPart):
    knobs = Child()
    picture = Child()
    moved = Child()
    tabs = Children()
    tab_names = param.List([])
    notice = param.String("")
    said = param.String("")
    busy = param.String("")
    query = param.String("")


class Query:
    """The query of the page's URL; setting replaces it in the browser's address bar, without reload or history."""

    def __init__(self, layout: BenchLayout):
        self._layout = layout
        self._search = pn.state.location.search if pn.state.location else ""

    @property
    def search(self) -> str:
        """ "?key=value&...", as the page was opened or last set."""
        return self._search

    @search.setter
    def search(self, value: str) -> None:
        self._search = value
        self._layout.query = value


class BenchPage(param.Parameterized):
    """One bench on screen: slots in, a panel_material_ui.Page out.

    ``knobs``, ``picture``, ``moved`` are lists of viewables; ``drawer`` maps a tab's name to a viewable;
    ``case_bar`` is the selector in the top bar. Sizes are the shell's business: give viewables
    ``sizing_mode="stretch_width"``. Slots are fixed when ``page`` is first asked for; what they hold may change.
    """

    title = param.String("", doc="Name of the bench.")
    question = param.String("", doc="Its question, in one line.")
    knobs = param.List([], doc="Viewables of the left rail (300 px), in the order of the pipeline.")
    picture = param.List([], doc="Viewables of the middle: the viewer, then the plots.")
    moved = param.List([], doc="Viewables of the right column (360 px).")
    drawer = param.Dict({}, doc="Tab name: viewable, closed at first.")
    case_bar = param.Parameter(None, allow_refs=False, doc="Viewable in the top bar, usually a Select.")
    can_undo = param.Boolean(False, doc="Whether the undo button is live.")
    can_redo = param.Boolean(False, doc="Whether the redo button is live.")
    notice = param.String("", doc="One sentence above the picture until dismissed (refused, ignored); plain text.")
    said = param.String("", doc="One sentence for screen readers (aria-live): what moved; plain text.")
    busy = param.String("", doc="What is being computed; a bar after 300 ms, these words after 1 s; plain text.")

    def __init__(self, **params):
        super().__init__(**params)
        self._callbacks: dict[str, list[Callable[[], Any]]] = {action: [] for action in ACTIONS}
        self._bar = BenchBar(
            self._act, kind="bar", title=self.title, question=self.question, case_bar=self.case_bar,
            sizing_mode="stretch_width",
        )  # fmt: skip
        self._layout = BenchLayout(
            self._act, kind="layout", knobs=_column(self.knobs), picture=_column(self.picture),
            moved=_column(self.moved), tabs=list(self.drawer.values()), tab_names=list(self.drawer),
            sizing_mode="stretch_both",
        )  # fmt: skip
        for part, names in ((self._bar, _BUTTONS), (self._layout, (*_BUTTONS, "notice", "said", "busy"))):
            for name in names:
                setattr(part, name, getattr(self, name))
            self.param.watch(lambda e, part=part: setattr(part, e.name, e.new), list(names))
        self._layout.param.watch(lambda e: self.param.update(notice=e.new), "notice")  # dismissed in the browser
        self._page: pmui.Page | None = None
        self._address = Query(self._layout)
        self.on("dark", self._toggle_dark)

    @property
    def address(self) -> Query:
        """The URL's query: ``.search`` to read and set, for ``url.sync``; setting replaces, never reloads."""
        return self._address

    @property
    def page(self) -> pmui.Page:
        """The panel_material_ui.Page."""
        if self._page is None:
            self._page = pmui.Page(
                header=[self._bar], main=[self._layout], title="", meta_title=f"{self.title} | radkit",
                busy_indicator=None, dark_theme="theme=dark" in self.address.search, favicon=None, **theme(),
            )  # fmt: skip
            with edit_readonly(self._page):  # Panel's busy flag is that of all sessions; two messages an event
                self._page.busy = False
        return self._page

    def on(self, action: str, callback: Callable[[], Any]) -> None:
        """Call back on "undo", "redo", "reset" or "baseline", from its button or its key (u, shift-u, b)."""
        if action not in self._callbacks:
            raise ValueError(f"action is {action!r}; use one of {', '.join(ACTIONS)}.")
        self._callbacks[action].append(callback)

    def servable(self) -> BenchPage:
        """Put the page on the current document."""
        self.page.servable(title=f"{self.title} | radkit")
        return self

    def _act(self, action: str) -> None:
        if (action == "undo" and not self.can_undo) or (action == "redo" and not self.can_redo):
            return
        for callback in self._callbacks[action]:
            callback()

    def _toggle_dark(self) -> None:
        self.page.dark_theme = not self.page.dark_theme


_BUTTONS = ("can_undo", "can_redo")


def _column(viewables: list) -> pn.Column:
    return pn.Column(*viewables, sizing_mode="stretch_width", margin=0)
