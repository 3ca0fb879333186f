"""Which format a file has, by its content alone; every format that radkit does not read is refused by its name."""

from __future__ import annotations

import re
import struct
from typing import Literal

from radkit.io.files import Inflater
from radkit.io.limits import LIMITS, Deadline, Limits
from radkit.volume import RefusedFile, UnreadableFile

Format = Literal["nifti", "nifti.gz", "nrrd", "dicom"]
READ_INSTEAD = "Give NIfTI-1 (.nii, .nii.gz), an attached NRRD, or a DICOM folder"
HEAD = 4096

REFUSED = (  # (first bytes, name)
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"# vtk DataFile", "a VTK file"),
    (b"<VTKFile", "a VTK file"),
    (b"<?xml", "an XML file"),
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "a zip archive"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"II+\0", "a BigTIFF picture"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"%PDF", "a PDF document"),
    (b"CDF\x01", "a NetCDF or MINC file"),
    (b"CDF\x02", "a NetCDF or MINC file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x80\x02", "a Python pickle"),
    (b"\x80\x03", "a Python pickle"),
    (b"\x80\x04", "a Python pickle"),
    (b"\x80\x05", "a Python pickle"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\0", "an xz file"),
    (b"7z\xbc\xaf", "a 7-zip archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"version https://git-lfs", "a Git LFS pointer without its file"),
)
META_IMAGE = re.compile(
    rb"^\s*(ObjectType|NDims|ElementDataFile|ElementType|DimSize|Comment)\s*=", re.IGNORECASE | re.MULTILINE
)


def identify(data: bytes, name: str, limits: Limits = LIMITS) -> Format:
    """The format of a file from its first bytes; anything outside the four that radkit reads is refused by name.

    Raises
    ------
    RefusedFile : a known format that radkit does not read, or an unknown one.
    UnreadableFile : a damaged gzip stream.
    """
    if data[:2] == b"\x1f\x8b":
        head = bytes(Inflater(data, name, Deadline(limits.seconds)).read(HEAD))
        if _kind(head, name) == "nifti":
            return "nifti.gz"
        raise RefusedFile(f"{name} is a gzip file that holds {_describe(head)}. {READ_INSTEAD}.")
    kind = _kind(data[:HEAD], name)
    if kind:
        return kind
    raise RefusedFile(f"{name} is {_describe(data[:HEAD], data)}. {READ_INSTEAD}.")


def _kind(head: bytes, name: str) -> Format | None:
    if head[:7] == b"NRRD000":
        return "nrrd"
    if head[128:132] == b"DICM":
        return "dicom"
    if len(head) >= 4 and 348 in struct.unpack("<i", head[:4]) + struct.unpack(">i", head[:4]):
        if len(head) < 348:
            raise UnreadableFile(f"{name} ends after {len(head)} bytes, in its NIfTI header of 348. Copy it again.")
        return "nifti"
    return None


def _describe(head: bytes, data: bytes = b"") -> str:
    """A format by its name, with its article."""
    for magic, name in REFUSED:
        if head.startswith(magic):
            return name
    if any(data[at : at + 8] == REFUSED[0][0] for at in (512, 1024, 2048)):
        return REFUSED[0][1]
    if head[257:262] == b"ustar":
        return "a tar archive"
    if len(head) >= 4 and 540 in struct.unpack("<i", head[:4]) + struct.unpack(">i", head[:4]):
        return "a NIfTI-2 file"
    if head[:4] == b"NRRD":
        return "an NRRD file of an unknown version"
    if META_IMAGE.search(head):
        return "a MetaImage file (.mha, .mhd)"
    if head and all(32 <= byte < 127 or byte in b"\t\r\n\f" for byte in head):
        return "plain text, not an image"
    return "of a format that radkit does not know" if head else "empty"
