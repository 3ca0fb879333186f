"""To and from SimpleITK, by arrays only: it never sees a path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from radkit.volume import Grid, Image, Mask, ShapeError

if TYPE_CHECKING:
    import SimpleITK as sitk


def to_sitk(volume: Image | Mask) -> sitk.Image:
    """A SimpleITK image with the same voxels and place; a mask becomes 0 and 1 (uint8)."""
    import SimpleITK as sitk

    array = volume.array.astype(np.uint8) if isinstance(volume, Mask) else volume.array
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(volume.grid.spacing_mm[::-1])
    image.SetOrigin(volume.grid.origin_mm[::-1])
    image.SetDirection(np.asarray(volume.grid.direction)[::-1, ::-1].ravel().tolist())
    return image


def from_sitk(image: sitk.Image, *, modality: str = "OTHER", unit: str = "1") -> Image:
    """An image from a three-dimensional SimpleITK image of one channel; the voxels are copied.

    Raises
    ------
    ShapeError : another number of axes, or several channels.
    """
    import SimpleITK as sitk

    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise ShapeError(
            f"it has {image.GetDimension()} axes and {image.GetNumberOfComponentsPerPixel()} channels; "
            "a volume has 3 and 1. Extract one first."
        )
    array = sitk.GetArrayFromImage(image)
    grid = Grid(
        shape=array.shape,
        spacing_mm=image.GetSpacing()[::-1],
        origin_mm=image.GetOrigin()[::-1],
        direction=np.array(image.GetDirection()).reshape(3, 3)[::-1, ::-1],
    )
    return Image(array, grid, modality, unit)
