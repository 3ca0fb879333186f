"""A feature against a knob: what one turn of it does, all the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from radkit.plots.plot import CYCLE, NOISE, Plot, number, plain, with_unit
from radkit.volume import SettingError

_DASHES = ("solid", "dashed", "dotted", "dotdash")


@dataclass(frozen=True, kw_only=True)
class DoseResponse:
    """The values of one feature at several settings of one knob.

    Parameters
    ----------
    knob, knob_unit : "bin width", "SUV".
    settings : the settings, ascending, in ``knob_unit``.
    feature, feature_unit : "GLCM contrast", "1".
    values : the feature at each setting.
    series : what tells this curve from the others of the same plot, such as "fixed bin width".
    """

    knob: str
    knob_unit: str
    settings: tuple[float, ...]
    feature: str
    feature_unit: str
    values: tuple[float, ...]
    series: str = ""

    def __post_init__(self):
        if len(self.settings) != len(self.values) or len(self.settings) < 2:
            raise SettingError(
                f"a dose response has {len(self.settings)} settings and {len(self.values)} values; "
                "give one value per setting, and at least two."
            )
        if any(b <= a for a, b in zip(self.settings, self.settings[1:], strict=False)):
            raise SettingError("the settings of a dose response must ascend; sort them with their values.")

    @classmethod
    def of(cls, sweep, tag: str, *, feature: str = "", unit: str = "1", series: str = "") -> DoseResponse:
        """The course of one feature in a ``radkit.extraction.Sweep`` of one knob, whose values ascend.

        ``feature`` and ``unit`` go to the axis.
        """
        (knob, knob_unit), *more = sweep.units.items()
        if more:
            raise SettingError(f"{', '.join(sweep.units)} were turned at once; a curve is drawn from the sweep of one.")
        return cls(
            knob=knob.removesuffix("_mm").replace("_", " "),
            knob_unit=knob_unit,
            settings=sweep.settings(knob),
            feature=feature or tag,
            feature_unit=unit,
            values=sweep[tag],
            series=series,
        )


def dose_response(*responses: DoseResponse, at: float | None = None) -> Plot:
    """One curve per response of a feature against a knob, its name where the line ends.

    Parameters
    ----------
    responses : all of one feature and one knob.
    at : a setting to mark with a gray line, such as the default.

    Returns
    -------
    Plot with the columns series, setting (knob unit), value (feature unit).

    Examples
    --------
    >>> blur = DoseResponse(knob="blur", knob_unit="mm", settings=(0, 2), feature="GLCM contrast",
    ...                     feature_unit="1", values=(8.0, 2.0))
    >>> dose_response(blur).title
    'GLCM contrast falls from 8 to 2 as blur goes from 0 to 2 mm'
    """
    if not responses:
        raise SettingError("dose_response got no curve; pass at least one DoseResponse.")
    first = responses[0]
    for other in responses[1:]:
        if (other.knob, other.knob_unit, other.feature) != (first.knob, first.knob_unit, first.feature):
            raise SettingError(
                f"{first.feature} against {first.knob} and {other.feature} against {other.knob} do not share axes; "
                "draw two plots."
            )
    title = f"{first.feature} {_course(first)}"
    if len(responses) > 1:
        ends = "; ".join(f"{r.series} from {number(r.values[0])} to {number(r.values[-1])}" for r in responses)
        title = f"{first.feature} against {first.knob}: {ends}"
    alt = " ".join(
        f"{r.series + ': ' if r.series else ''}{r.feature} at {len(r.settings)} settings of {r.knob}: "
        f"{_course(r)}, lowest {number(min(r.values))}, highest {with_unit(max(r.values), r.feature_unit)}."
        for r in responses
    )
    table = pd.concat(
        [pd.DataFrame({"series": r.series, "setting": r.settings, "value": r.values}) for r in responses],
        ignore_index=True,
    )
    return Plot(title, alt, table, lambda: _draw(responses, title, at))


def _course(response: DoseResponse) -> str:
    start, end = response.values[0], response.values[-1]
    steps = np.diff(response.values)
    verb = "stays near" if np.isclose(start, end, rtol=0.01) else "falls from" if end < start else "rises from"
    turns = bool((steps > 0).any() and (steps < 0).any())
    span = f"{response.knob} goes from {number(response.settings[0])} to {number(response.settings[-1])}"
    numbers = number(start) if verb == "stays near" else f"{number(start)} to {number(end)}"
    return f"{verb} {numbers} as {span} {response.knob_unit}" + (", not steadily" if turns else "")


def _draw(responses: tuple[DoseResponse, ...], title: str, at: float | None):
    import holoviews as hv

    first = responses[0]
    values = [v for r in responses for v in r.values]
    lift = 0.03 * (max(values) - min(values))  # lets a name clear its line
    layers = []
    for i, r in enumerate(responses):
        color, dash = CYCLE[i % len(CYCLE)], _DASHES[i % len(_DASHES)]
        curve = hv.Curve((r.settings, r.values), "setting", "value")
        layers.append(curve.opts(color=color, line_dash=dash, line_width=2, backend="bokeh"))
        layers.append(hv.Scatter((r.settings, r.values), "setting", "value").opts(color=color, size=6, backend="bokeh"))
        end = hv.Labels((r.settings[-1], r.values[-1] + lift, f"{r.series} "), ["setting", "value"], "text")
        style = {"text_color": color, "text_font_size": "10pt", "text_align": "right", "text_baseline": "bottom"}
        layers.append(end.opts(**style, backend="bokeh"))
    if at is not None:
        layers.append(hv.VLine(at).opts(color=NOISE, line_dash="dashed", line_width=1, backend="bokeh"))
    unit = "" if first.knob_unit == "1" else f" ({first.knob_unit})"
    return plain(
        hv.Overlay(layers),
        xlabel=f"{first.knob}{unit}",
        ylabel=f"{first.feature} ({first.feature_unit})",
        title=title,
        show_legend=False,
    )
