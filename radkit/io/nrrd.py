"""NRRD with its voxels in the same file (attached): our own reader, bounded, from the published format.

Fail closed: a field that is not listed here, an encoding other than raw and gzip, and above all a ``data file``
field are refused by name, and nothing that the header says is ever opened.
Source: "Definition of NRRD File Format", teem.sourceforge.net/nrrd/format.html.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from radkit.io.files import Inflater, read_bytes
from radkit.io.limits import LIMITS, Deadline, Limits, check_finite, check_positive, check_shape
from radkit.io.sniff import READ_INSTEAD, identify
from radkit.io.text import safe_name
from radkit.io.units import unit_of
from radkit.volume import GeometryError, Grid, Image, RefusedFile, ShapeError, UnreadableFile

MAGIC = re.compile(r"NRRD000[1-5]\Z")
TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
DTYPE = {name: code for code, names in TYPES.items() for name in names}
SPACES = {  # the signs that turn (x, y, z) of the space into LPS
    "left-posterior-superior": (1, 1, 1), "lps": (1, 1, 1),
    "right-anterior-superior": (-1, -1, 1), "ras": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1), "las": (1, -1, 1),
}  # fmt: skip
SPATIAL_KINDS = ("domain", "space", "none", "???")
ALIASES = {"datafile": "data file", "centers": "centerings", "sampleunits": "sample units", "lineskip": "line skip",
           "byteskip": "byte skip", "axismins": "axis mins", "axismaxs": "axis maxs", "oldmin": "old min",
           "oldmax": "old max", "blocksize": "block size"}  # fmt: skip
READ = ("type", "dimension", "sizes", "endian", "encoding", "space", "space dimension", "space directions",
        "space origin", "space units", "spacings", "kinds", "units", "axis mins", "axis maxs", "line skip", "byte skip",
        "data file", "block size")  # fmt: skip
HARMLESS = ("content", "number", "min", "max", "old min", "old max", "labels", "thicknesses", "sample units",
            "measurement frame", "centerings")  # fmt: skip
VECTOR = re.compile(r"none|\(([^()]*)\)")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z|[+-]?(nan|inf)\Z", re.IGNORECASE)


def read_nrrd(path, *, modality: str = "OTHER", unit: str | None = None, limits: Limits = LIMITS) -> Image:
    """An NRRD file with attached voxels (raw or gzip) as an image; arguments and errors as in ``read_nifti``."""
    path = Path(path)
    name = safe_name(path.name)
    array, grid = parse_nrrd(read_bytes(path, limits.file_bytes, name), name, limits)
    return Image(array, grid, modality, unit or unit_of(modality))


def parse_nrrd(data: bytes, name: str, limits: Limits = LIMITS) -> tuple[np.ndarray, Grid]:
    """Voxels (z, y, x) and grid from the bytes of an attached NRRD file."""
    if identify(data, name, limits) != "nrrd":
        raise RefusedFile(f"{name} is not NRRD. Use radkit.io.read, which goes by the content.")
    lines, start = _header_lines(data, name, limits)
    fields = _fields(lines, name)
    if start is None:
        raise UnreadableFile(f"{name} ends within its NRRD header, before any voxel. Copy or export it again.")
    dtype = _dtype(fields, name)
    shape = check_shape(_sizes(fields, name), dtype.itemsize, name, limits)
    grid = _grid(fields, shape, name)
    n_bytes = math.prod(shape) * dtype.itemsize
    voxels: bytes | memoryview = memoryview(data)[start:]
    if _encoding(fields, name) == "gzip":
        voxels = Inflater(data[start:], name, Deadline(limits.seconds)).read(n_bytes + 1)
    if len(voxels) < n_bytes:
        raise UnreadableFile(
            f"{name} is truncated: {grid.shape} voxels (z, y, x) need {n_bytes} bytes, {len(voxels)} are there. "
            "Copy or download it again."
        )
    if len(voxels) > n_bytes:
        raise UnreadableFile(f"{name} has more bytes than its {grid.shape} voxels (z, y, x) need. Export it again.")
    stored = np.frombuffer(voxels, dtype=dtype).reshape(grid.shape)
    return stored.astype(dtype.newbyteorder("="), copy=False), grid


def _header_lines(data: bytes, name: str, limits: Limits) -> tuple[list[str], int | None]:
    """The header's lines, and the first byte after the empty line that ends it (None: the file ends before)."""
    head = data[: limits.header_bytes]
    end = re.search(rb"\r?\n\r?\n", head)
    if end is None and len(data) > len(head):
        raise RefusedFile(f"{name} has an NRRD header of more than {len(head)} bytes, the limit. Export it again.")
    try:
        text = head[: end.start() if end else len(head)].decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableFile(f"{name} has an NRRD header that is not text. Export it again.") from None
    lines = [line.rstrip("\r") for line in text.split("\n")]
    if not MAGIC.match(lines[0].rstrip()):
        raise RefusedFile(f"{name} is NRRD of a version that radkit does not know (1 to 5). {READ_INSTEAD}.")
    return lines[1:], end.end() if end else None


def _fields(lines: list[str], name: str) -> dict[str, str]:
    """Every ``field: value`` of the header; comments and ``key:=value`` pairs are left alone, the rest is refused."""
    fields: dict[str, str] = {}
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        key, colon, value = line.partition(":")
        if colon and value.startswith("="):
            continue  # free text of whoever wrote the file: never looked at
        key = " ".join(key.lower().split())
        key = ALIASES.get(key, key)
        if not colon or key not in READ + HARMLESS:
            raise RefusedFile(
                f"{name} has an NRRD field {safe_name(key, 40)!r} that radkit does not know. Save it anew."
            )
        if key == "data file":
            raise RefusedFile(
                f"{name} is a detached NRRD header: its voxels are in another file, which radkit never opens. "
                "Save it with the voxels attached, as .nrrd."
            )
        if key in fields:
            raise UnreadableFile(f"{name} has the NRRD field {key!r} twice. Export it again.")
        fields[key] = value.strip()
    return fields


def _need(fields: dict[str, str], key: str, name: str) -> str:
    if not fields.get(key):
        raise UnreadableFile(f"{name} has no NRRD field {key!r}. The header is damaged: export it again.")
    return fields[key]


def _dtype(fields: dict[str, str], name: str) -> np.dtype:
    kind = " ".join(_need(fields, "type", name).lower().split())
    if kind not in DTYPE:
        raise RefusedFile(
            f"{name} has voxels of type {safe_name(kind, 30)!r}; radkit reads integers and floats. Convert it."
        )
    dtype = np.dtype(DTYPE[kind])
    if dtype.itemsize == 1:
        return dtype
    endian = _need(fields, "endian", name).lower()
    if endian not in ("little", "big"):
        raise UnreadableFile(f"{name} has endian {safe_name(endian, 20)!r}; it is little or big. Export it again.")
    return dtype.newbyteorder("<" if endian == "little" else ">")


def _encoding(fields: dict[str, str], name: str) -> str:
    encoding = _need(fields, "encoding", name).lower()
    if any(fields.get(key, "0") != "0" for key in ("line skip", "byte skip")):
        raise RefusedFile(f"{name} skips lines or bytes before its voxels, which radkit does not follow. Save it anew.")
    if encoding in ("raw", "gzip", "gz"):
        return "raw" if encoding == "raw" else "gzip"
    raise RefusedFile(
        f"{name} has NRRD encoding {safe_name(encoding, 20)!r}; radkit reads raw and gzip. Save it as gzip."
    )


def _sizes(fields: dict[str, str], name: str) -> tuple[int, ...]:
    words = _need(fields, "sizes", name).split()
    if not all(re.fullmatch(r"\d{1,9}", word) for word in words):
        raise UnreadableFile(f"{name} has sizes that are not whole numbers. The header is damaged: export it again.")
    if _need(fields, "dimension", name) != str(len(words)):
        raise UnreadableFile(f"{name} has {len(words)} sizes, but says another dimension. Export it again.")
    kinds = fields.get("kinds", "").lower().split()
    strange = [kind for kind in kinds if kind not in SPATIAL_KINDS]
    if len(words) > 3 or strange:
        what = f" (kind {safe_name(strange[0], 30)!r})" if strange else ""
        raise ShapeError(
            f"{name} has {len(words)} axes, one of them not spatial{what}; a volume has three (x, y, z). "
            "Save one time point, channel or segment to a file of its own."
        )
    return tuple(int(word) for word in words)


def _grid(fields: dict[str, str], shape: tuple[int, int, int], name: str) -> Grid:
    signs = _signs(fields, name)
    if "space directions" in fields:
        columns = np.array(_vectors(fields["space directions"], 3, "space directions", name)).T
        check_finite(columns, "space direction", name)
        spacing = np.linalg.norm(columns, axis=0)
    else:
        if "spacings" not in fields:
            raise GeometryError(f"{name} has no voxel spacing. Save it with space directions, in mm.")
        spacing = np.array(_numbers(fields["spacings"], 3, "spacings", name))
        columns = np.diag(spacing)
    check_positive(spacing, "a spacing of", name)
    origin = np.zeros(3)
    if "space origin" in fields:
        origin = np.array(_vectors(fields["space origin"], 1, "space origin", name)[0])
        check_finite(origin, "space origin", name)
    direction = np.diag(signs) @ (columns / spacing)
    if not np.allclose(direction.T @ direction, np.eye(3), atol=1e-3):
        raise GeometryError(
            f"{name} has a sheared grid (its space directions are not at right angles). "
            "Resample it onto a regular grid first."
        )
    return Grid(
        shape=shape[::-1],
        spacing_mm=tuple(spacing[::-1]),
        origin_mm=tuple((origin * signs)[::-1] + 0.0),
        direction=direction[::-1, ::-1] + 0.0,
    )


def _signs(fields: dict[str, str], name: str) -> np.ndarray:
    """Signs from the file's space to LPS; refuses a space, a unit or an offset that would be guessed."""
    units = fields.get("space units", "") + fields.get("units", "")
    if set(re.findall(r'"([^"]*)"', units)) - {"mm", "millimeter", "", "???"}:
        raise GeometryError(f"{name} has a unit of length other than mm. Save it in millimeters.")
    for key in ("axis mins", "axis maxs"):
        if set(fields.get(key, "nan").lower().split()) != {"nan"}:
            raise GeometryError(f"{name} places its voxels by {key!r}, which radkit does not read. Use space origin.")
    space = fields.get("space", "").lower()
    if space in SPACES:
        return np.array(SPACES[space], dtype=float)
    if space:
        raise GeometryError(
            f"{name} has the space {safe_name(space, 40)!r}; radkit reads left-posterior-superior, "
            "right-anterior-superior and left-anterior-superior. Save it in one of these."
        )
    if "space directions" in fields or "space origin" in fields:
        raise GeometryError(
            f"{name} has directions without a named space, so left and right are unknown. "
            "Save it with space: left-posterior-superior."
        )
    return np.ones(3)


def _numbers(text: str, n: int, what: str, name: str) -> list[float]:
    words = text.replace(",", " ").split()
    if len(words) != n or not all(NUMBER.match(word) for word in words):
        raise UnreadableFile(f"{name} has {what} that are not {n} numbers. The header is damaged: export it again.")
    return [float(word) for word in words]


def _vectors(text: str, n: int, what: str, name: str) -> list[list[float]]:
    found = list(VECTOR.finditer(text.lower()))
    if VECTOR.sub("", text.lower()).strip() or len(found) != n:
        raise UnreadableFile(f"{name} has {what} that are not {n} vectors (x,y,z). Export it again.")
    if any(match[0] == "none" for match in found):
        raise ShapeError(f"{name} has an axis that is not spatial (none in {what}). Save one channel to its own file.")
    return [_numbers(match[1], 3, what, name) for match in found]
