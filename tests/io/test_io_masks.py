"""Regions: label maps, RTSTRUCT by the even-odd rule, SEG bit by bit; by number, by name, and with their errors."""

from __future__ import annotations

import numpy as np
import pytest

from radkit.io import read, read_mask, read_rtstruct, read_seg, write_nifti, write_nrrd
from radkit.volume import (
    EmptyMask,
    GeometryMismatch,
    Grid,
    Image,
    NotFinite,
    RefusedFile,
    SettingError,
    UnreadableFile,
)

GRID = Grid(shape=(4, 5, 6), spacing_mm=(3.0, 2.0, 1.5), origin_mm=(100.0, 20.0, -10.0))  # that of the series fixture


def image_on(grid: Grid) -> Image:
    return Image(np.zeros(grid.shape, np.int16), grid)


def polygon(grid: Grid, k: float, points) -> np.ndarray:
    """A contour in LPS (x, y, z) from points (row, column) in slice ``k``."""
    index = np.array([(k, r, c) for r, c in points], dtype=float)
    return grid.to_world(index)[:, ::-1]


def slow_even_odd(points, shape) -> np.ndarray:
    """The slow twin: for each voxel center, count the edges that a ray to the left crosses."""
    inside = np.zeros(shape, bool)
    for r, c in np.ndindex(shape):
        crossed = 0
        for (y0, x0), (y1, x1) in zip(points, np.roll(points, -1, axis=0), strict=True):
            if (y0 <= r) != (y1 <= r) and x0 + (r - y0) * (x1 - x0) / (y1 - y0) <= c:
                crossed += 1
        inside[r, c] = crossed % 2
    return inside


# ---- label maps


@pytest.fixture
def label_map(tmp_path):
    def save(values, name="labels.nii.gz"):
        array = np.zeros((2, 3, 4), np.asarray(values).dtype)
        array.flat[: len(values)] = values
        writer = write_nrrd if name.endswith("nrrd") else write_nifti
        writer(tmp_path / name, Image.of(array, spacing_mm=(3.0, 1.0, 1.0)))
        return tmp_path / name

    return save


@pytest.mark.parametrize("name", ["labels.nii", "labels.nii.gz", "labels.nrrd"])
@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float32, np.float64])
def test_a_label_is_chosen_by_its_number(label_map, name, kind):
    path = label_map(np.array([1, 2, 2, 7], kind), name)
    for label, n in ((1, 1), (2, 2), ("7", 1)):
        assert read_mask(path, label=label).n_voxels == n
    assert read_mask(path, label=2).name == "label 2"


def test_a_single_label_needs_no_number(label_map):
    assert read_mask(label_map(np.array([255, 0, 255], np.uint8))).n_voxels == 2


def test_several_labels_without_a_number_are_listed(label_map):
    with pytest.raises(SettingError, match=r"3 labels \(1, 2, 7\)"):
        read_mask(label_map(np.array([1, 2, 7], np.uint8)))


@pytest.mark.parametrize(("label", "words"), [(3, "no label 3; it holds 1, 2"), ("GTV", "numbers only")])
def test_a_label_that_is_not_there_is_named(label_map, label, words):
    with pytest.raises(SettingError, match=words):
        read_mask(label_map(np.array([1, 2], np.uint8)), label=label)


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        (np.array([0.0, 0.5]), SettingError, "probability map"),
        (np.array([0.0, np.nan]), NotFinite, "NaN"),
        (np.array([0, 0], np.uint8), EmptyMask, "no voxel inside"),
    ],
)
def test_what_is_no_mask_is_refused(tmp_path, values, error, words):
    import nibabel as nib

    path = tmp_path / "m.nii"
    nib.save(nib.Nifti1Image(values.reshape(1, 1, 2), np.eye(4)), path)
    with pytest.raises(error, match=words):
        read_mask(path)


def test_an_image_given_as_mask_is_recognized(tmp_path):
    write_nifti(tmp_path / "ct.nii", Image.of(np.arange(8000).reshape(20, 20, 20), spacing_mm=(1.0, 1.0, 1.0)))
    with pytest.raises(SettingError, match="Did you give the image"):
        read_mask(tmp_path / "ct.nii")


# ---- RTSTRUCT


def test_a_square_is_filled_at_voxel_centers(rtstruct):
    square = polygon(GRID, 1, [(0.5, 0.5), (0.5, 3.5), (3.5, 3.5), (3.5, 0.5)])
    mask = read_mask(rtstruct({"GTV": [square]}), image_on(GRID))
    expected = np.zeros(GRID.shape, bool)
    expected[1, 1:4, 1:4] = True
    np.testing.assert_array_equal(mask.array, expected)
    assert mask.name == "GTV"


def test_a_contour_inside_another_is_a_hole(rtstruct):
    outer = polygon(GRID, 2, [(-0.4, -0.4), (-0.4, 5.4), (4.4, 5.4), (4.4, -0.4)])
    inner = polygon(GRID, 2, [(1.5, 1.5), (1.5, 3.5), (3.5, 3.5), (3.5, 1.5)])
    mask = read_rtstruct(rtstruct({"GTV": [outer, inner]}), image_on(GRID))
    assert mask.n_voxels == 5 * 6 - 2 * 2
    assert not mask.array[2, 2:4, 2:4].any()


@pytest.mark.parametrize("seed", range(12))
def test_random_polygons_equal_the_slow_twin(rtstruct, seed):
    rng = np.random.default_rng(seed)
    direction = np.linalg.qr(rng.normal(size=(3, 3)))[0] if seed % 2 else np.eye(3)
    grid = Grid(shape=(3, 9, 11), spacing_mm=(3.0, 2.0, 1.5), origin_mm=(5.0, 6.0, 7.0), direction=direction)
    points = rng.uniform(0, (8, 10), (rng.integers(6, 14), 2))  # self-crossing, too
    mask = read_mask(rtstruct({"GTV": [polygon(grid, 1, points)]}), image_on(grid))
    np.testing.assert_array_equal(mask.array[1], slow_even_odd(points, (9, 11)))


def test_vertices_on_voxel_centers_count_once(rtstruct):
    points = np.array([(1, 1), (1, 4), (3, 4), (3, 1)], float)
    mask = read_mask(rtstruct({"GTV": [polygon(GRID, 0, points)]}), image_on(GRID))
    np.testing.assert_array_equal(mask.array[0], slow_even_odd(points, (5, 6)))
    assert mask.n_voxels == 2 * 3  # an edge owns its lower end, not its upper one


def test_contours_near_a_slice_belong_to_it(rtstruct):
    square = [(0.5, 0.5), (0.5, 3.5), (3.5, 3.5), (3.5, 0.5)]
    near = read_mask(rtstruct({"GTV": [polygon(GRID, 1.4, square)]}), image_on(GRID))
    assert near.array[1].sum() == 9


@pytest.mark.parametrize(
    ("contours", "words"),
    [
        ([(9, [(1, 1), (1, 3), (3, 3)])], "above or below"),
        (
            [(1.0, [(1, 1), (1, 3), (3, 3)]), (1.4, [(1, 1), (1, 3), (3, 3)])],
            r"planes are 1\.2 mm apart, the slices 3 mm",
        ),
        ([(1, [(1, 1), (1, 30), (3, 3)])], "beyond the edge"),
    ],
)
def test_contours_of_another_image_are_refused(rtstruct, contours, words):
    path = rtstruct({"GTV": [polygon(GRID, k, points) for k, points in contours]})
    with pytest.raises(GeometryMismatch, match=words):
        read_mask(path, image_on(GRID))


def test_contours_across_the_slices_are_refused(rtstruct):
    across = GRID.to_world([(0, 1, 1), (3, 1, 1), (3, 4, 1), (0, 4, 1)])[:, ::-1]
    with pytest.raises(GeometryMismatch, match="across the slices"):
        read_mask(rtstruct({"GTV": [across]}), image_on(GRID))


def test_structures_are_chosen_by_name_or_number(rtstruct):
    small = polygon(GRID, 1, [(0.5, 0.5), (0.5, 1.5), (1.5, 1.5), (1.5, 0.5)])
    large = polygon(GRID, 1, [(0.5, 0.5), (0.5, 3.5), (3.5, 3.5), (3.5, 0.5)])
    path, image = rtstruct({"GTV mass": [small], "Lung": [large]}), image_on(GRID)
    assert read_mask(path, image, "GTV mass").n_voxels == 1
    assert read_mask(path, image, "lung").n_voxels == 9
    assert read_mask(path, image, 2).n_voxels == read_mask(path, image, "2").n_voxels == 9
    with pytest.raises(SettingError, match=r"holds 2 structures \(1 GTV mass, 2 Lung\)"):
        read_mask(path, image)
    with pytest.raises(SettingError, match="the nearest is 'GTV mass'"):
        read_mask(path, image, "GTV_mass")


def test_names_from_a_file_are_made_safe(rtstruct):
    square = polygon(GRID, 1, [(0.5, 0.5), (0.5, 3.5), (3.5, 3.5), (3.5, 0.5)])
    path = rtstruct({"<b>GTV</b>\n" + "x" * 300: [square]})
    name = read_mask(path, image_on(GRID)).name
    assert name.isprintable()
    assert len(name) == 80


@pytest.mark.parametrize(
    ("contours", "kind", "error", "words"),
    [
        ([[[0, 0, 0], [1, 0, 0]]], "CLOSED_PLANAR", UnreadableFile, "damaged contour"),
        ([[[-7, 24, 103], [-4, 24, 103], [-4, 26, 103]]], "OPEN_PLANAR", RefusedFile, "OPEN_PLANAR"),
        ([], "CLOSED_PLANAR", EmptyMask, "no contour"),
        ([[[-9.9, 20.1, 103], [-9.8, 20.1, 103], [-9.8, 20.2, 103]]], "CLOSED_PLANAR", EmptyMask, "no voxel center"),
    ],
)
def test_structures_that_cannot_be_filled_are_named(rtstruct, contours, kind, error, words):
    with pytest.raises(error, match=words):
        read_mask(rtstruct({"GTV": contours}, kind), image_on(GRID))


def test_an_rtstruct_needs_its_image(rtstruct):
    path = rtstruct({"GTV": [polygon(GRID, 1, [(1, 1), (1, 3), (3, 3)])]})
    with pytest.raises(SettingError, match="needs the image"):
        read_mask(path)
    with pytest.raises(RefusedFile, match="read_mask"):
        read(path)
    with pytest.raises(RefusedFile, match="RTSTRUCT, not a SEG"):
        read_seg(path)


@pytest.mark.mirror
def test_the_reference_structure_is_the_published_mask(mirror):
    folder = mirror / "dicom_rt" / "STS_019" / "PET"
    image = read(folder / "image")
    mask = read_mask(folder / "mask", image)
    published = read_mask(mirror / "sts51" / "PET" / "STS_019_PET_mask.nii.gz")
    assert mask.n_voxels == published.n_voxels == 239
    assert mask.name == "GTV_Mass_PET"
    index = image.grid.to_index(published.grid.to_world(np.argwhere(published.array)))
    np.testing.assert_allclose(index, np.rint(index), atol=1e-3)
    assert mask.array[tuple(np.rint(index).astype(int).T)].all()


# ---- SEG

SEGMENTS = {"tumor": np.zeros((4, 5, 6), bool), "lung": np.zeros((4, 5, 6), bool)}
SEGMENTS["tumor"][1:3, 1:4, 2] = True
SEGMENTS["lung"][2, 2:, 1:] = SEGMENTS["lung"][0, 0, 0] = True  # overlaps the tumor


@pytest.mark.parametrize(("label", "name"), [(1, "tumor"), ("tumor", "tumor"), ("Lung", "lung"), ("2", "lung")])
def test_a_segment_lands_on_the_voxels_of_the_image(seg, label, name):
    mask = read_mask(seg(SEGMENTS), image_on(GRID), label)  # 30 voxels a frame: frames start within a byte
    np.testing.assert_array_equal(mask.array, SEGMENTS[name])
    assert mask.name == name
    assert mask.grid == GRID


def test_without_an_image_the_frames_make_the_grid(seg):
    path = seg(SEGMENTS)
    masks = [read_seg(path, segment=name) for name in SEGMENTS]
    assert masks[0].grid == masks[1].grid  # one grid for all segments of a file; empty frames were left out
    assert masks[0].grid.shape == (3, 5, 6)
    assert masks[0].grid.spacing_mm == GRID.spacing_mm
    np.testing.assert_array_equal(masks[1].array, SEGMENTS["lung"][:3])


def test_a_crop_of_the_segmented_image_works_if_it_holds_the_segment(seg):
    path = seg(SEGMENTS)
    crop = GRID.crop((1, 0, 1), (4, 5, 6))
    np.testing.assert_array_equal(read_mask(path, image_on(crop), "tumor").array, SEGMENTS["tumor"][1:, :, 1:])
    with pytest.raises(GeometryMismatch, match="beyond the image"):
        read_mask(path, image_on(crop), "lung")


def test_another_grid_is_refused(seg):
    path = seg(SEGMENTS)
    for grid in (
        Grid(shape=(4, 5, 6), spacing_mm=(3.0, 2.0, 1.4), origin_mm=GRID.origin_mm),
        Grid(shape=(4, 5, 6), spacing_mm=GRID.spacing_mm, origin_mm=(101.0, 20.0, -10.0)),
        Grid(shape=(4, 5, 6), spacing_mm=GRID.spacing_mm, origin_mm=GRID.origin_mm, direction=np.diag([1.0, -1, -1])),
    ):
        with pytest.raises(GeometryMismatch, match="resample_like"):
            read_mask(path, image_on(grid), "tumor")


def test_fractional_voxels_are_inside_from_one_half(seg):
    values = np.zeros((4, 5, 6))
    values[1, 2] = [0, 0.2, 0.495, 0.5, 0.7, 1]
    mask = read_mask(seg({"tumor": values}, fractional=True), image_on(GRID))
    assert mask.array[1, 2].tolist() == [False, False, False, True, True, True]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"SegmentationType": "LABELMAP"}, "LABELMAP"),
        ({"NumberOfFrames": 9}, "truncated or damaged"),
        ({"PixelData": b"\0\0"}, "truncated or damaged"),
        ({"Rows": 0}, "cannot be"),
        ({"SharedFunctionalGroupsSequence": None}, "no PixelMeasuresSequence"),
        ({"SegmentSequence": None}, "no segment at all"),
    ],
)
def test_a_damaged_seg_is_named(seg, changes, words):
    with pytest.raises((UnreadableFile, RefusedFile, SettingError, ValueError), match=words):
        read_mask(seg(SEGMENTS, **changes), image_on(GRID), 1)


def test_several_segments_without_a_choice_are_listed(seg):
    with pytest.raises(SettingError, match=r"2 segments \(1 tumor, 2 lung\)"):
        read_mask(seg(SEGMENTS), image_on(GRID))


def test_an_image_series_is_no_mask(series):
    folder, _ = series("CT")
    with pytest.raises(RefusedFile, match="0 RTSTRUCT or SEG"):
        read_mask(folder)
    with pytest.raises(RefusedFile, match="modality CT"):
        read_mask(next(folder.iterdir()))


@pytest.mark.mirror
def test_published_segmentations_are_read(mirror):
    import pydicom

    folder = mirror / "dicom_seg"
    mask = read_mask(folder / "seg_image_ct_binary.dcm")
    reference = pydicom.dcmread(folder / "seg_image_ct_binary.dcm").pixel_array.astype(bool)
    np.testing.assert_array_equal(mask.array, reference)
    assert mask.n_voxels == 638
    both = [read_mask(folder / "seg_image_ct_binary_overlap.dcm", label=n) for n in (1, 2)]
    assert [m.n_voxels for m in both] == [64, 16]
    assert (both[0].array & both[1].array).any()
    assert both[0].grid == both[1].grid
