"""Which data sets and cases exist, which files each case needs, and under which terms it may be used."""

from __future__ import annotations

import csv
import difflib
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from radkit.volume import DataNotFound

NO_REIDENTIFICATION = "Never try to re-identify anyone in these data."
BASE_URL = "https://raw.githubusercontent.com/theibsi/data_sets/6da96021bc91faf4c0cb7fd7fa56a4225d2064a8/"
PATIENTS = tuple(f"STS_{i:03d}" for i in range(1, 52))
NATIVE_PATIENTS = ("STS_008", "STS_019", "STS_025", "STS_042")
UNIT = {"PET": "SUV", "CT": "HU", "MR": "a.u."}

_STS_CITATION = (
    "Vallières M, Freeman CR, Skamene SR, El Naqa I (2015). A radiomics model from joint FDG-PET and MRI texture "
    "features for the prediction of lung metastases in soft-tissue sarcomas of the extremities. "
    "The Cancer Imaging Archive. DOI: 10.7937/K9/TCIA.2015.7GO2GSKS",
    "Vallières M, Freeman CR, Skamene SR, El Naqa I (2015). A radiomics model from joint FDG-PET and MRI texture "
    "features for the prediction of lung metastases in soft-tissue sarcomas of the extremities. "
    "Physics in Medicine and Biology 60, 5471. DOI: 10.1088/0031-9155/60/14/5471",
    "Clark K, Vendt B, Smith K, et al. (2013). The Cancer Imaging Archive (TCIA): Maintaining and Operating a Public "
    "Information Repository. Journal of Digital Imaging 26, 1045-1057. DOI: 10.1007/s10278-013-9622-7",
)
_IBSI_CITATION = (
    "Zwanenburg A, Vallières M, Abdalah MA, et al. (2020). The Image Biomarker Standardization Initiative. "
    "Radiology 295, 328-338. DOI: 10.1148/radiol.2020191145"
)
_PUBLISHER_CHANGES = (
    "The publisher of the NIfTI version converted PET to SUV, corrected and normalized MR, kept the contour GTV_Mass "
    "and cropped 5 cm around it."
)


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A data set by name: its cases, its terms, and where it was found (empty: nowhere) or how to get it."""

    name: str
    title: str
    case_names: tuple[str, ...]
    licence: str
    citation: tuple[str, ...]
    changes: str
    how: str  # one sentence: where it comes from
    found: str = ""  # the place, in words
    n_found: int = 0  # cases whose files are there

    @property
    def n_cases(self) -> int:
        """Number of cases in the set."""
        return len(self.case_names)


@dataclass(frozen=True, kw_only=True)
class CaseFiles:
    """The files of one case, relative to a folder laid out like the mirror, and the originals they come from."""

    name: str
    set_name: str
    patient: str
    modality: str
    image: str
    mask: str
    original_image: str
    original_mask: str

    @property
    def unit(self) -> str:
        """Unit of the intensities: SUV, HU or a.u."""
        return UNIT[self.modality]

    @property
    def both(self) -> tuple[str, str]:
        """Image and mask."""
        return self.image, self.mask


def _fetch_hint(name: str) -> str:
    return f"Download it with `radkit data fetch {name}`, or set RADKIT_DATA to a folder that has it."


_SETS = (
    DataSet(
        name="sts51",
        title="Soft-tissue sarcoma, 51 patients: FDG-PET (SUV), CT and T1-weighted MR with the tumor mask",
        case_names=tuple(f"sts51/{p}/{m}" for m in ("PET", "CT", "MR") for p in PATIENTS),
        licence="CC BY 3.0",
        citation=_STS_CITATION,
        changes=f"{_PUBLISHER_CHANGES} Here: PET cropped 20 mm around the tumor on its native grid, CT and MR cropped "
        f"10 mm and resampled to 3 mm in plane after smoothing, all stored as int16. {NO_REIDENTIFICATION}",
        how=_fetch_hint("sts51"),
    ),
    DataSet(
        name="native",
        title="CT and T1-weighted MR of four of the sarcoma patients on the scanner's own grid",
        case_names=tuple(f"native/{p}/{m}" for m in ("CT", "MR") for p in NATIVE_PATIENTS),
        licence="CC BY 3.0",
        citation=_STS_CITATION,
        changes=f"{_PUBLISHER_CHANGES} Here: cropped 10 mm around the tumor, stored as int16. {NO_REIDENTIFICATION}",
        how=_fetch_hint("native"),
    ),
    DataSet(
        name="ibsi-digital",
        title="IBSI 1 digital phantom: 4 x 4 x 5 voxels of 2 mm with six gray levels",
        case_names=("ibsi-digital",),
        licence="CC BY 4.0",
        citation=(_IBSI_CITATION,),
        changes="None.",
        how="Comes with radkit.",
    ),
    DataSet(
        name="ibsi-ct",
        title="IBSI 1 CT radiomics phantom: the lung tumor CT of configurations A to E",
        case_names=("ibsi-ct",),
        licence="CC BY-NC 3.0 (not for commercial use; never part of radkit)",
        citation=(
            _IBSI_CITATION,
            "Lambin P (2016). Radiomics Digital Phantom. CancerData. DOI: 10.17195/candat.2016.08.1",
            "Lambin P, Leijenaar RT, Deist TM, et al. (2017). Radiomics: the bridge between medical imaging and "
            "personalized medicine. Nature Reviews Clinical Oncology 14, 749-762. DOI: 10.1038/nrclinonc.2017.141",
        ),
        changes=f"Converted from DICOM to NIfTI by its publisher. {NO_REIDENTIFICATION}",
        how=_fetch_hint("ibsi-ct"),
    ),
    DataSet(
        name="mni152",
        title="MNI152 T1 brain template (ICBM 2009a, average of 152 healthy brains) with its gray matter",
        case_names=("mni152",),
        licence="Terms of the Montreal Neurological Institute (free, keep its copyright notice); packaged by nilearn",
        citation=(
            "Fonov V, Evans AC, Botteron K, et al. (2011). Unbiased average age-appropriate atlases for pediatric "
            "studies. NeuroImage 54, 313-327. DOI: 10.1016/j.neuroimage.2010.07.033",
        ),
        changes="Averaged over 2 x 2 x 2 voxels to 2 mm; mask: mean gray matter probability of at least 0.5.",
        how="Comes with nilearn: `pip install nilearn`.",
    ),
    DataSet(
        name="simulated",
        title="Simulated CT lesion with known truth; simulated/7 is the one of seed 7",
        case_names=("simulated",),
        licence="Apache-2.0 (made by radkit)",
        citation=(),
        changes="None.",
        how="Comes with radkit.",
    ),
)


def sets() -> tuple[DataSet, ...]:
    """Every data set that radkit knows, found or not."""
    return _SETS


def data_set(name: str) -> DataSet:
    """The data set of that name; DataNotFound with the nearest name otherwise.

    Examples
    --------
    >>> data_set("sts51").n_cases
    153
    """
    for candidate in _SETS:
        if candidate.name == name:
            return candidate
    known = tuple(s.name for s in _SETS)
    raise DataNotFound(
        f"{name[:80]!r} is no data set; the nearest name is {nearest(name, known)!r}. Use one of {', '.join(known)}."
    )


def cite(name: str) -> str:
    """Title, licence, citations and changes of a set or a case, as text to show beside it.

    Examples
    --------
    >>> "CC BY 3.0" in cite("sts51/STS_001/PET")
    True
    """
    known = data_set(name.strip().split("/")[0])
    lines = [known.title, f"Licence: {known.licence}", *known.citation, f"Changes: {known.changes}"]
    return "\n".join(lines)


def case_names() -> tuple[str, ...]:
    """Every name that radkit.load takes, except the seeds of the simulator."""
    return tuple(name for s in _SETS for name in s.case_names)


def nearest(name: str, known: tuple[str, ...]) -> str:
    """The known name that looks most like ``name``, whatever its case.

    Examples
    --------
    >>> nearest("sts51/sts_1/pet", case_names())
    'sts51/STS_001/PET'
    """
    by_key = {_comparable(k): k for k in reversed(known)}
    return by_key[difflib.get_close_matches(_comparable(name), by_key, n=1, cutoff=0.0)[0]]


def _comparable(name: str) -> str:
    """Lower case, patient numbers with three digits."""
    return re.sub(r"(?<=sts_)\d+", lambda number: number.group().zfill(3), name.lower())


@cache
def case_files() -> dict[str, CaseFiles]:
    """The files behind every case that is read from files, by name."""
    files = {}
    for name in data_set("sts51").case_names + data_set("native").case_names:
        set_name, patient, modality = name.split("/")
        series = {"PET": "PET", "CT": "CT", "MR": "MR_T1"}[modality]
        folder = "native" if set_name == "native" else "sts51/" + (series if series == "PET" else f"{series}_3mm")
        stem, original = f"{folder}/{patient}_{series}", f"ibsi_validation/nifti/{patient}/{series}"
        files[name] = CaseFiles(
            name=name, set_name=set_name, patient=patient, modality=modality,
            image=f"{stem}.nii.gz", mask=f"{stem}_mask.nii.gz",
            original_image=f"{original}_image.nii.gz", original_mask=f"{original}_mask.nii.gz",
        )  # fmt: skip
    files["ibsi-ct"] = CaseFiles(
        name="ibsi-ct", set_name="ibsi-ct", patient="", modality="CT",
        image="ibsi_1_ct_phantom/nifti/image/phantom.nii.gz", mask="ibsi_1_ct_phantom/nifti/mask/mask.nii.gz",
        original_image="ibsi_1_ct_radiomics_phantom/nifti/image/phantom.nii.gz",
        original_mask="ibsi_1_ct_radiomics_phantom/nifti/mask/mask.nii.gz",
    )  # fmt: skip
    return files


def read_table(text: str) -> list[dict[str, str]]:
    """Rows of a small CSV whose lines that start with # are comments."""
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def packaged_text(file: str) -> str:
    """The text of a table that comes with this package."""
    return resources.files("radkit.datasets").joinpath(file).read_text(encoding="utf-8")


@cache
def originals() -> dict[str, str]:
    """SHA-256 of every public original, by its path below BASE_URL."""
    return {row["path"]: row["sha256"] for row in read_table(packaged_text("originals.csv"))}


@cache
def derived() -> dict[str, tuple[str, str]]:
    """Shape (z, y, x) and voxel digest that the derivation gives, by path."""
    rows = read_table(packaged_text("derived.csv"))
    return {row["path"]: (row["shape_zyx"], row["voxels_sha256_16"]) for row in rows}
