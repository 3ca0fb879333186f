"""Co-occurrence matrices: by hand, against scikit-image, and against the slow twin on random regions."""

import warnings

import numpy as np
import pytest
import slow_twins
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from radkit import kernels
from radkit.matrices import GLCM_AGGREGATIONS, glcm, pairs
from radkit.volume import Grid, Levels, SettingError


def levels_of(array, n_levels=None):
    array = np.asarray(array)
    n = n_levels or int(array.max())
    grid = Grid(shape=array.shape, spacing_mm=(1, 1, 1))
    return Levels(array, grid, n_levels=n, edges=np.arange(n + 1) + 0.5)


HAND = levels_of([[[1, 1, 2, 2], [1, 1, 2, 2], [1, 3, 3, 3], [3, 3, 4, 4]]])
regions = arrays(np.int32, array_shapes(min_dims=3, max_dims=3, max_side=5), elements=st.integers(0, 4)).filter(np.any)


def test_one_direction_by_hand():
    """Haralick's 4x4 image along x: 12 pairs, each counted from both ends."""
    along_x = glcm(HAND, "2_5D_avg")[0]
    pairs_by_hand = np.array([[2 * 2, 2, 1, 0], [2, 2 * 2, 0, 0], [1, 0, 3 * 2, 1], [0, 0, 1, 1 * 2]])
    assert along_x.n_pairs.tolist() == [3 * 4]
    np.testing.assert_allclose(along_x.p, pairs_by_hand / (2 * 12), rtol=1e-14)


def test_marginals_by_hand():
    """One row 1 1 2 5: the pairs (1, 1), (1, 2), (2, 5)."""
    m = glcm(levels_of([[[1, 1, 2, 5]]]), "3D_comb")[0]
    assert m.p_level[0] == pytest.approx([3 / 6, 2 / 6, 0, 0, 1 / 6])
    assert m.p_difference[0] == pytest.approx([1 / 3, 1 / 3, 0, 1 / 3, 0])
    assert m.p_sum[0] == pytest.approx([1 / 3, 1 / 3, 0, 0, 0, 1 / 3, 0, 0, 0])
    assert m.mean[0] == pytest.approx((1 + 1 + 1 + 2 + 2 + 5) / 6)
    assert m.joint_entropy[0] == pytest.approx(np.log2(3) / 3 + 4 * np.log2(6) / 6)


@given(regions, st.sampled_from(sorted(GLCM_AGGREGATIONS)))
def test_equals_slow_twin(array, aggregation):
    found = glcm(levels_of(array, 4), aggregation)
    expected = slow_twins.glcm(array, aggregation, 4)
    assert len(found) == len(expected)
    for mine in found:  # the directions come in another order
        distance = [np.abs(mine.p - twin).max() for twin in expected]
        assert min(distance) < 1e-14
        expected.pop(int(np.argmin(distance)))


@given(regions, st.sampled_from(sorted(GLCM_AGGREGATIONS)))
def test_sorting_gives_what_counting_gives(array, aggregation):
    """Regions with too many gray levels for a table of counters are sorted instead."""
    counted = glcm(levels_of(array, 4), aggregation)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs, "DENSE_COUNTERS", 0)
        sorted_ = glcm(levels_of(array, 4), aggregation)
    assert [m.p.tolist() for m in sorted_] == [m.p.tolist() for m in counted]


@given(regions)
def test_matrices_are_symmetric_and_sum_to_one(array):
    for aggregation in GLCM_AGGREGATIONS:
        for m in glcm(levels_of(array, 4), aggregation):
            assert m.p.sum() == pytest.approx(1)
            assert (m.p == m.p.T).all()


def test_equals_scikit_image():
    from skimage.feature import graycomatrix

    array = np.random.default_rng(8).integers(1, 9, (1, 40, 30))
    mine = glcm(levels_of(array, 8), "2_5D_avg")
    angles = [0, np.pi / 2, np.pi / 4, 3 * np.pi / 4]  # distance 1 on the diagonal is rounded to (1, 1) there
    theirs = graycomatrix((array[0] - 1).astype(np.uint8), [1], angles, levels=8, symmetric=True, normed=True)
    for k, m in enumerate(mine):
        np.testing.assert_allclose(m.p, theirs[:, :, 0, k], rtol=1e-12)


def test_number_of_matrices():
    array = np.random.default_rng(1).integers(1, 5, (6, 7, 8))
    counts = {name: len(glcm(levels_of(array), name)) for name in GLCM_AGGREGATIONS}
    assert counts == {"2D_avg": 6 * 4, "2D_comb": 6, "2_5D_avg": 4, "2_5D_comb": 1, "3D_avg": 13, "3D_comb": 1}


def test_crop_margin_and_empty_levels_change_nothing_but_the_size():
    array = np.random.default_rng(2).integers(0, 4, (4, 5, 6))
    roomy = np.pad(array, ((1, 3), (2, 0), (0, 4)))
    for aggregation in GLCM_AGGREGATIONS:
        tight, wide = (glcm(levels_of(a, n), aggregation) for a, n in ((array, 3), (roomy, 9)))
        assert [m.p.tolist() for m in tight] == [m.p[:3, :3].tolist() for m in wide]
        assert all(m.p.shape == (9, 9) for m in wide)


def test_no_pair_no_matrix():
    lonely = np.zeros((3, 3, 3), dtype=int)
    lonely[0, 0, 0] = lonely[2, 2, 2] = 1
    assert all(glcm(levels_of(lonely), name) == () for name in GLCM_AGGREGATIONS)


def test_many_levels():
    """As many gray levels as 16 bits can tell apart: no matrix of that size squared is ever built."""
    array = (np.arange(1, 65_537) % 65_536).reshape(16, 64, 64)  # the last corner, with 7 neighbors, is outside
    (m,) = glcm(levels_of(array), "3D_comb")
    n_pairs = sum(
        np.prod([n - abs(d) for n, d in zip(array.shape, step, strict=True)]) for step in slow_twins.DIRECTIONS
    )
    assert m.n_pairs[0] == n_pairs - 7
    assert len(m.pij) == 2 * (n_pairs - 7)  # all levels differ, so every pair has two cells of its own


def test_unknown_aggregation():
    with pytest.raises(SettingError, match="aggregation is '4D'; use one of 2D_avg, 2D_comb"):
        glcm(HAND, "4D")


def test_kernels_compile_without_a_place_to_keep_them(monkeypatch):
    """A read-only installation and a read-only home: slower, but it works, and says so."""

    def no_folder(*args, cache=False, **kwargs):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(kernels, "njit", no_folder)
    with pytest.warns(RuntimeWarning, match="Every process compiles its kernels anew"):

        @kernels.kernel
        def triple(x):
            return 3 * x

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert triple(2) == 6
