"""Named recipes: the six IBSI 1 configurations, the 18 of IBSI 2, and a default that follows the modality."""

from __future__ import annotations

from difflib import get_close_matches

from radkit.physics import ZScore
from radkit.preprocess import AsIs, FixedBinCount, FixedBinWidth, Resample, Resegment
from radkit.recipe.ibsi2 import IBSI_2
from radkit.recipe.recipe import AGGREGATIONS, Recipe
from radkit.volume import DataNotFound, Image

_BY_SLICE = AGGREGATIONS[:4]
_VOLUME = AGGREGATIONS[4:]
_IN_PLANE = Resample(spacing_mm=(None, 2.0, 2.0))
_ISOTROPIC = Resample(spacing_mm=(2.0, 2.0, 2.0))

# IBSI 1 (doi:10.1148/radiol.2020191145), table of configurations A to E of the lung CT phantom
_IBSI = {
    "ibsi-digital": Recipe(name="ibsi-digital", binning=AsIs(), ivh_binning=AsIs(), aggregations=AGGREGATIONS),
    "ibsi-a": Recipe(
        name="ibsi-a",
        resegment=Resegment(range=(-500, 400), unit="HU"),
        binning=FixedBinWidth(width=25, origin=-500, unit="HU"),
        ivh_binning=AsIs(),
        aggregations=_BY_SLICE,
    ),
    "ibsi-b": Recipe(
        name="ibsi-b",
        resample=_IN_PLANE,
        resegment=Resegment(range=(-500, 400), unit="HU"),
        binning=FixedBinCount(n_bins=32),
        ivh_binning=AsIs(),
        aggregations=_BY_SLICE,
    ),
    "ibsi-c": Recipe(
        name="ibsi-c",
        resample=_ISOTROPIC,
        resegment=Resegment(range=(-1000, 400), unit="HU"),
        binning=FixedBinWidth(width=25, origin=-1000, unit="HU"),
        ivh_binning=FixedBinWidth(width=2.5, origin=-1000, unit="HU"),
        aggregations=_VOLUME,
    ),
    "ibsi-d": Recipe(
        name="ibsi-d",
        resample=_ISOTROPIC,
        resegment=Resegment(outlier_sd=3),
        binning=FixedBinCount(n_bins=32),
        ivh_binning=AsIs(),
        aggregations=_VOLUME,
    ),
    "ibsi-e": Recipe(
        name="ibsi-e",
        resample=Resample(spacing_mm=(2.0, 2.0, 2.0), interpolation="cubic"),
        resegment=Resegment(range=(-1000, 400), outlier_sd=3, unit="HU"),
        binning=FixedBinCount(n_bins=32),
        ivh_binning=FixedBinCount(n_bins=1000),
        aggregations=_VOLUME,
    ),
}


def default(modality: str) -> Recipe:
    """The recipe that a modality's unit calls for.

    CT: 2 mm isotropic, rounded to integers, 25 HU wide bins from -1000 HU. PET: 4 mm isotropic, never rounded, bins of
    0.5 SUV from 0. MR: z-score over the region, 2 mm, 32 bins, for its units are arbitrary. Anything else: 32 bins on
    its own grid.
    """
    match modality:
        case "CT":
            resample, normalize, binning = _ISOTROPIC, None, FixedBinWidth(width=25, origin=-1000, unit="HU")
        case "PET":
            resample, normalize = Resample.isotropic(4.0), None
            binning = FixedBinWidth(width=0.5, origin=0, unit="SUV")
        case "MR":
            resample, normalize, binning = _ISOTROPIC, ZScore(region="roi"), FixedBinCount(n_bins=32)
        case _:
            resample, normalize, binning = None, None, FixedBinCount(n_bins=32)
    return Recipe(name="default", normalize=normalize, resample=resample, binning=binning)


def presets() -> tuple[str, ...]:
    """The names that ``preset`` knows."""
    return ("default", *_IBSI, *IBSI_2)


def preset(name: str, image: Image | None = None) -> Recipe:
    """A recipe by name; ``default`` follows the image's modality. Raises DataNotFound with the nearest name."""
    if name == "default":
        return default(image.modality if image is not None else "OTHER")
    known = _IBSI | IBSI_2
    if name not in known:
        close = get_close_matches(name, presets(), n=1, cutoff=0.4)
        hint = f"did you mean {close[0]!r}?" if close else "see radkit recipes."
        raise DataNotFound(f"no recipe is called {name[:80]!r}; {hint} Known: {', '.join(presets())}.")
    return known[name]
