"""One simulated lesion with its truth, the same lesion on another scanner, and radkit's embedded default."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from radkit.phantoms.scanner import PetScanner, Scanner, acquire, average_down, box_average
from radkit.phantoms.shape import Shape, Surface, draw
from radkit.phantoms.texture import Texture, gaussian_field
from radkit.volume import Case, Grid, Image, Mask, SettingError, Source, UnitMismatch
from radkit.volume.grid import Vector

SHAPE_STREAM, TEXTURE_STREAM, BACKGROUND_STREAM, NOISE_STREAM = range(4)
MOST_FINE_VOXELS = 2**23
LIMITS = (
    "stationary noise; no streaks, scatter, beam hardening or iterative reconstruction; not MR; "
    "realism not compared with a physical phantom"
)
SOURCE = Source(
    title="Simulated lesion (radkit)",
    licence="CC0-1.0 (computed by radkit, no patient)",
    changes=LIMITS,
    found="embedded default",
)


@dataclass(frozen=True, kw_only=True)
class Lesion:
    """What is there before any scanner looks: a lesion in a uniform or mildly textured tissue.

    Parameters
    ----------
    shape : its surface.
    mean : mean intensity inside, in ``unit``; texture is added to it.
    texture : lumps inside.
    background, background_texture : the tissue around.
    unit : "HU" for Scanner, "SUV" for PetScanner.
    offset_mm : the lesion's center from the field's center, (z, y, x).
    field_mm : size of the field (z, y, x).
    fine_mm : spacing of the grid it is rendered on; at most half the scanner's voxel.
    """

    shape: Shape = Shape()
    mean: float = 110.0
    texture: Texture = Texture(sd=36.0, length_mm=2.5)
    background: float = 45.0
    background_texture: Texture = Texture(sd=4.0, length_mm=6.0)
    unit: str = "HU"
    offset_mm: Vector = (0.0, 0.0, 0.0)
    field_mm: Vector = (80.0, 64.0, 64.0)
    fine_mm: Vector = (1.25, 0.5, 0.5)

    def __post_init__(self):
        if self.unit not in ("HU", "SUV"):
            raise SettingError(f"a lesion's unit is {self.unit!r}; use 'HU' (CT) or 'SUV' (PET).")
        for name in ("offset_mm", "field_mm", "fine_mm"):
            object.__setattr__(self, name, tuple(float(v) for v in getattr(self, name)))
        if math.prod(self.fine_shape) > MOST_FINE_VOXELS:
            raise SettingError(
                f"the fine grid would have {self.fine_shape} voxels (z, y, x), more than 8 million in all. "
                "Use a smaller field_mm or a coarser fine_mm."
            )

    @classmethod
    def pet(cls, **changes) -> Lesion:
        """A hot lesion in SUV: 8 in a background of 1.2, rendered at 2 mm."""
        settings = {
            "shape": Shape(radius_mm=18.0),
            "mean": 8.0,
            "texture": Texture(sd=2.0, length_mm=6.0),
            "background": 1.2,
            "background_texture": Texture(sd=0.1, length_mm=10.0),
            "unit": "SUV",
            "field_mm": (128.0, 128.0, 128.0),
            "fine_mm": (2.0, 2.0, 2.0),
        }
        return cls(**(settings | changes))

    @property
    def fine_shape(self) -> tuple[int, int, int]:
        """Voxels of the fine grid (z, y, x)."""
        return tuple(max(round(size / step), 1) for size, step in zip(self.field_mm, self.fine_mm, strict=True))


@dataclass(frozen=True, eq=False)
class FineObject:
    """A lesion on its fine grid: intensities, share of each voxel inside (0 ... 1), bool mask, and its surface."""

    array: np.ndarray
    occupancy: np.ndarray
    mask: np.ndarray
    surface: Surface


@lru_cache(maxsize=2)
def render(lesion: Lesion, seed: int) -> FineObject:
    """The lesion on its fine grid, float32 (z, y, x): the same for every scanner.

    Shape, texture and background have random streams of their own, so changing one leaves the others.
    """
    surface = draw(lesion.shape, _stream(seed, SHAPE_STREAM))
    shape, step = lesion.fine_shape, lesion.fine_mm
    axes = [(np.arange(n) - (n - 1) / 2) * d - o for n, d, o in zip(shape, step, lesion.offset_mm, strict=True)]
    reach = surface.reach_mm + max(step)
    if any(a[0] > -reach or a[-1] < reach for a in axes):
        raise SettingError(
            f"the lesion reaches {surface.reach_mm:.1f} mm from its center and leaves the field of "
            f"{lesion.field_mm} mm (z, y, x). Use a smaller radius_mm, or a larger field_mm."
        )
    near = tuple(slice(*np.searchsorted(a, (-reach, reach))) for a in axes)
    z, y, x = np.ix_(*(a[part] for a, part in zip(axes, near, strict=True)))
    depth = surface.distance_mm(z, y, x)
    occupancy, mask = np.zeros(shape, np.float32), np.zeros(shape, bool)
    occupancy[near] = np.clip(0.5 + depth / np.mean(step), 0, 1)
    mask[near] = depth >= 0
    array = np.full(shape, lesion.background, np.float32)
    if lesion.background_texture.sd:
        array += gaussian_field(shape, step, lesion.background_texture, _stream(seed, BACKGROUND_STREAM))
    inside = np.float32(lesion.mean)
    if lesion.texture.sd:
        inside = inside + gaussian_field(shape, step, lesion.texture, _stream(seed, TEXTURE_STREAM))
    array += occupancy * (inside - array)
    for part in (array, occupancy, mask):
        part.flags.writeable = False
    return FineObject(array, occupancy, mask, surface)


def simulate(lesion: Lesion, scanner: Scanner | PetScanner, seed: int = 0, *, noise_seed: int | None = None) -> Case:
    """One scan of one lesion, with everything that is true about it in ``case.truth``.

    The lesion is rendered at half a voxel or finer, blurred, averaged down to voxel and slice; noise is added and
    the calibration applied. The mask holds the voxels that are at least half inside the lesion.

    Parameters
    ----------
    lesion, scanner : frozen settings; their units must agree.
    seed : of the lesion (shape, texture, background), an integer of 0 or more.
    noise_seed : of the scan; None means ``seed``. Another one is a repeat scan of the same lesion.

    Returns
    -------
    Case : truth holds volume_mm3 (fine mask), area_mm2 and sphericity (mesh of the surface), texture_sd and
        texture_length_mm, the scanner's psf_sigma_mm, noise, epsilon ..., and the settings themselves.

    Raises
    ------
    UnitMismatch : a lesion in HU under a PET scanner, or the reverse.
    SettingError : a voxel under twice the fine grid's, or a lesion that leaves the field.

    Examples
    --------
    >>> case = simulate(Lesion(), Scanner(noise_sd=12.0), seed=3)
    >>> case.image.grid.shape, case.image.unit, round(case.truth["noise_sd"], 3)
    ((32, 64, 64), 'HU', 12.0)
    """
    _check_pair(lesion, scanner)
    noise_seed = seed if noise_seed is None else noise_seed
    fine = render(lesion, seed)
    grid = _grid(lesion, scanner)
    array = acquire(fine.array, lesion.fine_mm, scanner, grid.shape, _stream(noise_seed, NOISE_STREAM))
    sizes = zip(lesion.fine_shape, lesion.fine_mm, grid.shape, grid.spacing_mm, grid.spacing_mm, strict=True)
    inside = average_down(fine.occupancy, tuple(box_average(*size) for size in sizes)) >= 0.5
    note = f"simulated {scanner.modality} scan, lesion seed {seed}, noise seed {noise_seed}: {LIMITS}"
    return Case(
        name=f"simulated/{seed}",
        image=Image(array, grid, scanner.modality, scanner.unit, (note,)),
        mask=Mask(inside, grid, "lesion"),
        source=SOURCE,
        truth=_truth(lesion, scanner, fine) | {"seed": seed, "noise_seed": noise_seed},
    )


def counterfactual(case: Case, scanner: Scanner | PetScanner, *, noise_seed: int | None = None) -> Case:
    """The very same lesion on another scanner: do(scanner). Shape, texture and volume stay; only the scan changes.

    On a grid of the same spacing the mask stays voxel by voxel. The noise seed is kept, too, so that the scanner is
    all that differs; give another for a repeat scan.

    Raises
    ------
    SettingError : a case that was not simulated.

    Examples
    --------
    >>> soft = simulated_case()
    >>> sharp = counterfactual(soft, Scanner(cutoff_per_mm=0.8))
    >>> sharp.truth["volume_mm3"] == soft.truth["volume_mm3"], bool((sharp.mask.array == soft.mask.array).all())
    (True, True)
    """
    if "lesion" not in case.truth:
        raise SettingError(f"case {case.name!r} was not simulated, so nobody knows what another scanner would see.")
    truth = case.truth
    noise_seed = truth["noise_seed"] if noise_seed is None else noise_seed
    return simulate(truth["lesion"], scanner, truth["seed"], noise_seed=noise_seed)


def simulated_case(seed: int = 0) -> Case:
    """radkit's embedded default: a solid, moderately irregular, textured lesion in soft tissue on CT.

    (32, 64, 64) voxels of 2.5 x 1 x 1 mm, in HU. Its lumps have a length of 2.5 mm, so a blur of 1-3 mm takes their
    contrast away, and bins of 5-50 HU cut their range of about 200 HU into 40 down to 4 levels.

    Examples
    --------
    >>> case = simulated_case()
    >>> case.image.modality, case.image.unit, case.source.found
    ('CT', 'HU', 'embedded default')
    """
    case = simulate(Lesion(), Scanner(), seed)
    return case if seed else replace(case, name="simulated")


def _check_pair(lesion: Lesion, scanner: Scanner | PetScanner) -> None:
    if lesion.unit != scanner.unit:
        raise UnitMismatch(
            f"the lesion is in {lesion.unit}, the scanner measures {scanner.unit}. "
            "Use Lesion() with Scanner(), Lesion.pet() with PetScanner()."
        )
    if any(2 * f > s + 1e-9 for f, s in zip(lesion.fine_mm, scanner.spacing_mm, strict=True)):
        raise SettingError(
            f"fine_mm is {lesion.fine_mm}, the voxel {scanner.spacing_mm} mm (z, y, x). "
            "Choose a fine_mm of at most half the voxel."
        )


def _truth(lesion: Lesion, scanner: Scanner | PetScanner, fine: FineObject) -> dict:
    values = fine.array[fine.mask]
    return {
        "volume_mm3": float(np.count_nonzero(fine.mask) * math.prod(lesion.fine_mm)),
        "area_mm2": fine.surface.area_mm2,
        "sphericity": fine.surface.sphericity,
        "irregularity": lesion.shape.irregularity,
        "spicules": lesion.shape.spicules,
        "mean": lesion.mean,
        "background": lesion.background,
        "texture_sd": lesion.texture.sd,
        "texture_length_mm": lesion.texture.length_mm,
        "realized_mean": float(values.mean(dtype=float)),
        "realized_sd": float(values.std(dtype=float)),
        **scanner.facts(),
        "lesion": lesion,
        "scanner": scanner,
    }


def _grid(lesion: Lesion, scanner: Scanner | PetScanner) -> Grid:
    """The scan's grid: as many voxels as fit the field, centered on the world's origin."""
    shape = tuple(max(int(size / s + 1e-6), 1) for size, s in zip(lesion.field_mm, scanner.spacing_mm, strict=True))
    origin = tuple(-(n - 1) / 2 * s for n, s in zip(shape, scanner.spacing_mm, strict=True))
    return Grid(shape=shape, spacing_mm=scanner.spacing_mm, origin_mm=origin)


def _stream(seed: int, stream: int) -> np.random.Generator:
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise SettingError(f"seed is {seed!r}; it must be an integer of 0 or more.")
    return np.random.default_rng([int(seed), stream])
