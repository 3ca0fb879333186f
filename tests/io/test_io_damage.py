"""Good files cut at every place and with bits flipped at random: always a volume or one named error."""

from __future__ import annotations

import gzip
import io
import struct

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file

from radkit.io import Limits, read, read_mask, write_nrrd
from radkit.io.nifti import parse_nifti
from radkit.io.nrrd import parse_nrrd
from radkit.volume import Image, RadkitError

LIMITS = Limits(seconds=5.0)


def small_nifti() -> bytes:
    return nib.Nifti1Image(np.arange(60, dtype=np.int16).reshape(3, 4, 5), np.diag([1.5, 2, 3, 1])).to_bytes()


def small_nrrd(tmp_path_factory_dir, packed: bool) -> bytes:
    path = tmp_path_factory_dir / "good.nrrd"
    write_nrrd(path, Image.of(np.arange(60, dtype=np.int16).reshape(5, 4, 3), spacing_mm=(3.0, 2.0, 1.5)))
    data = path.read_bytes()
    if packed:
        return data
    head, voxels = data.split(b"\n\n", 1)
    return head.replace(b"encoding: gzip", b"encoding: raw") + b"\n\n" + gzip.decompress(voxels)


def outcome(make) -> str:
    """What ``make`` ends with: "good", or the name of a radkit error; anything else fails the test."""
    try:
        make()
    except RadkitError as error:
        return type(error).__name__ if "\n" not in str(error) else str(error)
    return "good"


def attempt(parse, data) -> str:
    return outcome(lambda: Image(*parse(data, "x", LIMITS)))


OUTCOMES = {"good", "GeometryError", "ShapeError", "NotFinite", "EmptyMask", "SettingError", "UnreadableFile",
            "RefusedFile", "SeriesError", "MissingTag", "GeometryMismatch"}  # fmt: skip


@pytest.mark.parametrize("packed", [False, True])
def test_nifti_cut_anywhere_is_a_named_error(packed):
    good = small_nifti()
    data = gzip.compress(good, mtime=0) if packed else good
    assert attempt(parse_nifti, data) == "good"
    for n in range(1, len(data)):
        assert attempt(parse_nifti, data[:n]) in ("RefusedFile", "UnreadableFile")


@pytest.mark.parametrize("packed", [False, True])
def test_nrrd_cut_anywhere_is_a_named_error(tmp_path, packed):
    data = small_nrrd(tmp_path, packed)
    assert attempt(parse_nrrd, data) == "good"
    for n in range(1, len(data)):
        assert attempt(parse_nrrd, data[:n]) != "good"


def test_dicom_cut_anywhere_is_a_named_error(tmp_path):
    with open(get_testdata_file("MR_small.dcm"), "rb") as file:
        data = file.read()
    path = tmp_path / "x.dcm"
    end = data.index(b"\xe0\x7f\x10\0") + 12 + 64 * 64 * 2
    for n in [*range(1, 420, 3), *range(420, end, 97), end - 1]:
        path.write_bytes(data[:n])
        assert outcome(lambda: read(path)) in {"UnreadableFile", "RefusedFile", "MissingTag"}
    path.write_bytes(data[:end])
    assert read(path).array.shape == (1, 64, 64)


damage = st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), min_size=1, max_size=6)


def damaged(data: bytes, flips) -> bytes:
    out = bytearray(data)
    for at, mask in flips:
        out[at % len(out)] ^= mask
    return bytes(out)


@settings(max_examples=300)
@given(flips=damage, header_only=st.booleans(), packed=st.booleans())
def test_flipped_bits_in_nifti(flips, header_only, packed):
    good = small_nifti()
    if header_only:
        data = damaged(good[:352], flips) + good[352:]
        data = gzip.compress(data, 1) if packed else data
    else:
        data = damaged(gzip.compress(good, mtime=0) if packed else good, flips)
    assert attempt(parse_nifti, data) in OUTCOMES


@settings(max_examples=300)
@given(flips=damage, header_only=st.booleans(), packed=st.booleans())
def test_flipped_bits_in_nrrd(tmp_path_factory, flips, header_only, packed):
    good = small_nrrd(tmp_path_factory.getbasetemp(), packed)
    end = good.index(b"\n\n") if header_only else len(good)
    assert attempt(parse_nrrd, damaged(good[:end], flips) + good[end:]) in OUTCOMES


@settings(max_examples=300)
@given(
    data=st.binary(max_size=600), magic=st.sampled_from([b"", b"NRRD0004\n", struct.pack("<i", 348), b"\x1f\x8b\x08"])
)
def test_random_bytes(data, magic):
    for parse in (parse_nifti, parse_nrrd):
        assert attempt(parse, magic + data) != "good"


@pytest.mark.parametrize("file", ["CT_small.dcm", "MR_small_implicit.dcm", "MR_small_bigendian.dcm"])
@settings(max_examples=60)
@given(flips=damage)
def test_flipped_bits_in_dicom(tmp_path_factory, file, flips):
    with open(get_testdata_file(file), "rb") as good:
        data = good.read()
    head = data[: len(data) - 8192]  # most of the rest are pixels, where every bit is a good one
    path = tmp_path_factory.getbasetemp() / f"flipped-{file}"
    path.write_bytes(damaged(head, flips) + data[len(head) :])
    assert outcome(lambda: read(path, limits=LIMITS)) in OUTCOMES


@pytest.mark.parametrize("kind", ["RTSTRUCT", "SEG"])
@settings(max_examples=60)
@given(flips=damage)
def test_flipped_bits_in_regions(tmp_path_factory, kind, flips):
    image = Image.of(np.zeros((4, 5, 6), np.int16), spacing_mm=(3.0, 2.0, 1.5))
    path = tmp_path_factory.getbasetemp() / f"flipped-{kind}.dcm"
    path.write_bytes(damaged(_region(kind), flips))
    assert outcome(lambda: read_mask(path, image, limits=LIMITS)) in OUTCOMES


def _region(kind: str) -> bytes:
    """A small RTSTRUCT or SEG, as bytes."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.sequence import Sequence

    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.481.3" if kind == "RTSTRUCT" else "1.2.840.10008.5.1.4.1.1.66.4"
    ds.SOPInstanceUID, ds.Modality = "1.2.3", kind
    item, part, leaf = Dataset(), Dataset(), Dataset()
    if kind == "RTSTRUCT":
        item.ROINumber, item.ROIName, part.ReferencedROINumber = 1, "GTV", 1
        leaf.ContourGeometricType, leaf.ContourData = "CLOSED_PLANAR", [0, 0, 3, 6, 0, 3, 6, 6, 3, 0, 6, 3]
        part.ContourSequence = Sequence([leaf])
        ds.StructureSetROISequence, ds.ROIContourSequence = Sequence([item]), Sequence([part])
    else:
        item.SegmentNumber, item.SegmentLabel = 1, "GTV"
        measures, plane, position, reference = Dataset(), Dataset(), Dataset(), Dataset()
        measures.PixelSpacing, measures.SliceThickness = [2.0, 1.5], 3.0
        plane.ImageOrientationPatient, position.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 3]
        reference.ReferencedSegmentNumber = 1
        part.PixelMeasuresSequence, part.PlaneOrientationSequence = Sequence([measures]), Sequence([plane])
        leaf.PlanePositionSequence, leaf.SegmentIdentificationSequence = Sequence([position]), Sequence([reference])
        ds.SegmentSequence = Sequence([item])
        ds.SharedFunctionalGroupsSequence, ds.PerFrameFunctionalGroupsSequence = Sequence([part]), Sequence([leaf])
        ds.NumberOfFrames, ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.BitsAllocated = 1, 5, 6, 1, 1
        ds.SegmentationType, ds.PixelData = "BINARY", b"\xff\x0f\xff\x00"
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True)
    return out.getvalue()


def test_the_regions_that_get_damaged_are_good(tmp_path):
    image = Image.of(np.zeros((4, 5, 6), np.int16), spacing_mm=(3.0, 2.0, 1.5))
    for kind in ("RTSTRUCT", "SEG"):
        (tmp_path / kind).write_bytes(_region(kind))
        assert read_mask(tmp_path / kind, image).n_voxels > 10
