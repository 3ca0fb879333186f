"""Files made to harm: other files of the disk, bombs, links, patient names.

The answer is one sentence, in bounded memory, and nothing but the file itself is ever opened.
"""

from __future__ import annotations

import gzip
import os
import struct
import sys
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radkit.io import Limits, read, read_mask, safe_name, write_nifti, write_nrrd
from radkit.volume import DataNotFound, Image, Mask, RadkitError, RefusedFile, UnreadableFile

NAMES = ["x.nii", "x.nii.gz", "x.nrrd", "x.dcm", "x.mha", "x.img"]
CANARY = b"CANARY" * 100
LIMITS = Limits(seconds=5.0)


def refusal(path, **arguments) -> str:
    """The one sentence of a refusal, checked for its form."""
    with pytest.raises(RadkitError) as caught:
        read(path, **arguments)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    assert "CANARY" not in message
    return message


_opened: list[str] | None = None  # while a test watches: every path that Python opens, by whatever function


def _watch(event: str, arguments: tuple) -> None:
    if _opened is not None and event == "open":
        _opened.append(str(arguments[0]))


sys.addaudithook(_watch)


@pytest.fixture
def canary(tmp_path):
    """A secret file; the test fails if anything opens it."""
    global _opened
    secret = tmp_path / "secret.raw"
    secret.write_bytes(CANARY)
    _opened = []
    yield secret
    seen, _opened = _opened, None
    assert seen, "the watch saw no file at all"
    assert str(secret) not in seen


def detached_nrrd(secret, key="data file"):
    return (
        "NRRD0004\ntype: uchar\ndimension: 3\nspace: left-posterior-superior\nsizes: 10 10 6\n"
        "space directions: (1,0,0) (0,1,0) (0,0,1)\nencoding: raw\nendian: little\n"
        f"{key}: {secret}\n\n"
    ).encode()


def meta_image(secret):
    return (
        "ObjectType = Image\nNDims = 3\nDimSize = 10 10 6\nElementType = MET_UCHAR\nElementSpacing = 1 1 1\n"
        f"ElementDataFile = {secret}\n"
    ).encode()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("padding", [b"", b"\0" * 600])
@pytest.mark.parametrize("key", ["data file", "datafile", "Data File", "DATA  FILE", "data\tfile"])
def test_a_detached_nrrd_never_reaches_the_other_file(tmp_path, canary, name, padding, key):
    path = tmp_path / name
    path.write_bytes(detached_nrrd(canary, key) + padding)
    assert "detached" in refusal(path)


@pytest.mark.parametrize("name", NAMES)
def test_a_meta_image_never_reaches_the_other_file(tmp_path, canary, name):
    path = tmp_path / name
    path.write_bytes(meta_image(canary))
    assert "MetaImage" in refusal(path)
    path.write_bytes(gzip.compress(meta_image(canary)))
    assert "MetaImage" in refusal(path)


def hdf5(at: int) -> bytes:
    return b"\0" * at + b"\x89HDF\r\n\x1a\n" + b"\0" * 4000


FOREIGN = {
    "HDF5": hdf5(0),
    "HDF5 ": hdf5(512),
    "zip": b"PK\x03\x04" + bytes(100),
    "VTK": b"# vtk DataFile Version 3.0\n",
    "XML": b"<?xml version='1.0'?><VTKFile/>",
    "plain text": b"just a note\n",
    "PNG": b"\x89PNG\r\n\x1a\n" + bytes(50),
    "NumPy": b"\x93NUMPY" + bytes(100),
    "pickle": b"\x80\x04\x95" + bytes(100),
    "tar": bytes(257) + b"ustar\0" + bytes(300),
    "xz": b"\xfd7zXZ\0" + bytes(50),
    "bzip2": b"BZh9" + bytes(50),
    "NIfTI-2": struct.pack("<i", 540) + b"n+2\0\r\n\x1a\n" + bytes(600),
    "does not know": bytes(range(1, 200)),
    "NRRD": b"NRRD9999\n\n",
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", FOREIGN)
def test_every_other_format_is_refused_by_its_name(tmp_path, kind, name):
    path = tmp_path / name
    path.write_bytes(FOREIGN[kind])
    assert kind.strip() in refusal(path)
    with pytest.raises(RadkitError):
        read_mask(path)


def test_gzip_of_something_else_is_refused_by_its_name(tmp_path):
    for kind in ("HDF5", "PNG", "pickle", "plain text"):
        path = tmp_path / "x.nii.gz"
        path.write_bytes(gzip.compress(FOREIGN[kind]))
        assert kind in refusal(path)


def test_links_are_refused_by_name(tmp_path, canary, series):
    link = tmp_path / "x.nii"
    link.symlink_to(canary)
    assert "symbolic link" in refusal(link)
    folder, _ = series("CT")
    (tmp_path / "linked").symlink_to(folder)
    assert "symbolic link" in refusal(tmp_path / "linked")
    (folder / "x.dcm").symlink_to(canary)
    assert "symbolic link" in refusal(folder)


def test_pipes_and_devices_do_not_hang(tmp_path):
    os.mkfifo(tmp_path / "x.nii")
    assert "not a regular file" in refusal(tmp_path / "x.nii")
    assert "not a regular file" in refusal("/dev/zero")


def test_what_is_not_there_or_empty_is_named(tmp_path):
    with pytest.raises(DataNotFound, match="is not there"):
        read(tmp_path / "nothing.nii")
    (tmp_path / "empty.nii").write_bytes(b"")
    assert "empty" in refusal(tmp_path / "empty.nii")
    (tmp_path / "folder").mkdir()
    assert "no file at all" in refusal(tmp_path / "folder")
    assert "cannot be opened" in refusal("a\0b")


def test_a_file_beyond_the_limit_is_not_read(tmp_path):
    path = tmp_path / "x.nii"
    with open(path, "wb") as file:
        file.truncate(400_000_000)  # sparse: it takes no disk
    assert "400 MB; the limit is 300 MB" in refusal(path)
    (tmp_path / "many").mkdir()
    for i in range(5):
        (tmp_path / "many" / f"{i}.dcm").write_bytes(b"x")
    assert "more than 4 files" in refusal(tmp_path / "many", limits=Limits(dicom_files=4))


GOOD = Image.of(np.arange(60, dtype=np.int16).reshape(5, 4, 3), spacing_mm=(3.0, 2.0, 1.5))


@pytest.mark.parametrize("format_", ["nifti", "nrrd"])
def test_a_bomb_costs_no_memory(tmp_path, format_):
    packer = zlib.compressobj(9, wbits=31)
    if format_ == "nifti":
        write_nifti(tmp_path / "good.nii", GOOD)
        start, lead = packer.compress((tmp_path / "good.nii").read_bytes()), b""
    else:
        write_nrrd(tmp_path / "good.nrrd", GOOD)
        start, lead = b"", (tmp_path / "good.nrrd").read_bytes().split(b"\n\n", 1)[0] + b"\n\n"
    zeros = bytes(1 << 20)
    bomb = lead + start + b"".join(packer.compress(zeros) for _ in range(300)) + packer.flush()
    path = tmp_path / "bomb"
    path.write_bytes(bomb)
    tracemalloc.start()
    message = refusal(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "more bytes than" in message
    assert peak < 8_000_000  # 300 MB were announced


def test_a_blank_mask_compresses_a_thousandfold_and_is_read(tmp_path):
    array = np.zeros((128, 256, 256), bool)
    array[64, 128, 128] = True
    write_nifti(tmp_path / "m.nii.gz", Mask.of(array, spacing_mm=(1.0, 1.0, 1.0)))
    assert array.size / (tmp_path / "m.nii.gz").stat().st_size > 500
    assert read_mask(tmp_path / "m.nii.gz").n_voxels == 1


def test_the_clock_stops_a_slow_read(tmp_path, series):
    write_nifti(tmp_path / "x.nii.gz", GOOD)
    assert "longer than" in refusal(tmp_path / "x.nii.gz", limits=Limits(seconds=-1.0))
    assert "longer than" in refusal(series("CT")[0], limits=Limits(seconds=-1.0))


def test_a_deflated_dicom_is_refused_before_it_is_inflated(tmp_path, series):
    folder, _ = series("CT", n=1)
    data = next(folder.iterdir()).read_bytes()
    at = data.index(b"1.2.840.10008.1.2.1\0")
    packer = zlib.compressobj(9, wbits=-15)
    bomb = (
        packer.compress(bytes(1 << 20)) * 1
        + b"".join(packer.compress(bytes(1 << 20)) for _ in range(200))
        + packer.flush()
    )
    meta = bytearray(data[: at + 20])
    meta[at - 2 : at] = struct.pack("<H", 22)
    head = bytes(meta[:at]) + b"1.2.840.10008.1.2.1.99"
    (tmp_path / "bomb.dcm").write_bytes(head + bomb)
    tracemalloc.start()
    message = refusal(tmp_path / "bomb.dcm")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "deflated" in message
    assert peak < 5_000_000


def test_two_transfer_syntaxes_in_one_file_are_refused(tmp_path):
    def element(number, value):
        return struct.pack("<HH2sH", 2, number, b"UI", len(value)) + value

    meta = element(0x10, b"1.2.840.10008.1.2.1\0") + element(0x10, b"1.2.840.10008.1.2.1.99")
    (tmp_path / "x.dcm").write_bytes(bytes(128) + b"DICM" + meta + bytes(200))
    assert "two transfer syntaxes" in refusal(tmp_path / "x.dcm")


def test_warnings_and_logs_of_pydicom_quote_nothing(series, capfd, caplog, recwarn):
    folder, _ = series("CT", SliceThickness="98.7654321")
    for file in folder.iterdir():
        file.write_bytes(file.read_bytes().replace(b"98.7654321", b"CANARY-CAN"))
    recwarn.clear()
    assert "damaged value in SliceThickness" in refusal(folder)
    out, err = capfd.readouterr()
    assert "CANARY" not in out + err + caplog.text + "".join(str(w.message) for w in recwarn)


def test_a_file_name_is_shown_as_one_printable_line(tmp_path):
    path = tmp_path / ("<script>\n\x1b[31m" + "x" * 150)
    path.write_bytes(b"text")
    message = refusal(path)
    assert message.isprintable()
    assert len(message) < 300


@given(st.text(max_size=400))
def test_safe_names_are_short_and_printable(text):
    name = safe_name(text)
    assert len(name) <= 80
    assert name.isprintable()
    assert name == safe_name(name)


def test_errors_carry_no_cause_that_quotes_the_file(series):
    def edit(ds, i):
        ds.PixelData = ds.PixelData[:-20]

    with pytest.raises(UnreadableFile) as caught:
        read(series("CT", edit=edit)[0])
    assert caught.value.__cause__ is None
    assert isinstance(caught.value, RadkitError)
    assert not isinstance(caught.value, RefusedFile)
