"""The named errors of radkit: each says what, what was found, and what to do."""


class RadkitError(ValueError):
    """Base of every error that radkit raises on purpose: one sentence a user can act on."""


class GeometryError(RadkitError):
    """A spacing, origin or direction that no scanner could have."""


class GeometryMismatch(RadkitError):
    """Two arrays that should lie on one grid do not."""


class ShapeError(RadkitError):
    """An array that is not three-dimensional."""


class NotFinite(RadkitError):
    """NaN or infinity where an intensity should be."""


class EmptyMask(RadkitError):
    """A mask without a single voxel (left)."""


class UnitMismatch(RadkitError):
    """A setting in one unit meets an image in another."""


class SettingError(RadkitError):
    """A setting with an unknown name or an impossible value."""


class UnreadableFile(RadkitError):
    """A file that could not be understood as the format its content claims."""


class RefusedFile(RadkitError):
    """A file that radkit will not read: a format outside the allowed ones, or beyond a limit."""


class SeriesError(RadkitError):
    """A DICOM series that is not one regular volume."""


class MissingTag(RadkitError):
    """A DICOM attribute that the physics needs is not there."""


class Cancelled(RadkitError):
    """Work that was stopped because somebody asked for it."""


class DataNotFound(RadkitError):
    """A data set, case or preset whose name is unknown or whose files are nowhere."""
