"""PyRadiomics' parameter files: every setting is mapped, or left out with a reason, or the file is refused."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from radkit.filters import LaplacianOfGaussian, Wavelet
from radkit.physics import ZScore
from radkit.preprocess import AlignedBinWidth, FixedBinCount, FixedBinWidth, Resample, Resegment, discretize
from radkit.recipe import Recipe, TranslationWarning, is_pyradiomics, translate
from radkit.recipe.pyradiomics_advice import NO_EQUAL, NO_IMAGE
from radkit.recipe.pyradiomics_settings import IMAGE_TYPES, SETTINGS, VOXEL_SETTINGS
from radkit.volume import Image, Mask, Roi, SettingError, UnitMismatch

BANDS = ("LLH", "LHL", "LHH", "HLL", "HLH", "HHL", "HHH", "LLL")
CHEST_CT = """
# resample to the in-plane voxel of most scans, keep the slices
imageType:
  Original: {}
  LoG:
    sigma: [2.0, 3]
  Wavelet:
    binCount: 64
featureClass:
  shape:
  firstorder: []
  glcm: [JointEnergy, Idm]
  gldm:
setting:
  binWidth: 25
  resampledPixelSpacing: [0.8, 0.8, 0]
  interpolator: 'sitkLinear'
  resegmentRange: [-200, 300]
  voxelArrayShift: 1000
  label: 1
  geometryTolerance: 1e-4
  distances: [1]
"""
BRAIN_MR = """
setting:
  normalize: true
  normalizeScale: 100
  removeOutliers: 3
  binWidth: 5
  resampledPixelSpacing: [1, 1, 1]
  force2D: true
  weightingNorm: no_weighting
  resegmentRange: [-3, 3]
  resegmentMode: sigma
"""


def names(entries):
    return {entry.name for entry in entries}


def test_a_ct_file():
    found = translate(CHEST_CT, modality="CT")
    assert found.recipe == Recipe(
        name="from-pyradiomics",
        resample=Resample(spacing_mm=(None, 0.8, 0.8), interpolation="linear"),  # (z, y, x) here
        resegment=Resegment(range=(-200, 300), unit="HU"),
        binning=AlignedBinWidth(width=25, unit="HU"),
        families=("morphology", "statistics", "intensity_histogram", "glcm", "ngldm"),
        aggregations=("3D_avg",),
        filters=(
            *(LaplacianOfGaussian(sigma_mm=s, zero_sum=True) for s in (2, 3)),
            *(Wavelet(family="coif1", decomposition=b) for b in BANDS),
        ),
    )
    left = {"setting.voxelArrayShift", "setting.geometryTolerance", "imageType.Wavelet.binCount"}
    assert names(found.unmapped) == left
    assert {"setting.distances", "setting.label", "featureClass.glcm"} <= names(found.mapped)
    assert {"all features", "wavelet-...", "log-sigma-...-mm-3D", "feature lists"} <= names(found.differs)
    assert Recipe.from_yaml(found.recipe.to_yaml()) == found.recipe


def test_an_mr_file():
    found = translate(BRAIN_MR, modality="MR")
    recipe = found.recipe
    assert recipe.normalize == ZScore(region="image")
    assert recipe.binning == AlignedBinWidth(width=5 / 100, unit="1")  # 5 of 100 units a SD
    assert recipe.resample == Resample.isotropic(1.0, interpolation="cubic")
    assert recipe.resegment == Resegment(outlier_sd=3)
    assert recipe.aggregations == ("2_5D_comb",)
    assert names(found.unmapped) == {"setting.removeOutliers"}
    differs = {entry.name: entry.text for entry in found.differs}
    assert "intensities are 100 times" in differs["firstorder of the original image"]


def test_an_empty_file_is_pyradiomics_default():
    recipe = translate("setting: {}").recipe
    assert recipe.binning == AlignedBinWidth(width=25, unit="HU")
    assert recipe.aggregations == ("3D_avg",)
    assert (recipe.resample, recipe.resegment, recipe.normalize, recipe.filters) == (None, None, None, ())
    assert set(recipe.families) == {
        "morphology", "statistics", "intensity_histogram", "glcm", "glrlm", "glszm", "ngtdm", "ngldm",
    }  # fmt: skip


def setting(text, **keywords):
    return translate(f"setting: {{{text}}}", **keywords)


@pytest.mark.parametrize(
    ("text", "part", "ours"),
    [
        ("binCount: 64", "binning", FixedBinCount(n_bins=64)),
        ("binCount: 64, binWidth: 5", "binning", FixedBinCount(n_bins=64)),
        ("binWidth: 1e-1", "binning", AlignedBinWidth(width=0.1, unit="HU")),  # a number in YAML 1.2, text in 1.1
        ("resampledPixelSpacing: [0, 0, 0]", "resample", None),
        ("resampledPixelSpacing: [2, 2, 2], interpolator: null", "resample", None),
        ("resampledPixelSpacing: [1, 2, 3]", "resample", Resample(spacing_mm=(3, 2, 1), interpolation="cubic")),
        ("resegmentRange: [300, -200]", "resegment", Resegment(range=(-200, 300), unit="HU")),
        ("resegmentRange: [-200]", "resegment", Resegment(range=(-200, math.inf), unit="HU")),
        ("resegmentRange: [-2, 3], resegmentMode: sigma", "resegment", None),
        ("resegmentRange: [0.4, 1], resegmentMode: relative", "resegment", None),
        ("force2D: true", "aggregations", ("2_5D_avg",)),
        ("weightingNorm: no_weighting", "aggregations", ("3D_comb",)),
        ("weightingNorm: euclidean", "aggregations", ("3D_avg",)),
        ("normalizeScale: 100", "binning", AlignedBinWidth(width=25, unit="HU")),  # unused without normalize
    ],
)
def test_a_setting_becomes_a_part_of_the_recipe(text, part, ours):
    recipe = setting(text).recipe
    assert getattr(recipe, part) == ours
    assert Recipe.from_yaml(recipe.to_yaml()) == recipe


OTHER_THAN_DEFAULT = {
    "removeOutliers": 3, "resegmentShape": True, "label": 2, "label_channel": 1, "minimumROIDimensions": 3,
    "minimumROISize": 50, "geometryTolerance": 0.1, "correctMask": True, "voxelArrayShift": 300,
    "symmetricalGLCM": False, "distances": [1, 2], "weightingNorm": "manhattan", "gldm_a": 1, "force2Ddimension": 1,
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER_THAN_DEFAULT)
def test_what_has_no_equal_is_left_out_with_a_reason(name):
    found = translate({"setting": {name: OTHER_THAN_DEFAULT[name]}})
    ((entry,), text) = found.unmapped, NO_EQUAL[name]
    assert (entry.name, entry.text) == (f"setting.{name}", text)
    assert name in found.summary


DEFAULTS = {
    "binWidth": 25, "binCount": 32, "normalize": False, "normalizeScale": 1, "resampledPixelSpacing": [1, 1, 1],
    "interpolator": "sitkBSpline", "padDistance": 5, "preCrop": True, "resegmentRange": [0, 100],
    "resegmentMode": "absolute", "resegmentShape": False, "label": 1, "label_channel": 0, "correctMask": False,
    "additionalInfo": True, "voxelArrayShift": 0, "symmetricalGLCM": True, "distances": [1], "gldm_a": 0,
    "force2D": False, "force2Ddimension": 0, "weightingNorm": "no_weighting",
}  # fmt: skip
OF_IMAGES = {
    "sigma": [1.0], "wavelet": "coif1", "start_level": 0, "level": 1, "gradientUseSpacing": True, "lbp2DRadius": 1.0,
    "lbp2DSamples": 8, "lbp2DMethod": "uniform", "lbp3DLevels": 2, "lbp3DIcosphereRadius": 1.0,
    "lbp3DIcosphereSubdivision": 1,
}  # fmt: skip


@pytest.mark.parametrize("images", [{}, {name: {} for name in IMAGE_TYPES}], ids=["original", "all images"])
def test_no_setting_is_dropped_in_silence(images):
    for values in (DEFAULTS | OF_IMAGES, OTHER_THAN_DEFAULT):
        found = translate({"setting": values, "imageType": images})
        for name in values:
            assert f"setting.{name}" in names(found.mapped) | names(found.unmapped), name
    assert set(SETTINGS) == {*DEFAULTS, *OF_IMAGES, *OTHER_THAN_DEFAULT}  # and no setting is forgotten here
    assert not names(found.mapped) & names(found.unmapped)
    images_found = {name for name in names(found.unmapped) if name.startswith("imageType")}
    assert {f"imageType.{name}" for name in NO_IMAGE if images} <= images_found


def test_the_page_names_every_setting_and_image_type():
    page = (Path(__file__).parents[2] / "docs" / "coming-from-pyradiomics.md").read_text(encoding="utf-8")
    table = page[page.index("## Settings") : page.index("## What comes out different")]
    assert not [name for name in (*SETTINGS, *IMAGE_TYPES[1:], "voxelSetting") if name not in table]


def test_voxel_settings_and_shape_in_2d_have_no_equal():
    voxel = {"kernelRadius": 2, "maskedKernel": True, "initValue": math.nan, "voxelBatch": 100}
    assert set(voxel) == set(VOXEL_SETTINGS)
    found = translate({"voxelSetting": voxel, "featureClass": {"shape2D": None, "glcm": None}})
    assert names(found.unmapped) == {"featureClass.shape2D", *(f"voxelSetting.{name}" for name in voxel)}


def test_wavelets():
    found = translate("imageType: {Wavelet: {wavelet: db2, level: 2}}\nsetting: {force2D: true, binCount: 8}")
    assert [f.decomposition for f in found.recipe.filters] == ["HL", "LH", "HH", "LL"]
    assert {f.family for f in found.recipe.filters} == {"db2"}
    assert (found.recipe.original, found.recipe.filter_binning) == (False, FixedBinCount(n_bins=8))
    assert names(found.unmapped) == {"imageType.Wavelet levels"}
    found = translate("imageType: {Original: {}, Wavelet: {wavelet: sym9}}")
    assert found.recipe.filters == ()
    assert names(found.unmapped) == {"imageType.Wavelet"}


def test_one_image_types_own_bins():
    found = translate("imageType: {Original: {binWidth: 10, force2D: true}}\nsetting: {binWidth: 25}")
    assert found.recipe.binning == AlignedBinWidth(width=10, unit="HU")
    assert names(found.unmapped) == {"imageType.Original.force2D"}
    assert "imageType.Original.binWidth" in names(found.mapped)


def test_a_path_text_json_and_a_mapping_are_the_same(tmp_path):
    data = {"setting": {"binWidth": 10}, "imageType": {"Original": {}}}
    path = tmp_path / "params.yaml"
    path.write_text("\ufeff" + json.dumps(data))
    recipes = [translate(source).recipe for source in (path, str(path), json.dumps(data), data)]
    assert all(recipe == recipes[0] for recipe in recipes)
    assert recipes[0].binning.width == 10


def test_the_user_is_warned_once_and_told_where_the_list_is():
    with pytest.warns(TranslationWarning, match="1 of 4 PyRadiomics settings have no equal") as caught:
        recipe = Recipe.from_pyradiomics("setting: {binWidth: 25, removeOutliers: 3}\nfeatureClass: {}", modality="PET")
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert "radkit recipes --from-pyradiomics" in str(caught[0].message)
    assert recipe.binning.unit == "SUV"
    ct = Image.of(np.ones((2, 2, 2)), spacing_mm=(1, 1, 1), modality="CT", unit="HU")
    with pytest.raises(UnitMismatch, match="bin width in SUV, the image is in HU"):
        recipe.check_unit(ct)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("settings: {binWidth: 25}", "has no 'settings'; did you mean 'setting'?"),
        ("setting: {binWidht: 25}", "setting has no 'binWidht'; did you mean 'binWidth'?"),
        ("imageType: {Wavlet: {}}", "imageType has no 'Wavlet'; did you mean 'Wavelet'?"),
        ("imageType: {LoG: {sgima: [1]}}", "imageType.LoG has no 'sgima'; did you mean 'sigma'?"),
        ("featureClass: {glszn: }", "featureClass has no 'glszn'; did you mean 'glszm'?"),
        ("featureClass: {glcm: [JointEnrgy]}", "featureClass.glcm has no 'JointEnrgy'; did you mean 'JointEnergy'?"),
        ("featureClass: {glcm: [[]]}", "featureClass.glcm has no empty"),
        ("featureClass: {glcm: all}", "featureClass.glcm is 'all'; it must be a list of features, or empty"),
        ("featureClass: {shape2D: }", "none of the file's feature classes (shape2D)"),
        ("imageType: {Square: {}}", "none of the file's image types (Square)"),
        ("imageType: {Original: 3}", "imageType.Original is 3; it must be a mapping"),
        ("setting: {binWidth: -1}", "setting.binWidth is -1; it must be a number above 0"),
        ("setting: {binWidth: 0}", "must be a number above 0"),
        ("setting: {binWidth: .nan}", "setting.binWidth is nan; it must be a number above 0"),
        ("setting: {binWidth: .inf}", "setting.binWidth is inf"),
        ("setting: {binWidth: true}", "setting.binWidth is true"),
        ("setting: {binWidth: '25'}", "setting.binWidth is '25'"),
        ("setting: {binCount: 1}", "n_bins is 1; use a whole number from 2"),
        ("setting: {binCount: 12.5}", "setting.binCount is 12.5; it must be a whole number from 1"),
        ("setting: {resampledPixelSpacing: [1, 1]}", "it must be three numbers (x, y, z) in mm"),
        ("setting: {resampledPixelSpacing: [1, 1, -1]}", "it must be three numbers"),
        ("setting: {resampledPixelSpacing: [1, 1, 900]}", "resample spacing is (900.0, 1.0, 1.0)"),
        ("setting: {interpolator: sitkBspline}", "must be one of sitkNearestNeighbor"),
        ("setting: {resegmentRange: []}", "setting.resegmentRange is empty; it must be one or two numbers"),
        ("setting: {resegmentMode: percent}", "must be one of absolute, relative, sigma"),
        ("setting: {distances: 1}", "must be a list of whole numbers"),
        ("setting: [binWidth]", "setting is ['binWidth']; it must be a mapping"),
        ("setting: {[1]: 2}", "not valid YAML"),
        ("- setting: 3", "parameter file is a list of 1, not a mapping"),
        ("setting: {", "not valid YAML at line 1"),
        ("!!python/object/apply:os.system ['true']: 1", "not valid YAML"),
        ("setting: !!timestamp never", "not valid YAML"),
        ("setting: {label: " + "9" * 6000 + "}", "not valid YAML"),
        ("setting: {label: 0x" + "f" * 6000 + "}", "a number beyond all bounds"),
        ("setting: " + "[" * 5000, "not valid YAML"),
        ("setting: {}\n" + "#" * 100_000, "at most 100000 are read"),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence(text, sentence):
    with pytest.raises(SettingError) as caught:
        translate(text)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_list_that_holds_itself_a_billion_times_is_not_written_out():
    nested = ", ".join(["&a0 [1]", *(f"&a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12))])
    for text, sentence in (
        (f"distances: [{nested}]", "setting.distances is a list of 12"),
        (f"distances: [{nested}], binWidth: *a11", "setting.distances is a list of 12"),
        (f"binWidth: [{nested}]", "setting.binWidth is a list of 12"),
    ):
        with pytest.raises(SettingError, match=sentence):
            setting(text)
    with pytest.raises(SettingError, match=r"featureClass\.glcm has no \[1\]"):
        translate(f"featureClass: {{glcm: [{nested}]}}")


def test_a_file_that_is_not_there_or_too_large(tmp_path):
    with pytest.raises(SettingError, match=r"'nowhere\.yaml' does not exist"):
        translate(tmp_path / "nowhere.yaml")
    (tmp_path / "large.yaml").write_bytes(b"#" * 500_000)
    with pytest.raises(SettingError, match="too large"):
        translate(tmp_path / "large.yaml")
    with pytest.raises(SettingError, match="modality is 'XR'"):
        translate("setting: {}", modality="XR")


def test_files_are_told_apart():
    assert is_pyradiomics(CHEST_CT)
    assert is_pyradiomics("voxelSetting: {kernelRadius: 1}")
    assert not is_pyradiomics(Recipe.default("CT").to_yaml())
    assert not is_pyradiomics("- 1")


class TestAlignedBinWidth:
    """PyRadiomics' bins: edges at multiples of the width, level 1 at the region's minimum."""

    def levels(self, values, width):
        image = Image.of(np.array([[values]], float), spacing_mm=(1, 1, 1), modality="CT", unit="HU")
        roi = Roi.of(image, Mask.of(np.ones(image.grid.shape), spacing_mm=(1, 1, 1)))
        return discretize(roi, AlignedBinWidth(width=width, unit="HU"))

    def test_its_manuals_example(self):
        """Values from 54 to 166 in bins of 25 have the edges 50, 75, ... 175 (imageoperations.getBinEdges)."""
        levels = self.levels([54, 74, 75, 166], 25)
        assert levels.array.ravel().tolist() == [1, 1, 2, 5]
        assert levels.edges.tolist() == [50, 75, 100, 125, 150, 175]

    def test_against_its_formula(self):
        values = np.random.default_rng(0).integers(-400, 400, 200)
        wanted = values // 7 - values.min() // 7 + 1
        assert self.levels(values, 7).array.ravel().tolist() == wanted.tolist()

    def test_a_flat_region_is_level_1(self):
        assert self.levels([-13, -13], 25).array.ravel().tolist() == [1, 1]

    def test_its_settings_are_checked(self):
        for settings in ({"width": -1, "unit": "HU"}, {"width": 1, "unit": "mm"}, {"width": math.nan, "unit": "HU"}):
            with pytest.raises(SettingError):
                AlignedBinWidth(**settings)
        assert AlignedBinWidth(width=5, unit="HU").from_origin(-20) == FixedBinWidth(width=5, origin=-20, unit="HU")
