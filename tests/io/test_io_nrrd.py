"""NRRD: attached raw and gzip voxels as pynrrd reads them, and one sentence for everything else."""

from __future__ import annotations

import gzip

import nrrd
import numpy as np
import pytest

from radkit.io import read, read_nrrd
from radkit.io.nrrd import DTYPE
from radkit.volume import GeometryError, RadkitError, RefusedFile, ShapeError, UnreadableFile

FIELDS = {
    "type": "short", "dimension": "3", "space": "left-posterior-superior", "sizes": "2 3 4",
    "space directions": "(1.5,0,0) (0,2,0) (0,0,3)", "kinds": "domain domain domain", "endian": "little",
    "encoding": "raw", "space origin": "(10,20,30)",
}  # fmt: skip
ARRAY = np.arange(24, dtype="<i2").reshape(4, 3, 2)


@pytest.fixture
def write(tmp_path):
    def save(data=None, *, drop=(), version=4, extra="", name="a.nrrd", end="\n\n", **changes):
        fields = FIELDS | {key.replace("_", " "): value for key, value in changes.items()}
        lines = [f"NRRD000{version}", *(f"{k}: {v}" for k, v in fields.items() if k not in drop)]
        head = "\n".join(lines) + ("\n" + extra if extra else "") + end
        path = tmp_path / name
        path.write_bytes(head.encode("utf-8") + (ARRAY.tobytes() if data is None else data))
        return path

    return save


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("encoding", ["raw", "gzip", "gz"])
def test_attached_voxels_are_read(write, version, encoding):
    data = ARRAY.tobytes() if encoding == "raw" else gzip.compress(ARRAY.tobytes())
    image = read(write(data, encoding=encoding, version=version))
    np.testing.assert_array_equal(image.array, ARRAY)
    assert image.grid.spacing_mm == (3.0, 2.0, 1.5)
    assert image.grid.origin_mm == (30.0, 20.0, 10.0)
    np.testing.assert_array_equal(image.grid.direction, np.eye(3))


@pytest.mark.parametrize("name", sorted(DTYPE))
@pytest.mark.parametrize("endian", ["little", "big"])
def test_every_type_name_and_byte_order(write, name, endian):
    array = np.arange(24).astype(np.dtype(DTYPE[name]).newbyteorder("<" if endian == "little" else ">"))
    image = read(write(array.tobytes(), type=name, endian=endian))
    assert image.array.ravel().tolist() == list(range(24))
    assert image.array.dtype == np.dtype(DTYPE[name])


@pytest.mark.parametrize(
    ("space", "signs"),
    [
        ("left-posterior-superior", (1, 1, 1)),
        ("LPS", (1, 1, 1)),
        ("right-anterior-superior", (1, -1, -1)),
        ("RAS", (1, -1, -1)),
        ("left-anterior-superior", (1, -1, 1)),
    ],
)
def test_named_spaces_become_lps(write, space, signs):
    grid = read(write(space=space)).grid
    assert grid.origin_mm == tuple(np.array([30.0, 20.0, 10.0]) * signs)
    np.testing.assert_array_equal(grid.direction, np.diag(signs))


@pytest.mark.parametrize("seed", range(4))
def test_oblique_directions_agree_with_pynrrd(tmp_path, seed):
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    header = {"space": "left-posterior-superior", "space directions": (turn * [1.5, 2, 3]).T, "space origin": [1, 2, 3]}
    nrrd.write(str(tmp_path / "o.nrrd"), ARRAY.T.astype(np.float32), header)
    image = read(tmp_path / "o.nrrd")
    np.testing.assert_array_equal(image.array, ARRAY)
    expected = np.array([1, 2, 3]) + (turn * [1.5, 2, 3]) @ [1, 2, 3]
    np.testing.assert_allclose(image.grid.to_world((3, 2, 1))[::-1], expected, atol=1e-9)


def test_plain_spacings_are_enough(write):
    grid = read(write(drop=("space", "space directions", "space origin"), spacings="1.5 2 3")).grid
    assert grid.spacing_mm == (3.0, 2.0, 1.5)


def test_comments_key_values_and_harmless_fields_are_left_alone(write):
    extra = "# a comment\nSegment0_Name:=CANARY\ncontent: CANARY\nmeasurement frame: (1,0,0) (0,1,0) (0,0,1)\n"
    image = read_nrrd(write(extra=extra.rstrip("\n")))
    assert "CANARY" not in repr((image.grid, image.notes, image.unit))
    assert image.array.shape == (4, 3, 2)


def test_windows_line_ends(tmp_path, write):
    path = write()
    head, data = path.read_bytes().split(b"\n\n", 1)
    path.write_bytes(head.replace(b"\n", b"\r\n") + b"\r\n\r\n" + data)
    np.testing.assert_array_equal(read(path).array, ARRAY)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"data_file": "other.raw"}, RefusedFile, "detached"),
        ({"datafile": "LIST"}, RefusedFile, "detached"),
        ({"Data  File": "/etc/hostname"}, RefusedFile, "detached"),
        ({"encoding": "bzip2"}, RefusedFile, "bzip2"),
        ({"encoding": "ascii"}, RefusedFile, "ascii"),
        ({"encoding": "hex"}, RefusedFile, "hex"),
        ({"byte_skip": "-1"}, RefusedFile, "skips"),
        ({"line_skip": "2"}, RefusedFile, "skips"),
        ({"type": "block"}, RefusedFile, "type 'block'"),
        ({"magic_field": "1"}, RefusedFile, "does not know"),
        ({"version": 6}, RefusedFile, "version"),
        ({"dimension": "4"}, UnreadableFile, "dimension"),
        ({"dimension": "4", "sizes": "2 3 4 5"}, ShapeError, "4 axes"),
        ({"dimension": "2", "sizes": "2 3"}, ShapeError, "2 axes"),
        ({"kinds": "vector domain domain"}, ShapeError, "not spatial"),
        ({"kinds": "RGB-color domain domain"}, ShapeError, "not spatial"),
        ({"space_directions": "none (0,2,0) (0,0,3)"}, ShapeError, "not spatial"),
        ({"sizes": "0 3 4"}, ShapeError, "at least one voxel"),
        ({"sizes": "-2 3 4"}, UnreadableFile, "whole numbers"),
        ({"sizes": "1e3 3 4"}, UnreadableFile, "whole numbers"),
        ({"sizes": "4000 3 4"}, RefusedFile, "limit is 2048"),
        ({"sizes": "2048 2048 2048"}, RefusedFile, "in memory"),
        ({"sizes": "3 3 4"}, UnreadableFile, "truncated"),
        ({"sizes": "1 3 4"}, UnreadableFile, "more bytes"),
        ({"endian": "middle"}, UnreadableFile, "little or big"),
        ({"space": "scanner-xyz"}, GeometryError, "radkit reads left-posterior-superior"),
        ({"space": "3D-right-handed"}, GeometryError, "radkit reads left-posterior-superior"),
        ({"space_directions": "(1,0,0) (0,2,0)"}, UnreadableFile, "3 vectors"),
        ({"space_directions": "(1,0,0) (0,2,0) (0,0,x)"}, UnreadableFile, "3 numbers"),
        ({"space_directions": "(nan,0,0) (0,2,0) (0,0,3)"}, GeometryError, "NaN"),
        ({"space_directions": "(inf,0,0) (0,2,0) (0,0,3)"}, GeometryError, "infinite"),
        ({"space_directions": "(0,0,0) (0,2,0) (0,0,3)"}, GeometryError, "spacing"),
        ({"space_directions": "(1,1,0) (0,2,0) (0,0,3)"}, GeometryError, "sheared"),
        ({"space_directions": "(1e300,0,0) (0,2,0) (0,0,3)"}, GeometryError, "beyond 1 km"),
        ({"space_origin": "(nan,0,0)"}, GeometryError, "space origin"),
        ({"space_origin": "(0,0)"}, UnreadableFile, "3 numbers"),
        ({"space_units": '"m" "m" "m"'}, GeometryError, "other than mm"),
        ({"axis_mins": "0 0 0"}, GeometryError, "axis mins"),
        ({"drop": ("space",)}, GeometryError, "without a named space"),
        ({"drop": ("space", "space directions", "space origin")}, GeometryError, "no voxel spacing"),
        ({"drop": ("type",)}, UnreadableFile, "no NRRD field 'type'"),
        ({"drop": ("sizes",)}, UnreadableFile, "no NRRD field 'sizes'"),
        ({"drop": ("endian",)}, UnreadableFile, "no NRRD field 'endian'"),
        ({"drop": ("encoding",)}, UnreadableFile, "no NRRD field 'encoding'"),
        ({"extra": "type: short"}, UnreadableFile, "twice"),
        ({"extra": "just words"}, RefusedFile, "does not know"),
        ({"end": "\n", "data": b""}, UnreadableFile, "within its NRRD header"),
        ({"end": "\n", "data": b"", "extra": "data file: x.raw"}, RefusedFile, "detached"),
        ({"encoding": "gzip", "data": b"\x1f\x8bnonsense"}, UnreadableFile, "gzip stream"),
        ({"encoding": "gzip", "data": gzip.compress(ARRAY.tobytes())[:-9]}, UnreadableFile, "truncated"),
        ({"encoding": "gzip", "data": gzip.compress(ARRAY.tobytes() + b"1")}, UnreadableFile, "more bytes"),
    ],
)
def test_everything_else_is_one_sentence(write, changes, error, words):
    with pytest.raises(error, match=words) as caught:
        read(write(**changes))
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_header_that_is_not_text_is_refused(write):
    path = write()
    path.write_bytes(path.read_bytes().replace(b"left-posterior", b"left\xff\xfeposterior"))
    with pytest.raises(RadkitError, match="not text"):
        read(path)
