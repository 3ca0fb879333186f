"""Every plot says its finding, its numbers in a sentence, and gives its data; the picture holds the same numbers."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from radkit import plots
from radkit.matrices.glcm import glcm
from radkit.plots.histograms import bars, outline, rulers
from radkit.plots.matrix import MAX_CELLS, cells
from radkit.volume import Grid, Image, Levels, Mask, Roi, SettingError


def levels_of(array, width=0.5, unit="SUV"):
    array = np.asarray(array)
    n = int(array.max())
    return Levels(array, Grid(shape=array.shape, spacing_mm=(3, 2, 2)), n, width * np.arange(n + 1), unit=unit)


@pytest.fixture
def textured():
    rng = np.random.default_rng(7)
    return levels_of(rng.integers(3, 9, size=(4, 5, 6)))


def test_histogram_counts_each_bin_between_its_edges():
    plot = plots.histogram(levels_of([[[2, 2, 2, 4, 5, 5]]]))
    assert plot.table["level"].tolist() == [2, 3, 4, 5]  # from the lowest to the highest that holds a voxel
    assert plot.table["voxels"].tolist() == [3, 0, 1, 2]
    assert plot.table["lower"].tolist() == [0.5, 1.0, 1.5, 2.0]
    assert plot.table["upper"].tolist() == [1.0, 1.5, 2.0, 2.5]
    assert plot.alt.startswith("Histogram of 6 voxels, 4 bins of 0.5 SUV, mode at 0.75 SUV, skewness ")
    assert "50% of the voxels" in plot.title


def test_histogram_of_a_flat_region_has_one_bin_and_no_skewness():
    plot = plots.histogram(levels_of(np.full((2, 2, 2), 3)))
    assert plot.alt == "Histogram of 8 voxels, 1 bin of 0.5 SUV, mode at 1.25 SUV, skewness 0."


def test_histogram_of_a_region_before_discretization():
    array = np.arange(64.0).reshape(4, 4, 4)
    image = Image.of(array, spacing_mm=(1, 1, 1), modality="CT", unit="HU")
    plot = plots.histogram(Roi.of(image, Mask.of(array >= 0, spacing_mm=(1, 1, 1))))
    assert plot.table["voxels"].sum() == 64
    assert "HU" in plot.alt


def test_histogram_columns_for_a_picture_on_screen(textured):
    table = plots.histogram(textured, baseline=levels_of([[[1, 1, 2]]], width=1.0)).table
    assert set(bars(table)) == {"lower", "zero", "upper", "voxels", "color"}
    assert len(rulers(table)["x"]) == len(bars(table)["lower"]) + 1
    assert outline(table)["edge"].tolist() == [0, 0, 1, 1, 2, 2]
    assert outline(table)["count"].tolist() == [0, 2, 2, 1, 1, 0]
    assert outline(plots.histogram(textured).table)["edge"].size == 0


def test_neighboring_bins_differ_in_color(textured):
    color = bars(plots.histogram(textured).table)["color"]
    assert all(a != b for a, b in pairwise(color))


def test_glcm_map_holds_the_mean_of_all_directions(textured):
    matrices = glcm(textured, "3D_avg")
    plot = plots.glcm_map(matrices)
    expected = np.mean([m.p for m in matrices], axis=0)[2:8, 2:8]  # levels 3 to 8
    np.testing.assert_allclose(plot.table.to_numpy(), expected, rtol=1e-12)
    assert plot.table.index.tolist() == [3, 4, 5, 6, 7, 8]
    contrast = np.mean([(m.pij * (m.i - m.j) ** 2).sum() for m in matrices])
    assert f"contrast {contrast:.3g}" in plot.alt
    assert "mean of 13 directions" in plot.alt


def test_glcm_map_keeps_the_axes_it_is_asked_for(textured):
    image, (low, high) = cells(plots.glcm_map(glcm(textured, "3D_comb"), levels=(1, 10)).table)
    assert image.shape == (10, 10)
    assert (low, high) == (0.5, 10.5)
    assert np.isnan(image[0, 0])  # no pair: no color
    assert np.nansum(image) == pytest.approx(1, abs=1e-5)


def test_glcm_map_sums_blocks_of_levels_where_there_are_many():
    rng = np.random.default_rng(1)
    plot = plots.glcm_map(glcm(levels_of(rng.integers(1, 600, size=(8, 8, 8))), "3D_comb"))
    image, _ = cells(plot.table)
    assert len(image) <= MAX_CELLS
    assert np.nansum(image) == pytest.approx(1, abs=1e-4)
    assert "each cell sums 5 x 5 levels" in plot.alt


def test_glcm_map_of_a_region_without_neighbors_is_refused():
    with pytest.raises(SettingError, match="no two voxels"):
        plots.glcm_map(glcm(levels_of([[[1]]]), "3D_comb"))


def change(tag, value, baseline):
    return plots.Change(tag=tag, label=tag.upper(), family="glcm", unit="1", value=value, baseline=baseline)


def test_feature_shift_sorts_by_size_of_change():
    plot = plots.feature_shift([change("a", 1.1, 1.0), change("b", 1.0, 4.0), change("c", 2.0, 2.0)])
    assert plot.table["tag"].tolist() == ["b", "a", "c"]
    assert plot.table["percent"].tolist() == pytest.approx([-75, 10, 0])
    assert plot.title == "2 of 3 features moved, B most (−75%)"


def test_change_from_zero_has_no_relative_size_but_counts_as_the_largest():
    zero, small = change("a", 1.0, 0.0), change("b", 1.1, 1.0)
    assert zero.relative is None
    assert zero.moved
    assert plots.by_size([small, zero]) == [zero, small]
    assert change("c", 0.0, 0.0).relative == 0
    with pytest.raises(SettingError):
        plots.feature_shift([zero])


def blur_curve(**changes):
    axes = {"knob": "blur", "knob_unit": "mm", "feature": "contrast", "feature_unit": "1"}
    return plots.DoseResponse(**{**axes, "settings": (0, 1, 2), "values": (8, 4, 2), **changes})


def test_dose_response_names_the_course_and_refuses_disorder():
    curve = blur_curve
    assert plots.dose_response(curve()).title == "contrast falls from 8 to 2 as blur goes from 0 to 2 mm"
    assert "not steadily" in plots.dose_response(curve(values=(8, 1, 2))).title
    two = plots.dose_response(curve(series="width"), curve(series="count", values=(3, 3, 3)))
    assert two.table["series"].tolist() == ["width"] * 3 + ["count"] * 3
    with pytest.raises(SettingError, match="ascend"):
        curve(settings=(0, 2, 1))
    with pytest.raises(SettingError, match="one value per setting"):
        curve(values=(1,))
    with pytest.raises(SettingError, match="do not share axes"):
        plots.dose_response(curve(), curve(knob="noise"))


def test_every_plot_draws_in_bokeh_with_units_on_its_axes(textured):
    import holoviews as hv

    drawn = {
        "histogram": plots.histogram(textured, baseline=textured),
        "matrix": plots.glcm_map(glcm(textured, "3D_avg")),
        "shift": plots.feature_shift([change("a", 1.1, 1.0), change("b", 1.0, 4.0)]),
        "dose": plots.dose_response(blur_curve(settings=(0, 1), values=(2, 1))),
    }  # fmt: skip
    labels = {}
    for name, plot in drawn.items():
        figure = hv.render(plot.element, backend="bokeh")
        labels[name] = (figure.xaxis[0].axis_label, figure.yaxis[0].axis_label)
        assert isinstance(plot.table, pd.DataFrame)
        assert all(len(line) <= 46 for line in figure.title.text.splitlines())  # readable at 390 px
        assert any(character.isdigit() for character in plot.alt)
    assert labels["histogram"] == ("uptake (SUV)", "voxels (count)")
    assert labels["matrix"] == ("gray level (1)", "gray level of the neighbor (1)")
    assert labels["dose"] == ("blur (mm)", "contrast (1)")
    assert "%" in "".join(labels["shift"])


def test_a_plot_is_drawn_only_when_it_is_looked_at(textured):
    calls = []
    plot = plots.Plot("finding", "alt 1", pd.DataFrame(), lambda: calls.append(1) or "element")
    assert not calls
    assert plot.element == plot.element == "element"
    assert calls == [1]
    with pytest.raises(SettingError):
        plots.Plot("", "alt", pd.DataFrame(), list)
