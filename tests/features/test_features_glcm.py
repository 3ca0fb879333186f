"""The 25 co-occurrence features: by hand, against the slow twin, against scikit-image."""

import numpy as np
import pytest
import slow_twins
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from regions import levels_of, roi_of, row

from radkit import features
from radkit.matrices import GLCM_AGGREGATIONS

regions = arrays(np.int32, array_shapes(min_dims=3, max_dims=3, max_side=4), elements=st.integers(0, 5)).filter(np.any)


def computed(array, *aggregations, n_levels=None):
    levels = levels_of(array, n_levels)
    return {v.tag: v.value for v in features.compute("glcm", roi_of(array), levels, aggregations)}


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("cm_joint_max", 2 / 6),
        ("cm_joint_avg", (1 + 1 + 1 + 2 + 2 + 4) / 6),
        ("cm_joint_entr", np.log2(3) / 3 + 4 * np.log2(6) / 6),
        ("cm_diff_avg", (0 + 1 + 2) / 3),
        ("cm_diff_var", (1 + 0 + 1) / 3),
        ("cm_diff_entr", np.log2(3)),
        ("cm_sum_avg", (2 + 3 + 6) / 3),
        ("cm_energy", (2 / 6) ** 2 + 4 * (1 / 6) ** 2),
        ("cm_contrast", (0 + 1 + 4) / 3),
        ("cm_dissimilarity", (0 + 1 + 2) / 3),
        ("cm_inv_diff", (1 + 1 / 2 + 1 / 3) / 3),
        ("cm_inv_diff_norm", (1 + 1 / (1 + 1 / 4) + 1 / (1 + 2 / 4)) / 3),
        ("cm_inv_diff_mom", (1 + 1 / 2 + 1 / 5) / 3),
        ("cm_inv_diff_mom_norm", (1 + 1 / (1 + 1 / 16) + 1 / (1 + 4 / 16)) / 3),
        ("cm_inv_var", (1 + 1 / 4) / 3),
        ("cm_auto_corr", (1 + 2 + 8) / 3),
    ],
)
def test_features_by_hand(tag, value):
    """The row 1 1 2 4: three pairs, (1, 1), (1, 2) and (2, 4)."""
    assert computed(row(1, 1, 2, 4), "3D_comb")[f"{tag}_3D_comb"] == pytest.approx(value)


@given(regions, st.sampled_from(sorted(GLCM_AGGREGATIONS)))
def test_equals_slow_twin(array, aggregation):
    matrices = slow_twins.glcm(array, aggregation, 6)
    found = computed(array, aggregation, n_levels=6)
    if not matrices:
        assert np.isnan(list(found.values())).all()
        return
    each = [slow_twins.glcm_features(p) for p in matrices]
    for tag in each[0]:
        mean = np.mean([values[tag] for values in each])
        # a square root of rounding is left where neighbors are independent
        assert found[f"{tag}_{aggregation}"] == pytest.approx(mean, rel=1e-9, abs=1e-7), tag


def test_equals_scikit_image():
    from skimage.feature import graycomatrix, graycoprops

    array = np.random.default_rng(9).integers(1, 17, (1, 50, 40))
    found = computed(array, "2_5D_avg")
    angles = [0, np.pi / 2, np.pi / 4, 3 * np.pi / 4]
    theirs = graycomatrix((array[0] - 1).astype(np.uint8), [1], angles, levels=16, symmetric=True, normed=True)
    names = {"contrast": "contrast", "dissimilarity": "dissimilarity", "homogeneity": "inv_diff_mom", "ASM": "energy",
             "correlation": "corr", "entropy": "joint_entr"}  # fmt: skip
    for name, tag in names.items():
        expected = graycoprops(theirs, name).mean()
        expected = expected / np.log(2) if name == "entropy" else expected  # nats there, bits here
        assert found[f"cm_{tag}_2_5D_avg"] == pytest.approx(expected, rel=1e-9), name


@given(regions)
def test_identities(array):
    found = computed(array, "3D_comb")
    if np.isnan(found["cm_contrast_3D_comb"]):
        return
    f = {tag.removesuffix("_3D_comb"): value for tag, value in found.items()}
    assert f["cm_sum_avg"] == pytest.approx(2 * f["cm_joint_avg"])
    assert f["cm_clust_tend"] == pytest.approx(f["cm_sum_var"])
    assert f["cm_diff_avg"] == pytest.approx(f["cm_dissimilarity"])
    assert f["cm_clust_tend"] + f["cm_contrast"] == pytest.approx(4 * f["cm_joint_var"], abs=1e-9)
    assert f["cm_contrast"] == pytest.approx(f["cm_diff_var"] + f["cm_diff_avg"] ** 2, abs=1e-9)


def test_flips_and_turns_change_nothing_in_3d():
    array = np.random.default_rng(4).integers(0, 6, (5, 6, 7))
    expected = computed(array, "3D_comb")
    for turned in (array[::-1], array[:, ::-1], array[..., ::-1], np.rot90(array), np.rot90(array, axes=(1, 2))):
        assert computed(turned, "3D_comb") == pytest.approx(expected, rel=1e-9)


def test_slices_without_a_pair_are_left_out_of_the_average():
    array = np.zeros((3, 2, 2), dtype=int)
    array[0] = [[1, 2], [0, 0]]
    array[2, 0, 0] = 5  # alone in its slice
    assert computed(array, "2D_avg")["cm_contrast_2D_avg"] == pytest.approx((1 - 2) ** 2)
