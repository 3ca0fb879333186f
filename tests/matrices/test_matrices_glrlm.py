"""Run length matrices: by hand, and against the slow twin on random regions."""

from collections import Counter

import numpy as np
import pytest
import slow_twins
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from radkit.matrices import GLCM_AGGREGATIONS, glrlm
from radkit.volume import Grid, Levels, SettingError, ShapeError

AGGREGATIONS = sorted(GLCM_AGGREGATIONS)
regions = arrays(np.int32, array_shapes(min_dims=3, max_dims=3, max_side=6), elements=st.integers(0, 3)).filter(np.any)


def levels_of(array, n_levels=None):
    array = np.asarray(array)
    n = n_levels or int(array.max())
    grid = Grid(shape=array.shape, spacing_mm=(1, 1, 1))
    return Levels(array, grid, n_levels=n, edges=np.arange(n + 1) + 0.5)


def cells(m):
    """A matrix as a Counter of (level, length)."""
    return Counter({(int(i), int(j)): int(n) for i, j, n in zip(m.i, m.j, m.n, strict=True)})


def in_any_order(matrices):
    return sorted(sorted(m.items()) for m in matrices)


def test_by_hand():
    """A slice of 3 x 4 voxels, one of them outside: its runs along x, y and the two diagonals."""
    levels = levels_of([[[1, 1, 1, 2], [3, 3, 2, 0], [1, 3, 3, 3]]])
    along_x, along_y, down, up = glrlm(levels, "2_5D_avg")
    assert cells(along_x) == {(1, 3): 1, (2, 1): 2, (3, 2): 1, (1, 1): 1, (3, 3): 1}
    assert cells(along_y) == {(1, 1): 4, (2, 1): 2, (3, 1): 3, (3, 2): 1}
    assert cells(down) == {(1, 1): 4, (2, 1): 2, (3, 1): 1, (3, 2): 2}
    assert cells(up) == {(1, 1): 4, (2, 2): 1, (3, 1): 5}
    assert [m.n_voxels.tolist() for m in (along_x, along_y, down, up)] == [[11]] * 4


@given(regions, st.sampled_from(AGGREGATIONS))
def test_equals_slow_twin(array, aggregation):
    found = [cells(m) for m in glrlm(levels_of(array, 3), aggregation)]
    assert in_any_order(found) == in_any_order(slow_twins.glrlm(array, aggregation))


def test_long_runs_of_one_level():
    """Much longer than wide, so that rows and slices of all lengths are met."""
    for shape in ((1, 1, 50), (1, 50, 1), (50, 1, 1), (2, 3, 40), (40, 3, 2)):
        array = np.ones(shape, dtype=int)
        array[-1, -1, -1] = 2
        for aggregation in AGGREGATIONS:
            found = [cells(m) for m in glrlm(levels_of(array), aggregation)]
            assert in_any_order(found) == in_any_order(slow_twins.glrlm(array, aggregation))


@given(regions)
def test_every_voxel_is_in_one_run_of_each_direction(array):
    for aggregation, directions in (("2D_comb", 4), ("2_5D_comb", 4), ("3D_comb", 13)):
        matrices = glrlm(levels_of(array, 3), aggregation)
        assert sum(m.n_voxels.sum() for m in matrices) == directions * np.count_nonzero(array)
        for m in matrices:
            assert m.n @ m.j == m.n_voxels[0]


def test_number_of_matrices():
    array = np.random.default_rng(1).integers(1, 5, (6, 7, 8))
    counts = {name: len(glrlm(levels_of(array), name)) for name in AGGREGATIONS}
    assert counts == {"2D_avg": 6 * 4, "2D_comb": 6, "2_5D_avg": 4, "2_5D_comb": 1, "3D_avg": 13, "3D_comb": 1}


def test_empty_slices_have_no_matrix():
    array = np.zeros((3, 2, 2), dtype=int)
    array[0] = array[2] = 1
    assert len(glrlm(levels_of(array), "2D_avg")) == 2 * 4


def test_crop_margin_and_empty_levels_change_nothing():
    array = np.random.default_rng(2).integers(0, 4, (4, 5, 6))
    roomy = np.pad(array, ((1, 3), (2, 0), (0, 4)))
    for aggregation in AGGREGATIONS:
        tight, wide = ([cells(m) for m in glrlm(levels_of(a, n), aggregation)] for a, n in ((array, 3), (roomy, 9)))
        assert tight == wide


def test_as_many_levels_as_16_bits_hold():
    """Every voxel has its own level: one counter each, however many levels there are."""
    (m,) = glrlm(levels_of((np.arange(1, 65_537) % 65_536).reshape(16, 64, 64)), "3D_comb")
    assert m.n.tolist() == [13] * 65_535


def test_unknown_aggregation():
    with pytest.raises(SettingError, match="GLRLM aggregation is '3D'; use one of 2D_avg, 2D_comb"):
        glrlm(levels_of([[[1]]]), "3D")


def test_longer_than_its_counters():
    (m,) = glrlm(levels_of(np.ones((1, 1, 65_535), dtype=int)), "2_5D_avg")[:1]
    assert cells(m) == {(1, 65_535): 1}
    with pytest.raises(
        ShapeError, match=r"region is 65536 voxels long; at most 65535 are computed\. Resample it first"
    ):
        glrlm(levels_of(np.ones((1, 1, 65_536), dtype=int)), "2_5D_avg")
