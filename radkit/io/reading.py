"""The two doors of io: ``read`` for images and ``read_mask`` for regions, whatever the format."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from radkit.io.files import read_bytes
from radkit.io.limits import LIMITS, Limits
from radkit.io.nifti import parse_nifti
from radkit.io.sniff import identify
from radkit.io.text import safe_name
from radkit.io.units import unit_of
from radkit.volume import Grid, Image, Mask


def read(
    path, *, modality: str | None = None, unit: str | None = None, series: int | None = None, limits: Limits = LIMITS
) -> Image:
    """An image from a NIfTI-1 file, an attached NRRD file, or a DICOM file or folder; the content decides.

    Parameters
    ----------
    path : file or DICOM folder.
    modality : "CT", "PET", "MR" or "OTHER" for NIfTI and NRRD, which do not carry it; DICOM knows its own.
    unit : the unit of the intensities of a NIfTI or NRRD file; by default HU, SUV, a.u. or 1 with the modality.
        For a PET series in DICOM, "Bq/ml" keeps the activity instead of converting it to SUV.
    series : which series of a DICOM folder with several, from 1.
    limits : what the file may cost.

    Raises
    ------
    RefusedFile, UnreadableFile, GeometryError, ShapeError, SeriesError, MissingTag, NotFinite : one sentence each.
    """
    path = Path(path)
    if modality is not None:
        unit_of(modality)
    if path.is_dir():
        from radkit.io.dicom import read_dicom

        return read_dicom(path, modality=modality, unit=unit, series=series, limits=limits)
    name = safe_name(path.name)
    data = read_bytes(path, limits.file_bytes, name)
    if identify(data, name, limits) == "dicom":
        from radkit.io.dicom import read_dicom

        return read_dicom(path, modality=modality, unit=unit, series=series, limits=limits)
    array, grid = parse_volume(data, name, limits)
    modality = modality or "OTHER"
    return Image(array, grid, modality, unit or unit_of(modality))


def parse_volume(data: bytes, name: str, limits: Limits = LIMITS) -> tuple[np.ndarray, Grid]:
    """Voxels (z, y, x) and grid from the bytes of a NIfTI-1 or NRRD file."""
    if identify(data, name, limits) == "nrrd":
        from radkit.io.nrrd import parse_nrrd

        return parse_nrrd(data, name, limits)
    return parse_nifti(data, name, limits)


def read_mask(path, image: Image | None = None, label: int | str | None = None, *, limits: Limits = LIMITS) -> Mask:
    """A region from a NIfTI or NRRD label map, an RTSTRUCT or a DICOM SEG; the content decides.

    Parameters
    ----------
    path : file, or a folder with one RTSTRUCT or SEG.
    image : the image that the region belongs to; an RTSTRUCT needs it, a SEG is put onto its grid.
    label : which region: a number in a label map, a name or number in RTSTRUCT and SEG. Not needed where there is one.
    limits : what the file may cost.

    Raises
    ------
    SettingError : several regions and no label, or a label that is not there (the message lists them).
    RefusedFile, UnreadableFile, GeometryError, GeometryMismatch, ShapeError, EmptyMask : one sentence each.
    """
    path = Path(path)
    name = safe_name(path.name)
    if not path.is_dir():
        data = read_bytes(path, limits.file_bytes, name)
        if identify(data, name, limits) != "dicom":
            from radkit.io.labels import mask_of

            array, grid = parse_volume(data, name, limits)
            return mask_of(array, grid, label, name)
    from radkit.io.structures import read_dicom_mask

    return read_dicom_mask(path, image, label, limits=limits)
