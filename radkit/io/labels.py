"""One region out of a label map."""

from __future__ import annotations

import numpy as np

from radkit.io.text import listed, safe_name
from radkit.volume import EmptyMask, Grid, Mask, NotFinite, SettingError

MANY = 4096  # more different values than this are intensities, not labels


def mask_of(array: np.ndarray, grid: Grid, label: int | str | None, name: str) -> Mask:
    """The voxels of one label of a label map (z, y, x), where 0 is outside.

    Without ``label`` the map must hold a single one. A label is a whole number.
    """
    present = _labels(array, name)
    if label is None:
        if len(present) > 1:
            raise SettingError(
                f"{name} holds {len(present)} labels ({listed(present)}). Choose one with label=, or --label."
            )
        return Mask(array != 0, grid, "ROI")
    number = _number(label, name)
    if number not in present:
        raise SettingError(f"{name} has no label {number}; it holds {listed(present)}. Choose one of these.")
    return Mask(array == number, grid, f"label {number}")


def _labels(array: np.ndarray, name: str) -> list[int]:
    if array.dtype.kind == "f":
        if not np.isfinite(array).all():
            raise NotFinite(f"{name} holds NaN or infinity; a mask is 0 outside and a whole number inside.")
        if (array != np.rint(array)).any():
            raise SettingError(
                f"{name} holds fractions, so it is no mask but an image or a probability map. "
                "Threshold it and save whole numbers."
            )
    present = np.unique(array)
    present = present[present != 0]
    if present.size == 0:
        raise EmptyMask(f"{name} has no voxel inside, of {array.size}. Choose another file or draw the region.")
    if present.size > MANY:
        raise SettingError(f"{name} holds {present.size} different values, so it is no mask. Did you give the image?")
    return [int(v) for v in present]


def _number(label: int | str, name: str) -> int:
    try:
        return int(label)
    except (TypeError, ValueError):
        raise SettingError(
            f"label is {safe_name(label)!r}, but {name} is a label map, which has numbers only. Give a number."
        ) from None
