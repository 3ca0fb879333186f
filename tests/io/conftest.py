"""Small DICOM files made on the spot: a CT or PET series, an RTSTRUCT and a SEG, with a patient name as canary."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

CANARY = "CANARY^PATIENT"
SOP = {
    "CT": "1.2.840.10008.5.1.4.1.1.2", "MR": "1.2.840.10008.5.1.4.1.1.4", "PT": "1.2.840.10008.5.1.4.1.1.128",
    "RTSTRUCT": "1.2.840.10008.5.1.4.1.1.481.3", "SEG": "1.2.840.10008.5.1.4.1.1.66.4",
}  # fmt: skip


def dataset(modality: str, **attributes) -> Dataset:
    """A dataset with identifying attributes that must never be seen again."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = SOP[modality], generate_uid()
    ds.Modality, ds.PatientName, ds.PatientID = modality, CANARY, "CANARY-ID-7"
    ds.PatientBirthDate, ds.StudyDate, ds.SeriesDescription = "19010203", "20010304", f"for {CANARY}"
    for key, value in attributes.items():
        setattr(ds, key, value)
    return ds


def save(ds: Dataset, path):
    ds.save_as(path, enforce_file_format=True)
    return path


def image_slice(modality: str, pixels, z: float, **attributes) -> Dataset:
    ds = dataset(modality)
    ds.SeriesInstanceUID, ds.SeriesNumber, ds.InstanceNumber = "1.2.3.4", 5, 1
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [-10.0, 20.0, z], [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.SliceThickness = [2.0, 1.5], 3.0
    ds.Rows, ds.Columns = pixels.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 8 * pixels.dtype.itemsize
    ds.HighBit, ds.PixelRepresentation = ds.BitsStored - 1, int(pixels.dtype.kind == "i")
    ds.RescaleSlope, ds.RescaleIntercept = 1, -1024
    ds.PixelData = pixels.tobytes()
    for key, value in attributes.items():
        setattr(ds, key, value)
    return ds


PET = {
    "Units": "BQML", "DecayCorrection": "START", "PatientWeight": 70.0, "SeriesDate": "20010304",
    "SeriesTime": "110000", "AcquisitionDate": "20010304", "AcquisitionTime": "110000", "RescaleIntercept": 0,
    "CorrectedImage": ["DECY", "ATTN"],
}  # fmt: skip


def pet_attributes(**changes) -> dict:
    dose = Dataset()
    dose.RadionuclideTotalDose, dose.RadionuclideHalfLife = 370e6, 6588.0
    dose.RadiopharmaceuticalStartTime = "100000"
    return PET | {"RadiopharmaceuticalInformationSequence": Sequence([dose])} | changes


@pytest.fixture
def series(tmp_path):
    """Write a series of slices; returns its folder and its voxels (z, y, x), before rescaling."""

    def write(modality="CT", n=4, *, name="series", shape=(5, 6), step=3.0, edit=None, **attributes):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        voxels = np.random.default_rng(0).integers(0, 2000, (n, *shape)).astype(np.int16)
        if modality == "PT":
            attributes = pet_attributes() | attributes
        for i in range(n):
            ds = image_slice(modality, voxels[i], 100 + step * i, **attributes)
            ds.InstanceNumber = n - i  # neither the number nor the file name follows the position
            if edit is not None:
                edit(ds, i)
            save(ds, folder / f"{(i * 7) % n:03}-{n - i}.dcm")
        return folder, voxels

    return write


@pytest.fixture
def rtstruct(tmp_path):
    """Write an RTSTRUCT from {name: list of contours}, a contour being points (n, 3) in LPS (x, y, z)."""

    def write(structures, kind="CLOSED_PLANAR"):
        ds = dataset("RTSTRUCT")
        ds.StructureSetROISequence, ds.ROIContourSequence = Sequence(), Sequence()
        for number, (name, contours) in enumerate(structures.items(), 1):
            roi, drawn = Dataset(), Dataset()
            roi.ROINumber, roi.ROIName = number, name
            drawn.ReferencedROINumber, drawn.ContourSequence = number, Sequence()
            for points in contours:
                contour = Dataset()
                contour.ContourGeometricType, contour.NumberOfContourPoints = kind, len(points)
                contour.ContourData = [f"{v:.8g}" for v in np.ravel(points)]
                drawn.ContourSequence.append(contour)
            ds.StructureSetROISequence.append(roi)
            ds.ROIContourSequence.append(drawn)
        return save(ds, tmp_path / "RS.dcm")

    return write


@pytest.fixture
def seg(tmp_path):
    """Write a SEG from {label: bool or fractional (z, y, x)} on the grid of ``series``."""

    def write(segments, *, fractional=False, skip_empty=True, **attributes):
        ds = dataset("SEG")
        shape = next(iter(segments.values())).shape
        ds.SegmentSequence, ds.PerFrameFunctionalGroupsSequence = Sequence(), Sequence()
        measures, plane, shared = Dataset(), Dataset(), Dataset()
        measures.PixelSpacing, measures.SliceThickness, measures.SpacingBetweenSlices = [2.0, 1.5], 3.0, 3.0
        plane.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = Sequence([measures]), Sequence([plane])
        ds.SharedFunctionalGroupsSequence = Sequence([shared])
        frames = []
        for number, (label, array) in enumerate(segments.items(), 1):
            segment = Dataset()
            segment.SegmentNumber, segment.SegmentLabel = number, label
            ds.SegmentSequence.append(segment)
            for k in range(shape[0]):
                if skip_empty and not array[k].any():
                    continue
                frames.append(array[k])
                group, position, reference = Dataset(), Dataset(), Dataset()
                position.ImagePositionPatient = [-10.0, 20.0, 100 + 3.0 * k]
                reference.ReferencedSegmentNumber = number
                group.PlanePositionSequence = Sequence([position])
                group.SegmentIdentificationSequence = Sequence([reference])
                ds.PerFrameFunctionalGroupsSequence.append(group)
        flat = np.array(frames).ravel()
        ds.NumberOfFrames, ds.Rows, ds.Columns, ds.SamplesPerPixel = len(frames), *shape[1:], 1
        ds.BitsAllocated = ds.BitsStored = 8 if fractional else 1
        ds.SegmentationType = "FRACTIONAL" if fractional else "BINARY"
        data = np.rint(flat * 200).astype(np.uint8) if fractional else np.packbits(flat, bitorder="little")
        if fractional:
            ds.MaximumFractionalValue = 200
        ds.PixelData = data.tobytes() + b"\0" * (data.size % 2)
        for key, value in attributes.items():
            setattr(ds, key, value)
        return save(ds, tmp_path / "SEG.dcm")

    return write
