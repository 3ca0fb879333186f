"""A region as the kernels see it."""

import numpy as np
import pytest

from radkit.matrices.packed import packed
from radkit.volume import Grid, Levels


def levels_of(array, **settings):
    array = np.asarray(array)
    n = int(array.max())
    return Levels(array, Grid(shape=array.shape, spacing_mm=(1, 1, 1)), n, np.arange(n + 1) + 0.5, **settings)


def test_ranks_rows_and_counts_by_hand():
    region = packed(levels_of([[[0, 3, 0, 1, 0], [0, 0, 0, 0, 0], [0, 0, 3, 3, 0]]]))
    assert region.present.tolist() == [1, 3]
    assert region.rank[1].tolist() == [[0] * 5, [0, 2, 0, 1, 0], [0] * 5, [0, 0, 2, 2, 0], [0] * 5]
    assert region.rank[[0, 2]].max() == 0
    assert region.rows[1, [1, 3]].tolist() == [[1, 4], [2, 4]]
    assert region.rows[1, 2, 0] == region.rows[1, 2, 1]
    assert region.held.tolist() == [[0, 1, 3]]


def test_the_box_is_that_of_the_morphological_mask():
    mask = np.zeros((1, 3, 4), dtype=bool)
    mask[0, 1, 1:] = True
    region = packed(levels_of([[[0] * 4, [0, 0, 7, 0], [0] * 4]], morphological_mask=mask))
    assert region.rank[1].tolist() == [[0] * 5, [0, 0, 1, 0, 0], [0] * 5]
    assert region.inside[1, 1].tolist() == [False, True, True, True, False]


@pytest.mark.parametrize("array", [[[[5]]], [[[0, 65535]]]])
def test_one_voxel(array):
    region = packed(levels_of(array))
    assert region.rank.tolist()[1][1] == [0, 1, 0]
    assert region.present.tolist() == [np.max(array)]
