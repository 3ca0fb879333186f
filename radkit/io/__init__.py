"""L1: the only room that reads foreign files: bounded readers of NIfTI-1, NRRD and DICOM, and safe writers."""

from radkit.io.atomic import atomic_write, write_bytes, write_json, write_text
from radkit.io.exchange import from_sitk, to_sitk
from radkit.io.limits import LIMITS, Limits
from radkit.io.nifti import read_nifti
from radkit.io.nrrd import read_nrrd
from radkit.io.reading import read, read_mask
from radkit.io.text import safe_name
from radkit.io.units import unit_of
from radkit.io.writers import write_nifti, write_nrrd

LAZY = {  # pydicom is imported by whoever reads DICOM
    "read_dicom": "radkit.io.dicom",
    "read_rtstruct": "radkit.io.structures",
    "read_seg": "radkit.io.structures",
}

__all__ = [
    "LIMITS", "Limits", "atomic_write", "from_sitk", "read", "read_dicom", "read_mask", "read_nifti", "read_nrrd",
    "read_rtstruct", "read_seg", "safe_name", "to_sitk", "unit_of", "write_bytes", "write_json", "write_nifti",
    "write_nrrd", "write_text",
]  # fmt: skip


def __getattr__(name: str):
    if name in LAZY:
        from importlib import import_module

        return getattr(import_module(LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
