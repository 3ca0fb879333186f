"""Stacks of the matrices of windows: each window's are those of the region that its cube cuts out, to the last bit."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from radkit import features, matrices
from radkit.matrices import window_stacks
from radkit.matrices.window_stacks import BATCH_BYTES, BUILDERS, LARGEST_BATCH, batch_size, stack
from radkit.matrices.windows import Windows
from radkit.volume import Grid, Levels

CASES = [(family, aggregation) for family in BUILDERS for aggregation in features.family(family).aggregations]
RADII = ((1, 1, 1), (2, 2, 2), (0, 1, 2), (1, 0, 0), (3, 1, 2))
LEVELS = 9


def levels_of(array, region=None):
    grid = Grid(shape=array.shape, spacing_mm=(1, 1, 1))
    return Levels(array, grid, n_levels=LEVELS, edges=np.arange(LEVELS + 1) + 0.5, morphological_mask=region)


def cut(levels, voxel, radius):
    """The region in the cube around a voxel."""
    box = tuple(slice(max(0, v - r), v + r + 1) for v, r in zip(voxel, radius, strict=True))
    return levels_of(levels.array[box], levels.morphological_mask[box])


def matrices_of(family, levels, aggregation):
    return getattr(matrices, family)(levels, aggregation)


def check_equal(mine, theirs):
    for field in dataclasses.fields(theirs):
        a, b = getattr(mine, field.name), getattr(theirs, field.name)
        if field.name == "s":  # of the tone differences: a sum of up to 26 fractions
            np.testing.assert_allclose(a, b, rtol=1e-14, atol=0)
        else:
            np.testing.assert_array_equal(a, b, err_msg=field.name)
        assert np.asarray(a).dtype == np.asarray(b).dtype


def by_content(matrix):
    """Slices and directions come in another order for some families: their mean is taken."""
    return [getattr(matrix, field.name).tolist() for field in dataclasses.fields(matrix)[:3]]


def check_windows(levels, radius, family, aggregation, every=1):
    windows = Windows(levels=levels, centers=np.argwhere(levels.array)[::every], radius=radius)
    found = stack(family, windows, aggregation)
    split = () if found.matrices is None else found.matrices.split()
    assert len(split) == len(found.window)
    assert (np.diff(found.window) >= 0).all()
    for k, voxel in enumerate(windows.centers):
        mine = [m for m, window in zip(split, found.window, strict=True) if window == k]
        theirs = matrices_of(family, cut(levels, voxel, radius), aggregation)
        assert len(mine) == len(theirs)
        for a, b in zip(sorted(mine, key=by_content), sorted(theirs, key=by_content), strict=True):
            check_equal(a, b)


regions = arrays(np.int32, array_shapes(min_dims=3, max_dims=3, max_side=4), elements=st.integers(0, 4)).filter(np.any)


@pytest.mark.parametrize(("family", "aggregation"), CASES)
@given(data=st.data())
@settings(max_examples=10)
def test_windows_equal_their_cut_outs(family, aggregation, data):
    array = data.draw(regions)
    around = array > 0
    around |= data.draw(arrays(bool, array.shape))  # voxels that re-segmentation took away make no border
    check_windows(levels_of(array, around), data.draw(st.sampled_from(RADII)), family, aggregation)


@pytest.mark.parametrize(("family", "aggregation"), CASES)
def test_two_regions_apart_and_a_lone_voxel(family, aggregation):
    rng = np.random.default_rng(1)
    array = np.zeros((9, 8, 10), np.int32)
    array[:4, :5, :4] = rng.integers(1, LEVELS + 1, (4, 5, 4))
    array[5:, 4:, 5:] = rng.integers(0, 4, (4, 4, 5))
    array[0, 7, 9] = 2
    check_windows(levels_of(array), (2, 2, 2), family, aggregation, every=7)


def test_every_family_of_matrices_has_a_builder():
    assert set(BUILDERS) == {f.name for f in features.FAMILIES if f.aggregations}


def test_by_hand():
    """Around the three voxels of 1 1 2, one to each side: 1 1; 1 1 2; 1 2."""
    row = np.array([[[1, 1, 2]]], np.int32)
    windows = Windows(levels=levels_of(row), centers=np.argwhere(row), radius=(0, 0, 1))
    found = stack("glcm", windows, "3D_avg")
    assert found.window.tolist() == [0, 1, 2]
    ones, both, unlike = found.matrices.split()
    assert (ones.p[0, 0], ones.n_pairs[0]) == (1, 1)
    assert both.p[:2, :2].tolist() == [[1 / 2, 1 / 4], [1 / 4, 0]]
    assert unlike.p[:2, :2].tolist() == [[0, 1 / 2], [1 / 2, 0]]


def test_no_window_has_a_pair():
    levels = levels_of(np.array([[[3, 0, 2]]], np.int32))
    found = stack("glcm", Windows(levels=levels, centers=np.argwhere(levels.array), radius=(0, 0, 1)), "3D_comb")
    assert found.matrices is None
    assert found.window.size == 0


@pytest.mark.parametrize(("family", "aggregation"), CASES)
def test_a_batch_keeps_to_its_bytes(family, aggregation, monkeypatch):
    """The room that a batch asks for, of the region with the most cells there can be, is within the budget."""
    asked = []
    room = window_stacks.window_cells.room_for
    monkeypatch.setattr(
        window_stacks.window_cells, "room_for", lambda *sizes: asked.append(24 * sum(sizes)) or room(*sizes)
    )
    rng = np.random.default_rng(2)
    array = rng.integers(1, LEVELS + 1, (12, 12, 12)).astype(np.int32)
    n = batch_size(family, (2, 2, 2), aggregation, LEVELS)
    assert 1 <= n <= LARGEST_BATCH
    centers = np.argwhere(array)[:n]
    assert len(stack(family, Windows(levels=levels_of(array), centers=centers, radius=(2, 2, 2)), aggregation).window)
    assert asked[0] <= BATCH_BYTES


def test_many_levels_and_large_cubes_make_small_batches():
    assert batch_size("glcm", (15, 15, 15), "3D_avg", 2048) == 1
    assert batch_size("glcm", (2, 2, 2), "3D_comb", 8) == LARGEST_BATCH
