"""A recipe survives YAML, refuses what it does not know, and follows the modality."""

import numpy as np
import pytest

from radkit.physics import GaussianPsf
from radkit.preprocess import AsIs, FixedBinCount, FixedBinWidth, Resample, Resegment
from radkit.recipe import Recipe, knobs, preset, presets
from radkit.volume import DataNotFound, Grid, Image, SettingError, UnitMismatch

EVERY = [*(preset(name) for name in presets()), *(Recipe.default(m) for m in ("CT", "PET", "MR", "OTHER"))]


@pytest.mark.parametrize("recipe", EVERY, ids=lambda r: f"{r.name}-{r.unit}")
def test_yaml_both_ways(recipe):
    assert Recipe.from_yaml(recipe.to_yaml()) == recipe
    assert Recipe.from_yaml(recipe.to_yaml()).hash == recipe.hash


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("binwidth: 3", "recipe has no setting 'binwidth'; did you mean 'binning'?"),
        ("binning: {fixed_bin_widht: {}}", "did you mean 'fixed_bin_width'?"),
        ("binning: {fixed_bin_width: {width: 25, orgin: 0, unit: HU}}", "did you mean 'origin'?"),
        ("binning: {fixed_bin_width: {width: 25, unit: HU}}", "binning.fixed_bin_width lacks 'origin'"),
        ("binning: {fixed_bin_width: {width: -3, origin: 0, unit: HU}}", "bin width is -3"),
        ("binning: {fixed_bin_width: {width: wide, origin: 0, unit: HU}}", "wrong kind"),
        ("binning: 25", "binning holds 25; it must hold one of fixed_bin_width"),
        ("ivh_binning: 25", "ivh_binning holds 25; it must hold one of fixed_bin_width"),
        ("ivh_binning: {as_it_is: {}}", "ivh_binning has no setting 'as_it_is'; did you mean 'as_is'?"),
        ("ivh_binning: {fixed_bin_count: {n_bins: 0}}", "n_bins is 0"),
        ("families: [glmc]", "family 'glmc' is not known; did you mean 'glcm'?"),
        ("families: glcm", "must be a list of names"),
        ("aggregations: [3D]", "aggregation '3D' is not known"),
        ("resample: {spacing_mm: [2, 2]}", "resample spacing"),
        ("resample: {spacing_mm: [2, 2, two]}", "impossible value"),
        ("resegment: {range: [-500, 400]}", "a resegment range needs its unit"),
        ("psf: {sigma_mm: [-1, 0, 0]}", "sigma_mm"),
        ("- 1", "recipe is a list"),
        ("{", "not valid YAML"),
        ("!!python/object/apply:os.system ['true']", "not valid YAML"),
        ("radkit_recipe: 99", "recipe has format 99; this radkit reads 1"),
    ],
)
def test_bad_yaml_is_refused_in_one_sentence(text, sentence):
    with pytest.raises(SettingError) as caught:
        Recipe.from_yaml(text)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_default_follows_the_modality():
    assert Recipe.default("CT").binning == FixedBinWidth(width=25, origin=-1000, unit="HU")
    assert Recipe.default("CT").resample.round_hu
    assert Recipe.default("PET").binning == FixedBinWidth(width=0.5, origin=0, unit="SUV")
    assert Recipe.default("MR").normalize is not None
    assert Recipe.default("MR").binning == FixedBinCount(n_bins=32)


def test_a_recipe_in_another_unit_is_refused():
    pet = Image.of(np.ones((2, 2, 2)), spacing_mm=(4, 4, 4), modality="PET", unit="SUV")
    for recipe in (Recipe.default("CT"), Recipe(resegment=Resegment(range=(0, 1), unit="HU"))):
        with pytest.raises(UnitMismatch, match=r"in HU, the image is in SUV\. Use Recipe.default\('PET'\)"):
            recipe.check_unit(pet)
    Recipe.default("PET").check_unit(pet)


def test_a_hash_is_of_settings_not_of_names():
    recipe = Recipe.default("CT")
    assert recipe.replace(name="mine").hash == recipe.hash
    assert recipe.replace(binning=FixedBinWidth(width=24, origin=-1000, unit="HU")).hash != recipe.hash
    assert recipe.replace(psf=GaussianPsf(sigma_mm=(0, 0, 0))).hash == recipe.hash  # no blur is no blur


def test_unknown_names_get_the_nearest():
    with pytest.raises(DataNotFound, match="did you mean 'ibsi-c'"):
        preset("ibsi_c")
    with pytest.raises(SettingError, match="did you mean 'binning'"):
        Recipe().replace(bining=None)


def test_support_covers_blur_and_interpolation():
    grid = Grid(shape=(40, 40, 40), spacing_mm=(2, 1, 1))
    recipe = Recipe(
        psf=GaussianPsf(sigma_mm=(1, 1, 1)), resample=Resample.isotropic(2.0), families=("statistics", "glcm")
    )
    assert recipe.support_voxels(grid) == (2 + 2, 4 + 2, 4 + 2)  # 4 sigma in voxels, and linear interpolation's 2
    recipe = recipe.replace(families=("statistics", "local_intensity"))
    assert recipe.support_voxels(grid) == (2 + 2 + 4, 4 + 2 + 7, 4 + 2 + 7)  # and the 6.2 mm of 1 cm³


def test_the_intensity_volume_histogram_has_its_own_bins():
    recipe = Recipe.default("CT")
    assert recipe.ivh_binning is None
    assert "ivh_binning" not in recipe.to_yaml()
    fine = recipe.replace(ivh_binning=FixedBinWidth(width=2.5, origin=-1000, unit="HU"))
    assert Recipe.from_yaml(fine.to_yaml()) == fine
    assert len({r.hash for r in (recipe, fine, recipe.replace(ivh_binning=AsIs()))}) == 3
    assert preset("ibsi-c").ivh_binning == fine.ivh_binning
    assert preset("ibsi-e").ivh_binning == FixedBinCount(n_bins=1000)
    pet = Image.of(np.ones((2, 2, 2)), spacing_mm=(4, 4, 4), modality="PET", unit="SUV")
    with pytest.raises(UnitMismatch, match="has its ivh bin width in HU, the image is in SUV"):
        Recipe(ivh_binning=fine.ivh_binning).check_unit(pet)
    with pytest.raises(SettingError, match="ivh_binning is a int; it must be a FixedBinWidth or"):
        Recipe(ivh_binning=3)


@pytest.mark.parametrize("modality", ["CT", "PET", "MR", "OTHER"])
def test_knobs_hold_their_own_defaults(modality):
    for knob in knobs(modality).values():
        assert knob.check(knob.default) == knob.default
        assert knob.low < knob.high
        with pytest.raises(SettingError, match=f"{knob.name} is .* must lie in"):
            knob.check(knob.high + 1)


def test_what_is_left_out_is_checked_kept_in_yaml_and_part_of_the_hash():
    recipe = Recipe(leave_out=("morph_moran_i",))
    assert Recipe.from_yaml(recipe.to_yaml()) == recipe
    assert recipe.hash != Recipe().hash
    with pytest.raises(SettingError, match="feature 'morph_morani' is not known; did you mean 'morph_moran_i'"):
        Recipe(leave_out=("morph_morani",))
