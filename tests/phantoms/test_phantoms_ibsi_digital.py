"""The IBSI 1 digital phantom: its published facts, and its equality with the initiative's own file."""

import numpy as np
import pytest

from radkit.phantoms import ibsi_digital


def test_facts():
    case = ibsi_digital()
    values = case.image.array[case.mask.array]
    assert case.image.array.shape == (4, 4, 5)
    assert case.image.grid.spacing_mm == (2.0, 2.0, 2.0)
    assert dict(zip(*np.unique(values, return_counts=True), strict=True)) == {1: 50, 3: 1, 4: 16, 6: 7}
    assert round(values.mean(), 2) == 2.15  # IBSI: statistical mean of the digital phantom
    assert (case.image.modality, case.image.unit) == ("OTHER", "1")
    assert case.source.licence == "CC BY 4.0"


@pytest.mark.mirror
def test_equals_the_initiatives_file(mirror):
    import nibabel

    folder = mirror / "ibsi_1_digital_phantom" / "nifti"
    image = nibabel.load(folder / "image" / "phantom.nii.gz")
    mask = nibabel.load(folder / "mask" / "mask.nii.gz")
    case = ibsi_digital()
    assert (np.asarray(image.dataobj).transpose(2, 1, 0) == case.image.array).all()
    assert ((np.asarray(mask.dataobj).transpose(2, 1, 0) != 0) == case.mask.array).all()
    assert tuple(float(s) for s in image.header.get_zooms()) == case.image.grid.spacing_mm
