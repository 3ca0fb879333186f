"""How a lesson shows a plot: the picture, its words, its numbers and what it was made from. Nothing is fetched."""

from __future__ import annotations

import html
from dataclasses import dataclass

from radkit.plots import Plot
from radkit.report import ProvenanceCard

ROWS, COLUMNS = 40, 12  # of a data table that are printed; the whole one is ``plot.table``
WIDTH_PX = 720


class Html(str):
    """HTML that a notebook renders."""

    def _repr_html_(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return "<HTML>"


def ready() -> Html:
    """The one script that draws, to be shown once before the first figure: it stands in the notebook itself."""
    from bokeh.resources import Resources

    return Html(Resources(mode="inline", components=["bokeh"], log_level="error").render_js())


@dataclass(frozen=True, eq=False)
class Figure:
    """A plot with its words, its table and its provenance card, for a notebook.

    Parameters
    ----------
    plot : what a function of ``radkit.plots`` returns.
    card : what it was made from.
    """

    plot: Plot
    card: ProvenanceCard

    def __repr__(self) -> str:
        return f"{self.plot.title}\n{self.plot.alt}"

    def _repr_html_(self) -> str:
        import holoviews as hv
        from bokeh.embed import components

        model = hv.render(self.plot.element, backend="bokeh")
        script, picture = components(model)
        words = f"words-{model.id}"
        return (
            f'<figure style="margin:1em 0;max-width:{WIDTH_PX}px">'
            f'<div role="img" aria-labelledby="{words}" style="background:#fff;color-scheme:light;padding:8px;'
            f'border-radius:6px;overflow-x:auto">{picture}</div>'
            f'<figcaption id="{words}" style="font-size:.9em">{html.escape(self.plot.alt)}</figcaption>'
            f"{self._table()}{self.card.to_html()}{script}</figure>"
        )

    def _table(self) -> str:
        table = self.plot.table
        shown = table.iloc[:ROWS, :COLUMNS]
        cut = "" if shown.shape == table.shape else f", the first {shown.shape[0]} x {shown.shape[1]} shown"
        rows = shown.to_html(border=0, float_format=lambda value: f"{value:.4g}")
        return (
            f'<details style="font-size:.85em"><summary>The numbers: {table.shape[0]} x {table.shape[1]}{cut}</summary>'
            f"{rows}</details>"
        )
