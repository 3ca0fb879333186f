"""Where the voxels lie in the patient: shape, spacing, origin and direction, all in (z, y, x)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from radkit.volume.errors import GeometryError, GeometryMismatch, ShapeError

Vector = tuple[float, float, float]
Index = tuple[int, int, int]
IDENTITY = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A regular voxel grid in patient space.

    Every vector is in array order (z, y, x). World coordinates are in mm and follow DICOM's signs
    (x to the patient's left, y to posterior, z to superior), so an axial scan has the identity direction:
    ``world = origin_mm + direction @ (spacing_mm * index)``.

    A cropped grid remembers the grid that it was cut from (``full_shape``, ``offset``), so that resampling
    aligns with the full image and any crop gives the same features.

    Examples
    --------
    >>> grid = Grid(shape=(2, 4, 4), spacing_mm=(3.0, 1.0, 1.0))
    >>> grid.voxel_volume_mm3
    3.0
    """

    shape: Index
    spacing_mm: Vector
    origin_mm: Vector = (0.0, 0.0, 0.0)  # center of voxel (0, 0, 0)
    direction: tuple[Vector, Vector, Vector] = IDENTITY  # column j: world direction of array axis j
    full_shape: Index | None = None  # shape of the image this grid was cropped from; None: not cropped
    offset: Index = (0, 0, 0)  # index of this grid's first voxel in the full image

    def __post_init__(self):
        set_ = object.__setattr__
        if len(self.shape) != 3 or any(n < 1 for n in self.shape):
            raise ShapeError(
                f"shape is {tuple(self.shape)}; a volume has three axes (z, y, x) of at least one voxel. "
                "Pass a single slice as (1, y, x)."
            )
        set_(self, "shape", tuple(int(n) for n in self.shape))
        set_(self, "spacing_mm", _vector(self.spacing_mm, "spacing_mm"))
        if any(s <= 0 for s in self.spacing_mm):
            raise GeometryError(
                f"spacing_mm is {self.spacing_mm} (z, y, x); each must be above 0 mm. Check the header."
            )
        set_(self, "origin_mm", _vector(self.origin_mm, "origin_mm"))
        matrix = np.asarray(self.direction, dtype=float)
        if matrix.shape != (3, 3) or not np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-3):
            raise GeometryError(
                f"direction is {matrix.tolist()}; its columns must be three unit vectors at right angles. "
                "Sheared grids have to be resampled first."
            )
        set_(self, "direction", tuple(tuple(float(v) for v in row) for row in matrix))
        full = self.full_shape or self.shape
        set_(self, "full_shape", tuple(int(n) for n in full))
        set_(self, "offset", tuple(int(n) for n in self.offset))
        if any(o < 0 or o + n > f for o, n, f in zip(self.offset, self.shape, self.full_shape, strict=True)):
            raise GeometryError(
                f"a crop of shape {self.shape} at offset {self.offset} leaves the full image {self.full_shape}."
            )

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel in mm^3."""
        return math.prod(self.spacing_mm)

    def to_world(self, index) -> np.ndarray:
        """World position in mm, (..., 3) in (z, y, x), of an index (..., 3) in (z, y, x)."""
        scaled = np.asarray(index, dtype=float) * self.spacing_mm
        return np.asarray(self.origin_mm) + scaled @ np.asarray(self.direction).T

    def to_index(self, world_mm) -> np.ndarray:
        """Fractional index (..., 3) in (z, y, x) of a world position (..., 3) in mm."""
        offset = np.asarray(world_mm, dtype=float) - np.asarray(self.origin_mm)
        return offset @ np.asarray(self.direction) / self.spacing_mm

    def crop(self, start: Index, stop: Index) -> Grid:
        """The grid of ``array[start:stop]``, which remembers where it was cut from."""
        return replace(
            self,
            shape=tuple(b - a for a, b in zip(start, stop, strict=True)),
            origin_mm=tuple(self.to_world(start)),
            offset=tuple(o + a for o, a in zip(self.offset, start, strict=True)),
        )

    def matches(self, other: Grid, tolerance_mm: float = 1e-2) -> bool:
        """True if both grids put every voxel within ``tolerance_mm`` of the same place."""
        if self.shape != other.shape:
            return False
        if self == other:
            return True
        corners = np.array([(0, 0, 0), self.shape, (self.shape[0], 0, 0), (0, self.shape[1], 0)])
        return bool(np.allclose(self.to_world(corners), other.to_world(corners), rtol=0, atol=tolerance_mm))

    def require_match(self, other: Grid, mine: str, theirs: str) -> None:
        """Raise GeometryMismatch unless both grids are the same."""
        if self.matches(other):
            return
        if self.shape != other.shape:
            raise GeometryMismatch(
                f"{mine} is {self.shape}, {theirs} is {other.shape} (z, y, x). "
                f"Use preprocess.resample_like({theirs}, {mine})."
            )
        raise GeometryMismatch(
            f"{mine} and {theirs} have the same shape but lie elsewhere: spacing {_short(self.spacing_mm)} against "
            f"{_short(other.spacing_mm)} mm, origin {_short(self.origin_mm)} against {_short(other.origin_mm)} mm "
            f"(z, y, x). Use preprocess.resample_like({theirs}, {mine})."
        )


def _vector(value, name: str) -> Vector:
    vector = tuple(float(v) for v in value)
    if len(vector) != 3 or not all(math.isfinite(v) for v in vector):
        raise GeometryError(f"{name} is {vector}; it must be three finite numbers in mm (z, y, x).")
    return vector


def _short(vector) -> str:
    return "(" + ", ".join(f"{v:.4g}" for v in vector) + ")"


def bounding_box(mask: np.ndarray) -> tuple[slice, slice, slice]:
    """The smallest box (z, y, x) that holds every voxel of a mask that is not empty."""
    plane = mask.any(axis=0)
    lines = (mask.any(axis=(1, 2)), plane.any(axis=1), plane.any(axis=0))
    inside = [np.flatnonzero(line) for line in lines]
    return tuple(slice(int(where[0]), int(where[-1]) + 1) for where in inside)
