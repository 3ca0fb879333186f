"""One segment of a DICOM SEG: bit-packed or fractional frames, placed by their positions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from radkit.io.choice import choose
from radkit.io.dicom_file import Attributes
from radkit.io.dicom_geometry import Plane
from radkit.io.limits import Deadline, Limits, check_finite, check_positive, check_shape
from radkit.volume import EmptyMask, GeometryError, GeometryMismatch, Grid, Mask, RefusedFile, UnreadableFile

SEG_TAGS = (
    "Modality", "SegmentationType", "SegmentSequence", "MaximumFractionalValue", "NumberOfFrames", "Rows", "Columns",
    "BitsAllocated", "SamplesPerPixel", "PixelData", "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)  # fmt: skip
PIXEL_DATA = 0x7FE00010
ON_GRID = 0.1  # voxels: how far a frame may lie from the voxels of the image
HALF = 0.5  # a fractional voxel is inside from here


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One frame: its place in the file, its segment, and its place in the patient."""

    number: int  # from 0
    segment: int
    plane: Plane


def seg_mask(
    attributes: Attributes, grid: Grid | None, segment: int | str | None, limits: Limits, deadline: Deadline
) -> Mask:
    """One segment on ``grid``, or on the grid that its frames make."""
    names = {
        item.integer("SegmentNumber"): item.text("SegmentLabel") or "unnamed"
        for item in attributes.items("SegmentSequence")
    }
    number = choose(names, segment, "segment", attributes.name)
    shape = _frame_shape(attributes, limits)
    frames = _frames(attributes, deadline)
    if not any(frame.segment == number for frame in frames):
        raise EmptyMask(f"segment {names[number]!r} has no frame. Choose another segment.")
    grid = grid or _own_grid(frames, shape[1:], attributes.name, limits)
    inside = np.zeros(grid.shape, dtype=bool)
    read = _reader(attributes, shape)
    for frame in frames:
        if frame.segment != number:
            continue
        deadline.check()
        _place(inside, grid, frame.plane, read(frame.number))
    return Mask(inside, grid, names[number])


def _frame_shape(attributes: Attributes, limits: Limits) -> tuple[int, int, int]:
    """(frames, rows, columns), checked before the pixels are unpacked."""
    shape = tuple(attributes.integer(key) for key in ("NumberOfFrames", "Rows", "Columns"))
    if min(shape) < 1 or max(shape[1:]) > limits.axis or attributes.integer("SamplesPerPixel", 1) != 1:
        raise UnreadableFile(
            f"{attributes.name} has {shape} frames, rows and columns, which cannot be. Export it again."
        )
    return shape


def _frames(attributes: Attributes, deadline: Deadline) -> list[Frame]:
    shared = (attributes.items("SharedFunctionalGroupsSequence") or [None])[0]
    found = []
    for i, own in enumerate(attributes.items("PerFrameFunctionalGroupsSequence")):
        deadline.check()
        reference = _group(own, shared, "SegmentIdentificationSequence", attributes)
        segment = reference.integer("ReferencedSegmentNumber")
        found.append(Frame(number=i, segment=segment, plane=_plane(own, shared, attributes)))
    return found


def _group(own: Attributes, shared: Attributes | None, keyword: str, attributes: Attributes) -> Attributes:
    """A functional group of a frame: its own, or the one that all frames share."""
    items = own.items(keyword) or (shared.items(keyword) if shared else [])
    if not items:
        raise attributes.missing(keyword)
    return items[0]


def _plane(own: Attributes, shared: Attributes | None, attributes: Attributes) -> Plane:
    name = attributes.name
    measures = _group(own, shared, "PixelMeasuresSequence", attributes)
    orientation = _group(own, shared, "PlaneOrientationSequence", attributes).need("ImageOrientationPatient", 6)
    position = _group(own, shared, "PlanePositionSequence", attributes).need("ImagePositionPatient", 3)
    axes = np.array(orientation).reshape(2, 3)
    if not np.allclose(axes @ axes.T, np.eye(2), atol=1e-3):
        raise GeometryError(f"{name} has row and column directions that are not at right angles. Export it again.")
    check_finite(position, "frame position", name)
    spacing = measures.need("PixelSpacing", 2)
    check_positive(spacing, "a pixel spacing of", name)
    return Plane(
        position=position,
        row=tuple(axes[0]),
        column=tuple(axes[1]),
        spacing=spacing,
        between=measures.number("SpacingBetweenSlices"),
        thickness=measures.number("SliceThickness"),
    )


def _reader(attributes: Attributes, shape: tuple[int, int, int]):
    """A function from a frame's number to bool (rows, columns); one frame is unpacked at a time."""
    n_frames, rows, columns = shape
    kind, bits = attributes.text("SegmentationType").upper(), attributes.integer("BitsAllocated")
    if (kind, bits) not in (("BINARY", 1), ("FRACTIONAL", 8)):
        raise RefusedFile(
            f"{attributes.name} is a SEG of type {kind or 'unknown'} with {bits} bits a voxel; radkit reads BINARY and "
            "FRACTIONAL. Export it as BINARY."
        )
    data = np.frombuffer(attributes.raw(PIXEL_DATA) or b"", dtype=np.uint8)
    size = rows * columns
    need = -(-n_frames * size * bits // 8)
    if len(data) not in (need, need + need % 2):
        raise UnreadableFile(
            f"{attributes.name} is truncated or damaged: {n_frames} frames need {need} bytes, {len(data)} are there. "
            "Export it again."
        )
    full = attributes.integer("MaximumFractionalValue", 255)

    def frame(number: int) -> np.ndarray:
        if number >= n_frames:
            raise UnreadableFile(f"{attributes.name} describes more frames than it holds. Export it again.")
        start = number * size
        if kind == "FRACTIONAL":
            return data[start : start + size].reshape(rows, columns) >= HALF * full
        first = start // 8  # frames follow each other bit by bit, lowest bit first
        packed = data[first : -(-(start + size) // 8)]
        flat = np.unpackbits(packed, bitorder="little")[start - 8 * first :][:size]
        return flat.reshape(rows, columns).astype(bool)

    return frame


def _own_grid(frames: list[Frame], shape: tuple[int, int], name: str, limits: Limits) -> Grid:
    """The grid of the frames; frames left out because they are empty become empty slices."""
    first = frames[0].plane
    depths = np.unique(np.round([float(np.dot(first.normal, f.plane.position)) for f in frames], 3))
    step = first.between or (float(np.diff(depths).min()) if len(depths) > 1 else first.thickness)
    if step is None:
        raise GeometryError(f"{name} has one frame without a slice spacing. Give the image that was segmented as well.")
    check_positive([step], "a slice spacing of", name)
    n = round((depths[-1] - depths[0]) / step) + 1
    check_shape((n, *shape), 1, name, limits)
    lowest = min(frames, key=lambda f: float(np.dot(first.normal, f.plane.position))).plane
    axes = np.column_stack([first.row, first.column, first.normal])
    return Grid(
        shape=(n, *shape),
        spacing_mm=(step, *first.spacing),
        origin_mm=tuple(np.array(lowest.position)[::-1] + 0.0),
        direction=axes[::-1, ::-1] + 0.0,
    )


def _place(inside: np.ndarray, grid: Grid, plane: Plane, frame: np.ndarray) -> None:
    """Set the voxels of ``grid`` that a frame covers; a frame that is not on its voxels is an error."""
    rows, columns = frame.shape
    corner = np.array(plane.position)
    down = corner + np.array(plane.column) * plane.spacing[0] * (rows - 1)
    right = corner + np.array(plane.row) * plane.spacing[1] * (columns - 1)
    start, low, far = (grid.to_index(point[::-1]) for point in (corner, down, right))
    at = np.rint(start).astype(int)
    on_voxels = np.allclose(start, at, rtol=0, atol=ON_GRID)
    aligned = np.allclose(low - start, (0, rows - 1, 0), rtol=0, atol=ON_GRID) and np.allclose(
        far - start, (0, 0, columns - 1), rtol=0, atol=ON_GRID
    )
    if not (on_voxels and aligned):
        raise GeometryMismatch(
            "the frames of the segmentation are not on the grid of the image. Read it without the image, "
            "then use preprocess.resample_like(mask, image)."
        )
    drawn = np.argwhere(frame) + at[1:]
    if not len(drawn):
        return
    if not 0 <= at[0] < grid.shape[0] or (drawn < 0).any() or (drawn >= grid.shape[1:]).any():
        raise GeometryMismatch("the segmentation reaches beyond the image. Give the image that was segmented.")
    inside[at[0], drawn[:, 0], drawn[:, 1]] = True
