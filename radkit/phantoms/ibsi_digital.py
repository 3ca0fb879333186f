"""The digital phantom of the Image Biomarker Standardisation Initiative (IBSI 1): 80 voxels, four gray levels."""

from __future__ import annotations

import numpy as np

from radkit.volume import Case, Grid, Image, Mask, Source

LEVELS = (  # (z, y, x) = (4, 4, 5); the 9 lies outside the region, levels 2 and 5 are absent
    ((1, 4, 4, 1, 1), (1, 4, 6, 1, 1), (4, 1, 6, 4, 1), (4, 4, 6, 4, 1)),
    ((1, 4, 4, 1, 1), (1, 1, 6, 1, 1), (1, 1, 3, 1, 1), (4, 4, 6, 1, 1)),
    ((1, 4, 4, 1, 1), (1, 1, 1, 1, 1), (1, 1, 9, 1, 1), (1, 1, 6, 1, 1)),
    ((1, 4, 4, 1, 1), (1, 1, 1, 1, 1), (1, 1, 1, 1, 1), (1, 1, 6, 1, 1)),
)
OUTSIDE = ((1, 2, 0), (2, 0, 3), (2, 0, 4), (2, 2, 2), (3, 0, 3), (3, 0, 4))  # (z, y, x)
SPACING_MM = 2.0

SOURCE = Source(
    title="IBSI 1 digital phantom",
    licence="CC BY 4.0",
    citation=(
        "Zwanenburg A, Leger S, Vallieres M, Lock S. Image biomarker standardisation initiative. arXiv:1612.07003.",
        "Zwanenburg A, et al. The Image Biomarker Standardization Initiative. Radiology 2020;295(2):328-338. "
        "doi:10.1148/radiol.2020191145",
    ),
    changes="written out as numbers; isotropic voxels of 2 mm",
    found="embedded default",
)


def ibsi_digital() -> Case:
    """The IBSI 1 digital phantom: (4, 4, 5) voxels of 2 mm, 74 of them in the region, gray levels 1 ... 6.

    Its intensities are the gray levels, so it is used without interpolation, re-segmentation or discretization.

    Examples
    --------
    >>> case = ibsi_digital()
    >>> case.mask.n_voxels, int(case.image.array[case.mask.array].sum())
    (74, 159)
    """
    array = np.array(LEVELS, dtype=np.int16)  # (z, y, x)
    inside = np.ones(array.shape, dtype=bool)
    inside[tuple(zip(*OUTSIDE, strict=True))] = False
    grid = Grid(shape=array.shape, spacing_mm=(SPACING_MM,) * 3)
    return Case(
        name="ibsi-digital",
        image=Image(array, grid, "OTHER", "1"),
        mask=Mask(inside, grid, "ROI"),
        source=SOURCE,
    )
