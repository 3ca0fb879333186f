"""One DICOM file, bounded: which transfer syntax it has is read by our own code before pydicom sees a byte.

pydicom inflates a deflated file whole, however large it becomes, and decodes what is compressed; so both are
refused here by name, and pydicom only ever parses an uncompressed dataset that lies in memory.
"""

from __future__ import annotations

import io
import logging
import math
import struct
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import Tag
from pydicom.uid import UID_dictionary

from radkit.io.files import read_bytes
from radkit.io.limits import Deadline, Limits
from radkit.io.text import safe_name
from radkit.volume import MissingTag, RadkitError, RefusedFile, UnreadableFile

SYNTAXES = {  # (implicit VR, little endian)
    "1.2.840.10008.1.2": (True, True),
    "1.2.840.10008.1.2.1": (False, True),
    "1.2.840.10008.1.2.2": (False, False),
}
DEFLATED = ("1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.8.1")
LONG_LENGTH = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
PIXEL_GROUP = 0x7FE0
META_BYTES = 64_000  # the file meta information takes some hundreds

_one_at_a_time = threading.Lock()


class Attributes:
    """The attributes of one dataset, each fetched with a check; a damaged value is an error that names its keyword."""

    def __init__(self, dataset: Dataset, name: str, little_endian: bool = True):
        self._dataset = dataset
        self.name = name  # how errors call the file
        self.little_endian = little_endian

    def _get(self, keyword: str):
        try:
            value = self._dataset.get(keyword)
            return None if value is None or value == "" else value
        except RadkitError:
            raise
        except Exception:  # pydicom raises many kinds on damaged values, and its messages quote them
            raise self._damaged(keyword) from None

    def _damaged(self, keyword: str) -> UnreadableFile:
        return UnreadableFile(
            f"{self.name} has a damaged value in {keyword}. Export it from the scanner or PACS again."
        )

    def text(self, keyword: str) -> str:
        """A text, "" where it is absent; safe to show."""
        value = self._get(keyword)
        return "" if value is None else safe_name(value)

    def texts(self, keyword: str) -> tuple[str, ...]:
        """Each of several texts."""
        value = self._get(keyword)
        values = () if value is None else (value,) if isinstance(value, str) else tuple(value)
        return tuple(safe_name(v) for v in values)

    def number(self, keyword: str) -> float | None:
        """A finite number, None where it is absent."""
        values = self.numbers(keyword, 1)
        return values[0] if values else None

    def numbers(self, keyword: str, n: int) -> tuple[float, ...] | None:
        """``n`` finite numbers, None where they are absent."""
        value = self._get(keyword)
        if value is None:
            return None
        try:
            values = (value,) if n == 1 and not hasattr(value, "__len__") else tuple(value)
            values = tuple(float(v) for v in values)
        except (TypeError, ValueError):
            raise self._damaged(keyword) from None
        if len(values) != n or not all(math.isfinite(v) for v in values):
            raise self._damaged(keyword)
        return values

    def integer(self, keyword: str, default: int | None = None) -> int:
        """A whole number; MissingTag where it is absent and has no default."""
        value = self.number(keyword)
        if value is None:
            if default is None:
                raise self.missing(keyword)
            return default
        if value != int(value):
            raise self._damaged(keyword)
        return int(value)

    def need(self, keyword: str, n: int) -> tuple[float, ...]:
        """``n`` numbers; MissingTag where they are absent."""
        values = self.numbers(keyword, n)
        if values is None:
            raise self.missing(keyword)
        return values

    def missing(self, keyword: str) -> MissingTag:
        """The error for an absent attribute."""
        return MissingTag(f"{self.name} has no {keyword}, which radkit needs. Export it with all its attributes.")

    def items(self, keyword: str) -> list[Attributes]:
        """The items of a sequence, [] where it is absent."""
        value = self._get(keyword)
        if value is None:
            return []
        try:
            return [Attributes(item, self.name, self.little_endian) for item in value if isinstance(item, Dataset)]
        except Exception:
            raise self._damaged(keyword) from None

    def raw(self, tag: int) -> bytes | None:
        """The bytes of an attribute as they are in the file, None where it is absent."""
        try:
            value = self._dataset.get_item(tag)
            value = None if value is None else value.value
        except Exception:
            raise self._damaged(f"({tag >> 16:04X},{tag & 0xFFFF:04X})") from None
        return value if isinstance(value, bytes) else None

    def private(self, group: int, element: int, creator: str) -> str:
        """A private attribute of the block 10 of ``group``, "" unless it belongs to ``creator``."""
        owner = (self.raw((group << 16) | 0x0010) or b"").decode("ascii", "replace").strip(" \0")
        value = self.raw((group << 16) | 0x1000 | element) if owner == creator else None
        return safe_name((value or b"").decode("ascii", "replace").strip(" \0"))


def read_attributes(path: Path, name: str, tags: Iterable, limits: Limits, deadline: Deadline) -> Attributes | None:
    """The attributes ``tags`` of the DICOM file at ``path``, without its pixels; None if it is not DICOM."""
    data = read_bytes(path, limits.dicom_file_bytes, name)
    if data[128:132] != b"DICM":
        return None
    return parse(data, name, tags, deadline)


def parse(data: bytes, name: str, tags: Iterable, deadline: Deadline, *, pixels: bool = False) -> Attributes:
    """The attributes ``tags`` of the bytes of a DICOM file; the pixels only where they are asked for."""
    syntax, start = transfer_syntax(data, name)
    implicit, little = _allowed(syntax, name)
    stream = _Watched(data, deadline)
    stream.seek(start)
    stop = None if pixels else (lambda tag, vr, length: tag.group >= PIXEL_GROUP)
    try:
        dataset = read_dataset(stream, implicit, little, stop_when=stop, specific_tags=[Tag(t) for t in tags])
    except RadkitError:
        raise
    except Exception:  # pydicom raises many kinds on damaged files, and its messages quote them
        raise UnreadableFile(
            f"{name} is damaged or truncated DICOM. Export it from the scanner or PACS again."
        ) from None
    return Attributes(dataset, name, little)


def transfer_syntax(data: bytes, name: str) -> tuple[str, int]:
    """Transfer Syntax UID of the file meta information (group 0002), and where the dataset after it begins."""
    at, found = 132, None
    while at + 8 <= len(data) and data[at : at + 2] == b"\2\0":
        vr, short = data[at + 4 : at + 6], struct.unpack_from("<H", data, at + 6)[0]
        element = struct.unpack_from("<H", data, at + 2)[0]
        length, at = short, at + 8
        if vr in LONG_LENGTH:
            if at + 4 > len(data):
                break
            length, at = struct.unpack_from("<I", data, at)[0], at + 4
        if at + length > min(len(data), META_BYTES):
            raise UnreadableFile(f"{name} is truncated or damaged in its DICOM file meta information. Export it again.")
        if element == 0x0010:
            if found is not None:
                raise UnreadableFile(f"{name} has two transfer syntaxes. Export it again.")
            found = data[at : at + length].decode("ascii", "replace").strip(" \0")
        at += length
    if not found:
        raise UnreadableFile(f"{name} is DICOM without a transfer syntax. Export it as Explicit VR Little Endian.")
    return found, at


def _allowed(syntax: str, name: str) -> tuple[bool, bool]:
    if syntax in SYNTAXES:
        return SYNTAXES[syntax]
    if syntax in DEFLATED:
        raise RefusedFile(
            f"{name} is deflated DICOM ({safe_name(syntax)}), which radkit does not inflate. "
            "Convert it to Explicit VR Little Endian, for example with dcmconv +te."
        )
    known = UID_dictionary.get(syntax, ("an unknown transfer syntax",))[0]
    raise RefusedFile(
        f"{name} holds compressed or unknown pixels ({safe_name(known)}); radkit reads uncompressed DICOM. "
        "Convert it, for example with gdcmconv --raw or dcmdjpeg."
    )


class _Watched(io.BytesIO):
    """A file in memory that stops its reader when the time is up."""

    def __init__(self, data: bytes, deadline: Deadline):
        super().__init__(data)
        self._deadline = deadline

    def read(self, *size):
        self._deadline.check()
        return super().read(*size)


@contextmanager
def quiet() -> Iterator[None]:
    """pydicom without its warnings and logs, which quote values of the file; one reader at a time."""
    logger = logging.getLogger("pydicom")
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before, logger.disabled = logger.disabled, True
        try:
            yield
        finally:
            logger.disabled = before
