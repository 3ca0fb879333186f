"""Zones, their sizes and their distances to the border: by hand, against slow twins, against SciPy and scikit-image."""

import gc
import threading
import time
import weakref
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import slow_twins
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from radkit.matrices import gldzm, glszm
from radkit.matrices.aggregations import WITHOUT_DIRECTION
from radkit.matrices.gldzm import distance_to_border
from radkit.matrices.memory import REGIONS, remembered
from radkit.matrices.neighbors import DIRECTIONS
from radkit.matrices.zones import lowest_bits, one_of_each_group, zones_in_slices, zones_in_volume
from radkit.volume import Grid, Levels, SettingError

AGGREGATIONS = sorted(WITHOUT_DIRECTION)
shapes = array_shapes(min_dims=3, max_dims=3, max_side=6)
regions = arrays(np.int32, shapes, elements=st.integers(0, 3)).filter(np.any)


def levels_of(array, n_levels=None, morphological_mask=None):
    array = np.asarray(array)
    n = n_levels or int(array.max())
    grid = Grid(shape=array.shape, spacing_mm=(1, 1, 1))
    return Levels(array, grid, n_levels=n, edges=np.arange(n + 1) + 0.5, morphological_mask=morphological_mask)


def cells(m):
    """A matrix as a Counter of (level, size or distance)."""
    return Counter({(int(i), int(j)): int(n) for i, j, n in zip(m.i, m.j, m.n, strict=True)})


def in_any_order(matrices):
    return sorted(sorted(m.items()) for m in matrices)


def test_sizes_by_hand():
    """Zones touch at corners too: the 2s are one, and the two slices' 1s are one in 3-D."""
    levels = levels_of([[[1, 1, 2], [3, 2, 0]], [[1, 3, 3], [1, 0, 2]]])
    assert [cells(m) for m in glszm(levels, "2D")] == [
        {(1, 2): 1, (2, 2): 1, (3, 1): 1},
        {(1, 2): 1, (2, 1): 1, (3, 2): 1},
    ]
    assert [cells(m) for m in glszm(levels, "2_5D")] == [{(1, 2): 2, (2, 1): 1, (2, 2): 1, (3, 1): 1, (3, 2): 1}]
    assert [cells(m) for m in glszm(levels, "3D")] == [{(1, 4): 1, (2, 3): 1, (3, 3): 1}]


def test_distances_by_hand():
    """A row in the middle of a 3 x 5 slice lies at 1 2 2 2 1; in one slice of a volume everything is at the border."""
    array = np.array([[[1, 1, 1, 1, 1], [1, 2, 3, 3, 1], [1, 1, 1, 1, 1]]])
    (m,) = gldzm(levels_of(array), "2D")
    assert cells(m) == {(1, 1): 1, (2, 2): 1, (3, 2): 1}
    (m,) = gldzm(levels_of(array), "3D")
    assert cells(m) == {(1, 1): 1, (2, 1): 1, (3, 1): 1}


def test_a_hole_that_resegmentation_left_is_no_border():
    array = np.ones((5, 5, 5), dtype=int)
    array[2, 2, 2] = 0
    array[2, 2, 1] = 2
    whole = np.ones(array.shape, dtype=bool)
    assert cells(gldzm(levels_of(array, morphological_mask=whole), "3D")[0]) == {(1, 1): 1, (2, 2): 1}
    assert cells(gldzm(levels_of(array), "3D")[0]) == {(1, 1): 1, (2, 1): 1}


def test_the_border_may_lie_outside_the_gray_levels():
    """Only the middle of a bar is left after re-segmentation: still two voxels from its ends."""
    array = np.zeros((1, 1, 7), dtype=int)
    array[0, 0, 3] = 1
    mask = np.ones((5, 5, 7), dtype=bool)
    (m,) = gldzm(levels_of(np.pad(array, ((2, 2), (2, 2), (0, 0))), morphological_mask=mask), "3D")
    assert cells(m) == {(1, 3): 1}


@given(regions, st.sampled_from(AGGREGATIONS))
def test_sizes_equal_slow_twin(array, aggregation):
    found = [cells(m) for m in glszm(levels_of(array, 3), aggregation)]
    assert in_any_order(found) == in_any_order(slow_twins.zone_matrices(array, aggregation, len))


@given(regions, st.sampled_from(AGGREGATIONS), st.integers(0, 2**32 - 1))
def test_distances_equal_slow_twin(array, aggregation, seed):
    mask = (array > 0) | (np.random.default_rng(seed).random(array.shape) < 0.8)
    distance = slow_twins.distance_to_border(mask, in_slices=aggregation != "3D")
    found = [cells(m) for m in gldzm(levels_of(array, 3, mask), aggregation)]
    expected = slow_twins.zone_matrices(array, aggregation, lambda zone: min(distance[v] for v in zone))
    assert in_any_order(found) == in_any_order(expected)


@given(arrays(bool, shapes), st.booleans())
def test_distance_equals_scipy(mask, in_slices):
    mask = np.pad(mask, 1)
    if in_slices:
        expected = [ndimage.distance_transform_cdt(plane, metric="taxicab") for plane in mask]
    else:
        expected = ndimage.distance_transform_cdt(mask, metric="taxicab")
    assert (distance_to_border(mask, in_slices=in_slices) == expected).all()


@pytest.mark.parametrize("n_levels", [2, 3, 6])
def test_zones_equal_scikit_image(n_levels):
    from skimage.measure import label

    array = np.random.default_rng(n_levels).integers(0, n_levels + 1, (20, 21, 22))
    zones = zones_in_volume(levels_of(array))
    expected = np.bincount(label(array, background=0, connectivity=3).ravel())[1:]
    assert sorted(zones.size) == sorted(expected)
    flat = zones_in_slices(levels_of(array))
    expected = [n for plane in array for n in np.bincount(label(plane, background=0, connectivity=2).ravel())[1:]]
    assert sorted(flat.size) == sorted(expected)


@given(regions)
def test_zones_share_out_the_voxels(array):
    levels = levels_of(array, 3)
    for aggregation in AGGREGATIONS:
        for m in glszm(levels, aggregation):
            assert m.n @ m.j == m.n_voxels[0]
    assert [cells(m) for m in glszm(levels, "2D")] == [
        cells(glszm(levels_of(plane[None], 3), "3D")[0]) for plane in array if plane.any()
    ]


def test_flips_and_margins_change_nothing():
    array = np.random.default_rng(5).integers(0, 4, (5, 6, 7))
    for matrices in (glszm, gldzm):
        expected = cells(matrices(levels_of(array), "3D")[0])
        for other in (
            array[::-1],
            array[:, ::-1],
            array[..., ::-1],
            np.rot90(array),
            np.pad(array, ((1, 3), (2, 0), (0, 4))),
        ):
            assert cells(matrices(levels_of(other), "3D")[0]) == expected


def test_as_many_levels_as_16_bits_hold():
    array = (np.arange(1, 65_537) % 65_536).reshape(16, 64, 64)
    assert glszm(levels_of(array), "3D")[0].n.tolist() == [1] * 65_535
    assert len(gldzm(levels_of(array), "2D")) == 16


def test_one_of_each_group_is_enough():
    """Of like neighbors ahead, those kept reach all others by steps between neighbors that touch."""
    for pattern in (0b1, 0b111, 0b1111, 0b1_1111_1111_1111, 0b1_0000_0000_0100, 0b0_1110_0000_1000):
        like = [d for d in range(13) if pattern >> d & 1]
        reached = [d for d in like if one_of_each_group()[pattern] >> d & 1]
        kept = len(reached)
        for d in reached:
            reached += [
                e for e in like if e not in reached and np.abs(np.subtract(DIRECTIONS[d], DIRECTIONS[e])).max() < 2
            ]
        assert sorted(reached) == like
        assert kept == ndimage.label(_box(like), np.ones((3, 3, 3)))[1]


def _box(like):
    box = np.zeros((3, 3, 3), dtype=bool)
    for d in like:
        box[tuple(np.add(DIRECTIONS[d], 1))] = True
    return box


def test_lowest_bit_of_every_pattern():
    assert lowest_bits()[1:].tolist() == [(k & -k).bit_length() - 1 for k in range(1, 1 << 13)]


def test_what_is_shared_is_computed_once_and_forgotten_with_the_region():
    seen = []

    @remembered
    def shape(levels):
        seen.append(levels.array.shape)
        return [levels.array.shape]

    first, others = levels_of([[[1, 2]]]), [levels_of([[[1]] * (k + 2)]) for k in range(REGIONS)]
    assert shape(first) is shape(first)
    assert [shape(other) for other in others] == [[other.array.shape] for other in others]
    assert shape(first) == [(1, 1, 2)]
    assert seen == [(1, 1, 2), *(other.array.shape for other in others), (1, 1, 2)]
    kept = weakref.ref(first)
    del first
    gc.collect()
    assert kept() is None


def test_threads_share_what_one_of_them_computes():
    seen, started = [], threading.Barrier(4)

    @remembered
    def shape(levels):
        seen.append(threading.get_ident())
        time.sleep(0.01)
        return [levels.array.shape]

    def ask(levels):
        started.wait()
        return shape(levels)

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(ask, [levels_of([[[1, 2]]])] * 4))
    assert len(seen) == 1
    assert all(result is results[0] for result in results)


@pytest.mark.parametrize("matrices", [glszm, gldzm])
def test_unknown_aggregation(matrices):
    with pytest.raises(
        SettingError, match=f"{matrices.__name__.upper()} aggregation is '3D_avg'; use one of 2D, 2_5D, 3D"
    ):
        matrices(levels_of([[[1]]]), "3D_avg")
