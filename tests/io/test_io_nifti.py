"""NIfTI-1: every type, both byte orders, three kinds of geometry, against nibabel and SimpleITK."""

from __future__ import annotations

import gzip
import struct

import nibabel as nib
import numpy as np
import pytest

from radkit.io import Limits, read, read_nifti
from radkit.io.nifti import DTYPES, decimal
from radkit.volume import GeometryError, NotFinite, RadkitError, RefusedFile, ShapeError, UnreadableFile

RAS_TO_LPS = np.array([-1, -1, 1])


def rotation(seed: int) -> np.ndarray:
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return q * np.sign(np.diag(r))


@pytest.fixture
def saved(tmp_path):
    """Save with nibabel, change bytes of the header, give the path."""

    def save(array=None, affine=None, *, name="a.nii", byteorder="<", patch=(), scale=None):
        array = np.arange(24, dtype=np.int16).reshape(2, 3, 4) if array is None else array
        header = nib.Nifti1Header(endianness=byteorder)
        header.set_data_dtype(array.dtype)
        image = nib.Nifti1Image(array, np.diag([1.5, 2, 3, 1]) if affine is None else affine, header)
        if scale:
            image.header.set_slope_inter(2, 0)
        data = bytearray(image.to_bytes())
        if scale:  # nibabel would rescale the array; here the stored values stay as they are
            data[352:] = array.astype(array.dtype.newbyteorder(byteorder)).tobytes(order="F")
            struct.pack_into(f"{byteorder}ff", data, 112, *scale)
        for offset, kind, value in patch:
            struct.pack_into(byteorder + kind, data, offset, value)
        path = tmp_path / name
        path.write_bytes(gzip.compress(bytes(data)) if name.endswith("gz") else bytes(data))
        return path

    return save


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("kind", sorted(DTYPES.values()))
def test_every_type_and_byte_order_keeps_values_and_type(saved, kind, byteorder):
    array = np.random.default_rng(1).integers(0, 100, (2, 3, 4)).astype(kind)
    image = read(saved(array, byteorder=byteorder))
    np.testing.assert_array_equal(image.array, array.T)
    assert image.array.dtype == np.dtype(kind)
    assert image.array.dtype.isnative


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.txt", "a.dcm", "a"])
def test_content_decides_not_the_extension(saved, name):
    assert read(saved(name=name)).array.shape == (4, 3, 2)
    assert read(saved(name=name + ".gz")).array.shape == (4, 3, 2)


@pytest.mark.parametrize("seed", range(8))
def test_world_positions_are_those_of_nibabel(saved, seed):
    turn = rotation(seed) if seed % 2 else np.eye(3)[np.random.default_rng(seed).permutation(3)] * [1, -1, 1]
    affine = np.eye(4)
    affine[:3] = np.column_stack([turn * [0.977, 1.172, 3.27], [-12.5, 7.1, 100.4]])
    path = saved(affine=affine)
    grid, reference = read(path).grid, nib.load(path).affine
    for x, y, z in np.ndindex(2, 3, 4):
        world = (reference @ [x, y, z, 1])[:3] * RAS_TO_LPS
        np.testing.assert_allclose(grid.to_world((z, y, x))[::-1], world, atol=1e-5)
    assert grid.spacing_mm == (3.27, 1.172, 0.977)


@pytest.mark.parametrize("flip", [1, -1])
@pytest.mark.parametrize("seed", range(4))
def test_qform_gives_the_same_place_as_nibabel(tmp_path, seed, flip):
    affine = np.eye(4)
    affine[:3] = np.column_stack([rotation(seed) * [2, 3, 4 * flip], [1, 2, 3]])
    image = nib.Nifti1Image(np.zeros((2, 3, 4), np.int16), affine)
    image.set_sform(None, 0)
    image.set_qform(affine, 1)
    nib.save(image, tmp_path / "q.nii")
    grid, reference = read(tmp_path / "q.nii").grid, nib.load(tmp_path / "q.nii").affine
    np.testing.assert_allclose(grid.to_world((3, 2, 1))[::-1], (reference @ [1, 2, 3, 1])[:3] * RAS_TO_LPS, atol=1e-4)


def test_without_sform_and_qform_the_voxel_size_counts(saved):
    grid = read(saved(patch=[(252, "h", 0), (254, "h", 0)])).grid
    assert grid.spacing_mm == (3.0, 2.0, 1.5)
    assert grid.origin_mm == (0.0, 0.0, 0.0)


def test_axes_in_ras_order_are_the_identity_in_lps(saved):
    grid = read(saved(affine=np.diag([-1.5, -2, 3, 1]))).grid
    np.testing.assert_array_equal(grid.direction, np.eye(3))


def test_scaling_is_applied_once_in_float64(saved):
    array = np.array([[[0, 500, 35]]], np.int16)
    image = read(saved(array, scale=(0.001, 0)), modality="PET")
    assert image.unit == "SUV"
    assert image.array.dtype == np.float64
    assert image.array.ravel().tolist() == [0, 0.5, 35 * 0.001]  # 0.5 exactly: the slope is 0.001, not its float32
    shifted = read(saved(array, scale=(2.0, -1024.0)))
    assert shifted.array.ravel().tolist() == [-1024, -24, -954]


@pytest.mark.parametrize("scale", [(0, 5), (1, 0)])
def test_no_scaling_keeps_integers(saved, scale):
    assert read(saved(scale=scale)).array.dtype == np.int16


def test_a_scaled_file_too_large_for_float64_becomes_float32(saved):
    path = saved(scale=(0.5, 0))
    assert read(path, limits=Limits(decoded_bytes=24 * 8)).array.dtype == np.float64
    small = read(path, limits=Limits(decoded_bytes=24 * 8 - 1))
    assert small.array.dtype == np.float32
    with pytest.raises(RefusedFile, match="in memory"):
        read(path, limits=Limits(decoded_bytes=24 * 4 - 1))


@pytest.mark.parametrize(("code", "factor"), [(0, 1.0), (1, 1000.0), (2, 1.0), (3, 0.001)])
def test_units_of_length_become_mm(saved, code, factor):
    spacing = read(saved(patch=[(123, "B", code)])).grid.spacing_mm
    assert spacing == pytest.approx((3.0 * factor, 2.0 * factor, 1.5 * factor))


def test_a_trailing_axis_of_one_is_dropped_and_a_real_one_refused(saved):
    array = np.zeros((2, 3, 4, 1), np.int16)
    assert read(saved(array)).array.shape == (4, 3, 2)
    assert read(saved(array[..., None])).array.shape == (4, 3, 2)
    with pytest.raises(ShapeError, match="4 axes"):
        read(saved(np.zeros((2, 3, 4, 5), np.int16)))
    with pytest.raises(ShapeError, match="2 axes"):
        read(saved(np.zeros((2, 3), np.int16)))


def test_modality_gives_the_unit(saved):
    path = saved()
    assert [read(path, modality=m).unit for m in ("CT", "PET", "MR", "OTHER")] == ["HU", "SUV", "a.u.", "1"]
    assert read(path).modality == "OTHER"
    assert read_nifti(path, modality="PET", unit="Bq/ml").unit == "Bq/ml"
    with pytest.raises(RadkitError, match="Use one of CT, PET, MR, OTHER"):
        read(path, modality="PT")


def test_header_extensions_are_skipped(tmp_path):
    image = nib.Nifti1Image(np.arange(24, dtype=np.int16).reshape(2, 3, 4), np.eye(4))
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"CANARY" * 100))
    nib.save(image, tmp_path / "e.nii.gz")
    assert read(tmp_path / "e.nii.gz").array.ravel().tolist() == image.get_fdata().T.ravel().tolist()


def test_a_gzip_stream_in_two_members_reads_as_one(saved):
    path = saved()
    data = path.read_bytes()
    path.write_bytes(gzip.compress(data[:360]) + gzip.compress(data[360:]) + b"\0" * 512)
    assert read(path).array.shape == (4, 3, 2)


def test_float32_header_numbers_are_the_decimals_that_were_meant():
    for value in (0.001, 0.977, 3.27, -100.4, 1.171875, 0.0):
        assert decimal(np.float32(value)) == value
        assert np.float32(decimal(np.float32(value))) == np.float32(value)


def test_voxels_that_are_not_finite_are_named(saved):
    array = np.zeros((2, 3, 4), np.float32)
    array[0, 0, 0] = np.nan
    with pytest.raises(NotFinite, match="1 voxels"):
        read(saved(array))


NAN, INF = float("nan"), float("inf")
BAD_HEADERS = [
    (40, "h", 0, UnreadableFile, "0 axes"),
    (40, "h", 8, UnreadableFile, "axes"),
    (42, "h", 0, ShapeError, "at least one voxel"),
    (42, "h", -3, ShapeError, "at least one voxel"),
    (42, "h", 2049, RefusedFile, "limit is 2048"),
    (42, "h", 32767, RefusedFile, "limit is 2048"),
    (42, "h", 3, UnreadableFile, "truncated"),
    (42, "h", 1, UnreadableFile, "more bytes"),
    (70, "h", 0, RefusedFile, "unknown"),
    (70, "h", 128, RefusedFile, "RGB"),
    (70, "h", 32, RefusedFile, "complex"),
    (70, "h", 9999, RefusedFile, "code 9999"),
    (72, "h", 8, UnreadableFile, "bits a voxel"),
    *[(at, "f", v, GeometryError, "pixdim") for at in (80, 84, 88) for v in (0, -1, NAN, INF, 1e30)],
    *[(108, "f", v, UnreadableFile, "start at byte") for v in (NAN, INF, -1, 0, 352.5, 1e30, 2e6)],
    (108, "f", 360, UnreadableFile, "truncated"),
    (112, "f", NAN, UnreadableFile, "scaling"),
    (112, "f", INF, UnreadableFile, "scaling"),
    (116, "f", NAN, UnreadableFile, "scaling"),
    (123, "B", 5, UnreadableFile, "unit of length"),
    *[(at, "f", v, GeometryError, "sform") for at in (280, 292, 324) for v in (NAN, INF, 1e30)],
    (280, "f", 0, GeometryError, "sform"),
    (284, "f", 1, GeometryError, "sheared"),
]  # fmt: skip


@pytest.mark.parametrize(("offset", "kind", "value", "error", "words"), BAD_HEADERS)
def test_an_impossible_header_number_is_a_named_error(saved, offset, kind, value, error, words):
    with pytest.raises(error, match=words) as caught:
        read(saved(patch=[(offset, kind, value)]))
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        ([(344, "4s", b"ni1\0")], "second file"),
        ([(344, "4s", b"\0\0\0\0")], "Analyze"),
        ([(0, "i", 540)], "NIfTI-2"),
        ([(254, "h", 0), (252, "h", 1), (256, "f", 2.0)], "no rotation"),
        ([(254, "h", 0), (252, "h", 1), (256, "f", NAN)], "no rotation"),
        ([(254, "h", 0), (252, "h", 1), (76, "f", 0.5)], "no rotation"),
        ([(254, "h", 0), (252, "h", 1), (268, "f", INF)], "qoffset"),
    ],
)
def test_other_headers_are_refused_by_name(saved, patch, words):
    with pytest.raises(RadkitError, match=words):
        read(saved(patch=patch))


def test_a_huge_header_costs_nothing(saved):
    import tracemalloc

    path = saved(
        patch=[(42, "h", 2048), (44, "h", 2048), (46, "h", 128)], name="a.nii.gz"
    )  # exactly the limit in bytes
    tracemalloc.start()
    with pytest.raises(RadkitError):
        read(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.mirror
def test_the_mirror_reads_as_nibabel_reads_it(mirror):
    for name in ("sts51/PET/STS_001_PET", "sts51/CT_3mm/STS_019_CT", "sts51/PET/STS_019_PET_mask", "native/STS_019_CT"):
        path = mirror / f"{name}.nii.gz"
        image, reference = read(path), nib.load(path)
        np.testing.assert_allclose(image.array, reference.get_fdata().T, rtol=1e-6)
        last = tuple(n - 1 for n in image.array.shape)
        world = (reference.affine @ [*last[::-1], 1])[:3] * RAS_TO_LPS
        np.testing.assert_allclose(image.grid.to_world(last)[::-1], world, atol=1e-4)
