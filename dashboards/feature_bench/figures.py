"""Plots that move under a slider: drawn once from their HoloViews element, then only their columns change."""

from __future__ import annotations

import holoviews as hv
import panel as pn
from bokeh.models import GlyphRenderer, Image, Line, Quad, Segment

from radkit.plots import Plot
from radkit.plots.histograms import HEADROOM, bars, outline, rulers
from radkit.plots.matrix import cells

HEIGHT = 260


class _Figure:
    """A bokeh figure that was rendered once from a Plot, in a pane of fixed height, with its text above it."""

    def __init__(self, plot: Plot, name: str):
        self.figure = hv.render(plot.element, backend="bokeh")
        self.figure.title = None  # the finding stands above as text, where it can wrap and be read aloud
        self.figure.update(
            sizing_mode="stretch_width", height=HEIGHT, min_width=200, name=name, output_backend="canvas"
        )
        self.figure.toolbar.update(logo=None, active_drag=None, active_scroll=None)
        self.pane = pn.pane.Bokeh(self.figure, sizing_mode="stretch_width", height=HEIGHT, margin=0)

    def _glyph(self, kind: type) -> GlyphRenderer:
        return next(r for r in self.figure.select(GlyphRenderer) if isinstance(r.glyph, kind))


class HistogramFigure(_Figure):
    """The histogram: bars between bin edges, rulers at the edges, the baseline's outline."""

    def __init__(self, plot: Plot):
        super().__init__(plot, "histogram")
        self._bars, self._rulers, self._outline = (self._glyph(kind) for kind in (Quad, Segment, Line))

    def update(self, plot: Plot, limits: tuple[float, float]) -> None:
        """New columns, and an intensity axis that spans ``limits`` and every bin."""
        now, edges, before = bars(plot.table), rulers(plot.table), outline(plot.table)
        quads = {"left": now["lower"], "right": now["upper"], "bottom": now["zero"], "top": now["voxels"]}
        self._bars.data_source.data = _lists({**quads, "color": now["color"]})
        self._rulers.data_source.data = _lists(edges)
        self._outline.data_source.data = _lists(before)
        top = float(plot.table["voxels"].max()) * HEADROOM
        self.figure.y_range.update(start=0, end=top, reset_start=0, reset_end=top)
        low = min(limits[0], float(plot.table["lower"].min()))
        high = max(limits[1], float(plot.table["upper"].max()))
        room = 0.02 * (high - low) or 1.0
        self.figure.x_range.update(start=low - room, end=high + room)


class MatrixFigure(_Figure):
    """The co-occurrence matrix as a map."""

    def __init__(self, plot: Plot):
        super().__init__(plot, "matrix")
        self._image = self._glyph(Image)

    def update(self, plot: Plot) -> None:
        """A new image, and axes that end at its levels."""
        image, (low, high) = cells(plot.table)
        self._image.data_source.data = {
            "image": [image], "x": [low], "y": [low], "dw": [high - low], "dh": [high - low]
        }  # fmt: skip
        for axis in (self.figure.x_range, self.figure.y_range):
            axis.update(start=low, end=high)


def _lists(columns: dict) -> dict[str, list]:
    """Short columns as lists: they travel in one message, an array each in two of its own."""
    return {name: column.tolist() for name, column in columns.items()}
