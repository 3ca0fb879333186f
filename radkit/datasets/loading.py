"""From a name to a case: files through io, simulated ones through phantoms, and always the word where from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from radkit.datasets import registry
from radkit.datasets.brain import mni152, template_files
from radkit.datasets.patients import facts
from radkit.datasets.places import Found, locate, seal_of, sha256
from radkit.datasets.registry import CaseFiles, DataSet
from radkit.io.files import read_bytes
from radkit.io.text import safe_name
from radkit.volume import Case, DataNotFound, RadkitError, Source

DEFAULT = "sts51/STS_001/PET"
EMBEDDED = "simulated"
MANIFEST_LIMIT_BYTES = 10_000_000


def load(name: str = "default") -> Case:
    """One case by name, with its terms and where it was found; nothing is ever downloaded.

    Parameters
    ----------
    name : "sts51/STS_001/PET" (or CT, MR), "native/STS_008/CT" (or MR), "ibsi-digital", "ibsi-ct", "mni152",
        "simulated", "simulated/7" (seed 7), or "default": the first sarcoma PET where it is found, otherwise
        the embedded simulated lesion.

    Raises
    ------
    DataNotFound
        The name is unknown (the nearest one is given), or its files are nowhere (what was tried is given).

    Examples
    --------
    >>> load("ibsi-digital").image.array.shape
    (4, 4, 5)
    """
    name = name.strip().strip("/")
    if name == "default":
        return default_case()
    if name in registry.case_files():
        return _from_files(registry.case_files()[name])
    if name == "ibsi-digital":
        return _embedded_digital()
    if name == "mni152":
        return mni152()
    if name.split("/")[0] == EMBEDDED:
        return _simulated(name)
    raise DataNotFound(_unknown(name))


def default_case() -> Case:
    """The first sarcoma PET where it is found, otherwise the embedded simulated lesion, which says so."""
    case_files = registry.case_files()[DEFAULT]
    found = locate(case_files.both)
    problem = f"was not found (tried {', '.join(found.tried)}; `radkit data fetch {DEFAULT}` downloads it)"
    if found.place is not None:
        try:
            return _read(case_files, found)
        except RadkitError as error:
            problem = f"in {found.place.label} could not be read ({str(error).rstrip('.')})"
    simulated = _simulated(EMBEDDED)
    sentence = f"{DEFAULT} {problem}, so the embedded default, a simulated lesion with known truth, is used instead."
    return replace(simulated, source=replace(simulated.source, found=sentence))


def available() -> tuple[DataSet, ...]:
    """Every data set with the place where it was found, and how many of its cases are there."""
    return tuple(_located(known) for known in registry.sets())


def cases(set_name: str, *, only_found: bool = False) -> tuple[str, ...]:
    """Names of the cases of a set; ``only_found`` leaves out those whose files are nowhere.

    Examples
    --------
    >>> cases("native")[:2]
    ('native/STS_008/CT', 'native/STS_019/CT')
    """
    names = registry.data_set(set_name).case_names
    return tuple(name for name in names if _label(name)) if only_found else names


def files_of(name: str) -> tuple[Path, ...]:
    """The files that ``load`` would read for a case, where they lie; empty for a case that radkit makes itself.

    Raises DataNotFound where they are nowhere.

    Examples
    --------
    >>> files_of("simulated/7")
    ()
    """
    if name in registry.case_files():
        case_files = registry.case_files()[name]
        found = locate(case_files.both)
        if found.place is None:
            raise DataNotFound(_nowhere(case_files, found))
        return tuple(found.place.folder / file for file in case_files.both)
    return (template_files() or ()) if name == "mni152" else ()


def verify(name: str) -> str:
    """Check the SHA-256 of a case's files, where they lie, against that place's manifest; one sentence.

    Raises DataNotFound where a file has another SHA-256, has none to compare with, or is nowhere.
    """
    case_files = registry.case_files().get(name)
    if case_files is None:
        registry.data_set(name.split("/")[0])
        raise DataNotFound(f"{name} has no files to verify. Give one case, such as {DEFAULT}.")
    found = locate(case_files.both)
    if found.place is None:
        raise DataNotFound(_nowhere(case_files, found))
    expected = _manifest(found.place.folder)
    for file in case_files.both:
        path = found.place.folder / file
        if found.place.sealed:
            expected[file] = seal_of(path).read_text(encoding="ascii").strip()
        if file not in expected:
            raise DataNotFound(
                f"{file} is not in MANIFEST.csv of {found.place.label}; there is no SHA-256 to compare with."
            )
        if sha256(path) != expected[file]:
            raise DataNotFound(
                f"{file} in {found.place.label} has another SHA-256 than its manifest says. "
                f"Copy it again, or run `radkit data fetch {name}`."
            )
    return f"{name}: both files in {found.place.label} have the SHA-256 of the manifest."


def _from_files(case_files: CaseFiles) -> Case:
    found = locate(case_files.both)
    if found.place is None:
        raise DataNotFound(_nowhere(case_files, found))
    return _read(case_files, found)


def _read(case_files: CaseFiles, found: Found) -> Case:
    from radkit.datasets.files import read_image, read_mask

    folder = found.place.folder
    image = read_image(folder / case_files.image, case_files.modality, case_files.unit)
    mask = read_mask(folder / case_files.mask, "tumor")
    known = registry.data_set(case_files.set_name)
    before = f", after {' and '.join(found.surprises)}" if found.surprises else ""
    source = Source(
        title=known.title, licence=known.licence, citation=known.citation, changes=known.changes,
        found=f"Read from {found.place.label}{before}.",
    )  # fmt: skip
    known_facts = facts(case_files.patient, found.place) if case_files.patient else {}
    return Case(name=case_files.name, image=image, mask=mask, source=source, facts=known_facts)


def _embedded_digital() -> Case:
    from radkit.phantoms import ibsi_digital

    case = ibsi_digital()
    return replace(case, name="ibsi-digital", source=replace(case.source, found="Built into radkit."))


def _simulated(name: str) -> Case:
    seed = name.removeprefix(EMBEDDED).removeprefix("/") or "0"
    if not (seed.isascii() and seed.isdecimal() and len(seed) <= 9):
        raise DataNotFound(
            f"{safe_name(name)!r} has no such seed; a seed is a whole number from 0, as in 'simulated/7'."
        )
    from radkit.phantoms import simulated_case

    case = simulated_case(seed=int(seed))
    found = f"Simulated by radkit with seed {int(seed)}."
    return replace(case, name=name, source=replace(case.source, found=found))


def _nowhere(case_files: CaseFiles, found: Found) -> str:
    return (
        f"{case_files.name} was not found; tried {', '.join(found.tried)}. Download it with `radkit data fetch "
        f"{case_files.name}`, set RADKIT_DATA to a folder that has it, or use 'simulated', which needs no file."
    )


def _unknown(name: str) -> str:
    known = tuple(s.name for s in registry.sets())
    if name in known:
        example = registry.data_set(name).case_names[0]
        return f"{name!r} is a set of {registry.data_set(name).n_cases} cases; name one of them, such as {example!r}."
    closest = registry.nearest(name, registry.case_names())
    sets = ", ".join(known)
    return f"{safe_name(name)!r} is no case; the nearest name is {closest!r}. `radkit data` lists the sets: {sets}."


def _label(name: str) -> str:
    """Where a case would come from, in words; empty if nowhere."""
    if name in registry.case_files():
        found = locate(registry.case_files()[name].both)
        return "" if found.place is None else found.place.label
    if name == "mni152":
        return "the installed nilearn" if template_files() else ""
    return "built into radkit"


def _located(known: DataSet) -> DataSet:
    labels = [label for label in map(_label, known.case_names) if label]
    return replace(known, found=", ".join(dict.fromkeys(labels)), n_found=len(labels))


def _manifest(folder: Path) -> dict[str, str]:
    """SHA-256 by file from a mirror's MANIFEST.csv; empty where it has none."""
    path = folder / "MANIFEST.csv"
    if not path.is_file():
        return {}
    rows = registry.read_table(read_bytes(path, MANIFEST_LIMIT_BYTES).decode("utf-8", errors="replace"))
    return {row["name"]: row["sha256"] for row in rows if row.get("name") and row.get("sha256")}
