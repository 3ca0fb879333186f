"""From the planes of single slices to one regular grid, or the sentence that says why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from radkit.io.dicom_file import Attributes
from radkit.io.limits import check_finite, check_positive
from radkit.volume import GeometryError, Grid, MissingTag, SeriesError

SAME_MM = 1e-3  # closer than this: the same position
UNEVEN = 0.02  # of the spacing: positions are rounded by their writers
ROUNDED_MM = 0.02


@dataclass(frozen=True, kw_only=True)
class Plane:
    """Where one slice lies, in LPS (x, y, z), as DICOM has it."""

    position: tuple[float, float, float]  # center of the first pixel
    row: tuple[float, float, float]  # direction in which the column index grows
    column: tuple[float, float, float]  # direction in which the row index grows
    spacing: tuple[float, float]  # between rows, between columns
    between: float | None = None  # spacing between slices, from center to center
    thickness: float | None = None  # of the slice itself

    @property
    def normal(self) -> np.ndarray:
        """Unit vector at right angles to the slice."""
        return np.cross(self.row, self.column)

    @property
    def depth(self) -> float:
        """Position along the normal in mm."""
        return float(np.dot(self.normal, self.position))


def plane_of(attributes: Attributes) -> Plane:
    """The checked plane of a slice."""
    name = attributes.name
    orientation = np.array(attributes.need("ImageOrientationPatient", 6)).reshape(2, 3)
    if not np.allclose(orientation @ orientation.T, np.eye(2), atol=1e-3):
        raise GeometryError(f"{name} has row and column directions that are not at right angles. Export it again.")
    position = attributes.need("ImagePositionPatient", 3)
    check_finite(position, "position", name)
    spacing = attributes.need("PixelSpacing", 2)
    check_positive(spacing, "a pixel spacing of", name)
    return Plane(
        position=position,
        row=tuple(orientation[0]),
        column=tuple(orientation[1]),
        spacing=spacing,
        between=attributes.number("SpacingBetweenSlices"),
        thickness=attributes.number("SliceThickness"),
    )


S = TypeVar("S")  # anything with .plane and .pixels


def stack(slices: list[S]) -> tuple[list[S], Grid]:
    """The slices in order along their normal, and the grid that they make."""
    first = slices[0]
    _require_same(slices)
    ordered = sorted(slices, key=lambda s: float(np.dot(first.plane.normal, s.plane.position)))
    positions = np.array([s.plane.position for s in ordered])
    spacing = _spacing(positions, ordered[0])
    plane = first.plane
    axes = np.column_stack([plane.row, plane.column, plane.normal])  # world (x, y, z) of axes (x, y, z)
    grid = Grid(
        shape=(len(ordered), first.pixels.rows, first.pixels.columns),
        spacing_mm=(spacing, *plane.spacing),
        origin_mm=tuple(positions[0][::-1] + 0.0),
        direction=axes[::-1, ::-1] + 0.0,
    )
    return ordered, grid


def _require_same(slices: list) -> None:
    sizes = sorted({(s.pixels.rows, s.pixels.columns) for s in slices})
    if len(sizes) > 1:
        shown = ", ".join(f"{rows} x {columns}" for rows, columns in sizes[:3])
        raise SeriesError(
            f"the series mixes images of {len(sizes)} sizes ({shown}). Put one size into a folder of its own."
        )
    if len({s.pixels for s in slices}) > 1:
        raise SeriesError("the series mixes images of several pixel types. Put one kind into a folder of its own.")
    first = slices[0].plane
    turned = sum(
        not np.allclose((*s.plane.row, *s.plane.column), (*first.row, *first.column), atol=1e-3) for s in slices
    )
    if turned:
        raise SeriesError(
            f"the series mixes orientations: {turned} of {len(slices)} slices are turned against the first. "
            "Put one orientation into a folder of its own."
        )
    spacings = sorted({tuple(round(v, 4) for v in s.plane.spacing) for s in slices})
    if len(spacings) > 1 and not np.allclose(spacings, spacings[0], rtol=1e-3):
        shown = ", ".join(f"{a:g} x {b:g}" for a, b in spacings[:3])
        raise SeriesError(f"the series mixes pixel spacings ({shown} mm). Put one spacing into a folder of its own.")


def _spacing(positions: np.ndarray, first) -> float:
    """Distance between slices (n, 3), after naming duplicates, tilt, gaps and uneven steps."""
    if len(positions) == 1:
        alone = first.plane.between or first.plane.thickness
        if alone is None:
            raise MissingTag(
                "the series has one slice, without SpacingBetweenSlices or SliceThickness. Give several slices."
            )
        check_positive([alone], "a slice thickness of", "the series")
        return alone
    normal = first.plane.normal
    depths = positions @ normal
    steps = np.diff(depths)
    _no_duplicates(depths, steps)
    step = float(np.median(steps))
    allowed = max(ROUNDED_MM, UNEVEN * step)
    sideways = np.linalg.norm((positions - positions[0]) - np.outer(depths - depths[0], normal), axis=1)
    if (sideways > allowed).any():
        raise SeriesError(
            f"the series is sheared (gantry tilt): slices shift sideways by up to {sideways.max():.3g} mm. "
            "Resample it onto a regular grid first."
        )
    _no_gaps(depths, steps, step, allowed)
    even = depths[0] + np.arange(len(depths)) * (depths[-1] - depths[0]) / (len(depths) - 1)
    if (np.abs(steps - step) > allowed).any() or (np.abs(depths - even) > allowed).any():
        raise SeriesError(
            f"the slices are unevenly spaced, from {steps.min():.4g} to {steps.max():.4g} mm apart. "
            "Resample the series onto a regular grid first, or export it again."
        )
    return _rounded((depths[-1] - depths[0]) / (len(depths) - 1))


def _no_duplicates(depths: np.ndarray, steps: np.ndarray) -> None:
    same = steps < max(SAME_MM, 0.01 * steps.max())
    if same.any():
        raise SeriesError(
            f"{int(same.sum())} of {len(depths)} slices lie where another one lies already (the first at "
            f"{depths[:-1][same][0]:.2f} mm along the normal): copies, or several time points or echoes. "
            "Keep one image a position."
        )


def _no_gaps(depths: np.ndarray, steps: np.ndarray, step: float, allowed: float) -> None:
    multiple = np.rint(steps / step)
    gaps = (multiple >= 2) & (np.abs(steps - multiple * step) <= allowed * multiple)
    if gaps.any():
        i = int(np.argmax(gaps))
        raise SeriesError(
            f"the series has a gap: slices are {step:.4g} mm apart, but none lies between {depths[i]:.2f} and "
            f"{depths[i + 1]:.2f} mm along the normal ({int((multiple[gaps] - 1).sum())} missing in all). "
            "Find the missing files, or export the series again."
        )


def _rounded(value: float) -> float:
    """Without the last digits, which are noise of the subtraction (3.27, not 3.2699999999999956)."""
    return float(f"{value:.9g}")
