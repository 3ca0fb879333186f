"""The stored values of one uncompressed DICOM image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from radkit.io.dicom_file import Attributes
from radkit.volume import RefusedFile, UnreadableFile

PIXEL_TAGS = (
    "SamplesPerPixel", "PhotometricInterpretation", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit",
    "PixelRepresentation",
)  # fmt: skip
GRAY = ("MONOCHROME1", "MONOCHROME2")
PIXEL_DATA = 0x7FE00010


@dataclass(frozen=True, kw_only=True)
class Pixels:
    """How the values of one image are stored: (rows, columns), bits and sign."""

    rows: int
    columns: int
    bits: int  # allocated
    stored: int  # bits of these that carry the value
    signed: bool

    @property
    def dtype(self) -> np.dtype:
        """The type in memory."""
        return np.dtype(f"{'i' if self.signed else 'u'}{self.bits // 8}")


def pixels_of(attributes: Attributes) -> Pixels:
    """The checked pixel format of an image; color, odd bit depths and floats are refused."""
    name = attributes.name
    gray = attributes.text("PhotometricInterpretation") in GRAY
    if attributes.integer("SamplesPerPixel", 1) != 1 or not gray:
        raise RefusedFile(f"{name} is a color image, not a gray one. Choose the original image series.")
    rows, columns, bits = (attributes.integer(key) for key in ("Rows", "Columns", "BitsAllocated"))
    stored = attributes.integer("BitsStored", bits)
    signed = attributes.integer("PixelRepresentation", 0)
    if bits not in (8, 16, 32) or not 1 <= stored <= bits or signed not in (0, 1):
        raise RefusedFile(
            f"{name} stores {stored} of {bits} bits a pixel; radkit reads 8, 16 and 32 bits. Export it anew."
        )
    if attributes.integer("HighBit", stored - 1) != stored - 1:
        raise RefusedFile(f"{name} stores its values in the upper bits, which radkit does not read. Export it anew.")
    if rows < 1 or columns < 1:
        raise UnreadableFile(f"{name} has {rows} rows and {columns} columns. Export it again.")
    if bits == 8 and not attributes.little_endian:
        raise RefusedFile(f"{name} has 8-bit pixels in big-endian order. Convert it to Explicit VR Little Endian.")
    return Pixels(rows=rows, columns=columns, bits=bits, stored=stored, signed=bool(signed))


def decode(attributes: Attributes, pixels: Pixels) -> np.ndarray:
    """Stored values (rows, columns) of an uncompressed image; bits above the stored ones are cleared."""
    data = attributes.raw(PIXEL_DATA)
    need = pixels.rows * pixels.columns * pixels.bits // 8
    if data is None or len(data) not in (need, need + need % 2):
        found = "no" if data is None else len(data)
        raise UnreadableFile(
            f"{attributes.name} is truncated or damaged: {pixels.rows} x {pixels.columns} pixels need {need} bytes, "
            f"{found} are there. Export it again."
        )
    order = "<" if attributes.little_endian else ">"
    values = np.frombuffer(data, pixels.dtype.newbyteorder(order), pixels.rows * pixels.columns)
    values = values.astype(pixels.dtype).reshape(pixels.rows, pixels.columns)
    spare = pixels.bits - pixels.stored
    return (values << spare) >> spare if spare else values  # >> of a signed value keeps its sign
