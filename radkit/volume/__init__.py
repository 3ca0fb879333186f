"""L0: Image, Mask, Roi, Levels, Case and Grid, frozen, in (z, y, x) and mm; and the named errors."""

from radkit.volume.errors import (
    Cancelled,
    DataNotFound,
    EmptyMask,
    GeometryError,
    GeometryMismatch,
    MissingTag,
    NotFinite,
    RadkitError,
    RefusedFile,
    SeriesError,
    SettingError,
    ShapeError,
    UnitMismatch,
    UnreadableFile,
)
from radkit.volume.grid import IDENTITY, Grid, bounding_box
from radkit.volume.volume import MAX_LEVELS, MODALITIES, UNITS, Case, Image, Levels, Mask, Roi, Source, digest

__all__ = [
    "IDENTITY", "MAX_LEVELS", "MODALITIES", "UNITS", "Cancelled", "Case", "DataNotFound", "EmptyMask", "GeometryError",
    "GeometryMismatch", "Grid", "Image", "Levels", "Mask", "MissingTag", "NotFinite", "RadkitError", "RefusedFile",
    "Roi", "SeriesError", "SettingError", "ShapeError", "Source", "UnitMismatch", "UnreadableFile", "bounding_box",
    "digest",
]  # fmt: skip
