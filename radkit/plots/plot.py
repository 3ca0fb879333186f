"""Plot: what every function of this room returns, and the look they share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from textwrap import wrap
from typing import Any

import pandas as pd

from radkit.volume import SettingError

BASELINE = "#0072B2"  # Okabe-Ito blue: what was pinned
NOW = "#D55E00"  # Okabe-Ito vermilion: what the knobs say now
NOW_LIGHT = "#E69F00"  # Okabe-Ito orange: every other bin, so that neighbors can be told apart
NOISE = "#999999"
CYCLE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")

_AXIS = {
    "HU": "attenuation (HU)",
    "SUV": "uptake (SUV)",
    "Bq/ml": "activity concentration (Bq/ml)",
    "counts": "intensity (counts)",
    "a.u.": "MR signal (a.u.)",
    "1": "intensity (1)",
}


@dataclass(frozen=True, eq=False)
class Plot:
    """A picture with what it says in words and in numbers.

    Parameters
    ----------
    title : the finding, not the quantity.
    alt : one sentence with the numbers, for those who do not see the picture.
    table : the data that are drawn.
    draw : makes the HoloViews element; called at the first look at ``element``, so that a dashboard which
        only sends new columns to a picture on screen pays nothing for it.
    """

    title: str
    alt: str
    table: pd.DataFrame
    draw: Callable[[], Any]

    def __post_init__(self):
        if not self.title or not self.alt:
            raise SettingError("a plot has no title or no alternative text; say in one sentence what it shows.")

    @cached_property
    def element(self) -> Any:
        """The HoloViews element, styled for bokeh."""
        import holoviews as hv

        hv.renderer("bokeh")  # loads the backend once; options for it are unknown before
        return self.draw()

    def _repr_mimebundle_(self, include=None, exclude=None):
        """In a notebook the plot shows its element."""
        from holoviews.ipython import display_hooks

        bundle = display_hooks.render(self.element)
        return bundle if bundle is not None else {"text/plain": self.alt}


def axis_label(unit: str) -> str:
    """An axis label that carries the unit: ``axis_label("HU") == "attenuation (HU)"``."""
    return _AXIS.get(unit, f"intensity ({unit})")


def number(value: float, digits: int = 3) -> str:
    """Three significant digits, thousands with a comma, a true minus sign.

    Examples
    --------
    >>> number(1204.0), number(-0.41234), number(45.0), number(1.2e-7)
    ('1,204', '−0.412', '45', '1.2e−07')
    """
    if value != value:
        return "undefined"
    text = f"{value:,.0f}" if 1000 <= abs(value) < 1e7 else f"{value:.{digits}g}"
    return text.replace("-", "−")


def with_unit(value: float, unit: str) -> str:
    """A number and its unit; the unit 1 stays silent."""
    return number(value) if unit == "1" else f"{number(value)} {unit}"


def plain(element, *, title: str, **options):
    """The element without toolbar and minor ticks, its title wrapped so that it fits a width of 390 px."""
    shared = {"toolbar": None, "default_tools": [], "responsive": True, "height": 300, "show_grid": False}
    fonts = {"title": "10.5pt", "labels": "9.5pt", "ticks": "9pt"}
    return element.opts(
        **{**shared, **options}, title="\n".join(wrap(title, 46)), fontsize=fonts, hooks=[_quiet_axes], backend="bokeh"
    )


def _quiet_axes(plot, element) -> None:
    figure = plot.state
    figure.outline_line_color = None
    for axis in (*figure.xaxis, *figure.yaxis):
        axis.minor_tick_line_color = None
        axis.axis_label_text_font_style = "normal"
