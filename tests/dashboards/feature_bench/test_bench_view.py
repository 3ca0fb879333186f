"""The page as a document, without a browser: it builds, its widgets drive the state, refusals stay sentences."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from bokeh.application import Application
from bokeh.document import Document
from bokeh.models import ColumnDataSource
from panel.io.handlers import ScriptHandler
from panel.io.state import set_curdoc

from radkit_dashboards.feature_bench import app
from radkit_dashboards.feature_bench.state import TEACHING, FeatureBench, case_names
from radkit_dashboards.feature_bench.view import (
    FeatureBenchView,
    code_html,
    compute,
    provenance_html,
    rows,
    source_html,
)


@pytest.fixture
def view():
    return FeatureBenchView(FeatureBench(case="simulated"))


def test_the_document_builds_and_no_callback_failed(view, caplog):
    document = Document()
    turns = {"bin_width": 40, "spacing_mm": 4.0, "psf_sigma_mm": 2.0, "bin_method": "count", "n_bins": 16}
    with set_curdoc(document):
        document.add_root(view.bench.page.get_root(document))
        for name, value in turns.items():
            view.rail.widgets[name].value = value
    assert len(document.roots) == 1
    assert view.state.now() == turns
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]
    assert view.bench.notice == ""


def test_the_app_as_served_fails_in_no_handler(monkeypatch):
    pages = []
    monkeypatch.setattr(FeatureBenchView, "servable", lambda self: pages.append(self) or self)
    handler = ScriptHandler(filename=str(Path(app.__file__)))
    Application(handler).create_document()
    assert not handler.failed, handler.error_detail
    assert [page.state.case for page in pages] == [case_names()[0]]


def test_a_turn_changes_picture_plots_table_and_code(view):
    for name, value in (("bin_width", 60), ("spacing_mm", 3.5), ("psf_sigma_mm", 1.5)):
        volume = view.viewer._volume.data
        image = view.matrix._image.data_source.data["image"][0]
        bars = view.histogram._bars.data_source.data["top"]
        table, code = view.table.rows, view.drawer["Code"].object
        view.rail.widgets[name].value = value
        assert getattr(view.state, name) == value
        assert view.viewer._volume.data is not volume
        assert view.matrix._image.data_source.data["image"][0] is not image
        assert view.histogram._bars.data_source.data["top"] is not bars
        assert view.table.rows != table
        assert view.drawer["Code"].object != code


def test_plots_keep_their_figure_while_only_columns_change(view):
    figures = [view.histogram.pane.object, view.matrix.pane.object]
    sources = [renderer.data_source for figure in figures for renderer in figure.renderers]
    view.rail.widgets["bin_width"].value = 11
    assert [view.histogram.pane.object, view.matrix.pane.object] == figures
    assert [renderer.data_source for figure in figures for renderer in figure.renderers] == sources
    assert all(isinstance(source, ColumnDataSource) for source in sources)


def test_the_axis_of_intensities_stays_while_bins_change(view):
    limits = (view.histogram.figure.x_range.start, view.histogram.figure.x_range.end)
    span = limits[1] - limits[0]
    view.rail.widgets["bin_width"].value = 10
    moved = (view.histogram.figure.x_range.start, view.histogram.figure.x_range.end)
    assert moved == pytest.approx(limits, abs=0.1 * span)


def test_a_value_beyond_the_bounds_is_refused_and_the_screen_stays(view):
    before, table = view.state.bin_width, view.table.rows
    view.rail._turn("bin_width", -3)
    assert view.state.bin_width == before
    assert "bin_width" in view.bench.notice
    assert view.table.rows == table


def test_what_radkit_refuses_becomes_one_sentence_and_the_last_result_stays(view, monkeypatch):
    from radkit.volume import EmptyMask

    def refuse(self):
        raise EmptyMask("no voxel is left <b>here</b>.")

    table = view.table.rows
    monkeypatch.setattr(FeatureBench, "screen", refuse)
    view.rail.widgets["bin_width"].value = 33
    assert view.bench.notice == "no voxel is left <b>here</b>."  # the page sets it as text, never as markup
    assert view.table.rows == table


def test_undo_redo_reset_and_baseline(view):
    first = view.state.to_params()
    slider = view.rail.widgets["psf_sigma_mm"]
    slider.value = 2.0
    slider.param.trigger("value_throttled")
    assert view.bench.can_undo
    view._undo()
    assert view.state.to_params() == first
    assert slider.value == 0
    view._redo()
    assert view.state.psf_sigma_mm == 2.0
    view._baseline()
    assert all(row[5] == 0 for row in view.table.rows)
    view._reset()
    assert view.state.psf_sigma_mm == 0
    assert any(row[5] for row in view.table.rows)


def test_only_the_knob_that_matters_is_live(view):
    assert not view.rail.widgets["bin_width"].disabled
    assert view.rail.widgets["n_bins"].disabled
    view.rail.widgets["bin_method"].value = "count"
    assert view.rail.widgets["bin_width"].disabled
    assert not view.rail.widgets["n_bins"].disabled
    assert "fixed count" in view.rail._reasons["bin_width"].object


def test_ticks_stand_at_default_and_baseline(view):
    view.rail.widgets["bin_width"].value = 50
    view._baseline()
    assert [mark["value"] for mark in view.rail.widgets["bin_width"].marks] == [25, 50]
    assert "baseline 50" in view.rail._reasons["bin_width"].object


def test_the_table_names_every_feature_with_unit_change_and_hint(view):
    view.state.psf_sigma_mm = 1.0
    made = rows(view.state.screen())
    assert {row[0] for row in made} >= set(TEACHING)
    assert all(len(row) == 7 for row in made)
    assert set(view.table.hints) == {row[0] for row in made}
    volume = next(row for row in made if row[0] == "morph_volume")
    assert volume[3].endswith("mm³")


def test_foreign_text_cannot_become_markup(view, monkeypatch):
    from dataclasses import replace

    case = view.state.scan
    evil = replace(case, source=replace(case.source, title="<script>alert(1)</script>", found="<img src=x>"))
    monkeypatch.setattr(FeatureBench, "scan", property(lambda self: evil))
    for page in (source_html(view.state), provenance_html(view.state.screen(), view.state)):
        assert "<script" not in page
        assert "<img" not in page
    assert "&lt;" in code_html("a < b")


def test_the_page_names_its_data_and_their_terms(mirror):
    html = source_html(FeatureBench(case="sts51/STS_001/PET"))
    assert "CC BY 3.0" in html
    assert "Never try to re-identify anyone" in html
    assert "10.7937/K9/TCIA.2015.7GO2GSKS" in html


def test_another_case_brings_its_unit_and_its_bounds(mirror):
    view = FeatureBenchView(FeatureBench(case="sts51/STS_001/PET"))
    view.case.value = "sts51/STS_001/CT"
    slider = view.rail.widgets["bin_width"]
    assert (slider.start, slider.end, slider.value) == (2, 200, 25)
    assert view.state.modality == "CT"
    assert view.drawer["Code"].object.count("STS_001/CT") == 1


class Ticking:
    """A document whose next tick is now."""

    def add_next_tick_callback(self, callback):
        callback()


def test_heavy_work_leaves_the_server_thread_and_the_newest_turn_wins(view, monkeypatch):
    import threading

    started, go = [], threading.Event()

    def slow(state):
        started.append(state.bin_width)
        go.wait(10)
        return compute(state)

    monkeypatch.setattr("radkit_dashboards.feature_bench.view.compute", slow)
    monkeypatch.setattr(FeatureBench, "predicted_ms", lambda self: 1e6)
    monkeypatch.setattr("radkit_dashboards.feature_bench.view.pn.state", SimpleNamespace(curdoc=Ticking()))
    done = threading.Event()
    monkeypatch.setattr(view, "_show", lambda screen: done.set())
    for width in (31.0, 32.0, 33.0):
        view.state.bin_width = width
    assert view.table.busy
    assert view.bench.busy
    go.set()
    assert done.wait(20)
    assert started == [31.0, 33.0]  # 32 was overtaken before it began
    assert not view.bench.busy
