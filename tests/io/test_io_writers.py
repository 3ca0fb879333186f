"""Writers: exact round trips, the same voxels and places in nibabel, pynrrd and SimpleITK, whole files or none."""

from __future__ import annotations

import json
import os

import nibabel as nib
import nrrd
import numpy as np
import pytest
import SimpleITK as sitk

from radkit.io import (
    atomic_write,
    from_sitk,
    read,
    read_mask,
    to_sitk,
    write_bytes,
    write_json,
    write_nifti,
    write_nrrd,
    write_text,
)
from radkit.volume import Grid, Image, Mask, SettingError, ShapeError

KINDS = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]
WRITERS = {"a.nii": write_nifti, "a.nii.gz": write_nifti, "a.nrrd": write_nrrd}


def volume(seed: int, kind: str = "i2") -> Image:
    """A small image whose axes point anywhere: axial, flipped, permuted and oblique, left- and right-handed."""
    rng = np.random.default_rng(seed)
    direction = np.eye(3)
    if seed % 3 == 1:
        direction = np.eye(3)[rng.permutation(3)] * rng.choice([-1.0, 1.0], 3)
    elif seed % 3 == 2:
        direction = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    grid = Grid(
        shape=(3, 4, 5), spacing_mm=(3.27, 0.977, 1.172), origin_mm=(-100.4, 12.3, 7.7), direction=direction
    )  # fmt: skip
    return Image(rng.integers(0, 100, grid.shape).astype(kind), grid)


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("seed", range(9))
def test_round_trip_keeps_voxels_and_place(tmp_path, name, seed):
    image = volume(seed)
    WRITERS[name](tmp_path / name, image)
    back = read(tmp_path / name)
    np.testing.assert_array_equal(back.array, image.array)
    assert back.array.dtype == image.array.dtype
    exact = seed % 3 != 2  # oblique: float32 in NIfTI, and a division by the length in NRRD
    if exact:
        assert back.grid == image.grid
    np.testing.assert_allclose(back.grid.direction, image.grid.direction, atol=1e-12 if name == "a.nrrd" else 1e-6)
    assert back.grid.spacing_mm == pytest.approx(image.grid.spacing_mm, rel=1e-12)
    assert back.grid.origin_mm == image.grid.origin_mm


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", WRITERS)
def test_every_type_is_stored(tmp_path, name, kind):
    image = volume(0, kind)
    WRITERS[name](tmp_path / name, image)
    back = read(tmp_path / name)
    assert back.array.dtype == np.dtype(kind)
    np.testing.assert_array_equal(back.array, image.array)


@pytest.mark.parametrize("seed", range(6))
def test_nibabel_sees_the_same_nifti(tmp_path, seed):
    image = volume(seed)
    write_nifti(tmp_path / "a.nii.gz", image)
    seen = nib.load(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(seen.get_fdata().T, image.array)
    np.testing.assert_allclose(seen.get_qform(), seen.get_sform(), atol=1e-5)
    world = (seen.affine @ [1, 2, 2, 1])[:3] * [-1, -1, 1]
    np.testing.assert_allclose(image.grid.to_world((2, 2, 1))[::-1], world, atol=1e-4)
    assert seen.header.get_xyzt_units()[0] == "mm"


@pytest.mark.parametrize("seed", range(6))
def test_pynrrd_sees_the_same_nrrd(tmp_path, seed):
    image = volume(seed)
    write_nrrd(tmp_path / "a.nrrd", image)
    array, header = nrrd.read(str(tmp_path / "a.nrrd"))
    np.testing.assert_array_equal(array.T, image.array)
    world = np.array(header["space origin"]) + np.array([1, 2, 2]) @ header["space directions"]
    np.testing.assert_allclose(image.grid.to_world((2, 2, 1))[::-1], world, atol=1e-9)


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("seed", range(6))
def test_simpleitk_sees_the_same_file(tmp_path, name, seed):
    image = volume(seed)
    WRITERS[name](tmp_path / name, image)
    seen = from_sitk(sitk.ReadImage(str(tmp_path / name)))
    np.testing.assert_array_equal(seen.array, image.array)
    assert seen.grid.matches(image.grid, tolerance_mm=1e-3)


@pytest.mark.parametrize("seed", range(6))
def test_files_of_simpleitk_are_read(tmp_path, seed):
    image = volume(seed)
    for name in ("b.nii.gz", "b.nrrd"):
        sitk.WriteImage(to_sitk(image), str(tmp_path / name), useCompression=True)
        back = read(tmp_path / name)
        np.testing.assert_array_equal(back.array, image.array)
        assert back.grid.matches(image.grid, tolerance_mm=1e-3)


def test_simpleitk_and_back_is_exact():
    for seed in range(6):
        image = volume(seed, "f4")
        back = from_sitk(to_sitk(image), modality="CT", unit="HU")
        assert back.grid == image.grid
        assert (back.modality, back.unit) == ("CT", "HU")
        point = to_sitk(image).TransformIndexToPhysicalPoint((1, 2, 2))
        np.testing.assert_allclose(image.grid.to_world((2, 2, 1))[::-1], point, atol=1e-9)


def test_a_mask_becomes_zero_and_one(tmp_path):
    image = volume(1)
    mask = Mask(image.array > 50, image.grid, "GTV")
    assert to_sitk(mask).GetPixelIDTypeAsString() == "8-bit unsigned integer"
    for name, write in WRITERS.items():
        write(tmp_path / name, mask)
        back = read_mask(tmp_path / name)
        np.testing.assert_array_equal(back.array, mask.array)
        image.grid.require_match(back.grid, "image", "mask")


def test_two_channels_are_not_a_volume():
    with pytest.raises(ShapeError, match="2 channels"):
        from_sitk(sitk.Image([2, 2, 2], sitk.sitkVectorFloat32, 2))
    with pytest.raises(ShapeError, match="2 axes"):
        from_sitk(sitk.Image([2, 2], sitk.sitkFloat32))


def test_the_same_volume_gives_the_same_bytes_and_nothing_else(tmp_path):
    image = volume(2)
    for name, write in WRITERS.items():
        write(tmp_path / name, image)
        first = (tmp_path / name).read_bytes()
        write(tmp_path / f"other-{name}", image)
        assert (tmp_path / f"other-{name}").read_bytes() == first  # no time, no file name inside
    header = nib.load(tmp_path / "a.nii").header
    assert bytes(header["descrip"]) + bytes(header["aux_file"]) + bytes(header["db_name"]) == bytes(80 + 24 + 18)


@pytest.mark.parametrize(("write", "name"), [(write_nifti, "a.img"), (write_nifti, "a.nrrd"), (write_nrrd, "a.nhdr")])
def test_an_extension_that_promises_another_format_is_refused(tmp_path, write, name):
    with pytest.raises(SettingError, match="must end in"):
        write(tmp_path / name, volume(0))
    assert not (tmp_path / name).exists()


def test_half_floats_cannot_be_stored(tmp_path):
    with pytest.raises(SettingError, match="float16"):
        write_nifti(tmp_path / "a.nii", volume(0, "f2"))


def test_an_interrupted_write_leaves_the_old_file_and_no_rest(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def interrupted():
        with atomic_write(path) as file:
            file.write(b"half of the ne")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_write_without_place_says_so_and_leaves_nothing(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_bytes(tmp_path / "nowhere" / "a", b"x")
    assert list(tmp_path.iterdir()) == []


def test_text_and_json_are_whole_and_readable_by_others(tmp_path):
    write_json(tmp_path / "a.json", {"µ": 1.5, "list": [1]})
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"µ": 1.5, "list": [1]}
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "b.json", float("nan"))
    mask = os.umask(0)
    os.umask(mask)
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o666 & ~mask
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
