"""Which voxels a row measures: the mask as drawn, a shell around it, its core, or what a PET threshold leaves of it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import assert_never

import numpy as np

from radkit.io import safe_name
from radkit.volume import EmptyMask, Image, Mask, SettingError, UnitMismatch

MOST_MM = 200.0  # wider than this is a typing error, and would be a distance map of the whole body


@dataclass(frozen=True)
class AsDrawn:
    """The mask as it was drawn: ``tumor``, or an empty cell."""


@dataclass(frozen=True)
class Shell:
    """Voxels outside the mask whose center lies ``inner_mm < d <= outer_mm`` from the nearest voxel of the mask."""

    inner_mm: float
    outer_mm: float

    def __post_init__(self):
        if not 0 <= self.inner_mm < self.outer_mm <= MOST_MM:
            raise SettingError(
                f"a shell from {self.inner_mm:g} to {self.outer_mm:g} mm is none; it needs 0 <= inner < outer <= "
                f"{MOST_MM:g}. Write shell:5, or shell:2-7."
            )


@dataclass(frozen=True)
class Core:
    """Voxels of the mask whose center lies more than ``depth_mm`` from the nearest voxel outside."""

    depth_mm: float

    def __post_init__(self):
        if not 0 < self.depth_mm <= MOST_MM:
            raise SettingError(
                f"a core {self.depth_mm:g} mm deep is none; the depth lies above 0, up to {MOST_MM:g} mm. Write core:3."
            )


@dataclass(frozen=True)
class ShareOfMaximum:
    """Voxels of the mask with at least ``percent`` % of the mask's highest uptake (41 %: EANM, FDG-PET 2.0)."""

    percent: float

    def __post_init__(self):
        if not 0 < self.percent < 100:
            raise SettingError(f"{self.percent:g} % of the maximum is no threshold; write pet41 for 41 %.")


@dataclass(frozen=True)
class FixedUptake:
    """Voxels of the mask with at least ``suv`` of standardized uptake."""

    suv: float

    def __post_init__(self):
        if not (math.isfinite(self.suv) and self.suv > 0):
            raise SettingError(f"SUV {self.suv:g} is no threshold; it lies above 0. Write suv4.0.")


Region = AsDrawn | Shell | Core | ShareOfMaximum | FixedUptake

_NUMBER = r"(\d+(?:\.\d+)?)"
_GRAMMAR = (
    (re.compile("(?:tumor|)"), lambda: AsDrawn()),
    (re.compile(f"shell:{_NUMBER}"), lambda outer: Shell(0.0, outer)),
    (re.compile(f"shell:{_NUMBER}-{_NUMBER}"), Shell),
    (re.compile(f"core:{_NUMBER}"), Core),
    (re.compile(f"pet{_NUMBER}"), ShareOfMaximum),
    (re.compile(f"(?:suv|fixed:){_NUMBER}"), FixedUptake),
)


def parse_region(text: str) -> Region:
    """The region that a cell of the column ``roi`` names.

    ``tumor`` or nothing: as drawn. ``shell:5``, ``shell:2-7``: a shell outside the mask, in mm. ``core:3``: the mask
    without its outer 3 mm. ``pet41``: at least 41 % of the mask's maximum. ``suv4.0`` or ``fixed:4.0``: at least SUV 4.

    Raises
    ------
    SettingError : none of these, or an impossible number.

    Examples
    --------
    >>> parse_region("shell:2-7")
    Shell(inner_mm=2.0, outer_mm=7.0)
    >>> parse_region("pet41")
    ShareOfMaximum(percent=41.0)
    """
    for pattern, kind in _GRAMMAR:
        if found := pattern.fullmatch(text.strip()):
            return kind(*map(float, found.groups()))
    raise SettingError(
        f"roi {safe_name(text)!r} is not known; write tumor, shell:5, shell:2-7, core:3, pet41 or suv4.0 (mm, %, SUV)."
    )


def apply_region(region: Region, image: Image, mask: Mask) -> tuple[Mask, str]:
    """The voxels that a region takes, and a remark ("" where there is nothing to say).

    Distances run from voxel center to voxel center, in mm on the image's own grid. Beyond the edge of the image
    nothing belongs to the mask: a core recedes from the edge too, and a shell that it cuts off is remarked upon.
    Thresholds stay within the mask, connected or not.

    Raises
    ------
    EmptyMask : no voxel is left.
    UnitMismatch : a threshold on an image that is not in SUV (a share of the maximum: nor in Bq/ml).

    Examples
    --------
    >>> image = Image.of(np.array([[[1.0, 4.0, 10.0, 5.0]]]), spacing_mm=(1, 1, 1), modality="PET", unit="SUV")
    >>> mask = Mask.of(np.ones((1, 1, 4)), spacing_mm=(1, 1, 1))
    >>> apply_region(ShareOfMaximum(41), image, mask)[0].array.ravel().tolist()
    [False, False, True, True]
    """
    image.grid.require_match(mask.grid, "image", "mask")
    match region:
        case AsDrawn():
            return mask, ""
        case Shell():
            kept, remark = _shell(region, mask)
        case Core():
            kept, remark = _core(region, mask), ""
        case ShareOfMaximum():
            _require_unit(image, ("SUV", "Bq/ml"), "a share of the maximum is a threshold on PET uptake")
            highest = float(image.array[mask.array].max())
            if highest <= 0:
                raise EmptyMask(f"the highest uptake in the mask is {highest:g}; no share of it is a threshold.")
            kept, remark = mask.array & (image.array >= region.percent / 100 * highest), ""
        case FixedUptake():
            _require_unit(image, ("SUV",), "a fixed threshold is in SUV")
            kept, remark = mask.array & (image.array >= region.suv), ""
            if not kept.any():
                highest = float(image.array[mask.array].max())
                raise EmptyMask(
                    f"no voxel of the mask reaches SUV {region.suv:g}; its highest is {highest:.3g}. "
                    "Lower the threshold, or leave this row out."
                )
        case _:
            assert_never(region)
    return Mask(kept, mask.grid, mask.name), remark


def _require_unit(image: Image, units: tuple[str, ...], why: str) -> None:
    if image.unit not in units:
        raise UnitMismatch(
            f"{why}, the image is in {image.unit}. Give the column modality PET, or choose another roi for this row."
        )


def _shell(region: Shell, mask: Mask) -> tuple[np.ndarray, str]:
    from scipy.ndimage import distance_transform_edt

    spacing = mask.grid.spacing_mm
    reach = [int(region.outer_mm // s) + 1 for s in spacing]
    box, cut = _box(mask.array, reach)
    distance = distance_transform_edt(~mask.array[box], sampling=spacing)
    kept = np.zeros_like(mask.array)
    kept[box] = (distance > region.inner_mm) & (distance <= region.outer_mm)
    if not kept.any():
        raise EmptyMask(
            f"no voxel lies {region.inner_mm:g} to {region.outer_mm:g} mm from the mask (voxels of "
            f"{'x'.join(f'{s:g}' for s in spacing)} mm). Widen the shell."
        )
    lost = any(n * s <= region.outer_mm for n, s in zip(cut, spacing, strict=True))
    return kept, "the shell is cut off at the edge of the image" if lost else ""


def _core(region: Core, mask: Mask) -> np.ndarray:
    from scipy.ndimage import distance_transform_edt

    box, _ = _box(mask.array, (0, 0, 0))
    padded = np.pad(mask.array[box], 1)  # beyond the box, as beyond the image, nothing belongs to the mask
    distance = distance_transform_edt(padded, sampling=mask.grid.spacing_mm)[1:-1, 1:-1, 1:-1]
    kept = np.zeros_like(mask.array)
    kept[box] = distance > region.depth_mm
    if not kept.any():
        raise EmptyMask(
            f"no voxel of the mask lies deeper than {region.depth_mm:g} mm; the deepest lies {distance.max():.3g} mm. "
            "Take a thinner rim away."
        )
    return kept


def _box(mask: np.ndarray, reach) -> tuple[tuple[slice, ...], tuple[int, ...]]:
    """The mask's bounding box widened by ``reach`` voxels, and how many voxels past the mask the image ends, by axis.

    The second is counted to the first voxel that the image lacks, on the nearer side.
    """
    slices, steps = [], []
    for axis in range(3):
        inside = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        first, last, size = int(inside[0]), int(inside[-1]), mask.shape[axis]
        slices.append(slice(max(0, first - reach[axis]), min(size, last + 1 + reach[axis])))
        steps.append(min(first + 1, size - last))
    return tuple(slices), tuple(steps)
