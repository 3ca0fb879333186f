"""Regions at the edge of the definitions: every feature is finite, or says why it is not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from regions import everything, levels_of, roi_of

from radkit import features
from radkit.matrices import GLCM_AGGREGATIONS
from radkit.matrices.aggregations import BY_DIRECTION, WITHOUT_DIRECTION


def all_of(array, image=None):
    """All features of a region given by its gray levels (0 outside)."""
    array = np.asarray(array)
    return everything(roi_of(array if image is None else image, array > 0), levels_of(array))


def undefined(found):
    return {tag for tag, v in found.items() if v.note}


GLCM = {f"{f.tag}_{a}" for f in features.family("glcm").features for a in GLCM_AGGREGATIONS}
NGTDM = {f"{f.tag}_{a}" for f in features.family("ngtdm").features for a in ("2D", "2_5D", "3D")}


def in_space(*voxels, shape=(4, 4, 4)):
    array = np.zeros(shape, dtype=int)
    for k, voxel in enumerate(voxels):
        array[voxel] = k + 1
    return array


@given(arrays(np.int32, array_shapes(min_dims=3, max_dims=3, max_side=3), elements=st.integers(0, 3)).filter(np.any))
def test_finite_or_documented(array):
    for tag, v in all_of(array).items():
        assert np.isfinite(v.value) != v.note.startswith("undefined: "), tag


def test_one_voxel():
    found = all_of(in_space((1, 2, 3)))
    assert undefined(found) == GLCM | NGTDM | {
        "morph_vol_dens_aee", "morph_area_dens_aee", "morph_moran_i", "morph_geary_c",
    }  # fmt: skip
    expected = {
        "morph_volume": 1 / 6,  # an octahedron
        "morph_area_mesh": np.sqrt(3),
        "morph_vol_approx": 1,
        "morph_diam": 1,
        "morph_vol_dens_aabb": 1 / 6,
        "morph_vol_dens_conv_hull": 1,
        "morph_vol_dens_mvee": 1 / np.pi,  # in a sphere of diameter 1: (1/6) / (π/6)
        "morph_pca_maj_axis": 0,
        "morph_pca_elongation": 1,
        "morph_com": 0,
        "stat_var": 0,
        "stat_skew": 0,
        "stat_kurt": 0,
        "stat_cov": 0,
        "stat_qcod": 0,
        "ih_entropy": 0,
        "ih_uniformity": 1,
        "ih_max_grad": 0,
        **{
            f"rlm_{name}_{a}": 1
            for name in ("sre", "lre", "lrhge", "glnu_norm", "rlnu_norm", "r_perc")
            for a in BY_DIRECTION
        },
        **{f"szm_{name}_{a}": 1 for name in ("sze", "lzlge", "zsnu", "z_perc") for a in WITHOUT_DIRECTION},
        **{f"dzm_{name}_{a}": 1 for name in ("sde", "ldlge", "zdnu", "z_perc") for a in WITHOUT_DIRECTION},
        "rlm_glnu_3D_avg": 1,
        "rlm_glnu_3D_comb": 13,  # one run along each direction
        "rlm_rl_entr_3D_avg": 0,
        "rlm_gl_var_2D_comb": 0,
        "szm_zs_var_3D": 0,
        "dzm_zd_entr_2_5D": 0,
        "ivh_v10": 0,  # the only voxel is in bin 1 of 1000
        "ivh_i10": 2,
        "ivh_auc": 0,
        "loc_peak_loc": 1 / 64,  # at 1 mm the sphere covers the whole image
        "loc_peak_glob": 1 / 64,
        "ngl_lde_3D": 1,
        "ngl_hdhge_3D": 1,
        "ngl_dcnu_norm_3D": 1,
        "ngl_gl_var_3D": 0,
        "ngl_dc_entr_3D": 0,
        "ngl_dc_perc_3D": 1,
    }
    assert {tag: found[tag].value for tag in expected} == pytest.approx(expected, abs=1e-4)
    for tag in ("cm_contrast_3D_comb", "ngt_coarseness_2D"):
        assert found[tag].note == "undefined: no two neighboring voxels lie in the region"


def test_two_voxels_side_by_side():
    found = all_of(in_space((1, 1, 1), (1, 1, 2)))
    assert undefined(found) == {"morph_vol_dens_aee", "morph_area_dens_aee", "stat_rmad", "ih_rmad"}
    assert found["cm_corr_3D_comb"].value == pytest.approx(-1)
    assert found["ngt_coarseness_3D"].value == 1 / ((1 + 1) / 2)
    assert found["ngt_strength_2D"].value == 2 * (1 / 2 + 1 / 2) / (1 + 1)
    assert found["ngl_lde_3D"].value == 1
    assert found["morph_moran_i"].value == pytest.approx(-1)


def test_two_voxels_apart():
    found = all_of(in_space((0, 0, 0), (3, 3, 3)))
    assert undefined(found) > GLCM | NGTDM
    assert found["ngl_hde_3D"].value == 1


def test_flat_region():
    found = all_of(np.full((3, 4, 5), 1), image=np.full((3, 4, 5), 0.1))  # a mean of 0.1s is not exactly 0.1
    assert undefined(found) == {"morph_moran_i", "morph_geary_c"}
    expected = {"cm_corr": 1, "cm_info_corr1": 0, "cm_info_corr2": 0, "cm_contrast": 0, "cm_inv_diff": 1,
                "cm_joint_entr": 0, "cm_inv_var": 0, "cm_energy": 1}  # fmt: skip
    for aggregation in GLCM_AGGREGATIONS:
        assert {tag: found[f"{tag}_{aggregation}"].value for tag in expected} == expected
    assert found["ngt_coarseness_3D"].value == 1e6
    assert str(found["ngl_dc_entr_3D"].value) != "-0.0"
    assert found["loc_peak_glob"].value == pytest.approx(0.1, rel=1e-12)
    assert [found[f"stat_{name}"].value for name in ("var", "skew", "kurt", "cov", "iqr")] == [0] * 5
    assert str(found["ih_entropy"].value) == "0.0"
    assert found["rlm_lre_3D_avg"].value > found["rlm_sre_3D_avg"].value
    assert {tag: found[tag].value for tag in ("rlm_gl_var_3D_comb", "rlm_glnu_norm_3D_comb")} == {
        "rlm_gl_var_3D_comb": 0, "rlm_glnu_norm_3D_comb": 1,
    }  # fmt: skip
    assert found["szm_lze_3D"].value == 60**2  # one zone
    assert found["szm_lze_2D"].value == found["szm_lze_2_5D"].value == 20**2  # one a slice
    assert str(found["szm_zs_entr_3D"].value) == str(found["dzm_zd_entr_2D"].value) == "0.0"


def test_flat_region_of_a_high_level():
    found = all_of(np.full((3, 3, 3), 7))
    assert found["cm_corr_3D_avg"].value == 1
    assert found["cm_joint_var_3D_avg"].value == 0


def test_zero_intensities_have_no_center():
    found = all_of(np.full((2, 2, 2), 1), image=np.zeros((2, 2, 2)))
    assert found["morph_com"].note == "undefined: the intensities add up to 0"


def test_one_slice_is_flat_but_has_a_texture():
    found = all_of(np.random.default_rng(0).integers(1, 5, (1, 6, 6)))
    assert undefined(found) == {"morph_vol_dens_aee"}
    assert found["morph_pca_least_axis"].value == 0
    assert found["cm_contrast_3D_comb"].value == pytest.approx(found["cm_contrast_2_5D_comb"].value)
    assert found["szm_sze_3D"].value == found["szm_sze_2D"].value == found["szm_sze_2_5D"].value
    assert found["dzm_lde_3D"].value == 1  # in 3-D a single slice is all border
    assert found["dzm_lde_2D"].value > 1
    assert found["rlm_sre_3D_comb"].value > found["rlm_sre_2_5D_comb"].value  # nine directions with nothing to go on to


def test_one_slice_of_a_volume_is_measured_as_an_image_of_its_own():
    array = np.random.default_rng(5).integers(0, 5, (1, 6, 7))
    alone, among = all_of(array), all_of(np.pad(array, [(2, 1), (0, 0), (0, 0)]))
    differ = {tag for tag in alone if (alone[tag].value, alone[tag].note) != (among[tag].value, among[tag].note)}
    assert differ <= {"loc_peak_loc", "loc_peak_glob", *undefined(alone)}  # the first two look at the slices around
    assert undefined(alone) == undefined(among) == {"morph_vol_dens_aee"}


def test_a_tilted_plane_is_flat():
    """Voxels on z = y: the least axis is 0 however the plane lies, not what rounding leaves of it."""
    array = np.eye(6, dtype=int)[:, :, None].repeat(6, axis=2)
    assert all_of(array)["morph_pca_least_axis"].value == 0


def test_disconnected_region():
    array = np.zeros((4, 5, 9), dtype=int)
    array[1:3, 1:3, 1:3] = np.arange(8).reshape(2, 2, 2) % 3 + 1
    array[1:3, 1:3, 6:8] = np.arange(8).reshape(2, 2, 2) % 2 + 1
    assert not undefined(all_of(array))


def test_region_at_the_border():
    inner = np.random.default_rng(1).integers(1, 6, (4, 4, 4))
    at_border = {tag: v.value for tag, v in all_of(inner).items()}
    inside = {tag: v.value for tag, v in all_of(np.pad(inner, 2)).items()}
    differ = {tag for tag in inside if at_border[tag] != inside[tag]}
    assert differ == {"loc_peak_loc", "loc_peak_glob"}  # the only ones that look beyond the region


def test_as_many_levels_as_16_bits_hold():
    array = (np.arange(1, 65_537) % 65_536).reshape(8, 64, 128)
    assert not undefined(all_of(array))
