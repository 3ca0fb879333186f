"""A tiny bench for the browser tests: one synthetic volume, one knob, one counter. Run it: prints its address."""

import sys

import numpy as np
import panel_material_ui as pmui
import param
from panel.pane import HTML

from radkit.volume import Image, Mask
from radkit_dashboards.shell import url, volume_wire
from radkit_dashboards.shell.page import BenchPage, extension
from radkit_dashboards.shell.serve import serve
from radkit_dashboards.shell.viewer import SliceViewer

SHAPE, SPACING = (32, 64, 64), (3.0, 1.0, 1.0)


class State(param.Parameterized):
    shift = param.Number(0.0, bounds=(0.0, 200.0), step=1.0, label="Shift")
    pins = param.Integer(0, bounds=(0, 99))


def volume(shift: float) -> tuple[Image, Mask]:
    """A ramp along z with a bright ball of 14 mm, HU; no two slices are alike."""
    z, y, x = np.indices(SHAPE)
    ball = ((z - 16) * 3.0) ** 2 + (y - 30) ** 2 + (x - 36) ** 2 < 14**2
    array = 4.0 * z - 60 + 20 * ((y // 4 + x // 4) % 2) + 60 * ball + shift
    return Image.of(array, spacing_mm=SPACING, modality="CT", unit="HU"), Mask.of(ball, spacing_mm=SPACING)


def app() -> None:
    extension()
    state = State()
    viewer = SliceViewer(*volume(0))
    slider = pmui.FloatSlider.from_param(state.param.shift, sizing_mode="stretch_width")
    field = pmui.TextInput(label="Note", sizing_mode="stretch_width")
    table = HTML("<p>1.23 HU</p>" * 60, sizing_mode="stretch_width")
    bench = BenchPage(
        title="Demo bench", question="What happens to the picture when I turn this?", knobs=[slider, field],
        picture=[viewer], moved=[table], drawer={"Code": HTML("<p>import radkit</p>"), "Provenance": HTML("<p>0</p>")},
        case_bar=pmui.Select(label="Case", options=["simulated"], sizing_mode="stretch_width", size="small"),
    )  # fmt: skip
    bench.notice = " ".join(url.sync(state, bench.address, ["shift", "pins"]))
    viewer.update(*volume(state.shift))
    state.param.watch(lambda event: viewer.update(*volume(event.new)), "shift")

    def pin() -> None:
        viewer.set_baseline(*volume(state.shift))
        state.pins += 1
        bench.can_undo = True
        bench.said = f"Baseline {state.pins} pinned."

    bench.on("baseline", pin)
    bench.on("undo", lambda: state.param.update(shift=0.0))
    bench.servable()


def large() -> None:
    volume_wire.LIMIT_BYTES = 1000
    app()


if __name__ == "__main__":
    serve({"demo": large if "large" in sys.argv else app}, port=int(sys.argv[1]), show=False)
