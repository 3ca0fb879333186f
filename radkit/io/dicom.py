"""A DICOM series (CT, MR, PT; uncompressed; one image a file) as one image on a regular grid.

Slices are sorted by their position along the normal, never by file name or instance number. Nothing leaves the
files but modality, geometry, intensities and what the physics of PET needs.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from radkit.io.dicom_file import Attributes, parse, quiet, read_attributes
from radkit.io.dicom_geometry import Plane, plane_of, stack
from radkit.io.dicom_pixels import PIXEL_TAGS, Pixels, decode, pixels_of
from radkit.io.files import list_files, read_bytes
from radkit.io.limits import LIMITS, Deadline, Limits, check_shape
from radkit.io.text import safe_name
from radkit.io.units import unit_of
from radkit.volume import Grid, Image, MissingTag, RefusedFile, SeriesError, SettingError, UnreadableFile

MODALITY = {"CT": "CT", "PT": "PET", "MR": "MR"}
TAGS = (
    "SOPClassUID", "Modality", "SeriesInstanceUID", "SeriesNumber", "ImagePositionPatient", "ImageOrientationPatient",
    "PixelSpacing", "SliceThickness", "SpacingBetweenSlices", "NumberOfFrames", "BurnedInAnnotation", "RescaleSlope",
    "RescaleIntercept", "RescaleType", "ModalityLUTSequence", *PIXEL_TAGS,
)  # fmt: skip
READ_AS_MASK = ("RTSTRUCT", "SEG")
HOUNSFIELD = ("", "HU", "US", "HOUNSFIELD")  # RescaleType; US: unspecified


class Slice:
    """One file of a series: its path, its attributes, its plane and its pixel format."""

    def __init__(self, path: Path, attributes: Attributes):
        self.path = path
        self.attributes = attributes
        self.plane: Plane = plane_of(attributes)
        self.pixels: Pixels = pixels_of(attributes)


def read_dicom(
    path, *, modality: str | None = None, unit: str | None = None, series: int | None = None, limits: Limits = LIMITS
) -> Image:
    """A DICOM folder or file as an image: CT in HU, PET in SUV by body weight, MR in a.u.

    Parameters
    ----------
    path : a folder (its own files, not its subfolders) or one file.
    modality : to choose the series by, or to be sure of it: "CT", "PET" or "MR".
    unit : "Bq/ml" keeps a PET series in Bq/ml; otherwise the unit that it has anyway.
    series : which of several series, from 1 in the order in which the error lists them.
    limits : what the files may cost.

    Raises
    ------
    SeriesError : several series, gaps, duplicates, mixed or uneven slices, gantry tilt.
    RefusedFile, UnreadableFile, MissingTag, SettingError, UnitMismatch, GeometryError : one sentence each.
    """
    path = Path(path)
    deadline = Deadline(limits.seconds)
    with quiet():
        found, notes = _scan(path, limits, deadline)
        files = _choose(found, modality, series)
        _refuse(files[0][1], files)
        slices, grid = stack([Slice(file, attributes) for file, attributes in files])
        return _image(slices, grid, unit, notes, limits, deadline)


def _scan(path: Path, limits: Limits, deadline: Deadline) -> tuple[list[tuple[Path, Attributes]], tuple[str, ...]]:
    """The CT, MR and PT images of a folder or of one file, and a note on what was left out."""
    from radkit.io.dicom_pet import TAGS as PET_TAGS

    folder = path.is_dir()
    files = list_files(path, limits) if folder else [path]
    images, others = [], Counter()
    for i, file in enumerate(files, 1):
        deadline.check()
        name = f"file {i} of {len(files)} in the folder (by name)" if folder else safe_name(file.name)
        attributes = read_attributes(file, name, TAGS + PET_TAGS, limits, deadline)
        kind = attributes.text("Modality") if attributes else "not DICOM"
        if kind in MODALITY:
            images.append((file, attributes))
        else:
            others[kind or "without modality"] += 1
    if not images:
        raise _nothing_to_read(others, folder)
    left = f"{sum(others.values())} files of the folder hold no CT, MR or PET image and were left out"
    return images, (left,) if others else ()


def _nothing_to_read(others: Counter, folder: bool) -> RefusedFile:
    where = "the folder" if folder else "the file"
    kinds = ", ".join(f"{n} {safe_name(kind, 30)}" for kind, n in others.most_common(4)) or "no file at all"
    if any(kind in READ_AS_MASK for kind in others):
        return RefusedFile(f"{where} holds no CT, MR or PET image but {kinds}. Use radkit.io.read_mask for a region.")
    return RefusedFile(f"{where} holds no CT, MR or PET image ({kinds}). Give the folder of one image series.")


def _choose(
    found: list[tuple[Path, Attributes]], modality: str | None, series: int | None
) -> list[tuple[Path, Attributes]]:
    """The files of one series; series are listed by number, then as found, and never by a UID or a description."""
    groups: dict[str, list[tuple[Path, Attributes]]] = {}
    for file, attributes in found:
        groups.setdefault(attributes.text("SeriesInstanceUID"), []).append((file, attributes))
    ordered = sorted(groups.values(), key=lambda files: files[0][1].integer("SeriesNumber", -1))
    listing = "; ".join(f"{i}: {_describe(files)}" for i, files in enumerate(ordered[:12], 1))
    if series is not None:
        if not 1 <= series <= len(ordered):
            raise SeriesError(
                f"series is {series}, but the folder holds {len(ordered)} ({listing}). Choose one of these."
            )
        chosen = [ordered[series - 1]]
    else:
        chosen = [files for files in ordered if modality in (None, MODALITY[files[0][1].text("Modality")])]
    if not chosen or modality not in (None, MODALITY[chosen[0][0][1].text("Modality")]):
        raise SettingError(
            f"no series of modality {modality} is there, only {listing}. Leave modality out, or change it."
        )
    if len(chosen) > 1:
        raise SeriesError(
            f"the folder holds {len(ordered)} series ({listing}). "
            "Choose one with series=1 (its place in this list), or put it into a folder of its own."
        )
    return chosen[0]


def _describe(files: list[tuple[Path, Attributes]]) -> str:
    first = files[0][1]
    number = first.number("SeriesNumber")
    count = f"{len(files)} image" + ("s" if len(files) > 1 else "")
    return f"{first.text('Modality')}, {count}" + (f", series number {number:.0f}" if number is not None else "")


def _refuse(first: Attributes, files: list[tuple[Path, Attributes]]) -> None:
    for _, attributes in files:
        if attributes.integer("NumberOfFrames", 1) > 1:
            raise RefusedFile(
                f"{attributes.name} is multi-frame DICOM ({attributes.integer('NumberOfFrames')} frames), which is "
                "not read. Convert it to one image a file, for example with emf2sf of dcm4che."
            )
        if attributes.text("BurnedInAnnotation").upper() == "YES":
            raise RefusedFile(
                f"{attributes.name} has text burned into its pixels. Use images without burned-in annotation."
            )
        if attributes.items("ModalityLUTSequence"):
            raise RefusedFile(f"{attributes.name} has a modality lookup table, not a linear rescale. Export it anew.")
    if first.text("Modality") == "CT" and first.text("RescaleType").upper() not in HOUNSFIELD:
        raise RefusedFile(
            f"the CT series is in {first.text('RescaleType')!r}, not in Hounsfield units (RescaleType). "
            "Choose the series in HU."
        )


def _image(
    slices: list[Slice], grid: Grid, unit: str | None, notes: tuple[str, ...], limits: Limits, deadline: Deadline
) -> Image:
    modality = MODALITY[slices[0].attributes.text("Modality")]
    rescale = np.array([_rescale(s.attributes, modality) for s in slices])  # (n, 2): slope, intercept
    result = unit_of(modality)
    if modality == "PET":
        result, factors, note = _pet_unit([s.attributes for s in slices], unit)
        rescale *= np.array(factors)[:, None]
        notes += (note,)
    elif unit not in (None, result):
        raise SettingError(f"unit is {safe_name(unit)!r}, but a {modality} series is in {result}. Leave unit out.")
    stored = slices[0].pixels
    whole = (rescale[:, 0] == 1).all() and (rescale[:, 1] == np.rint(rescale[0, 1])).all()
    check_shape(grid.shape, stored.dtype.itemsize if whole else 4, "the series", limits)
    wide = np.prod(grid.shape) * 8 <= limits.decoded_bytes
    volume = np.empty(grid.shape, stored.dtype if whole else np.float64 if wide else np.float32)
    for i, slice_ in enumerate(slices):
        deadline.check()
        name = slice_.attributes.name
        data = read_bytes(slice_.path, limits.dicom_file_bytes, name)
        pixels = decode(parse(data, name, ["PixelData"], deadline, pixels=True), slice_.pixels)
        volume[i] = pixels if whole else pixels * rescale[i, 0] + rescale[i, 1]
    return Image(_shifted(volume, int(rescale[0, 1])) if whole else volume, grid, modality, result, notes)


def _rescale(attributes: Attributes, modality: str) -> tuple[float, float]:
    slope, intercept = attributes.number("RescaleSlope"), attributes.number("RescaleIntercept")
    if modality != "MR" and (slope is None or intercept is None):
        raise MissingTag(
            f"{attributes.name} has no RescaleSlope or RescaleIntercept, so its {modality} values have no unit. "
            "Export it with all its attributes."
        )
    slope, intercept = 1.0 if slope is None else slope, intercept or 0.0
    if slope == 0:
        raise UnreadableFile(f"{attributes.name} has a RescaleSlope of 0. Export it from the scanner or PACS again.")
    return slope, intercept


def _pet_unit(slices: list[Attributes], unit: str | None) -> tuple[str, list[float], str]:
    """The unit of the result, the factor of each slice to it, and the note that says so."""
    from radkit.io.dicom_pet import suv_factors

    if unit == "Bq/ml":
        if any(slice_.text("Units") != "BQML" for slice_ in slices):
            raise SettingError(
                f"unit is 'Bq/ml', but the PET series is in {slices[0].text('Units')!r}. Leave unit out."
            )
        return "Bq/ml", [1.0] * len(slices), "activity kept in Bq/ml (units BQML), not converted to SUV"
    if unit not in (None, "SUV"):
        raise SettingError(f"unit is {safe_name(unit)!r}; a PET series is read as SUV or Bq/ml. Choose one of these.")
    factors, note = suv_factors(slices)
    return "SUV", factors, note


def _shifted(volume: np.ndarray, intercept: int) -> np.ndarray:
    """``volume + intercept`` in the smallest integer type that holds it (int16 at least)."""
    if intercept == 0:
        return volume
    low, high = int(volume.min()) + intercept, int(volume.max()) + intercept
    kind = next(t for t in (np.int16, np.int32, np.int64) if np.iinfo(t).min <= low and high <= np.iinfo(t).max)
    out = np.empty(volume.shape, kind)
    for i, plane in enumerate(volume):
        out[i] = plane.astype(np.int64) + intercept
    return out
