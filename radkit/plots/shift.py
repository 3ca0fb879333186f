"""What moved: features now against a baseline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from radkit.plots.plot import BASELINE, NOW, Plot, number, plain
from radkit.volume import SettingError


@dataclass(frozen=True, kw_only=True)
class Change:
    """One feature under two settings.

    Parameters
    ----------
    tag, label, family, unit : the feature: its tag with suffix, its IBSI name, its family, its unit.
    value, baseline : now and before, in ``unit``.

    Examples
    --------
    >>> Change(tag="stat_mean", label="Mean", family="statistics", unit="SUV", value=3.0, baseline=4.0).relative
    -0.25
    """

    tag: str
    label: str
    family: str
    unit: str
    value: float
    baseline: float

    @property
    def moved(self) -> bool:
        """True unless both values agree to 9 digits, or both are undefined."""
        if math.isnan(self.value) or math.isnan(self.baseline):
            return math.isnan(self.value) != math.isnan(self.baseline)
        return not math.isclose(self.value, self.baseline, rel_tol=1e-9, abs_tol=1e-12)

    @property
    def relative(self) -> float | None:
        """(value - baseline) / abs(baseline); 0 where nothing moved, None where the baseline is 0 or undefined."""
        if not self.moved:
            return 0.0
        if not self.baseline or math.isnan(self.value - self.baseline):
            return None
        return (self.value - self.baseline) / abs(self.baseline)


def compare(now, baseline) -> tuple[Change, ...]:
    """The changes of every feature that both FeatureSets hold, in the order of ``now``."""
    before = baseline.to_dict()
    return tuple(
        Change(
            tag=v.tag,
            label=v.feature.name,
            family=v.feature.family,
            unit=v.unit,
            value=v.value,
            baseline=before[v.tag],
        )
        for v in now
        if v.tag in before
    )


def by_size(changes: Sequence[Change]) -> list[Change]:
    """Largest relative change first; a change from 0 counts as the largest."""
    return sorted(changes, key=lambda c: -(math.inf if c.relative is None else abs(c.relative)))


def feature_shift(changes: Sequence[Change], *, top: int = 12) -> Plot:
    """The ``top`` features that moved most, as bars of their relative change: orange up, blue down.

    Parameters
    ----------
    changes : what ``compare`` returns. Features whose baseline is 0 have no relative change and are left out.

    Returns
    -------
    Plot with the columns tag, label, family, unit, baseline, value, percent.
    """
    drawn = [c for c in by_size(changes) if c.relative is not None][:top]
    if not drawn:
        raise SettingError("there is no feature to compare; pass the changes of at least one with a baseline above 0.")
    moved = sum(c.moved for c in changes)
    first = drawn[0]
    title = f"{moved} of {len(changes)} features moved, {first.label} most ({percent(first.relative)})"
    listed = ", ".join(f"{c.label} {percent(c.relative)}" for c in drawn[:3])
    alt = f"Relative change of the {len(drawn)} features that moved most, of {len(changes)}: {listed}."
    table = pd.DataFrame(
        {
            "tag": [c.tag for c in drawn],
            "label": [c.label for c in drawn],
            "family": [c.family for c in drawn],
            "unit": [c.unit for c in drawn],
            "baseline": [c.baseline for c in drawn],
            "value": [c.value for c in drawn],
            "percent": [100 * c.relative for c in drawn],
        }
    )
    return Plot(title, alt, table, lambda: _draw(title, table))


def percent(relative: float | None) -> str:
    """A signed percentage in three digits or fewer; beyond +900% a factor.

    Examples
    --------
    >>> percent(-0.3812), percent(0.004), percent(12.4), percent(None)
    ('−38%', '+0.4%', '×13', 'from 0')
    """
    if relative is None:
        return "from 0"
    if relative != relative:
        return "undefined"
    if relative == 0:
        return "0%"
    if relative > 9:
        return f"×{number(1 + relative, 2)}"
    size = abs(relative) * 100
    digits = f"{size:.0f}" if size >= 10 else f"{size:.1f}" if size >= 0.1 else "<0.1"
    return f"{'+' if relative > 0 else '−'}{digits}%"


def _draw(title: str, table: pd.DataFrame):
    import holoviews as hv

    rows = table[::-1]
    data = pd.DataFrame(
        {
            "feature": rows["label"] + " (" + rows["family"] + ")",
            "percent": rows["percent"],
            "color": [NOW if p > 0 else BASELINE for p in rows["percent"]],
        }
    ).drop_duplicates("feature")
    bars = hv.Bars(data, "feature", ["percent", "color"]).opts(
        color="color", line_color=None, invert_axes=True, backend="bokeh"
    )
    layers = [bars]
    for side, rows in (("left", data[data["percent"] >= 0]), ("right", data[data["percent"] < 0])):
        text = {**rows[["feature", "percent"]], "text": [f" {percent(p / 100)} " for p in rows["percent"]]}
        labels = hv.Labels(text, ["feature", "percent"], "text")
        layers.append(labels.opts(text_align=side, text_font_size="9pt", text_color="gray", backend="bokeh"))
    room = 0.35 * max(float(data["percent"].abs().max()), 1.0)  # for the numbers beside the bars
    limits = (min(0.0, data["percent"].min()) - room, max(0.0, data["percent"].max()) + room)
    return plain(
        hv.Overlay(layers), xlabel="", ylabel="change against the baseline (%)", title=title, height=380, ylim=limits
    )
