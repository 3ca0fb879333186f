"""Three linked slices, sliced in the browser: SliceViewer."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import param
from bokeh.models import ColumnDataSource, ImageRGBA, Range1d, Segment
from bokeh.plotting import figure
from panel.custom import Child, JSComponent
from panel.pane import Bokeh

from radkit.volume import Image, Mask
from radkit_dashboards.shell import volume_wire as wire
from radkit_dashboards.shell.style import OKABE_ITO, ORANGE, asset

PLANES = ("axial", "coronal", "sagittal")


class SliceViewer(JSComponent):
    """Three linked slices (axial, coronal, sagittal) of one image with its mask; put it into any layout.

    Wheel, arrows and the slider under a slice scroll; a click moves the linked crosshair; a drag sets window and
    level; ctrl + wheel zooms; keys 1-5 are presets; m shows the mask as outline, fill, or not; space shows the
    baseline while held. None of that asks the server: a volume of up to 16 MB is sent once and sliced in the
    browser, a larger one slice by slice. Sizes, position in mm and window stay while the data change.
    """

    axial = Child()
    coronal = Child()
    sagittal = Child()
    bookmark = param.Boolean(True, doc="Whether position, window and mask mode are kept in the page's URL (view=).")

    _esm = asset("slices.js") + asset("viewer.js")
    _stylesheets: ClassVar = ["viewer.css"]

    def __init__(self, image: Image, mask: Mask | None = None, **params):
        """``image`` and ``mask`` on one grid; modality and unit choose the first window and the colors."""
        self._volume = ColumnDataSource(data={}, name="volume")
        self._baseline = ColumnDataSource(data={}, name="baseline")
        self._shown: tuple[Image, Mask | None] | None = None
        self._pinned: tuple[Image, Mask | None] | None = None
        figures = {name: Bokeh(_figure(name), sizing_mode="stretch_both", margin=0) for name in PLANES}
        figures["axial"].object.tags = [self._volume, self._baseline]
        params.setdefault("sizing_mode", "stretch_width")
        super().__init__(**figures, **params)
        self.update(image, mask)

    def update(self, image: Image, mask: Mask | None = None, *, recenter: bool | None = None) -> None:
        """Show another volume (after blur, resampling, or another case) in one batch; nothing else moves.

        ``recenter``: True puts the crosshair into the region (another case), False keeps it where it is in mm,
        None keeps it unless the volume lies elsewhere.
        """
        if mask is not None:
            image.grid.require_match(mask.grid, "image", "mask")
        if not recenter and self._shown and _same(self._shown, (image, mask)):
            return  # a turn that leaves the picture alone (bin width) sends nothing
        if recenter is None:
            recenter = self._shown is None or not wire.same_place(self._shown[0].grid, image.grid)
        self._shown = (image, mask)
        self._volume.data = wire.row(image, mask, recenter=recenter)

    def set_baseline(self, image: Image | None, mask: Mask | None = None) -> None:
        """Keep this volume for before/after (space, or the button); None takes it away."""
        if image is None:
            self._pinned, self._baseline.data = None, {}
            return
        if self._pinned and _same(self._pinned, (image, mask)):
            return
        if mask is not None:
            image.grid.require_match(mask.grid, "image", "mask")
        self._pinned = (image, mask)
        self._baseline.data = wire.row(image, mask, recenter=False)

    def _handle_msg(self, data: Any) -> None:
        """A browser that shows a volume over 16 MB asks for its three slices: {"which", "at": [3 indices]}."""
        if not isinstance(data, dict) or data.get("which") not in ("volume", "baseline"):
            return
        shown, source = (self._shown, self._volume) if data["which"] == "volume" else (self._pinned, self._baseline)
        at = wire.checked_index(data.get("at"), shown[0].grid.shape) if shown else None
        if at is not None and not wire.fits(shown[0]):
            source.data = wire.row(*shown, recenter=False, at=at)


def _same(shown: tuple[Image, Mask | None], new: tuple[Image, Mask | None]) -> bool:
    return all(a is b or (a and b and a.digest == b.digest) for a, b in zip(shown, new, strict=True))


def _figure(plane: str) -> figure:
    """A bare frame in mm: image, mask outline and crosshair, all filled by the browser."""
    fig = figure(
        x_range=Range1d(-1, 1), y_range=Range1d(-1, 1), name=plane, toolbar_location=None, tools="", min_border=0,
        outline_line_color=None, background_fill_alpha=0, border_fill_alpha=0, sizing_mode="stretch_both",
        min_width=40, min_height=40, output_backend="canvas",
    )  # fmt: skip
    fig.axis.visible = False
    fig.grid.visible = False
    blank = {"image": [np.zeros((1, 1), np.uint32)], "x": [0.0], "y": [0.0], "dw": [1.0], "dh": [1.0]}
    fig.add_glyph(ColumnDataSource(blank), ImageRGBA(image="image", x="x", y="y", dw="dw", dh="dh"), name="image")
    lines = {"x0": [], "y0": [], "x1": [], "y1": []}
    ends = {"x0": "x0", "y0": "y0", "x1": "x1", "y1": "y1"}
    halo = Segment(**ends, line_color="#000000", line_alpha=0.55, line_width=3.2, line_cap="square")
    outline = Segment(**ends, line_color=ORANGE, line_width=1.6, line_cap="square")
    source = ColumnDataSource(lines)
    fig.add_glyph(source, halo, name="halo")
    fig.add_glyph(source, outline, name="outline")
    cross = Segment(**ends, line_color=OKABE_ITO[4], line_alpha=0.9, line_width=1)
    fig.add_glyph(ColumnDataSource(lines), cross, name="cross")
    return fig
