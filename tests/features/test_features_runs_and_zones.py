"""The features of run length, size zone and distance zone matrices: by hand, against the slow twin, under changes."""

import numpy as np
import pytest
import slow_twins
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from regions import levels_of, roi_of, row

from radkit import features
from radkit.matrices.aggregations import BY_DIRECTION, WITHOUT_DIRECTION

regions = arrays(np.int32, array_shapes(min_dims=3, max_dims=3, max_side=5), elements=st.integers(0, 4)).filter(np.any)
FAMILIES = ("glrlm", "glszm", "gldzm")


def computed(family, array, *aggregations):
    """Bare tag (of the last aggregation) to value."""
    values = features.compute(family, roi_of(array), levels_of(array), aggregations)
    return {v.feature.tag: v.value for v in values}


def test_run_features_by_hand():
    """The row 1 1 2 4 4 4 along itself, and alone in all other directions of the volume: here only the first."""
    levels = levels_of(row(1, 1, 2, 4, 4, 4))
    record = next(iter(features.family("glrlm").stages(levels, ("3D_avg",))))[1].split()[0]
    found = {f.tag: float(f.function(record)[0]) for f in features.family("glrlm").features}
    mean_level, mean_length = (1 + 2 + 4) / 3, (2 + 1 + 3) / 3
    assert found == pytest.approx(
        {
            "rlm_sre": (1 / 4 + 1 + 1 / 9) / 3,
            "rlm_lre": (4 + 1 + 9) / 3,
            "rlm_lgre": (1 + 1 / 4 + 1 / 16) / 3,
            "rlm_hgre": (1 + 4 + 16) / 3,
            "rlm_srlge": (1 / 4 + 1 / 4 + 1 / (9 * 16)) / 3,
            "rlm_srhge": (1 / 4 + 4 + 16 / 9) / 3,
            "rlm_lrlge": (4 + 1 / 4 + 9 / 16) / 3,
            "rlm_lrhge": (4 + 4 + 9 * 16) / 3,
            "rlm_glnu": (1 + 1 + 1) / 3,
            "rlm_glnu_norm": (1 + 1 + 1) / 3**2,
            "rlm_rlnu": (1 + 1 + 1) / 3,
            "rlm_rlnu_norm": (1 + 1 + 1) / 3**2,
            "rlm_r_perc": 3 / 6,
            "rlm_gl_var": (1 + 4 + 16) / 3 - mean_level**2,
            "rlm_rl_var": (4 + 1 + 9) / 3 - mean_length**2,
            "rlm_rl_entr": np.log2(3),
        }
    )


def test_zone_features_by_hand():
    """The same row: zones of 2, 1 and 3 voxels, all at the border of the volume."""
    sizes, distances = computed("glszm", row(1, 1, 2, 4, 4, 4), "3D"), computed("gldzm", row(1, 1, 2, 4, 4, 4), "3D")
    assert sizes["szm_lzhge"] == pytest.approx((4 * 1 + 1 * 4 + 9 * 16) / 3)
    assert sizes["szm_z_perc"] == distances["dzm_z_perc"] == 3 / 6
    assert distances["dzm_sde"] == distances["dzm_lde"] == distances["dzm_zdnu_norm"] == 1
    assert distances["dzm_zdnu"] == 3
    assert distances["dzm_zd_var"] == 0
    assert distances["dzm_ldhge"] == distances["dzm_hgze"] == pytest.approx((1 + 4 + 16) / 3)


@given(regions, st.sampled_from(sorted(BY_DIRECTION)))
def test_run_features_equal_slow_twin(array, aggregation):
    each = [
        slow_twins.census_features(m, sum(length * n for (_, length), n in m.items()))
        for m in slow_twins.glrlm(array, aggregation)
    ]
    assert list(computed("glrlm", array, aggregation).values()) == pytest.approx(np.mean(each, axis=0), abs=1e-12)


@given(regions, st.sampled_from(sorted(WITHOUT_DIRECTION)))
def test_zone_features_equal_slow_twin(array, aggregation):
    distance = slow_twins.distance_to_border(array > 0, in_slices=aggregation != "3D")
    extents = {"glszm": len, "gldzm": lambda zone: min(distance[v] for v in zone)}
    n_voxels = [sum(size * n for (_, size), n in m.items()) for m in slow_twins.zone_matrices(array, aggregation, len)]
    for family, extent in extents.items():
        matrices = slow_twins.zone_matrices(array, aggregation, extent)
        each = [slow_twins.census_features(m, n) for m, n in zip(matrices, n_voxels, strict=True)]
        assert list(computed(family, array, aggregation).values()) == pytest.approx(np.mean(each, axis=0), abs=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_flips_and_turns_change_nothing_in_3d(family):
    array = np.random.default_rng(4).integers(0, 4, (5, 6, 7))
    expected = computed(family, array, "3D_comb")
    for turned in (array[::-1], array[:, ::-1], array[..., ::-1], np.rot90(array), np.rot90(array, axes=(1, 2))):
        assert computed(family, turned, "3D_comb") == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("family", ["glszm", "gldzm"])
def test_one_matrix_a_volume_or_slice(family):
    """These families know no directions: what a recipe asks for per direction they give once."""
    levels = levels_of(np.random.default_rng(3).integers(1, 4, (2, 3, 4)))
    tags = [v.tag for v in features.compute(family, roi_of(levels.array), levels, tuple(BY_DIRECTION))]
    assert len(tags) == 16 * 3
    assert [tag.partition("_lgze_")[2] for tag in tags if "_lgze_" in tag] == ["2D", "2_5D", "3D"]
    assert features.family(family).chosen(("3D_comb", "3D_avg", "2_5D", "5D", "2_5D_avg")) == ("3D", "2_5D")
    assert features.family("glrlm").chosen(("3D_comb", "3D", "2D_avg")) == ("3D_comb", "2D_avg")
    assert features.find(f"{tags[0]}").tag == tags[0].removesuffix("_2D")


def test_zone_distances_leave_the_rest_of_the_zones_alone():
    """Size and distance matrices count the same zones, so what depends on gray levels only is the same."""
    array = np.random.default_rng(7).integers(1, 4, (6, 7, 8))
    sizes, distances = computed("glszm", array, "3D"), computed("gldzm", array, "3D")
    for name in ("lgze", "hgze", "glnu", "glnu_norm", "z_perc", "gl_var"):
        assert sizes[f"szm_{name}"] == pytest.approx(distances[f"dzm_{name}"])
