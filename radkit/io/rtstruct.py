"""Contours of a DICOM RTSTRUCT, filled on the grid of an image."""

from __future__ import annotations

import numpy as np

from radkit.io.choice import choose
from radkit.io.dicom_file import Attributes
from radkit.io.limits import Deadline
from radkit.volume import EmptyMask, GeometryMismatch, Grid, Mask, RefusedFile, UnreadableFile

RTSTRUCT_TAGS = ("Modality", "StructureSetROISequence", "ROIContourSequence")
CONTOUR_DATA = 0x30060050
CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
HALF = 0.5 + 1e-3  # of the slice spacing: how far a contour may lie from its slice
SAME_PLANE = 0.1  # of the slice spacing: contours of one slice lie in one plane
BEYOND = 1.0  # voxels that a contour may leave the image by
BLOCK = 512  # edges at a time, so that a contour of a million points costs no memory


def rtstruct_mask(attributes: Attributes, grid: Grid, roi: int | str | None, deadline: Deadline) -> Mask:
    """One structure on ``grid``, by the even-odd rule at voxel centers."""
    names = {
        item.integer("ROINumber"): item.text("ROIName") or "unnamed"
        for item in attributes.items("StructureSetROISequence")
    }
    number = choose(names, roi, "structure", attributes.name)
    contours = _contours(attributes, number, names[number])
    indices = [grid.to_index(points[:, ::-1]) for points in contours]  # (n, 3) in (z, y, x)
    slices = _slices(indices, grid, names[number])
    crossings = np.zeros((*grid.shape[:2], grid.shape[2] + 1), dtype=np.uint8)
    for points, k in zip(indices, slices, strict=True):
        _toggle(crossings[k], points[:, 1:], deadline)
    inside = np.bitwise_xor.accumulate(crossings, axis=2)[:, :, :-1].astype(bool)
    if not inside.any():
        raise EmptyMask(
            f"structure {names[number]!r} holds no voxel center of the image. Choose another one, or a finer image."
        )
    return Mask(inside, grid, names[number])


def _contours(attributes: Attributes, number: int, roi_name: str) -> list[np.ndarray]:
    """Points (n, 3) in LPS (x, y, z) of each closed contour of a structure."""
    found = []
    for item in attributes.items("ROIContourSequence"):
        if item.integer("ReferencedROINumber") != number:
            continue
        for contour in item.items("ContourSequence"):
            kind = contour.text("ContourGeometricType").upper()
            if kind not in CLOSED:
                raise RefusedFile(
                    f"structure {roi_name!r} has a contour of type {kind or 'unknown'}, not CLOSED_PLANAR. "
                    "Choose another structure."
                )
            found.append(_points(contour))
    if not found:
        raise EmptyMask(f"structure {roi_name!r} has no contour. Choose another structure, or draw it.")
    return found


def _points(contour: Attributes) -> np.ndarray:
    raw = contour.raw(CONTOUR_DATA) or b""
    try:
        values = np.array([float(word) for word in raw.rstrip(b" \0").split(b"\\")])
    except ValueError:
        values = np.empty(0)
    if values.size < 9 or values.size % 3 or not (np.abs(values) < 1e6).all():
        raise UnreadableFile(
            f"{contour.name} has a damaged contour (fewer than 3 points, or no numbers). Export it again."
        )
    return values.reshape(-1, 3)


def _slices(indices: list[np.ndarray], grid: Grid, roi_name: str) -> list[int]:
    """The slice of each contour; a contour between slices, across slices or outside the image is an error."""
    depths = np.array([points[:, 0].mean() for points in indices])
    slices = np.rint(depths).astype(int)
    where = f"structure {roi_name!r} was not drawn on this image"
    advice = "Give the image that its contours were drawn on."
    if (slices < 0).any() or (slices >= grid.shape[0]).any():
        n = int(((slices < 0) | (slices >= grid.shape[0])).sum())
        raise GeometryMismatch(f"{where}: {n} of {len(indices)} contours lie above or below it. {advice}")
    if any((np.abs(points[:, 0] - k) > HALF).any() for points, k in zip(indices, slices, strict=True)):
        raise GeometryMismatch(f"{where}: its contours run across the slices, not along them. {advice}")
    for k in np.unique(slices):
        planes = depths[slices == k]
        if np.ptp(planes) > SAME_PLANE:
            step = np.diff(np.sort(depths))
            apart = step[step > SAME_PLANE].min() * grid.spacing_mm[0]
            raise GeometryMismatch(
                f"{where}: its planes are {apart:.3g} mm apart, the slices {grid.spacing_mm[0]:.3g} mm. {advice}"
            )
    low = np.min([points[:, 1:].min(axis=0) for points in indices], axis=0)
    high = np.max([points[:, 1:].max(axis=0) for points in indices], axis=0)
    if (low < -0.5 - BEYOND).any() or (high > np.array(grid.shape[1:]) - 0.5 + BEYOND).any():
        raise GeometryMismatch(f"{where}: it reaches beyond the edge of its slices. {advice}")
    return slices.tolist()


def _toggle(crossings: np.ndarray, polygon: np.ndarray, deadline: Deadline) -> None:
    """Flip, for each edge and each row center between its ends, the parity of the first voxel center past it.

    ``crossings`` is (rows, columns + 1), ``polygon`` (n, 2) in (row, column) indices. An edge owns its lower end and
    not its upper one, so that a vertex on a row center counts once.
    """
    rows, columns = crossings.shape
    edges = np.stack([polygon, np.roll(polygon, -1, axis=0)], axis=1)  # (n, 2 ends, 2)
    upward = edges[:, 0, 0] > edges[:, 1, 0]
    edges[upward] = edges[upward, ::-1]
    for at in range(0, len(edges), BLOCK):
        deadline.check()
        (y0, x0), (y1, x1) = edges[at : at + BLOCK].transpose(1, 2, 0)
        first, last = (np.clip(np.ceil(y), 0, rows).astype(int) for y in (y0, y1))
        n_rows = last - first
        edge = np.repeat(np.arange(len(n_rows)), n_rows)
        y = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(n_rows) - n_rows, n_rows)
        x = x0[edge] + (y - y0[edge]) * (x1 - x0)[edge] / (y1 - y0)[edge]
        np.bitwise_xor.at(crossings, (y, np.clip(np.ceil(x), 0, columns - 1).astype(int)), 1)
