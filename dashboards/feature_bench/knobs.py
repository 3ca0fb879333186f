"""The left rail: one slider per knob, built from the state's parameters, checked by them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import panel as pn
import panel_material_ui as pmui
from bokeh.models import CustomJSTickFormatter

from radkit_dashboards.feature_bench.state import FeatureBench
from radkit_dashboards.shell.text import clean

ORDER = ("psf_sigma_mm", "spacing_mm", "bin_method", "bin_width", "n_bins")  # as the pipeline runs
METHODS = {"Fixed width": "width", "Fixed count": "count"}
GATHER_MS = 5  # turns that arrive within it are answered once, by the newest; Panel would wait for 50
TICK = {"height": "12px", "width": "2px", "opacity": 1, "bgcolor": "text.secondary"}
_DOC = {"margin": (3, 10, 8, 10), "sizing_mode": "stretch_width"}


@cache
def _css() -> str:
    return (Path(__file__).parent / "feature_bench.css").read_text(encoding="utf-8")


def text(html: str = "", **settings) -> pn.pane.HTML:
    """A pane for ready, safe HTML in the bench's own style."""
    return pn.pane.HTML(html, stylesheets=[_css()], **{"sizing_mode": "stretch_width", **settings})


class Rail:
    """The knobs. A turn is written into the state; where the state refuses it, ``refuse`` gets the sentence."""

    def __init__(self, state: FeatureBench, refuse: Callable[[str], None], rest: Callable[[], None]):
        self.state, self._refuse, self._rest = state, refuse, rest
        self.widgets = {name: self._widget(name) for name in ORDER}
        self._reasons = {name: text("", **_DOC) for name in ORDER}
        self._reasons["bin_method"].object = _small(state.param.bin_method.doc)
        self._formats: dict = {}
        self.seed = pmui.IntInput(
            label="Seed", start=0, end=9999, step=1, value=state.seed, size="small", sizing_mode="stretch_width",
            margin=(10, 10, 0, 10),
        )  # fmt: skip
        self.seed_row = pn.Column(self.seed, text(_small(state.param.seed.doc), **_DOC), sizing_mode="stretch_width")
        self.seed.param.watch(lambda event: self._turn("seed", event.new), "value")
        for name, widget in self.widgets.items():
            widget._debounce = GATHER_MS
            widget.param.watch(lambda event, name=name: self._turn(name, event.new), "value")
            if name != "bin_method":
                widget.param.watch(lambda event: self._rest(), "value_throttled")
        self.rows = [self._row(name) for name in ORDER] + [self.seed_row]
        self.follow()

    def follow(self) -> None:
        """Bounds, units, ticks and values as the state has them now; what stayed is not sent again."""
        pinned, defaults = self.state.pinned(), self.state.defaults()
        width = self.state.bin_method == "width"
        for name, widget in self.widgets.items():
            value = getattr(self.state, name)
            if name == "bin_method":
                _change(widget, value=value)
                continue
            knob = self.state.knob(name)
            quiet = (name == "bin_width" and not width) or (name == "n_bins" and width)
            if name == "spacing_mm":
                options = self._spacings(knob)
                bounds = {"options": options, "marks": _marks(defaults[name], pinned[name], list(options.values()))}
            else:
                low, high = self.state.param[name].bounds
                bounds = {"start": low, "end": high, "step": knob.step, "marks": _marks(defaults[name], pinned[name])}
                if self._formats.get(name) != knob:  # a new formatter is a new model on the page: not at every turn
                    self._formats[name], bounds["format"] = knob, _format(knob)
            _change(widget, **bounds, value=value, label=knob.label, disabled=quiet)
            off = f"Off: bins have a fixed {'width' if width else 'count'}."
            places = _places(knob, defaults[name], pinned[name])
            _change(self._reasons[name], object=_small(off if quiet else f"{knob.doc} {places}"))
        _change(self.seed, value=self.state.seed)
        _change(self.seed_row, visible=self.state.case == "simulated")

    def _widget(self, name: str):
        settings = {"size": "small", "margin": (6, 10, 0, 10), "sizing_mode": "stretch_width"}
        quiet = {"tooltips": False, "sx": {"& .MuiSlider-mark": TICK}}  # the value stands in the label
        if name == "bin_method":
            return pmui.RadioButtonGroup(options=METHODS, value=self.state.bin_method, label="Gray levels", **settings)
        if name == "spacing_mm":
            options = self._spacings(self.state.knob(name))
            return pmui.DiscreteSlider(options=options, value=self.state.spacing_mm, **settings, **quiet)
        low, high = self.state.param[name].bounds
        kind = pmui.IntSlider if name == "n_bins" else pmui.FloatSlider
        step, value = self.state.knob(name).step, getattr(self.state, name)
        return kind(start=low, end=high, step=step, value=value, **settings, **quiet)

    def _row(self, name: str) -> pn.Column:
        parts = [self.widgets[name], self._reasons[name]]
        if name != "bin_method":
            reset = pmui.IconButton(
                icon="replay", size="small", description="Back to the default", margin=0, css_classes=["knob-reset"],
                styles={"position": "absolute", "top": "0", "right": "2px", "z-index": "2"},
            )  # fmt: skip
            reset.on_click(lambda event: self._reset(name))
            parts.append(reset)
        return pn.Column(
            *parts, css_classes=["knob"], name=name, sizing_mode="stretch_width", styles={"position": "relative"}
        )

    def _spacings(self, knob) -> dict[str, float]:
        steps = round((knob.high - knob.low) / knob.step)
        values = {0.0, *(round(knob.low + i * knob.step, 6) for i in range(steps + 1)), float(self.state.spacing_mm)}
        return {("as scanned" if v == 0 else f"{v:g} mm"): v for v in sorted(values)}

    def _turn(self, name: str, value) -> None:
        try:
            setattr(self.state, name, value)
        except ValueError as error:  # a client can send anything
            self._refuse(clean(str(error), 300))
            self.follow()

    def _reset(self, name: str) -> None:
        self._turn(name, self.state.defaults()[name])
        self._rest()


def _change(component, **wanted) -> None:
    """Set only what differs."""
    component.param.update(**{name: value for name, value in wanted.items() if getattr(component, name) != value})


def _marks(default: float, baseline: float, options: list[float] | None = None) -> list[dict]:
    """Ticks at the default and at the baseline."""
    if options is None:
        return [{"value": value} for value in sorted({default, baseline})]
    return [{"value": options.index(value)} for value in sorted({default, baseline}) if value in options]


def _places(knob, default: float, baseline: float) -> str:
    """What the ticks stand for, in words."""
    words = f"Default {_words(knob, default)}"
    return f"{words}, baseline {_words(knob, baseline)}." if baseline != default else f"{words}."


def _words(knob, value: float) -> str:
    if knob.name == "spacing_mm" and value == 0:
        return "as scanned"
    return f"{value:g}\N{NO-BREAK SPACE}{'SD' if knob.unit == '1' else knob.unit}"


def _format(knob) -> CustomJSTickFormatter:
    decimals = max(0, len(f"{knob.step:g}".partition(".")[2]))
    unit = " SD" if knob.unit == "1" else f" {knob.unit}"  # a z-score is in units of the region's SD
    return CustomJSTickFormatter(args={"decimals": decimals, "unit": unit}, code="return tick.toFixed(decimals) + unit")


def _small(text: str) -> str:
    return f'<p class="knob-doc">{text}</p>'
