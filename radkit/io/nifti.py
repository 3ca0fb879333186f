"""NIfTI-1 in one file (.nii, gzip or not): our own reader, bounded, from the published header layout.

The only place where NIfTI's RAS signs and (x, y, z) order become radkit's LPS signs and (z, y, x).
Source: Cox et al., "A (sort of) new image data format standard: NIfTI-1", and the nifti1.h header.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from radkit.io.files import Inflater, read_bytes
from radkit.io.limits import LIMITS, Deadline, Limits, check_finite, check_positive, check_shape, scale
from radkit.io.sniff import READ_INSTEAD, identify
from radkit.io.text import safe_name
from radkit.io.units import unit_of
from radkit.volume import GeometryError, Grid, Image, RefusedFile, ShapeError, UnreadableFile

HEADER = np.dtype(
    [
        ("sizeof_hdr", "i4"), ("unused_1", "V36"), ("dim", "i2", 8), ("intent_p", "f4", 3), ("intent_code", "i2"),
        ("datatype", "i2"), ("bitpix", "i2"), ("slice_start", "i2"), ("pixdim", "f4", 8), ("vox_offset", "f4"),
        ("scl_slope", "f4"), ("scl_inter", "f4"), ("slice_end", "i2"), ("slice_code", "u1"), ("xyzt_units", "u1"),
        ("cal_max", "f4"), ("cal_min", "f4"), ("slice_duration", "f4"), ("toffset", "f4"), ("unused_2", "V8"),
        ("descrip", "S80"), ("aux_file", "S24"), ("qform_code", "i2"), ("sform_code", "i2"), ("quatern", "f4", 3),
        ("qoffset", "f4", 3), ("srow", "f4", (3, 4)), ("intent_name", "S16"), ("magic", "V4"),
    ]
)  # fmt: skip
DTYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
OTHER_TYPES = {
    1: "1-bit", 32: "complex", 128: "RGB color", 1536: "128-bit float", 1792: "complex", 2048: "complex",
    2304: "RGBA color",
}  # fmt: skip
UNIT_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}  # unknown (taken as mm), meter, millimeter, micrometer
RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0])


@dataclass(frozen=True, kw_only=True)
class Header:
    """What radkit keeps of a NIfTI-1 header: where the voxels are in the file and in the patient."""

    dtype: np.dtype
    shape: tuple[int, int, int]  # (z, y, x)
    start: int
    slope: float
    intercept: float
    grid: Grid

    @property
    def n_bytes(self) -> int:
        """Bytes of the voxels in the file."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_nifti(path, *, modality: str = "OTHER", unit: str | None = None, limits: Limits = LIMITS) -> Image:
    """A NIfTI-1 file (.nii or gzip) as an image.

    Parameters
    ----------
    path : the file; its extension does not matter.
    modality : "CT", "PET", "MR" or "OTHER"; NIfTI does not carry it.
    unit : the unit of the intensities; by default that of the modality (HU, SUV, a.u., 1).
    limits : what the file may cost.

    Raises
    ------
    RefusedFile, UnreadableFile, GeometryError, ShapeError, NotFinite : one sentence each.
    """
    path = Path(path)
    name = safe_name(path.name)
    array, grid = parse_nifti(read_bytes(path, limits.file_bytes, name), name, limits)
    return Image(array, grid, modality, unit or unit_of(modality))


def parse_nifti(data: bytes, name: str, limits: Limits = LIMITS) -> tuple[np.ndarray, Grid]:
    """Voxels (z, y, x) and grid from the bytes of a NIfTI-1 file, gzip or not.

    Integers stay integers where the scaling is the identity; otherwise ``scl_slope * stored + scl_inter``.
    Header numbers are stored as float32 and read as the shortest decimal that is stored the same (0.001, not
    0.0010000000474974513), which is the number that was meant.
    """
    kind = identify(data, name, limits)
    if kind == "nifti":
        header = parse_header(data[: HEADER.itemsize], name, limits)
        voxels = memoryview(data)[header.start :]
    elif kind == "nifti.gz":
        stream = Inflater(data, name, Deadline(limits.seconds))
        header = parse_header(bytes(stream.read(HEADER.itemsize)), name, limits)
        stream.read(header.start - HEADER.itemsize)  # header extensions: never looked at
        voxels = stream.read(header.n_bytes + 1)
    else:
        raise RefusedFile(f"{name} is {kind.upper()}, not NIfTI-1. Use radkit.io.read, which goes by the content.")
    if len(voxels) != header.n_bytes:
        raise UnreadableFile(_wrong_length(name, header, len(voxels)))
    stored = np.frombuffer(voxels, dtype=header.dtype).reshape(header.shape)
    stored = stored.astype(header.dtype.newbyteorder("="), copy=False)
    return scale(stored, header.slope, header.intercept, limits), header.grid


def parse_header(head: bytes, name: str, limits: Limits = LIMITS) -> Header:
    """The checked header; every number is tested before anything is allocated."""
    if len(head) < HEADER.itemsize:
        raise UnreadableFile(f"{name} ends after {len(head)} bytes, in its NIfTI header of 348. Copy it again.")
    raw = np.frombuffer(head, HEADER, count=1)[0]
    if raw["sizeof_hdr"] != HEADER.itemsize:
        raw = np.frombuffer(head, HEADER.newbyteorder(), count=1)[0]
    _check_magic(bytes(raw["magic"]), name)
    if not 1 <= raw["dim"][0] <= 7:
        raise UnreadableFile(f"{name} says it has {raw['dim'][0]} axes; NIfTI-1 has 1 to 7. The header is damaged.")
    dtype = _dtype(raw, name)
    slope, intercept = _scaling(raw, name)
    itemsize = dtype.itemsize if (slope, intercept) == (1, 0) else max(dtype.itemsize, 4)
    shape = check_shape(_spatial_shape(raw["dim"], name), itemsize, name, limits)
    start = decimal(raw["vox_offset"])
    if not (start == int(start) if math.isfinite(start) else False) or not 348 <= start <= limits.header_bytes:
        raise UnreadableFile(
            f"{name} says its voxels start at byte {start:g}; a .nii file has them at 352 or a little later. "
            "The header is damaged: export the file again."
        )
    grid = _grid(raw, shape, name)
    return Header(dtype=dtype, shape=grid.shape, start=int(start), slope=slope, intercept=intercept, grid=grid)


def decimal(value) -> float:
    """A float32 header number as the shortest decimal that is stored the same."""
    return float(str(np.float32(value)))


def _check_magic(magic: bytes, name: str) -> None:
    if magic == b"n+1\0":
        return
    if magic == b"ni1\0":
        raise RefusedFile(
            f"{name} is a NIfTI header whose voxels lie in a second file (.hdr and .img). {READ_INSTEAD} in one file."
        )
    raise RefusedFile(f"{name} is an Analyze 7.5 file or a damaged NIfTI header (no 'n+1' in it). {READ_INSTEAD}.")


def _dtype(raw, name: str) -> np.dtype:
    code = int(raw["datatype"])
    if code not in DTYPES:
        what = OTHER_TYPES.get(code, f"unknown (code {code})")
        raise RefusedFile(f"{name} has {what} voxels; radkit reads integers and floats of 8 to 64 bits. Convert it.")
    order = raw.dtype["sizeof_hdr"].byteorder
    dtype = np.dtype(DTYPES[code]).newbyteorder(order)
    if raw["bitpix"] != dtype.itemsize * 8:
        raise UnreadableFile(
            f"{name} says {raw['bitpix']} bits a voxel, its type has {dtype.itemsize * 8}. "
            "The header is damaged: export the file again."
        )
    return dtype


def _scaling(raw, name: str) -> tuple[float, float]:
    slope, intercept = decimal(raw["scl_slope"]), decimal(raw["scl_inter"])
    if slope == 0:
        return 1.0, 0.0  # the standard's way to say: not scaled
    if not (math.isfinite(slope) and math.isfinite(intercept)):
        raise UnreadableFile(f"{name} has a scaling (scl_slope, scl_inter) that is not finite. Export it again.")
    return slope, intercept


def _spatial_shape(dim, name: str) -> tuple[int, ...]:
    """(x, y, z), with trailing axes of one dropped."""
    n_axes = int(dim[0])
    sizes = [int(n) for n in dim[1 : n_axes + 1]]
    if n_axes < 3:
        raise ShapeError(
            f"{name} has {n_axes} axes {tuple(sizes)}; a volume has three (x, y, z). Save it as one slice."
        )
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes.pop()
    return tuple(sizes)


def _grid(raw, shape: tuple[int, int, int], name: str) -> Grid:
    if int(raw["xyzt_units"]) & 7 not in UNIT_MM:
        raise UnreadableFile(f"{name} has an unknown unit of length. Export it again with millimeters.")
    to_mm = UNIT_MM[int(raw["xyzt_units"]) & 7]
    pixdim = [decimal(v) * to_mm for v in raw["pixdim"][1:4]]
    check_positive(pixdim, "a voxel size (pixdim) of", name)
    if raw["sform_code"] > 0:
        affine = np.array([[decimal(v) for v in row] for row in raw["srow"]]) * to_mm
        check_finite(affine, "position matrix (sform)", name)
        columns, offset = affine[:, :3], affine[:, 3]
    elif raw["qform_code"] > 0:
        offset = np.array([decimal(v) for v in raw["qoffset"]]) * to_mm
        check_finite(offset, "position (qoffset)", name)
        columns = _rotation(raw, name) * pixdim
    else:
        columns, offset = np.diag(pixdim), np.zeros(3)  # no place in the patient; axes as RAS, by the standard
    spacing = np.linalg.norm(columns, axis=0)
    check_positive(spacing, "a voxel size (sform) of", name)
    spacing = np.where(np.isclose(spacing, pixdim, rtol=1e-5, atol=0), pixdim, spacing)
    direction = RAS_TO_LPS @ (columns / spacing)
    if not np.allclose(direction.T @ direction, np.eye(3), atol=1e-3):
        raise GeometryError(
            f"{name} has a sheared grid (the axes of its sform are not at right angles). "
            "Resample it onto a regular grid first."
        )
    return Grid(
        shape=shape[::-1],
        spacing_mm=tuple(spacing[::-1]),
        origin_mm=tuple((RAS_TO_LPS @ offset)[::-1] + 0.0),  # + 0.0: no minus zero
        direction=direction[::-1, ::-1] + 0.0,
    )


def _rotation(raw, name: str) -> np.ndarray:
    """The rotation of the qform, columns for i, j, k in RAS."""
    b, c, d = (float(v) for v in raw["quatern"])
    length = b * b + c * c + d * d
    flip = float(raw["pixdim"][0]) or 1.0
    if not length <= 1 + 1e-4 or flip not in (1.0, -1.0):
        raise GeometryError(f"{name} has a qform that is no rotation. Correct the header and save it again.")
    a = math.sqrt(max(0.0, 1 - length))
    b, c, d = (v / max(1.0, math.sqrt(length)) for v in (b, c, d))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b],
        ]
    )
    return rotation * [1.0, 1.0, flip]


def _wrong_length(name: str, header: Header, found: int) -> str:
    if found < header.n_bytes:
        return (
            f"{name} is truncated: {header.shape} voxels (z, y, x) need {header.n_bytes} bytes, {found} are there. "
            "Copy or download it again."
        )
    return f"{name} has more bytes than its {header.shape} voxels (z, y, x) need. The file is damaged: export it again."
