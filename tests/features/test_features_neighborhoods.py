"""Gray tone difference and dependence features: by hand, against the slow twins, and what must not change them."""

import numpy as np
import pytest
import slow_twins
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from regions import levels_of, roi_of, row

from radkit import features

regions = arrays(np.int32, array_shapes(min_dims=3, max_dims=3, max_side=4), elements=st.integers(0, 5)).filter(np.any)
AGGREGATIONS = ("2D", "2_5D", "3D")
TWINS = {
    "ngtdm": (slow_twins.ngtdm, slow_twins.ngtdm_features),
    "ngldm": (slow_twins.ngldm, slow_twins.ngldm_features),
}


def computed(family, array, *aggregations, n_levels=None):
    levels = levels_of(array, n_levels)
    return {v.tag: v.value for v in features.compute(family, roi_of(array), levels, aggregations)}


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("ngt_coarseness", 1 / (2 / 4 * (1 / 2) + 1 / 4 * 1 + 1 / 4 * 3)),
        ("ngt_contrast", 2 * (2 / 16 * 1 + 2 / 16 * 16 + 1 / 16 * 9) / (3 * 2) * (1 / 2 + 1 + 3) / 4),
        ("ngt_busyness", (2 / 4 * (1 / 2) + 1 / 4 * 1 + 1 / 4 * 3) / (2 * (0 + 3 / 4 + 3 / 4))),
        ("ngt_complexity", 2 * (1 * (0.25 + 0.25) / 0.75 + 4 * (0.25 + 0.75) / 0.75 + 3 * (0.25 + 0.75) / 0.5) / 4),
        ("ngt_strength", 2 * (0.75 * 1 + 0.75 * 16 + 0.5 * 9) / (1 / 2 + 1 + 3)),
    ],
)
def test_tones_by_hand(tag, value):
    """The row 1 1 2 5: p = 1/2, 1/4, 1/4 and s = 1/2, 1, 3."""
    assert computed("ngtdm", row(1, 1, 2, 5), "3D")[f"{tag}_3D"] == pytest.approx(value)


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("ngl_lde", (2 / 4 + 1 + 1) / 4),
        ("ngl_hde", (2 * 4 + 1 + 1) / 4),
        ("ngl_lgce", (2 + 1 / 4 + 1 / 25) / 4),
        ("ngl_hgce", (2 + 4 + 25) / 4),
        ("ngl_ldlge", (2 / 4 + 1 / 4 + 1 / 25) / 4),
        ("ngl_ldhge", (2 / 4 + 4 + 25) / 4),
        ("ngl_hdlge", (2 * 4 + 1 / 4 + 1 / 25) / 4),
        ("ngl_hdhge", (2 * 4 + 4 + 25) / 4),
        ("ngl_glnu", (4 + 1 + 1) / 4),
        ("ngl_glnu_norm", (4 + 1 + 1) / 16),
        ("ngl_dcnu", (4 + 4) / 4),
        ("ngl_dcnu_norm", (4 + 4) / 16),
        ("ngl_dc_perc", 1),
        ("ngl_gl_var", (2 + 4 + 25) / 4 - (9 / 4) ** 2),
        ("ngl_dc_var", (2 * 4 + 2) / 4 - (6 / 4) ** 2),
        ("ngl_dc_entr", 1 / 2 * 1 + 1 / 2 * 2),
        ("ngl_dc_energy", 1 / 4 + 1 / 16 + 1 / 16),
    ],
)
def test_dependences_by_hand(tag, value):
    """The row 1 1 2 5: two voxels of level 1 with dependence 2, levels 2 and 5 with dependence 1."""
    assert computed("ngldm", row(1, 1, 2, 5), "3D")[f"{tag}_3D"] == pytest.approx(value)


@pytest.mark.parametrize("family", list(TWINS))
@given(array=regions, aggregation=st.sampled_from(AGGREGATIONS))
def test_equals_slow_twin(family, array, aggregation):
    matrices, formulas = TWINS[family]
    each = [formulas(m) for m in matrices(array, aggregation)]
    found = computed(family, array, aggregation, n_levels=7)
    if not each:
        assert np.isnan(list(found.values())).all()
        return
    for tag in each[0]:
        mean = np.mean([values[tag] for values in each])
        assert found[f"{tag}_{aggregation}"] == pytest.approx(mean, rel=1e-9, abs=1e-12), tag


@pytest.mark.parametrize("family", list(TWINS))
def test_flips_turns_and_margins_change_not_a_bit_in_3d(family):
    array = np.random.default_rng(4).integers(0, 6, (5, 6, 7))
    expected = computed(family, array, "3D")
    for other in (array[::-1], array[:, ::-1], array[..., ::-1], np.rot90(array), np.rot90(array, axes=(1, 2))):
        assert computed(family, other, "3D") == expected
    assert computed(family, np.pad(array, 3), "3D") == expected


def test_one_slice_is_the_same_in_every_way():
    array = np.random.default_rng(6).integers(0, 6, (1, 9, 8))
    for family in TWINS:
        found = computed(family, array, *AGGREGATIONS)
        for tag in (f.tag for f in features.family(family).features):
            assert found[f"{tag}_2D"] == found[f"{tag}_2_5D"] == found[f"{tag}_3D"], tag


@given(regions)
def test_identities(array):
    """The gray levels of the dependence matrix are those of the histogram: every voxel is counted once."""
    of_matrix = computed("ngldm", array, "3D")
    of_histogram = computed("intensity_histogram", array)
    assert of_matrix["ngl_gl_var_3D"] == pytest.approx(of_histogram["ih_var"], abs=1e-12)
    assert of_matrix["ngl_glnu_norm_3D"] == pytest.approx(of_histogram["ih_uniformity"])
    assert of_matrix["ngl_dc_perc_3D"] == 1


def test_gray_levels_moved_by_a_constant():
    """Tones are differences: only busyness, which weighs by the level itself, sees where the levels lie."""
    array = np.random.default_rng(7).integers(1, 6, (4, 5, 6))
    low, high = computed("ngtdm", array, "3D"), computed("ngtdm", array + 40, "3D")
    assert {tag for tag in low if low[tag] != pytest.approx(high[tag], rel=1e-9)} == {"ngt_busyness_3D"}


def test_where_ibsi_divides_by_zero():
    flat = computed("ngtdm", np.full((3, 4, 5), 3), "3D")
    assert flat == {"ngt_coarseness_3D": 1e6, "ngt_contrast_3D": 0, "ngt_busyness_3D": 0, "ngt_complexity_3D": 0,
                    "ngt_strength_3D": 0}  # fmt: skip
    assert computed("ngtdm", row(1, 1, 2), "3D")["ngt_busyness_3D"] == 0  # 1 x 2/3 = 2 x 1/3
    apart = np.zeros((1, 1, 9), dtype=int)
    apart[0, 0, [0, 1, 7, 8]] = 1, 1, 2, 2  # two flat pieces: two levels, but no voxel differs from its neighbors
    assert computed("ngtdm", apart, "3D")["ngt_strength_3D"] == 0
    assert computed("ngtdm", apart, "3D")["ngt_coarseness_3D"] == 1e6


def test_slices_without_neighbors_are_left_out_of_the_average():
    array = np.zeros((3, 1, 4), dtype=int)
    array[0] = [1, 1, 2, 5]
    array[2, 0, 0] = 4
    assert computed("ngtdm", array, "2D")["ngt_coarseness_2D"] == pytest.approx(1 / (1 / 4 + 1 / 4 + 3 / 4))
    assert computed("ngldm", array, "2D")["ngl_hgce_2D"] == pytest.approx(
        (31 / 4 + 16) / 2
    )  # a lone voxel depends on 1
