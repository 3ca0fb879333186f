"""The two numbers that PET studies report of a region: its volume and its total uptake. Neither is an IBSI feature."""

from __future__ import annotations

from radkit.volume import Image, Mask

MTV = "mtv_ml"
TLG = "tlg"


def mtv_ml(region: Mask) -> float:
    """Volume of the region in ml, by counting voxels on the scan's own grid; not an IBSI feature.

    ``n V / 1000``, V the volume of a voxel in mm^3. It is a metabolic tumor volume where the region is a threshold's.

    Examples
    --------
    >>> mtv_ml(Mask.of([[[1, 1, 0]]], spacing_mm=(10, 10, 10)))
    2.0
    """
    return region.n_voxels * region.grid.voxel_volume_mm3 / 1000


def tlg(image: Image, region: Mask) -> float:
    """Total lesion glycolysis in SUV ml: volume times mean uptake; not an IBSI feature.

    ``MTV * SUVmean = V / 1000 * sum(SUV)`` over the region's voxels on the scan's own grid.

    Examples
    --------
    >>> image = Image.of([[[2.0, 4.0, 9.0]]], spacing_mm=(10, 10, 10), modality="PET", unit="SUV")
    >>> tlg(image, Mask.of([[[1, 1, 0]]], spacing_mm=(10, 10, 10)))
    6.0
    """
    return float(image.array[region.array].sum(dtype=float)) * region.grid.voxel_volume_mm3 / 1000
