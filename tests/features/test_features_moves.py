"""The directions that the catalogue states, against simulated lesions: blurred, made noisy, cut into wider bins."""

from dataclasses import replace

import numpy as np
import pytest

from radkit import extract, features
from radkit.phantoms import Lesion, PetScanner, Scanner, Shape, Texture, simulate
from radkit.physics import GaussianPsf
from radkit.preprocess import FixedBinWidth
from radkit.recipe import AGGREGATIONS, Recipe

SEEDS = range(8)
MOST = 0.9  # of the lesions; chance moves a few the other way
MOST_BY_SLICE = 0.75  # slices at a lesion's poles hold a handful of voxels, and count as much as the others
# strong against the lesion's own texture and blur, so that what is left to chance is little
BLUR_MM = {"CT": 2.0, "PET": 4.0}
NOISE_SD = {"CT": 50.0, "PET": 2.0}
CHANGES = ("blur", "noise", "wider_bins")


def lesions():
    """A hot lesion and a cold one on CT, and a hot one on PET: of any size, contrast and texture."""
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        texture = Texture(sd=rng.uniform(20, 45), length_mm=rng.uniform(1.5, 4))
        hot = Lesion(shape=Shape(radius_mm=rng.uniform(9, 17)), mean=rng.uniform(60, 140), texture=texture)
        yield simulate(hot, Scanner(), seed)
        yield simulate(replace(hot, mean=rng.uniform(-60, 20), background=90.0), Scanner(), seed)
        texture = Texture(sd=rng.uniform(1, 2.5), length_mm=rng.uniform(5, 8))
        avid = Lesion.pet(shape=Shape(radius_mm=rng.uniform(14, 24)), mean=rng.uniform(5, 12), texture=texture)
        yield simulate(avid, PetScanner(), seed)


def measured(case):
    """Every feature of a case as it is, and after each change: change to tag to value."""
    modality, image = case.image.modality, case.image
    recipe = Recipe.default(modality).replace(aggregations=AGGREGATIONS)
    noise = np.random.default_rng(0).normal(0, NOISE_SD[modality], image.array.shape)
    bins = recipe.binning
    wider = FixedBinWidth(width=2 * bins.width, origin=bins.origin, unit=bins.unit)
    return {
        "": extract(image, case.mask, recipe).to_dict(),
        "blur": extract(image, case.mask, recipe.replace(psf=GaussianPsf.isotropic(BLUR_MM[modality]))).to_dict(),
        "noise": extract(image.with_array(image.array + noise), case.mask, recipe).to_dict(),
        "wider_bins": extract(image, case.mask, recipe.replace(binning=wider)).to_dict(),
    }


@pytest.fixture(scope="module")
def measurements():
    return [measured(case) for case in lesions()]


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_features_move_as_stated(measurements, change):
    against = {}
    for family in features.FAMILIES:
        for feature in family.features:
            stated = getattr(feature.moves, change)
            for aggregation in family.aggregations or [""] if stated else ():
                tag = f"{feature.tag}_{aggregation}".removesuffix("_")
                before, after = (np.array([m[which][tag] for m in measurements]) for which in ("", change))
                if stated == "none":
                    share, wanted = np.mean(after == before), 1.0
                else:
                    share = np.mean({"up": after > before, "down": after < before}[stated])
                    wanted = MOST_BY_SLICE if aggregation.startswith("2") else MOST
                if share < wanted:
                    against[tag] = f"{stated} in {share:.0%}"
    assert not against, "\n".join(f"{tag}: {what}" for tag, what in against.items())
