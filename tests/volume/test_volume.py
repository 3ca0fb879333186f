"""Image, Mask, Roi, Levels, Case and Grid refuse the impossible by name and keep the geometry."""

import dataclasses

import numpy as np
import pytest

from radkit.volume import (
    Case,
    EmptyMask,
    GeometryError,
    GeometryMismatch,
    Grid,
    Image,
    Levels,
    Mask,
    NotFinite,
    Roi,
    SettingError,
    ShapeError,
    Source,
)

ONE_MM = (1.0, 1.0, 1.0)


def image(shape=(2, 3, 4), **settings):
    return Image.of(np.zeros(shape), spacing_mm=ONE_MM, **settings)


def levels(morphological_mask):
    """Two voxels, the first of gray level 1, the other outside the intensity mask."""
    grid = Grid(shape=(1, 1, 2), spacing_mm=ONE_MM)
    return Levels(np.array([[[1, 0]]]), grid, 1, np.arange(2.0), morphological_mask=morphological_mask)


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: image((2, 3)), ShapeError, "shape is (2, 3); a volume has three axes"),
        (lambda: image((2, 3, 4, 5)), ShapeError, "three axes"),
        (lambda: image((0, 3, 4)), ShapeError, "at least one voxel"),
        (lambda: Image.of(np.zeros((1, 1, 1)), spacing_mm=(0, 1, 1)), GeometryError, "each must be above 0 mm"),
        (lambda: Image.of(np.zeros((1, 1, 1)), spacing_mm=(-1, 1, 1)), GeometryError, "each must be above 0 mm"),
        (lambda: Image.of(np.zeros((1, 1, 1)), spacing_mm=(np.nan, 1, 1)), GeometryError, "three finite numbers"),
        (lambda: Grid(shape=(1, 1, 1), spacing_mm=ONE_MM, direction=np.ones((3, 3))), GeometryError, "right angles"),
        (lambda: Image.of(np.full((1, 1, 2), np.nan), spacing_mm=ONE_MM), NotFinite, "2 voxels that are NaN"),
        (lambda: Image.of(np.full((1, 1, 2), np.inf), spacing_mm=ONE_MM), NotFinite, "of 2"),
        (lambda: Image.of(np.zeros((1, 1, 2), complex), spacing_mm=ONE_MM), ShapeError, "real numbers"),
        (lambda: image(modality="XR"), SettingError, "use one of CT, PET, MR, OTHER"),
        (lambda: image(unit="Hounsfield"), SettingError, "use one of HU"),
        (lambda: Mask.of(np.zeros((2, 3, 4)), spacing_mm=ONE_MM), EmptyMask, "no voxel inside, of 24"),
        (lambda: Mask.of(np.full((1, 1, 2), "a"), spacing_mm=ONE_MM), ShapeError, "0 is outside"),
        (lambda: Mask.of(np.full((1, 1, 2), np.nan), spacing_mm=ONE_MM), NotFinite, "mask holds NaN"),
        (
            lambda: Levels(np.full((1, 1, 1), 3), Grid(shape=(1, 1, 1), spacing_mm=ONE_MM), 2, np.arange(3.0)),
            ShapeError,
            "must lie in 0 ... 2",
        ),
        (lambda: levels(np.ones((1, 1, 2))), ShapeError, "morphological_mask has dtype float64; it must be bool"),
        (lambda: levels(np.ones((1, 1, 3), bool)), ShapeError, "morphological_mask has shape (1, 1, 3), its grid"),
        (
            lambda: levels(np.array([[[False, True]]])),
            ShapeError,
            "1 voxels have a gray level outside the morphological mask",
        ),
    ],
)
def test_the_impossible_is_refused_in_one_sentence(make, error, sentence):
    with pytest.raises(error) as caught:
        make()
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_levels_remember_the_region_before_resegmentation():
    whole = levels(np.array([[[True, True]]]))
    assert whole.morphological_mask.tolist() == [[[True, True]]]
    assert levels(None).morphological_mask.tolist() == levels(None).mask.tolist() == [[[True, False]]]
    assert whole.digest != levels(None).digest
    with pytest.raises(ValueError, match="read-only"):
        whole.morphological_mask[0, 0, 1] = False


def test_image_and_mask_must_lie_on_one_grid():
    with pytest.raises(
        GeometryMismatch, match=r"image is \(2, 3, 4\), mask is \(2, 2, 4\).*resample_like\(mask, image\)"
    ):
        Roi.of(image(), Mask.of(np.ones((2, 2, 4)), spacing_mm=ONE_MM))
    with pytest.raises(GeometryMismatch, match=r"spacing \(1, 1, 1\) against \(1, 1, 2\) mm"):
        Roi.of(image(), Mask.of(np.ones((2, 3, 4)), spacing_mm=(1, 1, 2)))


def test_everything_is_frozen():
    scan = image()
    with pytest.raises(ValueError, match="read-only"):
        scan.array[0, 0, 0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        scan.unit = "HU"


def test_the_callers_array_stays_the_callers():
    array = np.zeros((1, 2, 2))
    scan = Image.of(array, spacing_mm=ONE_MM)
    array[0, 0, 0] = 9
    assert scan.array[0, 0, 0] == 0


def test_world_and_index_are_inverse_on_an_oblique_grid():
    c, s = np.cos(0.3), np.sin(0.3)
    direction = ((1, 0, 0), (0, c, -s), (0, s, c))
    grid = Grid(shape=(4, 5, 6), spacing_mm=(3, 1, 2), origin_mm=(10, -20, 5), direction=direction)
    index = np.array([[0, 0, 0], [3, 4, 5], [1.5, 0.25, 2]])
    np.testing.assert_allclose(grid.to_index(grid.to_world(index)), index, atol=1e-12)
    np.testing.assert_allclose(grid.to_world((0, 1, 0)), (10, -20 + c, 5 + s))


def test_a_crop_remembers_the_full_image():
    grid = Grid(shape=(10, 10, 10), spacing_mm=(3, 1, 1))
    crop = grid.crop((2, 0, 1), (8, 10, 4)).crop((1, 1, 1), (3, 3, 3))
    assert (crop.offset, crop.full_shape, crop.shape) == ((3, 1, 2), (10, 10, 10), (2, 2, 2))
    np.testing.assert_allclose(crop.origin_mm, grid.to_world((3, 1, 2)))


def test_the_digest_follows_content_not_identity():
    same, other = image(), image()
    assert same.digest == other.digest
    assert image(unit="HU").digest != same.digest
    assert Image.of(np.zeros((2, 3, 4)), spacing_mm=(1, 1, 2)).digest != same.digest


def test_a_case_checks_its_own_geometry():
    with pytest.raises(GeometryMismatch):
        Case(
            name="x",
            image=image(),
            mask=Mask.of(np.ones((1, 1, 1)), spacing_mm=ONE_MM),
            source=Source(title="x", licence="none"),
        )


def test_numbers_whose_sum_is_too_large_are_finite_all_the_same():
    assert Image.of(np.full((1, 1, 3), 1e308), spacing_mm=ONE_MM).array.max() == 1e308
    with pytest.raises(NotFinite, match="1 voxels that are NaN or infinite, of 3"):
        Image.of(np.array([[[1e308, 1e308, np.nan]]]), spacing_mm=ONE_MM)
