"""What the browser gets of a volume: geometry, letters, codes, mask box, presets, updates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radkit.volume import GeometryMismatch, Grid, Image, Mask
from radkit_dashboards.shell import volume_wire as wire
from radkit_dashboards.shell.viewer import PLANES, SliceViewer


def image_of(array, modality="CT", unit="HU", **grid):
    grid = Grid(shape=array.shape, spacing_mm=grid.pop("spacing_mm", (3.0, 1.0, 2.0)), **grid)
    return Image(array, grid, modality, unit)


@pytest.fixture
def case():
    array = np.arange(4 * 6 * 5, dtype=np.int32).reshape(4, 6, 5)
    image = image_of(array)
    inside = np.zeros(array.shape, bool)
    inside[1:3, 2:5, 1:4] = True
    return image, Mask(inside, image.grid)


def test_an_axial_scan_has_r_on_the_left_and_a_or_s_on_top(case):
    planes = wire.planes(case[0].grid)
    sides = {name: "".join(p[s] for s in ("left", "right", "top", "bottom")) for name, p in planes.items()}
    assert sides == {"axial": "RLAP", "coronal": "RLSI", "sagittal": "APSI"}
    assert [planes[name]["axis"] for name in PLANES] == [0, 1, 2]


def test_a_sagittal_acquisition_shows_its_planes_where_they_belong():
    direction = ((0.0, -1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0))  # array axis 0 runs left, 1 inferior, 2 posterior
    planes = wire.planes(Grid(shape=(4, 6, 5), spacing_mm=(3, 1, 1), direction=direction))
    assert [planes[name]["axis"] for name in PLANES] == [1, 2, 0]
    assert (planes["sagittal"]["across"], planes["sagittal"]["up"], planes["sagittal"]["up_sign"]) == (2, 1, -1)
    assert [planes["coronal"][side] for side in ("left", "right", "top", "bottom")] == ["R", "L", "S", "I"]


@given(st.permutations([0, 1, 2]), st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3))
def test_the_screen_never_mirrors_a_patient(axes, signs):
    direction = np.zeros((3, 3))
    direction[axes, range(3)] = signs
    planes = wire.planes(Grid(shape=(4, 6, 5), spacing_mm=(1, 1, 1), direction=direction))
    for name, expected in (("axial", "RLAP"), ("coronal", "RLSI"), ("sagittal", "APSI")):
        assert "".join(planes[name][s] for s in ("left", "right", "top", "bottom")) == expected


def test_codes_are_exact_for_integers_and_float32_for_the_rest(case):
    codes, scale, offset = wire.encode(case[0])
    assert (codes.dtype, scale, offset) == (np.int16, 1.0, 0.0)
    assert (codes == case[0].array).all()
    suv = image_of(np.random.default_rng(0).gamma(2, 1, (4, 5, 6)), "PET", "SUV")
    assert wire.encode(suv)[0].dtype == np.float32
    assert wire.encode(suv)[0] is wire.encode(suv)[0]  # shared by all sessions


def test_between_8_and_16_mb_codes_are_int16_within_half_a_step(monkeypatch):
    monkeypatch.setattr(wire, "LIMIT_BYTES", 300)
    values = np.random.default_rng(0).normal(5, 2, (4, 5, 6))
    codes, scale, offset = wire.encode(image_of(values, "PET", "SUV"))
    assert codes.dtype == np.int16
    assert np.abs(codes * scale + offset - values).max() <= scale * 0.5001


def test_a_row_holds_the_volume_and_the_box_of_the_mask(case):
    row = wire.row(*case, recenter=True)
    head = row["header"][0]
    assert {len(column) for column in row.values()} == {1}  # one row: one event per update
    assert row["image"][0].shape == (4 * 6 * 5,)
    assert head["mask"] == {"start": [1, 2, 1], "shape": [2, 3, 3]}
    assert row["mask"][0].sum() == case[1].n_voxels
    assert case[1].array[tuple(head["center_index"])]


def test_too_large_a_volume_is_sent_as_three_slices(case, monkeypatch):
    monkeypatch.setattr(wire, "LIMIT_BYTES", 100)
    row = wire.row(*case, recenter=False, at=(2, 3, 1))
    assert row["header"][0]["whole"] is False
    assert row["header"][0]["at"] == [2, 3, 1]
    assert (row["image1"][0].reshape(4, 5) == case[0].array[:, 3]).all()
    assert (row["mask2"][0].reshape(4, 6) == case[1].array[:, :, 1]).all()


def test_the_browsers_request_is_checked_and_answered(case, monkeypatch):
    monkeypatch.setattr(wire, "LIMIT_BYTES", 100)
    viewer = SliceViewer(*case)
    before = viewer._volume.data["header"][0]["at"]
    for bad in (None, "x", {}, {"which": "volume"}, {"which": "volume", "at": [1, "2", 3]},
                {"which": "x", "at": [0, 0, 0]},
                {"which": "volume", "at": [float("nan"), 0, 0]}, {"which": "baseline", "at": [0, 0, 0]}):  # fmt: skip
        viewer._handle_msg(bad)
        assert viewer._volume.data["header"][0]["at"] == before
    viewer._handle_msg({"which": "volume", "at": [0, 99, -5]})
    assert viewer._volume.data["header"][0]["at"] == [0, 5, 0]


def test_presets_follow_the_modality(case):
    names = [p["name"] for p in wire.presets(*case)]
    assert names == ["Soft tissue", "Lung", "Bone", "Brain", "Region"]
    assert wire.presets(*case)[0]["window"] == [40 - 200, 40 + 200]
    suv = image_of(np.ones((2, 3, 4)), "PET", "SUV")
    assert wire.presets(suv, Mask(np.ones((2, 3, 4)), suv.grid))[4] == {"name": "PET", "window": [0.0, 10.0]}
    head = wire.header(suv, None, recenter=True)
    assert (head["window"], head["inverted"]) == ([0.0, 10.0], True)


def test_a_flat_image_still_has_a_window():
    flat = image_of(np.zeros((2, 2, 2)), "MR", "a.u.")
    assert all(low < high for low, high in (p["window"] for p in wire.presets(flat, None)))


def test_blur_and_resampling_keep_the_place_another_case_does_not(case):
    image, mask = case
    viewer = SliceViewer(image, mask)
    assert viewer._volume.data["header"][0]["recenter"] is True
    viewer.update(image.with_array(image.array * 2), mask)
    assert viewer._volume.data["header"][0]["recenter"] is False
    elsewhere = image_of(np.zeros((4, 6, 5)), origin_mm=(500, 0, 0))
    viewer.update(elsewhere)
    assert viewer._volume.data["header"][0]["recenter"] is True


def test_baseline_comes_and_goes(case):
    viewer = SliceViewer(*case)
    viewer.set_baseline(*case)
    assert viewer._baseline.data["header"][0]["shape"] == [4, 6, 5]
    viewer.set_baseline(None)
    assert viewer._baseline.data == {}


def test_a_mask_on_another_grid_is_refused_and_nothing_changes(case):
    viewer = SliceViewer(*case)
    shown = viewer._volume.data
    with pytest.raises(GeometryMismatch):
        viewer.update(case[0], Mask(np.ones((2, 2, 2)), Grid(shape=(2, 2, 2), spacing_mm=(1, 1, 1))))
    assert viewer._volume.data is shown


def test_oblique_directions_get_two_letters():
    assert wire.letters((0.0, 0.6, 0.8)) == "LP"
    assert wire.letters((0.1, 0.0, -0.99)) == "R"


def test_an_equal_volume_is_not_sent_again(case):
    viewer = SliceViewer(*case)
    shown = viewer._volume.data
    viewer.update(*case)
    viewer.update(Image(case[0].array.copy(), case[0].grid, "CT", "HU"), Mask(case[1].array.copy(), case[1].grid))
    assert viewer._volume.data is shown
    viewer.update(case[0].with_array(case[0].array + 1), case[1])
    assert viewer._volume.data is not shown
