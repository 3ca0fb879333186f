"""What the browser gets of a volume: one row of a ColumnDataSource, so that every update is one event."""

from __future__ import annotations

import math
from itertools import permutations
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from radkit.volume import Grid, Image, Mask

LIMIT_BYTES = 16 * 2**20  # a larger volume is sent slice by slice
INT16 = np.iinfo(np.int16)
LETTERS = (("S", "I"), ("P", "A"), ("L", "R"))  # world axes z, y, x: positive, negative
# plane: (world axis across the screen, its sign), (world axis up, its sign): R on the left, A or S on top
_SCREEN = {
    "axial": (0, (2, +1), (1, -1)),
    "coronal": (1, (2, +1), (0, +1)),
    "sagittal": (2, (1, +1), (0, +1)),
}
_encoded: WeakKeyDictionary[Image, tuple[np.ndarray, float, float]] = WeakKeyDictionary()


def row(image: Image, mask: Mask | None, *, recenter: bool, at: tuple[int, int, int] | None = None) -> dict[str, list]:
    """One row {"header", "image", "mask"}: the whole volume, or its three slices through ``at`` where it is too large.

    ``image`` is flat (z, y, x), int16 or float32, value = header.scale * code + header.offset;
    ``mask`` is uint8, the box header.mask.start ... + header.mask.shape.
    """
    head = header(image, mask, recenter=recenter)
    if fits(image):
        codes, head["scale"], head["offset"] = encode(image)
        box, head["mask"] = _mask_box(mask)
        return {"header": [head], "image": [codes.ravel()], "mask": [box.ravel()]}
    at = at or tuple(head["center_index"])
    head["at"], head["scale"], head["offset"] = list(at), 1.0, 0.0
    data: dict[str, list] = {"header": [head]}
    for axis in range(3):
        data[f"image{axis}"] = [np.take(image.array, at[axis], axis).astype(np.float32).ravel()]
        inside = np.zeros(0, np.uint8) if mask is None else np.take(mask.array, at[axis], axis).astype(np.uint8)
        data[f"mask{axis}"] = [inside.ravel()]
    return data


def fits(image: Image) -> bool:
    """True if the volume can be sent whole: at most 16 MB as int16."""
    return image.array.size * 2 <= LIMIT_BYTES


def encode(image: Image) -> tuple[np.ndarray, float, float]:
    """Codes (int16 or float32) with scale and offset: exact for integers, float32 if that fits, else 65,535 steps.

    Kept as long as the image lives and shared by all sessions.
    """
    if image not in _encoded:
        codes, scale, offset = _encode(image.array)
        codes.flags.writeable = False
        _encoded[image] = (codes, scale, offset)
    return _encoded[image]


def _encode(array: np.ndarray) -> tuple[np.ndarray, float, float]:
    low, high = float(array.min()), float(array.max())
    whole = array.dtype.kind in "iu" or bool((array == np.rint(array)).all())
    if whole and INT16.min <= low and high <= INT16.max:
        return array.astype(np.int16), 1.0, 0.0
    if array.size * 4 <= LIMIT_BYTES:
        return array.astype(np.float32), 1.0, 0.0
    scale = (high - low) / 65534 or 1.0
    offset = low + 32767 * scale
    return np.rint((array - offset) / scale).astype(np.int16), scale, offset


def _mask_box(mask: Mask | None) -> tuple[np.ndarray, dict[str, list[int]]]:
    if mask is None:
        return np.zeros(0, np.uint8), {"start": [0, 0, 0], "shape": [0, 0, 0]}
    start, stop = _bounds(mask.array)
    box = mask.array[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))]
    return box.astype(np.uint8), {"start": start, "shape": list(box.shape)}


def _bounds(array: np.ndarray) -> tuple[list[int], list[int]]:
    """First and last + 1 index of what is inside, per axis."""
    start, stop = [], []
    for axis in range(3):
        inside = np.flatnonzero(array.any(axis=tuple(a for a in range(3) if a != axis)))
        start.append(int(inside[0]))
        stop.append(int(inside[-1]) + 1)
    return start, stop


def header(image: Image, mask: Mask | None, *, recenter: bool) -> dict[str, Any]:
    """Geometry, planes, units, presets and the alternative text, as JSON.

    Positions are kept along the array's own axes: t = origin + spacing * index (mm, one per axis), where
    origin = direction.T @ origin_mm; world = direction @ t.
    """
    grid = image.grid
    direction = np.asarray(grid.direction)
    center = _center(grid, mask)
    start = presets(image, mask)
    return {
        "shape": list(grid.shape),
        "spacing": list(grid.spacing_mm),
        "origin": (direction.T @ np.asarray(grid.origin_mm)).tolist(),
        "direction": direction.tolist(),
        "planes": planes(grid),
        "modality": image.modality,
        "unit": image.unit,
        "inverted": image.modality == "PET",
        "presets": start,
        "window": start[_first_preset(image)]["window"],
        "center_index": center,
        "box": _bounds(mask.array) if mask is not None else [[0, 0, 0], list(grid.shape)],
        "recenter": recenter,
        "whole": fits(image),
        "text": alternative(image, mask),
    }


def alternative(image: Image, mask: Mask | None) -> str:
    """The picture in one sentence.

    Examples
    --------
    >>> alternative(Image.of(np.zeros((2, 3, 4)), spacing_mm=(3, 1, 1), modality="CT", unit="HU"), None)
    'Three linked slices of a CT volume of 4 x 3 x 2 voxels of 1 x 1 x 3 mm (x, y, z).'
    """
    size = " x ".join(str(n) for n in reversed(image.grid.shape))
    spacing = " x ".join(f"{s:.3g}" for s in reversed(image.grid.spacing_mm))
    what = "volume" if image.modality == "OTHER" else f"{image.modality} volume"
    region = f" with a region of {mask.n_voxels:,} voxels" if mask is not None else ""
    return f"Three linked slices of a {what} of {size} voxels of {spacing} mm (x, y, z){region}."


def planes(grid: Grid) -> dict[str, dict[str, Any]]:
    """For each plane: the array axis it cuts, the axes across and up the screen with their signs, and four letters.

    The array axes are matched to the patient's by the largest direction cosines, so a sagittal acquisition shows
    its axial slices where axial slices belong.
    """
    direction = np.asarray(grid.direction)  # column j: world direction (z, y, x) of array axis j
    axis_of = max(permutations(range(3)), key=lambda p: sum(abs(direction[w, p[w]]) for w in range(3)))
    found = {}
    for name, (normal, (across_world, across_sign), (up_world, up_sign)) in _SCREEN.items():
        across, up = axis_of[across_world], axis_of[up_world]
        across_sign = across_sign if direction[across_world, across] >= 0 else -across_sign
        up_sign = up_sign if direction[up_world, up] >= 0 else -up_sign
        found[name] = {
            "axis": axis_of[normal], "across": across, "across_sign": across_sign, "up": up, "up_sign": up_sign,
            "right": letters(across_sign * direction[:, across]), "left": letters(-across_sign * direction[:, across]),
            "top": letters(up_sign * direction[:, up]), "bottom": letters(-up_sign * direction[:, up]),
        }  # fmt: skip
    return found


def letters(world) -> str:
    """R L A P S I of a world direction (z, y, x), the nearest axis first, a second one where it is oblique.

    Examples
    --------
    >>> letters((0, 0, 1)), letters((0, -1, 0)), letters((0.5, 0, -0.87))
    ('L', 'A', 'RS')
    """
    order = sorted(range(3), key=lambda w: -abs(world[w]))
    return "".join(LETTERS[w][0 if world[w] > 0 else 1] for w in order if abs(world[w]) > 0.35)


def presets(image: Image, mask: Mask | None) -> list[dict[str, Any]]:
    """Window presets for keys 1 to 5: name and [low, high] in the image's unit."""
    if image.modality == "CT" and image.unit == "HU":
        named = [("Soft tissue", 400, 40), ("Lung", 1500, -600), ("Bone", 2500, 480), ("Brain", 80, 40)]
        found = [(name, [level - width / 2, level + width / 2]) for name, width, level in named]
    elif image.modality == "PET" and image.unit == "SUV":
        found = [("0 to 5", [0, 5]), ("0 to 15", [0, 15]), ("0 to 25", [0, 25])]
    else:
        sample = image.array.ravel()[:: max(1, image.array.size // 100_000)]
        found = [("1 to 99%", np.percentile(sample, [1, 99]).tolist())]
        found.append(("Whole range", [float(image.array.min()), float(image.array.max())]))
    if mask is not None:
        inside = image.array[mask.array]
        found.append(("Region", [float(inside.min()), float(inside.max())]))
    if image.modality == "PET" and image.unit == "SUV":
        found.append(("PET", [0, 10]))
    return [{"name": name, "window": _window(*window)} for name, window in found[:5]]


def _window(low: float, high: float) -> list[float]:
    return [float(low), float(high) if high > low else float(low) + 1.0]


def _first_preset(image: Image) -> int:
    """CT opens in soft tissue, MR in its percentiles, PET in 0 to 10 SUV."""
    return -1 if image.modality == "PET" and image.unit == "SUV" else 0


def _center(grid: Grid, mask: Mask | None) -> list[int]:
    """The voxel of the region nearest to its center of mass; the middle of the volume without a region."""
    if mask is None:
        return [n // 2 for n in grid.shape]
    inside = np.argwhere(mask.array)
    distance = ((inside - inside.mean(axis=0)) * grid.spacing_mm) ** 2
    return inside[int(distance.sum(axis=1).argmin())].tolist()


def same_place(a: Grid, b: Grid) -> bool:
    """True if both volumes fill nearly the same box of the patient (within the larger voxel)."""
    if not np.allclose(a.direction, b.direction, atol=1e-3):
        return False
    tolerance = np.maximum(a.spacing_mm, b.spacing_mm).max() + 1e-3
    corners = [g.to_world([(-0.5,) * 3, tuple(n - 0.5 for n in g.shape)]) for g in (a, b)]
    return bool(np.abs(corners[0] - corners[1]).max() <= tolerance)


def checked_index(at: Any, shape: tuple[int, int, int]) -> tuple[int, int, int] | None:
    """Three indices inside the volume, or None: a browser can send anything."""
    if not isinstance(at, (list, tuple)) or len(at) != 3:
        return None
    if not all(isinstance(i, (int, float)) and not isinstance(i, bool) and math.isfinite(i) for i in at):
        return None
    return tuple(min(max(int(i), 0), n - 1) for i, n in zip(at, shape, strict=True))
