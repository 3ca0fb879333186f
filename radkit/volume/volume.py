"""Image, Mask, Roi, Levels, Case: one frozen type per stage of the pipeline."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from radkit.volume.errors import EmptyMask, NotFinite, SettingError, ShapeError
from radkit.volume.grid import Grid, Vector

Modality = Literal["CT", "PET", "MR", "OTHER"]
MODALITIES = ("CT", "PET", "MR", "OTHER")
Unit = Literal["HU", "SUV", "Bq/ml", "counts", "a.u.", "1"]
MAX_LEVELS = (1 << 16) - 1  # gray levels that 16 bits tell apart, 0 being outside
UNITS = ("HU", "SUV", "Bq/ml", "counts", "a.u.", "1")  # "a.u.": raw MR; "1": a z-score or a bare number


def frozen(array: np.ndarray) -> np.ndarray:
    """A read-only array, copied only where somebody else could still write to it."""
    if array.flags.writeable or not array.flags.c_contiguous:
        array = np.array(array, order="C")
        array.flags.writeable = False
    return array


def digest(*parts: Any) -> str:
    """sha256 (hex) of arrays and of the repr of anything else."""
    state = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            state.update(f"{part.dtype.str}{part.shape}".encode())
            state.update(np.ascontiguousarray(part).data)
        else:
            state.update(repr(part).encode())
    return state.hexdigest()


@dataclass(frozen=True, eq=False)
class Image:
    """A scan: intensities (z, y, x) with their place in the patient, their modality and their unit.

    Parameters
    ----------
    array : real numbers, shape (z, y, x), finite.
    grid : where the voxels lie.
    modality : "CT", "PET", "MR" or "OTHER".
    unit : "HU", "SUV", "Bq/ml", "counts", "a.u." or "1".
    notes : what was done to the intensities on the way here, one sentence each.
    """

    array: np.ndarray
    grid: Grid
    modality: Modality = "OTHER"
    unit: Unit = "1"
    notes: tuple[str, ...] = ()

    def __post_init__(self):
        array = _three_dimensional(self.array, self.grid, "image")
        if self.modality not in MODALITIES:
            raise SettingError(f"modality is {self.modality!r}; use one of {', '.join(MODALITIES)}.")
        if self.unit not in UNITS:
            raise SettingError(f"unit is {self.unit!r}; use one of {', '.join(UNITS)}.")
        if array.dtype.kind not in "iuf":
            raise ShapeError(f"image has dtype {array.dtype}; intensities are real numbers. Convert it to float first.")
        if array.dtype.kind == "f" and not _is_finite(array):
            bad = int(array.size - np.isfinite(array).sum())
            raise NotFinite(
                f"image holds {bad} voxels that are NaN or infinite, of {array.size}. "
                "Replace them before loading (for CT, -1000 HU is air)."
            )
        object.__setattr__(self, "array", frozen(array))
        object.__setattr__(self, "notes", tuple(self.notes))

    @classmethod
    def of(cls, array, *, spacing_mm: Vector, modality: Modality = "OTHER", unit: Unit = "1") -> Image:
        """An image from an array (z, y, x) and its voxel spacing in mm (z, y, x), at the origin, axial."""
        array = np.asarray(array)
        return cls(array, Grid(shape=array.shape, spacing_mm=spacing_mm), modality, unit)

    @cached_property
    def digest(self) -> str:
        """sha256 of intensities, grid, modality and unit."""
        return digest(self.array, self.grid, self.modality, self.unit)

    def with_array(self, array: np.ndarray, *, note: str | None = None, **changes) -> Image:
        """The same image with other intensities (and, if given, another grid or unit) and one more note."""
        notes = self.notes + ((note,) if note else ())
        return replace(self, array=array, notes=notes, **changes)


@dataclass(frozen=True, eq=False)
class Mask:
    """A region: bool (z, y, x) on a grid; ``name`` is the structure's label."""

    array: np.ndarray
    grid: Grid
    name: str = "ROI"

    def __post_init__(self):
        array = _three_dimensional(self.array, self.grid, "mask")
        if array.dtype != bool:
            if array.dtype.kind not in "iuf":
                raise ShapeError(f"mask has dtype {array.dtype}; a mask is bool or numbers where 0 is outside.")
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise NotFinite("mask holds NaN or infinity; a mask is bool or numbers where 0 is outside.")
            array = array != 0
        if not array.any():
            raise EmptyMask(
                f"mask {self.name!r} has no voxel inside, of {array.size}. Choose another label or draw the region."
            )
        object.__setattr__(self, "array", frozen(array))

    @classmethod
    def of(cls, array, *, spacing_mm: Vector, name: str = "ROI") -> Mask:
        """A mask from an array (z, y, x) and its voxel spacing in mm (z, y, x), at the origin, axial."""
        array = np.asarray(array)
        return cls(array, Grid(shape=array.shape, spacing_mm=spacing_mm), name)

    @cached_property
    def digest(self) -> str:
        """sha256 of the voxels and the grid."""
        return digest(self.array, self.grid)

    @property
    def n_voxels(self) -> int:
        """Number of voxels inside."""
        return int(np.count_nonzero(self.array))


@dataclass(frozen=True, eq=False)
class Roi:
    """An image with its two masks: the morphological mask (shape) and the intensity mask (gray levels).

    Re-segmentation shrinks ``intensity_mask`` only (IBSI). Both are bool (z, y, x) on the image's grid. ``range`` is
    the re-segmentation range that the intensities were held to, in the image's unit; None: none was.
    """

    image: Image
    morphological_mask: np.ndarray
    intensity_mask: np.ndarray
    range: tuple[float, float] | None = None

    def __post_init__(self):
        for name in ("morphological_mask", "intensity_mask"):
            array = _three_dimensional(getattr(self, name), self.image.grid, name)
            if array.dtype != bool:
                raise ShapeError(f"{name} has dtype {array.dtype}; it must be bool.")
            object.__setattr__(self, name, frozen(array))
        if not self.intensity_mask.any():
            raise EmptyMask(
                "no voxel is left in the intensity mask. Widen the re-segmentation range, or resample less coarsely."
            )

    @classmethod
    def of(cls, image: Image, mask: Mask) -> Roi:
        """A region of interest; image and mask must lie on one grid."""
        image.grid.require_match(mask.grid, "image", "mask")
        return cls(image, mask.array, mask.array)

    @cached_property
    def values(self) -> np.ndarray:
        """Intensities inside the intensity mask, float64, (n,), in (z, y, x) order."""
        values = self.image.array[self.intensity_mask].astype(float)
        values.flags.writeable = False
        return values

    @cached_property
    def extremes(self) -> tuple[float, float]:
        """Lowest and highest intensity inside the intensity mask."""
        return float(self.values.min()), float(self.values.max())

    @cached_property
    def digest(self) -> str:
        """sha256 of the image and both masks."""
        return digest(self.image.digest, self.morphological_mask, self.intensity_mask, self.range)


@dataclass(frozen=True, eq=False)
class Levels:
    """A discretized region: gray levels 1 ... ``n_levels`` (uint16, (z, y, x)), 0 outside the intensity mask.

    ``edges`` are the bin edges in the image's unit (n_levels + 1,); ``binning`` is the setting that made them.
    ``morphological_mask`` is bool (z, y, x), the region before re-segmentation, for distances to its border; without
    one it is the intensity mask.
    """

    array: np.ndarray
    grid: Grid
    n_levels: int
    edges: np.ndarray
    binning: Any = None
    unit: str = "1"
    morphological_mask: np.ndarray | None = None

    def __post_init__(self):
        array = _three_dimensional(self.array, self.grid, "levels")
        if array.dtype.kind not in "iu":
            raise ShapeError(
                f"levels have dtype {array.dtype}; gray levels are integers from 1. Use preprocess.discretize."
            )
        if not 1 <= self.n_levels <= MAX_LEVELS:
            raise ShapeError(f"levels are up to {self.n_levels}; 1 to {MAX_LEVELS} are possible. Choose wider bins.")
        low, high = int(array.min()), int(array.max())
        if low < 0 or high > self.n_levels:
            raise ShapeError(f"levels run from {low} to {high}; they must lie in 0 ... {self.n_levels}.")
        if high == 0:
            raise EmptyMask("levels have no voxel inside the region.")
        object.__setattr__(self, "array", frozen(array.astype(np.uint16, copy=False)))
        object.__setattr__(self, "edges", frozen(np.asarray(self.edges, dtype=float)))
        object.__setattr__(self, "morphological_mask", self._checked(self.morphological_mask))

    def _checked(self, region: np.ndarray | None) -> np.ndarray:
        if region is None:
            return self.mask
        region = _three_dimensional(region, self.grid, "morphological_mask")
        if region.dtype != bool:
            raise ShapeError(f"morphological_mask has dtype {region.dtype}; it must be bool.")
        outside = int(np.count_nonzero(self.mask > region))
        if outside:
            raise ShapeError(
                f"{outside} voxels have a gray level outside the morphological mask. "
                "Re-segmentation only takes voxels away: use preprocess.resegment."
            )
        return frozen(region)

    @cached_property
    def mask(self) -> np.ndarray:
        """Bool (z, y, x): where a gray level is defined."""
        mask = self.array > 0
        mask.flags.writeable = False
        return mask

    @cached_property
    def counts(self) -> np.ndarray:
        """Voxels per gray level, int64, (n_levels,)."""
        counts = np.bincount(self.array.ravel(), minlength=self.n_levels + 1)[1:]
        counts.flags.writeable = False
        return counts

    @cached_property
    def digest(self) -> str:
        """sha256 of the gray levels, their edges, the morphological mask and the grid."""
        return digest(self.array, self.grid, self.edges, self.morphological_mask)


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a case comes from and under which terms it may be used."""

    title: str
    licence: str
    citation: tuple[str, ...] = ()
    changes: str = ""
    found: str = ""  # in words: "mirror", "cache", "embedded default" ...


@dataclass(frozen=True, eq=False, kw_only=True)
class Case:
    """One image with its region, its name and its source; ``truth`` is what a simulator knows about it."""

    name: str
    image: Image
    mask: Mask
    source: Source
    truth: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        self.image.grid.require_match(self.mask.grid, "image", "mask")


def _is_finite(array: np.ndarray) -> bool:
    """Whether all numbers are finite: their sum tells at once, unless it overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(array.sum()) or np.isfinite(array).all())


def _three_dimensional(array, grid: Grid, what: str) -> np.ndarray:
    array = np.asarray(array)
    if array.ndim != 3:
        raise ShapeError(
            f"{what} has {array.ndim} axes {array.shape}; a volume has three (z, y, x). "
            "Choose one time point or channel, or pass a single slice as (1, y, x)."
        )
    if array.shape != grid.shape:
        raise ShapeError(f"{what} has shape {array.shape}, its grid {grid.shape} (z, y, x); they must be the same.")
    return array
