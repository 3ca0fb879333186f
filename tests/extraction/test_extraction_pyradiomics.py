"""A table under PyRadiomics' names, against numbers that PyRadiomics itself printed."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest

import radkit
from radkit.extraction import extract, with_pyradiomics_names
from radkit.features.pyradiomics_names import pyradiomics_names
from radkit.filters import LaplacianOfGaussian, Wavelet
from radkit.preprocess import AlignedBinWidth, AsIs, FixedBinCount, FixedBinWidth
from radkit.recipe import Recipe, translate
from radkit.volume import Image, Mask, SettingError

THEIRS = Path(__file__).parents[1] / "reference" / "pyradiomics_3_0_1.csv"  # see SOURCES.md there
ALIGNED = AlignedBinWidth(width=25, unit="HU")


def region():
    """92 voxels of 2 mm x 1 mm x 1 mm, from -60 to 138 HU; what PyRadiomics was given."""
    z, y, x = np.indices((6, 7, 8))
    array = ((7 * z + 5 * y + 3 * x + x * y) % 23) * 9 - 60
    inside = (z - 2.5) ** 2 / 4 + (y - 3) ** 2 / 9 + (x - 3.5) ** 2 / 9 <= 1.1
    image = Image.of(array.astype(np.int16), spacing_mm=(2, 1, 1), modality="CT", unit="HU")
    return image, Mask.of(inside, spacing_mm=(2, 1, 1))


def renamed(recipe, image_and_mask=None):
    image, mask = image_and_mask or region()
    return with_pyradiomics_names(extract(image, mask, recipe), recipe)


@pytest.fixture(scope="module")
def ours():
    return renamed(translate("setting: {binWidth: 25}").recipe)


@pytest.mark.parametrize("row", list(csv.DictReader(THEIRS.open())), ids=lambda row: row["name"])
def test_the_value_is_the_one_that_pyradiomics_prints(ours, row):
    feature_class, name = row["name"].removeprefix("original_").split("_")
    ((known, given),) = [
        (n, n.given) for n in pyradiomics_names() if (n.feature_class, n.name) == (feature_class, name)
    ]
    assert (row["name"] in ours.features) == given, known
    if given:
        assert ours.features[row["name"]] == pytest.approx(float(row["value"]), rel=1e-9, abs=1e-12)


def test_nothing_stands_in_the_table_that_pyradiomics_does_not_print(ours):
    printed = {row["name"] for row in csv.DictReader(THEIRS.open())}
    assert {value.tag for value in ours.features} <= printed
    lost = {"glcm_MCC", *(f"shape_Maximum2DDiameter{plane}" for plane in ("Slice", "Row", "Column"))}
    assert printed - {value.tag for value in ours.features} == {f"original_{name}" for name in lost}


def test_conversions_are_arithmetic():
    recipe = Recipe(binning=ALIGNED, families=("morphology", "statistics"))
    found = extract(*region(), recipe)
    theirs = with_pyradiomics_names(found, recipe).features
    values = found.to_dict()
    n = 92
    assert theirs["original_firstorder_Kurtosis"] == values["stat_kurt"] + 3
    assert theirs["original_firstorder_StandardDeviation"] == math.sqrt(values["stat_var"])
    assert theirs["original_firstorder_TotalEnergy"] == values["stat_energy"] * (2 * 1 * 1)
    assert theirs["original_shape_LeastAxisLength"] == values["morph_pca_least_axis"] * math.sqrt((n - 1) / n)
    units = {value.tag: value.unit for value in theirs}
    assert units["original_firstorder_TotalEnergy"] == "HU^2 mm^3"
    assert units["original_firstorder_StandardDeviation"] == "HU"
    assert theirs.provenance["names"]["tags"]["original_firstorder_Variance"] == "stat_var"


def test_the_kurtosis_of_a_flat_region_is_0_there_too():
    flat = Image.of(np.full((3, 3, 3), 40), spacing_mm=(1, 1, 1), modality="CT", unit="HU")
    mask = Mask.of(np.ones((3, 3, 3)), spacing_mm=(1, 1, 1))
    found = renamed(Recipe(binning=ALIGNED, families=("statistics",)), (flat, mask))
    assert found.features["original_firstorder_Kurtosis"] == 0


def test_every_value_is_in_the_table_or_counted():
    recipe = Recipe(binning=ALIGNED, aggregations=("2D_avg", "3D_avg", "3D_comb"))
    found = extract(*region(), recipe)
    table = with_pyradiomics_names(found, recipe)
    used = set(table.features.provenance["names"]["tags"].values())
    assert len(found) == len(used) + sum(table.left_out.values())
    assert "cm_contrast_3D_avg" in used
    assert not [tag for tag in used if tag.endswith(("_3D_comb", "_2D_avg"))]
    assert any("another aggregation than 3D_avg" in why for why in table.left_out)
    assert "left out" in table.sentences[0]
    assert "shape_Sphericity" in table.sentences[1]


def test_the_number_of_a_level_is_not_passed_off_as_theirs():
    """-60 HU: level 1 from -75 HU, level 38 from -1000 HU, and below an origin of 0."""
    by_number, by_edge = "original_glcm_Autocorrelation", "original_glcm_Contrast"

    def names(binning):
        table = renamed(Recipe(binning=binning, families=("glcm",)))
        return {value.tag for value in table.features}, " ".join(table.left_out)

    for binning in (ALIGNED, FixedBinCount(n_bins=8), FixedBinWidth(width=25, origin=-75, unit="HU")):
        assert {by_number, by_edge} <= names(binning)[0]
    far, why = names(FixedBinWidth(width=25, origin=-1000, unit="HU"))
    assert by_edge in far
    assert by_number not in far
    assert "level 38 here" in why
    for origin, why in ((-70, "multiples of the bin width"), (0, "nothing below the origin")):
        found, reasons = names(FixedBinWidth(width=25, origin=origin, unit="HU"))
        assert found == set()
        assert why in reasons


def test_gray_levels_as_they_are_begin_at_1_or_not():
    case = radkit.load("ibsi-digital")
    recipe = Recipe(binning=AsIs(), families=("glcm",))
    assert "original_glcm_JointAverage" in renamed(recipe, (case.image, case.mask)).features
    shifted = case.image.with_array(case.image.array + 1)
    assert "original_glcm_JointAverage" not in renamed(recipe, (shifted, case.mask)).features


def test_filtered_images():
    filters = (Wavelet(family="coif1", decomposition="LLH"), LaplacianOfGaussian(sigma_mm=2))
    table = renamed(Recipe(families=("statistics",), filters=filters))
    assert "wavelet-LLH_firstorder_Mean" in table.features
    assert not [value.tag for value in table.features if value.tag.startswith("log")]
    assert table.left_out["PyRadiomics has no such filter, or computes it in another way"] == 15
    two = (*filters, Wavelet(family="haar", decomposition="LLH"))
    with pytest.raises(SettingError, match="two filters of the recipe would be called wavelet-LLH"):
        renamed(Recipe(families=("statistics",), filters=two))
