"""The histogram with the bin edges that discretization drew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from radkit.plots.plot import BASELINE, NOW, NOW_LIGHT, Plot, axis_label, number, plain, with_unit
from radkit.volume import Levels, Roi

FINE_BINS = 64  # of a region that is not discretized yet
HEADROOM = 1.05  # of the axis above the fullest bin


@dataclass(frozen=True, eq=False)
class _Bins:
    """Counts between edges, from the lowest to the highest bin that holds a voxel."""

    level: np.ndarray  # (n,) number of each bin
    edges: np.ndarray  # (n + 1,) in unit
    counts: np.ndarray  # (n,)
    unit: str

    @property
    def centers(self) -> np.ndarray:
        return (self.edges[:-1] + self.edges[1:]) / 2

    @property
    def mode(self) -> float:
        return float(self.centers[self.counts.argmax()])

    @property
    def skewness(self) -> float:
        """Third standardized moment of the bin centers weighted by their counts; 0 where all lie in one bin."""
        share = self.counts / self.counts.sum()
        deviation = self.centers - share @ self.centers
        variance = share @ deviation**2
        return float(share @ deviation**3 / variance**1.5) if variance > 0 else 0.0

    def widths(self) -> str:
        width = float(np.diff(self.edges).mean())
        return f"{len(self.counts)} bin{'s' * (len(self.counts) > 1)} of {with_unit(width, self.unit)}"


def histogram(region: Roi | Levels, *, baseline: Roi | Levels | None = None) -> Plot:
    """Voxels per gray level, each bin between its edges; the baseline as an outline.

    Parameters
    ----------
    region : Levels (the bins are those of the discretization), or Roi (64 equal bins).
    baseline : the same region under other settings, drawn as a blue outline.

    Returns
    -------
    Plot with the columns series ("now" or "baseline"), level, lower, upper (in the image's unit), voxels.

    Examples
    --------
    >>> import numpy as np
    >>> from radkit.volume import Grid, Levels
    >>> grid = Grid(shape=(1, 1, 4), spacing_mm=(1, 1, 1))
    >>> levels = Levels(np.array([[[1, 1, 1, 2]]]), grid, 2, np.array([0.0, 0.5, 1.0]), unit="SUV")
    >>> histogram(levels).alt
    'Histogram of 4 voxels, 2 bins of 0.5 SUV, mode at 0.25 SUV, skewness 1.15.'
    """
    now = _bins(region)
    before = None if baseline is None else _bins(baseline)
    table = _table(now, "now")
    if before is not None:
        table = pd.concat([table, _table(before, "baseline")], ignore_index=True)
    n_voxels = int(now.counts.sum())
    top = int(now.counts.argmax())
    where = f"{number(now.edges[top])} to {with_unit(now.edges[top + 1], now.unit)}"
    title = f"The fullest of {len(now.counts)} bins ({where}) holds {now.counts[top] / n_voxels:.0%} of the voxels"
    alt = (
        f"Histogram of {n_voxels:,} voxels, {now.widths()}, mode at {with_unit(now.mode, now.unit)}, "
        f"skewness {number(now.skewness)}."
    )
    if before is not None:
        alt += f" Baseline: {int(before.counts.sum()):,} voxels, {before.widths()}, mode at {number(before.mode)}."
    return Plot(title, alt, table, lambda: _draw(title, table, now.unit))


def _bins(region: Roi | Levels) -> _Bins:
    if isinstance(region, Levels):
        counts, edges, unit = region.counts, np.asarray(region.edges, dtype=float), region.unit
    else:
        counts, edges = np.histogram(region.values, bins=FINE_BINS)
        unit = region.image.unit
    occupied = np.flatnonzero(counts)
    first, last = int(occupied[0]), int(occupied[-1]) + 1
    return _Bins(np.arange(first + 1, last + 1), edges[first : last + 1], counts[first:last], unit)


def _table(bins: _Bins, series: str) -> pd.DataFrame:
    columns = {"level": bins.level, "lower": bins.edges[:-1], "upper": bins.edges[1:], "voxels": bins.counts}
    return pd.DataFrame({"series": series, **columns})


def bars(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Columns of the bars: lower, zero, upper, voxels, and the two tones in turn as color."""
    now = table[table["series"] == "now"]
    color = np.where(now["level"].to_numpy() % 2 == 1, NOW, NOW_LIGHT)
    columns = {name: now[name].to_numpy(dtype=float) for name in ("lower", "upper", "voxels")}
    return {**columns, "zero": np.zeros(len(now)), "color": color}


def rulers(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Columns of the bin edges as lines over the whole height: x, y0, x1, y1, and alpha, fainter where many."""
    now = table[table["series"] == "now"]
    x = np.append(now["lower"].to_numpy(), now["upper"].to_numpy()[-1:])
    top = np.full(len(x), float(table["voxels"].max()) * HEADROOM)
    return {"x": x, "y0": np.zeros(len(x)), "x1": x, "y1": top, "alpha": np.full(len(x), min(0.5, 15 / len(x)))}


def outline(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Columns of the baseline's outline: edge and voxels, as a closed staircase; empty without a baseline."""
    before = table[table["series"] == "baseline"]
    if before.empty:
        return {"edge": np.zeros(0), "count": np.zeros(0)}
    edges = np.append(before["lower"].to_numpy(), before["upper"].to_numpy()[-1:])
    return {"edge": np.repeat(edges, 2), "count": np.concatenate([[0], np.repeat(before["voxels"].to_numpy(), 2), [0]])}


def _draw(title: str, table: pd.DataFrame, unit: str):
    import holoviews as hv

    label = axis_label(unit)
    boxes = hv.Rectangles(bars(table), ["lower", "zero", "upper", "voxels"], ["color"], label="now")
    edges = hv.Segments(rulers(table), ["x", "y0", "x1", "y1"], ["alpha"], label="bin edges")
    staircase = hv.Curve(outline(table), "edge", "count", label="baseline")
    boxes = boxes.opts(color="color", line_color="white", line_width=0.4, backend="bokeh")
    edges = edges.opts(color="gray", alpha="alpha", line_width=1, backend="bokeh")
    staircase = staircase.opts(color=BASELINE, line_width=2, backend="bokeh")
    return plain(
        edges * boxes * staircase,
        xlabel=label, ylabel="voxels (count)", title=title, show_legend=False,
        ylim=(0, float(table["voxels"].max()) * HEADROOM),
    )  # fmt: skip
