"""MR intensities have no fixed meaning: the z-score over a named region gives them a common scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from radkit.volume import Image, Mask, SettingError

Region = Literal["roi", "body", "image"]
REGIONS = get_args(Region)


@dataclass(frozen=True, kw_only=True)
class ZScore:
    """Which voxels give the mean and the standard deviation of the z-score.

    Parameters
    ----------
    region : "roi" is the mask (it erases what a lesion's brightness could tell), "body" the foreground of the
        image found by Otsu's threshold, "image" every voxel, air included.

    Examples
    --------
    >>> ZScore(region="image")
    ZScore(region='image')
    """

    region: Region = "body"  # a lesion keeps its contrast to the tissue around it

    def __post_init__(self):
        if self.region not in REGIONS:
            raise SettingError(f"z-score region is {self.region!r}; use one of {', '.join(REGIONS)}.")


def zscore(image: Image, mask: Mask | None, setting: ZScore) -> Image:
    """The image with zero mean and unit standard deviation over a named region.

    ``z = (I - mean) / sd`` with the population standard deviation (divisor n). Replacing I by a I + b with a > 0
    leaves z as it was.

    Parameters
    ----------
    image : intensities (z, y, x) in any unit.
    mask : the region of interest on the image's grid; needed for region "roi" only.
    setting : which region gives mean and standard deviation.

    Returns
    -------
    Image : float64, unit "1"; the note names region, mean, standard deviation and voxel count.

    Raises
    ------
    SettingError : region "roi" without a mask, or a region whose intensities are all the same.

    Examples
    --------
    >>> image = Image.of(np.array([[[1.0, 3.0]]]), spacing_mm=(1, 1, 1), modality="MR", unit="a.u.")
    >>> zscore(image, None, ZScore(region="image")).array.tolist()
    [[[-1.0, 1.0]]]
    """
    array = image.array.astype(np.float64, copy=False)
    values = array[_region(image, mask, setting)]
    mean, sd = float(values.mean()), float(values.std())
    if sd <= 1e-12 * max(abs(mean), float(np.abs(values).max())):
        raise SettingError(
            f"the region {setting.region!r} ({values.size} voxels) has the same intensity {mean:.6g} everywhere; "
            f"a z-score needs variation. Use another region: {', '.join(r for r in REGIONS if r != setting.region)}."
        )
    note = (
        f"z-score over region {setting.region!r}: mean {mean:.6g}, standard deviation {sd:.6g} {image.unit}, "
        f"{values.size} voxels"
    )
    return image.with_array((array - mean) / sd, note=note, unit="1")


def foreground(array: np.ndarray) -> np.ndarray:
    """Voxels above Otsu's threshold, bool, same shape: the split with the largest variance between its two classes.

    It looks at every possible threshold instead of at a histogram's bins, so it does not change under a I + b.
    "Above 0" would: MR background is 0 on one scanner and noise or an offset on another. The price: in a T1 image
    with much bright fat, dark tissue may fall below. Otsu N. IEEE Trans Syst Man Cybern 1979.

    Examples
    --------
    >>> foreground(np.array([0, 1, 0, 90, 100, 95])).tolist()
    [False, False, False, True, True, True]
    """
    levels, counts = np.unique(array, return_counts=True)
    if levels.size < 2:
        return np.ones(array.shape, bool)
    levels = (levels - levels[0]).astype(np.float64) / (float(levels[-1]) - float(levels[0]))
    below = np.cumsum(counts)[:-1]  # voxels at or below each candidate
    above = counts.sum() - below
    total = levels * counts
    sums = np.cumsum(total)[:-1]
    between = below * above * (sums / below - (total.sum() - sums) / above) ** 2
    split = int(np.argmax(between))  # the threshold lies between levels[split] and levels[split + 1]
    return array > np.unique(array)[split]


def _region(image: Image, mask: Mask | None, setting: ZScore) -> np.ndarray:
    match setting.region:
        case "roi":
            if mask is None:
                raise SettingError("z-score over the region 'roi' needs a mask, and there is none. Use region 'body'.")
            image.grid.require_match(mask.grid, "image", "mask")
            return mask.array
        case "body":
            return foreground(image.array)
        case _:
            return np.ones(image.array.shape, bool)
