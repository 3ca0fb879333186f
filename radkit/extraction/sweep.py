"""sweep: the same region while one knob is turned."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from radkit.extraction.cache import StageCache
from radkit.extraction.extract import extract
from radkit.physics import GaussianPsf
from radkit.preprocess import AlignedBinWidth, FixedBinCount, FixedBinWidth, Resample
from radkit.recipe import Recipe, knobs
from radkit.volume import Image, Mask, SettingError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Sweep:
    """Features (one row a knob setting) of one region: ``values`` is the knob, ``table[tag]`` a feature's list."""

    knob: str
    unit: str
    values: tuple[float, ...]
    table: dict[str, tuple[float, ...]]
    n_voxels: tuple[int, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a knob setting, one column a feature."""
        import pandas as pd

        return pd.DataFrame({self.knob: self.values, **self.table}).set_index(self.knob)


def turn(recipe: Recipe, knob: str, value: float) -> Recipe:
    """The recipe with one knob turned: "bin_width", "n_bins", "spacing_mm" or "psf_sigma_mm".

    ``bin_width`` keeps the origin and the unit of the recipe's bin width; ``spacing_mm`` is isotropic and keeps
    the interpolation; ``psf_sigma_mm`` is isotropic, 0 takes the blur away.
    """
    match knob:
        case "bin_width":
            if not isinstance(recipe.binning, (FixedBinWidth, AlignedBinWidth)):
                raise SettingError(
                    f"recipe {recipe.name!r} has no fixed bin width to turn. "
                    "Give its binning an origin and a unit first."
                )
            return recipe.replace(binning=replace(recipe.binning, width=value))
        case "n_bins":
            return recipe.replace(binning=FixedBinCount(n_bins=int(value)))
        case "spacing_mm":
            interpolation = recipe.resample.interpolation if recipe.resample else "linear"
            return recipe.replace(resample=Resample.isotropic(value, interpolation=interpolation))
        case "psf_sigma_mm":
            return recipe.replace(psf=GaussianPsf(sigma_mm=(value,) * 3) if value else None)
        case _:
            raise SettingError(f"no knob is called {knob!r}; use one of {', '.join(knobs('CT'))}.")


def sweep(
    image: Image,
    mask: Mask,
    recipe: Recipe,
    knob: str,
    values: Iterable[float],
    *,
    cache: StageCache | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Sweep:
    """Extract once for each value of one knob; stages that the knob does not touch are computed once."""
    values = tuple(float(v) for v in values)
    if not values:
        raise SettingError(f"no values of {knob} were given. Give at least one.")
    cache = StageCache() if cache is None else cache
    sets = []
    for i, value in enumerate(values):
        sets.append(extract(image, mask, turn(recipe, knob, value), cache=cache))
        if progress:
            progress(f"{knob} {value:g}", (i + 1) / len(values))
    tags = [v.tag for v in sets[0]]
    return Sweep(
        knob=knob,
        unit=knobs(image.modality)[knob].unit,
        values=values,
        table={tag: tuple(s[tag] for s in sets) for tag in tags},
        n_voxels=tuple(s.provenance["n_voxels_intensity"] for s in sets),
    )
