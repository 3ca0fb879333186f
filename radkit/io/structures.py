"""Regions that come in DICOM: RTSTRUCT and SEG, in a file or in a folder."""

from __future__ import annotations

from pathlib import Path

from radkit.io.dicom_file import parse, quiet
from radkit.io.files import list_files, read_bytes
from radkit.io.limits import LIMITS, Deadline, Limits
from radkit.io.rtstruct import RTSTRUCT_TAGS, rtstruct_mask
from radkit.io.seg import SEG_TAGS, seg_mask
from radkit.io.text import safe_name
from radkit.volume import Image, Mask, RefusedFile, SettingError

KINDS = {"RTSTRUCT": RTSTRUCT_TAGS, "SEG": SEG_TAGS}


def read_rtstruct(path, image: Image, roi: int | str | None = None, *, limits: Limits = LIMITS) -> Mask:
    """One structure of an RTSTRUCT, filled on the grid of ``image``.

    A voxel is inside where its center is inside an odd number of contours of its slice (even-odd rule), so that
    inner contours are holes.

    Parameters
    ----------
    path : the RTSTRUCT file, or a folder that holds it.
    image : the image on whose slices the contours were drawn.
    roi : name or number of the structure; not needed where there is one.
    """
    return _read(path, image, roi, "RTSTRUCT", limits)


def read_seg(path, image: Image | None = None, segment: int | str | None = None, *, limits: Limits = LIMITS) -> Mask:
    """One segment of a DICOM SEG (binary, or fractional cut at 0.5), on the grid of ``image`` or on its own.

    Parameters
    ----------
    path : the SEG file, or a folder that holds it.
    image : the image that was segmented; None: the grid that the frames of the SEG make.
    segment : number or label of the segment; not needed where there is one.
    """
    return _read(path, image, segment, "SEG", limits)


def read_dicom_mask(path, image: Image | None, label: int | str | None, *, limits: Limits = LIMITS) -> Mask:
    """The region of an RTSTRUCT or SEG, whichever the file, or the only such file of the folder, is."""
    return _read(path, image, label, None, limits)


def _read(path, image: Image | None, label: int | str | None, kind: str | None, limits: Limits) -> Mask:
    path, deadline = Path(path), Deadline(limits.seconds)
    with quiet():
        file, name, found = _find(path, limits, deadline)
        if kind not in (None, found):
            raise RefusedFile(f"{name} is a {found}, not a {kind}. Use radkit.io.read_mask, which goes by the content.")
        if found == "RTSTRUCT" and image is None:
            raise SettingError(
                f"{name} is an RTSTRUCT, which needs the image that it was drawn on. Give that image as well."
            )
        data = read_bytes(file, limits.dicom_file_bytes, name)
        attributes = parse(data, name, KINDS[found], deadline, pixels=found == "SEG")
        if found == "RTSTRUCT":
            return rtstruct_mask(attributes, image.grid, label, deadline)
        return seg_mask(attributes, image.grid if image is not None else None, label, limits, deadline)


def _find(path: Path, limits: Limits, deadline: Deadline) -> tuple[Path, str, str]:
    """The one RTSTRUCT or SEG: its path, how errors call it, and its kind."""
    folder = path.is_dir()
    files = list_files(path, limits) if folder else [path]
    found = []
    for i, file in enumerate(files, 1):
        deadline.check()
        name = f"file {i} of {len(files)} in the folder (by name)" if folder else safe_name(file.name)
        data = read_bytes(file, limits.dicom_file_bytes, name)
        if data[128:132] != b"DICM":
            continue
        kind = parse(data, name, ["Modality"], deadline).text("Modality")
        if kind in KINDS:
            found.append((file, name, kind))
        elif not folder:
            raise RefusedFile(
                f"{name} is DICOM of modality {kind or 'unknown'}, not an RTSTRUCT or SEG. Give the mask."
            )
    if len(found) != 1:
        raise RefusedFile(f"the folder holds {len(found)} RTSTRUCT or SEG files. Give the one that you mean.")
    return found[0]
