"""The absolute limits of every reader, and the checks of header numbers that come before any allocation."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from radkit.volume import GeometryError, RefusedFile, ShapeError

MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a file may cost; absolute numbers, because a blank mask compresses 1000:1 and is still a good file."""

    file_bytes: int = 300_000_000  # one file on disk
    axis: int = 2048  # voxels along one axis
    decoded_bytes: int = 512 * MIB  # the array in memory
    header_bytes: int = MIB  # a text header (NRRD), or whatever stands before the voxels of a NIfTI
    dicom_files: int = 2000  # files of one folder
    dicom_file_bytes: int = 64_000_000  # one DICOM file
    seconds: float = 30.0  # the whole read


LIMITS = Limits()


class Deadline:
    """A clock that refuses to go on after ``seconds``."""

    def __init__(self, seconds: float):
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        """Raise RefusedFile once the time is up."""
        if time.monotonic() > self._end:
            raise RefusedFile(
                f"reading took longer than {self.seconds:g} s, the limit. Read a smaller file, or a faster disk."
            )


def check_shape(shape: tuple[int, ...], itemsize: int, name: str, limits: Limits) -> tuple[int, int, int]:
    """Three axes of 1 ... ``limits.axis`` voxels and at most ``limits.decoded_bytes``, before anything is allocated."""
    if len(shape) != 3:
        raise ShapeError(
            f"{name} has {len(shape)} axes {tuple(shape)[:8]} (x, y, z, ...); a volume has three. "
            "Save one time point or one channel to a file of its own."
        )
    if any(n < 1 for n in shape):
        raise ShapeError(
            f"{name} says its shape is {shape}; every axis needs at least one voxel. Write the file again."
        )
    if any(n > limits.axis for n in shape):
        raise RefusedFile(f"{name} has {max(shape)} voxels along one axis; the limit is {limits.axis}. Crop it first.")
    size = math.prod(shape) * itemsize
    if size > limits.decoded_bytes:
        raise RefusedFile(
            f"{name} would take {size / MIB:.0f} MiB in memory; the limit is {limits.decoded_bytes / MIB:.0f} MiB. "
            "Crop it to the region, or store it in a smaller type."
        )
    return shape


def check_positive(values, what: str, name: str) -> None:
    """Every number finite and above 0, and below 10 m: a spacing that a scanner could have."""
    if not all(math.isfinite(v) and 0 < v < 1e4 for v in values):
        shown = ", ".join(f"{v:g}" for v in values)
        raise GeometryError(f"{name} has {what} ({shown}) mm; each must lie between 0 and 10000. Correct the header.")


def check_finite(values, what: str, name: str) -> None:
    """Every number finite, and within a kilometer."""
    if not all(math.isfinite(v) and abs(v) < 1e6 for v in np.ravel(values)):
        raise GeometryError(
            f"{name} has a {what} that is NaN, infinite or beyond 1 km. Correct the header and save it again."
        )


def scale(stored: np.ndarray, slope: float, intercept: float, limits: Limits) -> np.ndarray:
    """``slope * stored + intercept``; untouched where that changes nothing.

    float64, or float32 where float64 would not fit below ``limits.decoded_bytes``.
    """
    if slope == 1 and intercept == 0:
        return stored
    wide = stored.size * 8 <= limits.decoded_bytes
    out = stored.astype(np.float64 if wide else np.float32)
    out *= slope
    out += intercept
    return out
