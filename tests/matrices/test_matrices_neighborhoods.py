"""Gray tone difference and dependence matrices: by hand, and against the slow twins on random regions."""

import numpy as np
import pytest
import slow_twins
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from radkit.matrices import ngldm, ngtdm
from radkit.matrices.aggregations import WITHOUT_DIRECTION
from radkit.volume import Grid, Levels, SettingError


def levels_of(array, n_levels=None):
    array = np.asarray(array)
    n = n_levels or int(array.max())
    grid = Grid(shape=array.shape, spacing_mm=(1, 1, 1))
    return Levels(array, grid, n_levels=n, edges=np.arange(n + 1) + 0.5)


def table(matrix):
    """{(level, dependence): voxels}."""
    return {(int(i), int(j)): int(n) for i, j, n in zip(matrix.i, matrix.j, matrix.count, strict=True)}


def rows(matrix):
    """{level: (voxels, tone)}."""
    return {int(i): (int(n), s) for i, n, s in zip(matrix.level, matrix.n, matrix.s, strict=True)}


regions = arrays(np.int32, array_shapes(min_dims=3, max_dims=3, max_side=5), elements=st.integers(0, 4)).filter(np.any)
ROW = levels_of([[[1, 1, 2, 5]]])
SQUARES = levels_of([[[1, 2], [3, 1]], [[0, 3], [3, 3]], [[0, 0], [4, 0]]])  # three slices, the last one a lone voxel


def test_tones_by_hand():
    """Neighbors of 1 1 2 5: (1), (1, 2), (1, 5), (2)."""
    (m,) = ngtdm(ROW, "3D")
    assert rows(m) == {1: (2, 0 + abs(1 - 3 / 2)), 2: (1, abs(2 - 6 / 2)), 5: (1, 5 - 2)}
    assert m.n_voxels.tolist() == [4]
    assert m.p.tolist() == [2 / 4, 1 / 4, 1 / 4]
    assert m.weighted_level_distances[0] == 2 * (abs(2 - 2) + abs(2 - 5) + abs(2 - 5)) / 4


def test_tones_slice_by_slice():
    """Within a slice the fourth voxel counts three neighbors; the lone voxel of the last slice has none."""
    first, second = ngtdm(SQUARES, "2D")
    tones = {1: 2 * (2 - 1), 2: 2 - 5 / 3, 3: 3 - 4 / 3}
    assert rows(first) == {i: (1 + (i == 1), pytest.approx(s)) for i, s in tones.items()}
    assert rows(second) == {3: (3, 0)}
    (merged,) = ngtdm(SQUARES, "2_5D")
    assert rows(merged)[3] == (1 + 3, pytest.approx(3 - 4 / 3))
    (volume,) = ngtdm(SQUARES, "3D")
    assert rows(volume)[4] == (1, pytest.approx(4 - 3))


def test_dependences_by_hand():
    (m,) = ngldm(ROW, "3D")
    assert table(m) == {(1, 2): 2, (2, 1): 1, (5, 1): 1}
    assert [table(m) for m in ngldm(SQUARES, "2D")] == [{(1, 2): 2, (2, 1): 1, (3, 1): 1}, {(3, 3): 3}, {(4, 1): 1}]
    (merged,) = ngldm(SQUARES, "2_5D")
    assert table(merged) == {(1, 2): 2, (2, 1): 1, (3, 1): 1, (3, 3): 3, (4, 1): 1}
    (volume,) = ngldm(SQUARES, "3D")
    assert table(volume)[3, 4] == 4  # the two slices' voxels of level 3 all touch each other


def test_the_middle_of_a_flat_block_depends_on_27():
    (m,) = ngldm(levels_of(np.full((3, 3, 3), 2)), "3D")
    assert table(m) == {(2, 8): 8, (2, 12): 12, (2, 18): 6, (2, 27): 1}  # corners, edges, faces, middle


@given(regions, st.sampled_from(sorted(WITHOUT_DIRECTION)))
def test_tones_equal_slow_twin(array, aggregation):
    found = ngtdm(levels_of(array, 9), aggregation)
    expected = slow_twins.ngtdm(array, aggregation)
    assert len(found) == len(expected)
    for mine, twin in zip(found, expected, strict=True):
        assert list(rows(mine)) == list(twin)
        np.testing.assert_array_equal(mine.n, [n for n, _ in twin.values()])
        np.testing.assert_allclose(mine.s, [s for _, s in twin.values()], rtol=1e-13, atol=1e-13)


@given(regions, st.sampled_from(sorted(WITHOUT_DIRECTION)))
def test_dependences_equal_slow_twin(array, aggregation):
    found = ngldm(levels_of(array, 9), aggregation)
    expected = slow_twins.ngldm(array, aggregation)
    assert [table(m) for m in found] == [
        {(int(i) + 1, int(j) + 1): int(twin[j, i]) for i, j in np.argwhere(twin.T)} for twin in expected
    ]


@pytest.mark.parametrize("matrices", [ngtdm, ngldm])
def test_turns_and_crop_margins_change_not_a_bit(matrices):
    array = np.random.default_rng(2).integers(0, 5, (4, 5, 6))
    record = rows if matrices is ngtdm else table
    expected = record(matrices(levels_of(array), "3D")[0])
    others = (array[::-1], array[:, ::-1], array[..., ::-1], np.rot90(array), np.rot90(array, axes=(1, 2)))
    for other in (*others, np.pad(array, ((1, 3), (2, 0), (0, 4)))):
        assert record(matrices(levels_of(other, 12), "3D")[0]) == expected


def test_the_tones_of_many_levels_are_those_of_all_pairs():
    """ΣΣ |i - j| (p_i s_i + p_j s_j) / (p_i + p_j), level by level with those that occur equally often together."""
    array = np.random.default_rng(5).geometric(0.01, (6, 8, 9))
    for aggregation in WITHOUT_DIRECTION:
        for m in ngtdm(levels_of(array), aggregation):
            i, p, s = m.level.astype(float), m.p, m.s
            pairs = abs(i[:, None] - i) * ((p * s)[:, None] + p * s) / (p[:, None] + p)
            assert m.tone_distances[0] == pytest.approx(pairs.sum(), rel=1e-12)


def test_sums_of_the_highest_levels_fit():
    high = (1 << 16) - 1
    array = np.full((3, 3, 3), high)
    array[1, 1, 1] = high - 3
    (m,) = ngtdm(levels_of(array), "3D")
    neighbors = np.array([7] * 8 + [11] * 12 + [17] * 6)  # of corners, edges and faces; one of them is the center
    assert rows(m) == {high - 3: (1, 3), high: (26, pytest.approx((3 / neighbors).sum()))}


@pytest.mark.parametrize("matrices", [ngtdm, ngldm])
def test_unknown_aggregation(matrices):
    with pytest.raises(SettingError, match="aggregation is '3D_avg'; use one of 2D, 2_5D, 3D"):
        matrices(ROW, "3D_avg")
