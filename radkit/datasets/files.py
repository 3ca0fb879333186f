"""Reading and writing the files of data sets: all through radkit.io, in the units that the sets have."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from radkit import io
from radkit.datasets.places import seal_of
from radkit.datasets.registry import CaseFiles
from radkit.io import write_bytes, write_text
from radkit.io.writers import START, nifti_header
from radkit.volume import Grid, Image, Mask

if TYPE_CHECKING:
    from radkit.datasets.derive import Stored


def read_image(path: Path, modality: str, unit: str) -> Image:
    """An image of known modality and unit."""
    return io.read_nifti(path, modality=modality, unit=unit)


def read_mask(path: Path, name: str = "tumor") -> Mask:
    """A mask, named."""
    return replace(io.read_mask(path), name=name)


def write_sealed(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, then its SHA-256 beside it, which makes it count."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, content)
    write_text(seal_of(path), hashlib.sha256(content).hexdigest() + "\n")


def write_stored(folder: Path, files: CaseFiles, stored: Stored) -> None:
    """Image (int16 with its slope) and mask (uint8) of one case as sealed, gzipped NIfTI-1 files."""
    write_sealed(folder / files.mask, packed_nifti(stored.mask.array.astype(np.uint8), stored.grid))
    write_sealed(folder / files.image, packed_nifti(stored.counts, stored.grid, stored.slope))


def packed_nifti(array: np.ndarray, grid: Grid, slope: float = 1.0) -> bytes:
    """Integers (z, y, x) as .nii.gz whose intensity is ``slope`` times the integer; the same bytes every time."""
    array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    header = nifti_header(grid, array.dtype)
    header["scl_slope"] = slope
    data = header.tobytes() + bytes(START - header.nbytes) + array.tobytes()
    return gzip.compress(data, compresslevel=6, mtime=0)
