"""Images and masks to NIfTI-1 and NRRD: voxels and geometry, and nothing about the patient."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Protocol

import numpy as np

from radkit.io.atomic import write_bytes
from radkit.io.nifti import DTYPES, HEADER, RAS_TO_LPS
from radkit.io.nrrd import TYPES
from radkit.io.text import safe_name
from radkit.volume import Grid, Mask, SettingError

NIFTI_CODE = {np.dtype(kind): code for code, kind in DTYPES.items()}
NRRD_TYPE = {np.dtype(code): names[-1] for code, names in TYPES.items()}
START = 352  # the first voxel of a .nii file: header and four bytes that say "no extension"
SCANNER = 1  # sform and qform code: coordinates of the scanner


class Volume(Protocol):
    """What can be written: an Image, a Mask, or a map of a feature, which may hold NaN."""

    @property
    def array(self) -> np.ndarray:
        """Voxels (z, y, x)."""

    @property
    def grid(self) -> Grid:
        """Where they lie."""


def write_nifti(path, volume: Volume) -> None:
    """An image or a mask as NIfTI-1, atomically: ``.nii``, or ``.nii.gz`` compressed.

    Geometry is stored as float32, as the format has it. No name, date, description or time is written, so that
    the same volume always gives the same bytes. A mask becomes 0 and 1.

    Raises
    ------
    SettingError : an extension other than .nii and .nii.gz, or voxels that NIfTI-1 cannot store.
    """
    path = Path(path)
    packed = _is_packed(path, (".nii",), (".nii.gz",))
    array = _storable(volume, NIFTI_CODE)
    data = nifti_header(volume.grid, array.dtype).tobytes() + bytes(START - HEADER.itemsize) + array.tobytes()
    write_bytes(path, gzip.compress(data, compresslevel=6, mtime=0) if packed else data)


def nifti_header(grid: Grid, dtype: np.dtype) -> np.ndarray:
    """The 348 bytes that place an array of ``dtype`` on ``grid``: sform and qform, RAS, mm."""
    header = np.zeros(1, HEADER.newbyteorder("<"))
    spacing = np.array(grid.spacing_mm[::-1])
    rotation = RAS_TO_LPS @ np.asarray(grid.direction)[::-1, ::-1]
    offset = RAS_TO_LPS @ np.array(grid.origin_mm[::-1])
    flip = 1.0 if np.linalg.det(rotation) > 0 else -1.0
    header["sizeof_hdr"] = HEADER.itemsize
    header["dim"][0] = [3, *grid.shape[::-1], 1, 1, 1, 1]
    header["pixdim"][0] = [flip, *spacing, 0, 0, 0, 0]
    header["datatype"], header["bitpix"] = NIFTI_CODE[dtype.newbyteorder("=")], dtype.itemsize * 8
    header["vox_offset"], header["scl_slope"], header["xyzt_units"] = START, 1, 2
    header["qform_code"] = header["sform_code"] = SCANNER
    header["quatern"][0] = quaternion(rotation * [1.0, 1.0, flip])
    header["qoffset"][0] = offset + 0.0
    header["srow"][0] = np.column_stack([rotation * spacing, offset]) + 0.0
    header["magic"] = np.void(b"n+1\0")
    return header


def quaternion(rotation: np.ndarray) -> np.ndarray:
    """(b, c, d) of the unit quaternion (a, b, c, d), a >= 0, of a right-handed rotation matrix (3, 3).

    The eigenvector of the largest eigenvalue of Bar-Itzhack's matrix, which has no special cases.
    """
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = rotation
    k = np.array(
        [
            [xx + yy + zz, 0, 0, 0],
            [zy - yz, xx - yy - zz, 0, 0],
            [xz - zx, yx + xy, yy - xx - zz, 0],
            [yx - xy, zx + xz, zy + yz, zz - xx - yy],
        ]
    )
    q = np.linalg.eigh(k)[1][:, -1]  # eigh reads the lower triangle
    q = q if q[0] >= 0 else -q
    return np.where(np.abs(q[1:]) < 1e-12, 0.0, q[1:])


def write_nrrd(path, volume: Volume) -> None:
    """An image or a mask as NRRD with attached voxels, gzip, atomically; geometry is stored to the last digit.

    Raises
    ------
    SettingError : an extension other than .nrrd, or voxels that NRRD cannot store.
    """
    path = Path(path)
    _is_packed(path, (), (".nrrd",))
    array = _storable(volume, NRRD_TYPE)
    grid = volume.grid
    columns = (np.asarray(grid.direction) * grid.spacing_mm)[::-1, ::-1] + 0.0
    lines = [
        "NRRD0004",
        f"type: {NRRD_TYPE[array.dtype.newbyteorder('=')]}",
        "dimension: 3",
        "space: left-posterior-superior",
        f"sizes: {' '.join(str(n) for n in grid.shape[::-1])}",
        f"space directions: {' '.join(_vector(column) for column in columns.T)}",
        "kinds: domain domain domain",
        "endian: little",
        "encoding: gzip",
        f"space origin: {_vector(np.array(grid.origin_mm[::-1]) + 0.0)}",
    ]
    head = "\n".join(lines) + "\n\n"
    write_bytes(path, head.encode("ascii") + gzip.compress(array.tobytes(), compresslevel=6, mtime=0))


def _vector(values) -> str:
    return "(" + ",".join(repr(float(v)) for v in values) + ")"


def _is_packed(path: Path, plain: tuple[str, ...], packed: tuple[str, ...]) -> bool:
    name = path.name.lower()
    if name.endswith(packed):
        return True
    if plain and name.endswith(plain):
        return False
    raise SettingError(
        f"the output is called {safe_name(path.name)!r}; its name must end in {' or '.join(plain + packed)}."
    )


def _storable(volume: Volume, types: dict) -> np.ndarray:
    array = volume.array.astype(np.uint8) if isinstance(volume, Mask) else volume.array
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    if array.dtype.newbyteorder("=") not in types:
        raise SettingError(f"voxels of type {array.dtype} cannot be stored. Convert them to float32 or int16.")
    return array
