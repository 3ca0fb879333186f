"""Re-segmentation of the intensity mask by range and by outliers (IBSI 1, section 2.5)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from radkit.preprocess.settings import Resegment
from radkit.volume import EmptyMask, Roi, UnitMismatch


def resegment(roi: Roi, setting: Resegment) -> Roi:
    """The region with its intensity mask shrunk: first to ``range``, then to mean +- ``outlier_sd`` SD of the rest.

    The SD is the population SD; both limits are included. Raises UnitMismatch where the range is in another unit
    than the image, EmptyMask where nothing is left.

    Examples
    --------
    >>> import numpy as np
    >>> from radkit.volume import Image, Mask, Roi
    >>> image = Image.of(np.array([[[-900.0, 10, 20, 3000]]]), spacing_mm=(1, 1, 1), modality="CT", unit="HU")
    >>> roi = Roi.of(image, Mask.of(np.ones((1, 1, 4)), spacing_mm=(1, 1, 1)))
    >>> resegment(roi, Resegment(range=(-500, 400), unit="HU")).values
    array([10., 20.])
    """
    mask = roi.intensity_mask
    array = roi.image.array
    if setting.range is not None:
        if setting.unit != roi.image.unit:
            raise UnitMismatch(
                f"the re-segmentation range is in {setting.unit}, the image in {roi.image.unit}. "
                "Choose a recipe for this modality, or convert the image first."
            )
        low, high = setting.range
        mask = mask & (array >= low) & (array <= high)
        if not mask.any():
            lowest, highest = roi.values.min(), roi.values.max()
            raise EmptyMask(
                f"no voxel of the region lies in {low:g} to {high:g} {setting.unit}: it runs from {lowest:g} to "
                f"{highest:g}. Widen the range."
            )
    if setting.outlier_sd is not None:
        values = array[mask].astype(float)
        mean, sd = values.mean(), values.std()
        mask = mask & (np.abs(array - mean) <= setting.outlier_sd * sd + 1e-9 * max(1.0, abs(mean)))
    return replace(roi, intensity_mask=mask, range=setting.range or roi.range)
