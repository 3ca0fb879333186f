"""The stored files follow from the originals: crop, thinning, rounding; the same voxels as the published crops."""

import numpy as np
import pytest

from radkit.datasets import derive, registry
from radkit.datasets.files import read_image, read_mask
from radkit.volume import Grid, Image, Mask, RefusedFile, ShapeError

OBLIQUE = np.array([[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]])


def box_case(shape, spacing, box, modality="PET", direction=OBLIQUE, value=None):
    """A ramp image with a box as mask; ``box`` is (start, stop) per axis (z, y, x)."""
    grid = Grid(shape=shape, spacing_mm=spacing, origin_mm=(-200.0, 12.5, 40.0), direction=direction)
    array = np.arange(np.prod(shape)).reshape(shape) % 20_000 / 1000 if value is None else value
    mask = np.zeros(shape, bool)
    mask[tuple(slice(a, b) for a, b in box)] = True
    return Image(array, grid, modality, registry.UNIT[modality]), Mask(mask, grid)


@pytest.mark.parametrize(
    ("spacing", "margin"),
    [((3.27, 5.4688, 5.4688), (7, 4, 4)), ((3.27, 3.9062, 3.9062), (7, 6, 6)), ((5.0, 4.0, 10.0), (4, 5, 2))],
)
def test_pet_crop_leaves_at_least_20_mm(spacing, margin):
    image, mask = box_case((40, 40, 40), spacing, ((15, 20), (18, 19), (20, 24)))
    stored = derive.derive(image, mask, "PET")
    assert stored.counts.shape == tuple(n + 2 * m for n, m in zip((5, 1, 4), margin, strict=True))
    assert all(m * s >= 20 > (m - 1) * s for m, s in zip(margin, spacing, strict=True))
    assert stored.mask.n_voxels == mask.n_voxels


def test_crop_stops_at_the_border():
    image, mask = box_case((10, 12, 14), (3.27, 4.0, 4.0), ((0, 2), (10, 12), (6, 7)))
    stored = derive.derive(image, mask, "PET")
    assert stored.counts.shape == (2 + 7, 5 + 2, 5 + 1 + 5)


def test_pet_voxels_keep_place_and_value():
    image, mask = box_case((20, 24, 22), (3.27, 4.6875, 4.6875), ((9, 11), (10, 13), (9, 12)))
    stored = derive.derive(image, mask, "PET")
    assert stored.counts.dtype == np.int16
    assert stored.slope == 0.001
    world = image.grid.to_world(np.argwhere(mask.array))
    index = np.rint(stored.grid.to_index(world)).astype(int)
    assert np.allclose(stored.grid.to_world(index), world, atol=1e-9)
    assert stored.mask.array[tuple(index.T)].all()
    assert np.allclose(stored.counts[tuple(index.T)] * stored.slope, image.array[mask.array], atol=0.0005)


def test_suv_beyond_int16_is_clipped_and_counted():
    value = np.ones((20, 20, 20))
    value[10, 10, 10] = 40.0
    image, mask = box_case((20, 20, 20), (4.0, 4.0, 4.0), ((9, 12), (9, 12), (9, 12)), value=value)
    stored = derive.derive(image, mask, "PET")
    assert stored.n_clipped == 1
    assert stored.counts.max() == 32767
    image, mask = box_case((20, 20, 20), (4.0, 4.0, 4.0), ((9, 12), (9, 12), (9, 12)), value=value * 1000)
    with pytest.raises(RefusedFile, match="not the intensities expected"):
        derive.derive(image, mask, "PET")


@pytest.mark.parametrize(("modality", "spacing"), [("CT", 0.9766), ("MR", 1.1719)])
def test_thinned_voxels_keep_their_place(modality, spacing):
    shape = (12, 90, 80)
    index = np.indices(shape)
    plane = 3.0 * index[1] * spacing - 2.0 * index[2] * spacing + 5.0 * index[0]  # linear in mm: smoothing keeps it
    image, mask = box_case(
        shape, (3.27, spacing, spacing), ((5, 7), (30, 60), (28, 52)), modality, value=plane.astype(np.float32)
    )
    stored = derive.derive(image, mask, modality)
    margin = int(np.ceil(10 / spacing))
    assert stored.grid.spacing_mm == (3.27, 3.0, 3.0)
    assert stored.grid.shape == (
        2 + 2 * 4,
        int(np.ceil((30 + 2 * margin) * spacing / 3)),
        int(np.ceil((24 + 2 * margin) * spacing / 3)),
    )
    assert np.allclose(stored.grid.origin_mm, image.grid.to_world((5 - 4, 30 - margin, 28 - margin)))
    assert np.allclose(stored.grid.direction, image.grid.direction)
    inner = np.argwhere(stored.mask.array)
    old = image.grid.to_index(stored.grid.to_world(inner))
    expected = 3.0 * old[:, 1] * spacing - 2.0 * old[:, 2] * spacing + 5.0 * old[:, 0]
    assert np.abs(stored.counts[tuple(inner.T)] - expected).max() <= 1.0
    volume = mask.n_voxels * mask.grid.voxel_volume_mm3
    assert stored.mask.n_voxels * stored.grid.voxel_volume_mm3 == pytest.approx(volume, rel=0.15)


def test_thinning_removes_what_3_mm_cannot_show():
    stripes = np.tile(np.where(np.arange(60) % 2, 500.0, -500.0), (6, 60, 1))  # period 2 mm at 1 mm
    image, mask = box_case((6, 60, 60), (3.0, 1.0, 1.0), ((2, 4), (20, 40), (20, 40)), "CT", value=stripes)
    inside = derive.derive(image, mask, "CT")
    assert np.abs(inside.counts[inside.mask.array]).max() <= 2


def test_native_keeps_the_grid():
    image, mask = box_case((20, 60, 60), (3.27, 0.98, 0.98), ((8, 12), (25, 35), (25, 35)), "CT")
    stored = derive.derive(image, mask, "CT", native=True)
    assert stored.grid.spacing_mm == image.grid.spacing_mm
    assert stored.counts.shape == (4 + 2 * 4, 10 + 2 * 11, 10 + 2 * 11)
    assert stored.slope == 1.0


def test_a_coarse_original_is_refused():
    image, mask = box_case((10, 20, 20), (3.27, 4.0, 4.0), ((4, 6), (9, 12), (9, 12)), "CT")
    with pytest.raises(ShapeError, match="finer grids than 3 mm"):
        derive.derive(image, mask, "CT")


@pytest.mark.mirror
@pytest.mark.parametrize("patient", registry.NATIVE_PATIENTS)
@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_native_crops_thin_to_the_published_voxels(mirror, patient, modality):
    """The native crops are what the 3 mm files were made from: every voxel must come out the same."""
    native = registry.case_files()[f"native/{patient}/{modality}"]
    thin = registry.case_files()[f"sts51/{patient}/{modality}"]
    image = read_image(mirror / native.image, modality, native.unit)
    stored = derive.derive(image, read_mask(mirror / native.mask), modality)
    published = read_image(mirror / thin.image, modality, thin.unit)
    assert np.array_equal(stored.counts, published.array)
    assert np.array_equal(stored.mask.array, read_mask(mirror / thin.mask).array)
    assert stored.grid.matches(published.grid)
    assert derive.voxel_digest(stored.counts) == registry.derived()[thin.image][1]


@pytest.mark.mirror
def test_the_dicom_series_crops_to_the_published_pet(mirror):
    """The PET series of STS_019 is an original (5 cm around the tumor): its crop must be the published file."""
    pydicom = pytest.importorskip("pydicom")
    slices = [pydicom.dcmread(f) for f in (mirror / "dicom_rt" / "STS_019" / "PET" / "image").glob("*.dcm")]
    slices.sort(key=lambda s: float(s.ImagePositionPatient[2]))
    array = np.stack([s.pixel_array * float(s.RescaleSlope) + float(s.RescaleIntercept) for s in slices])
    files = registry.case_files()["sts51/STS_019/PET"]
    published, tumor = read_image(mirror / files.image, "PET", "SUV"), read_mask(mirror / files.mask)
    grid = Grid(
        shape=array.shape,
        spacing_mm=published.grid.spacing_mm,
        origin_mm=[float(v) for v in slices[0].ImagePositionPatient[::-1]],
    )
    index = np.rint(grid.to_index(tumor.grid.to_world(np.argwhere(tumor.array)))).astype(int)
    mask = np.zeros(array.shape, bool)
    mask[tuple(index.T)] = True
    stored = derive.derive(Image(array, grid, "PET", "SUV"), Mask(mask, grid), "PET")
    assert stored.grid.matches(published.grid)
    assert derive.voxel_digest(stored.counts) == registry.derived()[files.image][1]
    assert derive.voxel_digest(stored.mask.array) == registry.derived()[files.mask][1]


@pytest.mark.mirror
def test_packaged_digests_are_those_of_the_mirror(mirror):
    for files in registry.case_files().values():
        if files.set_name == "ibsi-ct" or files.patient > "STS_012":
            continue
        image = read_image(mirror / files.image, files.modality, files.unit)
        counts, _ = derive.to_int16(image.array / (derive.SUV_PER_COUNT if files.modality == "PET" else 1))
        assert derive.voxel_digest(counts) == registry.derived()[files.image][1]
        assert derive.voxel_digest(read_mask(mirror / files.mask).array) == registry.derived()[files.mask][1]
