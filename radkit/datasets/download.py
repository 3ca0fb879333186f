"""Fetch public originals with pooch, check their SHA-256, and keep the derived files in the user's cache."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from radkit.datasets import registry
from radkit.datasets.files import read_image, read_mask, write_sealed, write_stored
from radkit.datasets.patients import FILE, plain_table
from radkit.datasets.places import cache_folder, intact, sha256
from radkit.datasets.registry import CaseFiles
from radkit.volume import DataNotFound, RefusedFile

MAX_FILE_BYTES = 300_000_000
RETRIES = 1
TIMEOUT_S = 30
DAY_S = 86_400

Progress = Callable[[int, int, str], None]  # cases done, cases in all, what is going on


@dataclass(frozen=True, kw_only=True)
class FetchReport:
    """What a fetch did: names of cases written, already present, without a public original; files that differ."""

    name: str
    folder: Path
    written: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    no_original: tuple[str, ...] = ()  # not among the published originals: only the mirror has them
    differs: tuple[str, ...] = ()  # derived files whose voxels are not exactly the published crop's
    n_downloaded: int = 0

    def __str__(self) -> str:
        parts = [f"{self.name}: {len(self.written)} cases written, {len(self.present)} were there already"]
        if self.no_original:
            parts.append(f"{len(self.no_original)} have no public original ({', '.join(self.no_original)})")
        if self.differs:
            parts.append(f"{len(self.differs)} files differ from the published crops ({', '.join(self.differs)})")
        return "; ".join(parts) + f". {self.n_downloaded} files downloaded."


@dataclass(frozen=True, kw_only=True)
class _Job:
    """Where originals come from and where derived files go."""

    base_url: str
    known: Mapping[str, str]
    folder: Path
    keep: Path | None  # folder in which originals are kept
    progress: Progress
    downloads: list[str] = field(default_factory=list)


def fetch(
    name: str,
    *,
    progress: Progress | None = None,
    keep_originals: bool = False,
    base_url: str = registry.BASE_URL,
    known: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> FetchReport:
    """Download the originals of a set or a case, check them, and write the derived files to the cache.

    Files that are there and intact are not fetched again; an interrupted fetch leaves no half-written file and
    goes on where it stopped when it is run again.

    Parameters
    ----------
    name : a set ("sts51", "native", "ibsi-ct"), a part of it ("sts51/STS_001", "sts51/PET") or one case.
    progress : called with (cases done, cases in all, what is going on).
    keep_originals : keep the downloads in the folder ``originals`` beside the derived files.
    base_url : where the originals lie (http or https).
    known : SHA-256 of the originals by their path; by default those of the registry that comes with radkit.
    folder : where to write; by default ``data`` in the user's cache.

    Raises
    ------
    DataNotFound
        The name is unknown, or an original cannot be downloaded or stored.
    RefusedFile
        A download has another SHA-256 than the registry, or is too large; nothing of it is kept.
    """
    if not base_url.startswith(("https://", "http://")):
        raise RefusedFile(f"base_url is {base_url!r}; only http and https are fetched. Give a web address.")
    folder = Path(folder) if folder is not None else cache_folder() / "data"
    kept = folder / "originals"
    job = _Job(
        base_url=base_url.rstrip("/") + "/",
        known=registry.originals() if known is None else known,
        folder=folder,
        keep=kept if keep_originals or kept.is_dir() else None,
        progress=progress or (lambda done, total, what: None),
    )
    return _run(name, _chosen(name), job)


def _run(name: str, chosen: tuple[CaseFiles, ...], job: _Job) -> FetchReport:
    """All chosen cases, one after the other; a failure of the disk is one sentence."""
    report = FetchReport(name=name, folder=job.folder)
    if not chosen:
        return report
    try:
        job.folder.mkdir(parents=True, exist_ok=True)
        _sweep(job.folder)
        _write_terms(chosen, job.folder)
        for done, case_files in enumerate(chosen):
            job.progress(done, len(chosen), case_files.name)
            report = _one(case_files, job, report)
    except OSError as error:
        raise DataNotFound(
            f"{name} could not be stored in the cache ({error.strerror or error}). "
            "Free some space, or set RADKIT_CACHE to another folder, and fetch again; what is complete stays."
        ) from None
    job.progress(len(chosen), len(chosen), "done")
    return replace(report, n_downloaded=len(job.downloads))


def _chosen(name: str) -> tuple[CaseFiles, ...]:
    """The cases that a name of a set, a part of a set or a case stands for; none for what comes with radkit."""
    set_name, *parts = name.strip().strip("/").split("/")
    registry.data_set(set_name)
    of_set = tuple(f for f in registry.case_files().values() if f.set_name == set_name)
    chosen = tuple(f for f in of_set if all(part in (f.patient, f.modality) for part in parts))
    if of_set and not chosen:
        closest = registry.nearest(name, tuple(f.name for f in of_set))
        raise DataNotFound(f"{name!r} is no case; the nearest name is {closest!r}.")
    return chosen


def _one(case_files: CaseFiles, job: _Job, report: FetchReport) -> FetchReport:
    """One case from originals to sealed files, unless it is there already."""
    name = case_files.name
    if all(intact(job.folder / file) for file in case_files.both):
        return replace(report, present=(*report.present, name))
    if case_files.original_image not in job.known or case_files.original_mask not in job.known:
        return replace(report, no_original=(*report.no_original, name))
    if job.keep is not None:
        differs = _store(case_files, job, job.keep)
    else:
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=job.folder) as temporary:
            differs = _store(case_files, job, Path(temporary))
    return replace(report, written=(*report.written, name), differs=report.differs + differs)


def _store(case_files: CaseFiles, job: _Job, downloads: Path) -> tuple[str, ...]:
    """Download both originals and write what is derived from them; names of files that are not as published."""
    image_path = _download(case_files.original_image, job, downloads)
    mask_path = _download(case_files.original_mask, job, downloads)
    if case_files.set_name == "ibsi-ct":  # kept as published
        write_sealed(job.folder / case_files.mask, mask_path.read_bytes())
        write_sealed(job.folder / case_files.image, image_path.read_bytes())
        return ()
    from radkit.datasets.derive import derive, voxel_digest

    image = read_image(image_path, case_files.modality, case_files.unit)
    stored = derive(image, read_mask(mask_path), case_files.modality, native=case_files.set_name == "native")
    write_stored(job.folder, case_files, stored)
    found = {case_files.image: voxel_digest(stored.counts), case_files.mask: voxel_digest(stored.mask.array)}
    return tuple(file for file, digest in found.items() if registry.derived()[file][1] != digest)


def _download(path: str, job: _Job, downloads: Path) -> Path:
    """One original, complete and with the right SHA-256, or one sentence."""
    import pooch
    import requests

    local = downloads / path
    if local.is_file() and sha256(local) == job.known[path]:
        return local
    pooch.get_logger().setLevel("WARNING")
    store = pooch.create(
        path=downloads, base_url=job.base_url, registry={path: f"sha256:{job.known[path]}"}, retry_if_failed=RETRIES
    )
    meter = _Meter(path)
    try:
        store.fetch(path, downloader=pooch.HTTPDownloader(progressbar=meter, timeout=TIMEOUT_S, chunk_size=1 << 16))
    except requests.exceptions.RequestException as error:
        raise DataNotFound(_unreachable(path, job.base_url, error)) from None
    except RefusedFile:
        raise
    except ValueError:
        raise RefusedFile(
            f"{path} has another SHA-256 than radkit's registry, so it is refused and not kept. "
            "Fetch it again later, or over another network."
        ) from None
    job.downloads.append(path)
    return local


def _unreachable(path: str, base_url: str, error: Exception) -> str:
    response = getattr(error, "response", None)
    status = f"HTTP {response.status_code}" if response is not None else type(error).__name__
    host = base_url.split("/")[2]
    return (
        f"{path} could not be downloaded from {host} ({status}). Check the network and fetch again; "
        "what is complete stays. Without it, 'simulated' needs no file."
    )


class _Meter:
    """Counts the bytes of one download for pooch, and stops it beyond the limit."""

    def __init__(self, path: str):
        self.path = path
        self.total = 0
        self.n_bytes = 0

    def update(self, n_bytes: int) -> None:
        """Count ``n_bytes`` more."""
        self.n_bytes += n_bytes
        if max(self.n_bytes, self.total) > MAX_FILE_BYTES:
            raise RefusedFile(
                f"{self.path} has more than {MAX_FILE_BYTES // 10**6} MB, the limit; nothing of it is kept."
            )

    def reset(self) -> None:
        """Begin again (pooch calls this at the end of a download)."""
        self.n_bytes = 0

    def close(self) -> None:
        """Nothing to close."""


def _write_terms(chosen: tuple[CaseFiles, ...], folder: Path) -> None:
    """Licence and citations beside the data, and the table of facts where the layout has it."""
    for set_name in {case_files.set_name for case_files in chosen}:
        write_sealed(folder / "LICENSES" / f"{set_name}.txt", (registry.cite(set_name) + "\n").encode())
        if set_name != "ibsi-ct":
            write_sealed(folder / FILE, plain_table().encode())


def _sweep(folder: Path) -> None:
    """Remove download folders that a killed fetch left behind over a day ago."""
    for left in folder.glob(".fetch-*"):
        if time.time() - left.stat().st_mtime > DAY_S:
            shutil.rmtree(left, ignore_errors=True)
