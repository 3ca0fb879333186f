"""The picture of what features see: the region in the colors of its gray levels, inside its scan."""

from __future__ import annotations

import numpy as np

from radkit.volume import Image, Levels, Roi


def as_seen(roi: Roi, levels: Levels) -> Image:
    """The image of ``roi`` with every voxel of the intensity mask at the center of its bin.

    Parameters
    ----------
    roi : the region on any crop of the grid that ``levels`` lie on, with as much surrounding as is to be seen.
    levels : the discretization, whose edges are in the unit of ``roi.image``.

    Examples
    --------
    >>> from radkit.volume import Grid, Mask
    >>> image = Image.of(np.array([[[0.1, 0.4, 7.0]]]), spacing_mm=(1, 1, 1), modality="PET", unit="SUV")
    >>> roi = Roi.of(image, Mask.of(np.array([[[1, 1, 0]]]), spacing_mm=(1, 1, 1)))
    >>> levels = Levels(np.array([[[1, 1, 0]]]), image.grid, 1, np.array([0.0, 0.5]), unit="SUV")
    >>> as_seen(roi, levels).array.ravel().tolist()
    [0.25, 0.25, 7.0]
    """
    centers = (levels.edges[:-1] + levels.edges[1:]) / 2
    level = np.searchsorted(levels.edges, roi.values, side="right") - 1  # an edge belongs to the bin above
    array = roi.image.array.astype(np.float32)
    array[roi.intensity_mask] = centers[np.clip(level, 0, len(centers) - 1)]
    return roi.image.with_array(array, note=f"shown in {levels.n_levels} gray levels inside the mask")
