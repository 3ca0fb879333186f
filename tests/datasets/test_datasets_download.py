"""Fetching against a server on this machine: hashes, interruptions, a second run, what is written."""

import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from radkit import datasets
from radkit.datasets import download, places, registry
from radkit.volume import DataNotFound, RefusedFile

NAMES = ("sts51/STS_001/PET", "sts51/STS_001/CT", "sts51/STS_001/MR", "native/STS_008/CT")


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A web server over ``folder`` that notes each request and can cut a file short or lie about it."""
    state = SimpleNamespace(folder=tmp_path / "web", asked=[], cut=set(), absent=set())
    state.folder.mkdir()

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(state.folder))

        def log_message(self, *args):
            pass

        def do_GET(self):
            path = self.path.lstrip("/")
            state.asked.append(path)
            if path in state.absent:
                return self.send_error(503)
            if path not in state.cut:
                return super().do_GET()
            data = (state.folder / path).read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])  # and the connection ends

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{http.server_port}"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "RETRIES", 0)
    yield state
    http.shutdown()
    http.server_close()
    thread.join()


def files_of(folder: Path) -> set[str]:
    return {str(path.relative_to(folder).as_posix()) for path in folder.rglob("*") if path.is_file()}


def test_fetch_writes_the_layout_and_load_finds_it(nowhere, server, write_originals):
    known = write_originals(server.folder, NAMES)
    seen = []
    report = datasets.fetch("sts51/STS_001", base_url=server.url, known=known, progress=lambda *step: seen.append(step))
    assert report.written == NAMES[:3]
    assert report.n_downloaded == len(server.asked) == 6
    assert seen == [(0, 3, NAMES[0]), (1, 3, NAMES[1]), (2, 3, NAMES[2]), (3, 3, "done")]
    cache = nowhere / "cache" / "data"
    assert report.folder == cache
    data = {file for name in NAMES[:3] for file in registry.case_files()[name].both}
    data |= {"sts51/sts51.csv", "LICENSES/sts51.txt"}
    assert files_of(cache) == data | {f"{file}.sha256" for file in data}
    case = datasets.load(NAMES[0])
    assert case.source.found == "Read from the user's cache."
    assert case.facts["lung_metastasis"] == 0
    assert case.image.unit == "SUV"
    assert "10.7937/K9/TCIA.2015.7GO2GSKS" in (cache / "LICENSES" / "sts51.txt").read_text(encoding="utf-8")
    assert datasets.verify(NAMES[0])
    assert len(report.differs) == 6  # synthetic voxels are not the published ones, and the report says so


def test_fetched_voxels_are_the_original_s(nowhere, server, write_originals):
    known = write_originals(server.folder, NAMES)
    datasets.fetch(NAMES[0], base_url=server.url, known=known)
    from radkit import io

    files = registry.case_files()[NAMES[0]]
    original = io.read_nifti(server.folder / files.original_image, modality="PET")
    tumor = io.read_mask(server.folder / files.original_mask)
    case = datasets.load(NAMES[0])
    world = tumor.grid.to_world(np.argwhere(tumor.array))
    assert np.allclose(world, case.image.grid.to_world(np.argwhere(case.mask.array)), atol=1e-3)  # float32 header
    assert np.array_equal(case.image.array[case.mask.array], original.array[tumor.array])


def test_second_fetch_downloads_nothing(nowhere, server, write_originals):
    known = write_originals(server.folder, NAMES)
    datasets.fetch("sts51/STS_001/PET", base_url=server.url, known=known)
    n_asked = len(server.asked)
    report = datasets.fetch("sts51/STS_001/PET", base_url=server.url, known=known)
    assert report.present == ("sts51/STS_001/PET",)
    assert report.written == ()
    assert report.n_downloaded == 0
    assert len(server.asked) == n_asked == 2
    assert "0 cases written, 1 were there already. 0 files downloaded." in str(report)


def test_a_damaged_file_is_fetched_again(nowhere, server, write_originals):
    known = write_originals(server.folder, NAMES)
    report = datasets.fetch(NAMES[0], base_url=server.url, known=known)
    mask = report.folder / registry.case_files()[NAMES[0]].mask
    whole = mask.read_bytes()
    mask.write_bytes(whole[:-5])
    report = datasets.fetch(NAMES[0], base_url=server.url, known=known)
    assert report.written == (NAMES[0],)
    assert mask.read_bytes() == whole  # the same bytes every time


def test_a_wrong_hash_is_refused_in_one_sentence(nowhere, server, write_originals):
    known = write_originals(server.folder, NAMES)
    path = registry.case_files()[NAMES[0]].original_mask
    (server.folder / path).write_bytes(b"not what was promised")
    with pytest.raises(RefusedFile) as caught:
        datasets.fetch(NAMES[0], base_url=server.url, known=known)
    assert str(caught.value) == (
        f"{path} has another SHA-256 than radkit's registry, so it is refused and not kept. "
        "Fetch it again later, or over another network."
    )
    left = files_of(nowhere / "cache" / "data")
    assert not any(file.endswith((".nii.gz", ".part")) for file in left)
    with pytest.raises(DataNotFound):
        datasets.load(NAMES[0])


@pytest.mark.parametrize("fault", ["cut", "absent"])
def test_an_interrupted_download_leaves_nothing_half_written(nowhere, server, write_originals, fault):
    known = write_originals(server.folder, NAMES)
    getattr(server, fault).add(registry.case_files()["sts51/STS_001/CT"].original_image)
    with pytest.raises(DataNotFound, match=r"could not be downloaded from 127\.0\.0\.1:\d+ \(.+\)\. Check the network"):
        datasets.fetch("sts51/STS_001", base_url=server.url, known=known)
    cache = nowhere / "cache" / "data"
    images = {file for file in files_of(cache) if file.endswith(".nii.gz")}
    assert images == set(registry.case_files()["sts51/STS_001/PET"].both)  # done before the fault, and whole
    assert list(cache.glob(".fetch-*")) == []
    assert datasets.load("sts51/STS_001/PET").mask.n_voxels > 0

    getattr(server, fault).clear()
    report = datasets.fetch("sts51/STS_001", base_url=server.url, known=known)
    assert report.present == ("sts51/STS_001/PET",)
    assert report.written == ("sts51/STS_001/CT", "sts51/STS_001/MR")


def test_no_server_is_one_sentence(nowhere, monkeypatch, write_originals):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "RETRIES", 0)
    known = write_originals(nowhere / "web", NAMES)
    with pytest.raises(DataNotFound, match=r"127\.0\.0\.1:9 \(ConnectionError\)"):
        datasets.fetch(NAMES[0], base_url="http://127.0.0.1:9", known=known)


def test_an_interrupt_while_writing_leaves_no_file_that_counts(nowhere, server, write_originals, monkeypatch):
    known = write_originals(server.folder, NAMES)

    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("radkit.io.atomic.os.replace", stop)
    with pytest.raises(KeyboardInterrupt):
        datasets.fetch(NAMES[0], base_url=server.url, known=known)
    monkeypatch.undo()
    assert files_of(nowhere / "cache" / "data") == set()


def test_a_full_disk_is_one_sentence(nowhere, server, write_originals, monkeypatch):
    known = write_originals(server.folder, NAMES)

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("radkit.io.atomic.os.fsync", full)
    with pytest.raises(DataNotFound, match=r"No space left on device.*RADKIT_CACHE"):
        datasets.fetch(NAMES[0], base_url=server.url, known=known)
    assert files_of(nowhere / "cache" / "data") == set()


def test_originals_are_kept_on_request_and_used_again(nowhere, server, write_originals):
    known = write_originals(server.folder, NAMES)
    report = datasets.fetch(NAMES[1], base_url=server.url, known=known, keep_originals=True)
    kept = report.folder / "originals"
    assert files_of(kept) == {
        registry.case_files()[NAMES[1]].original_image,
        registry.case_files()[NAMES[1]].original_mask,
    }
    places.seal_of(report.folder / registry.case_files()[NAMES[1]].image).unlink()
    again = datasets.fetch(NAMES[1], base_url=server.url, known=known)
    assert again.written == (NAMES[1],)
    assert again.n_downloaded == 0


def test_native_and_ibsi_ct(nowhere, server, write_originals):
    known = write_originals(server.folder, ("native/STS_008/CT", "ibsi-ct"))
    native = datasets.fetch("native/STS_008/CT", base_url=server.url, known=known)
    assert native.written == ("native/STS_008/CT",)
    assert datasets.load("native/STS_008/CT").image.grid.spacing_mm[1] == pytest.approx(0.9765625)
    datasets.fetch("ibsi-ct", base_url=server.url, known=known)
    files = registry.case_files()["ibsi-ct"]
    written = (native.folder / files.image).read_bytes()
    assert written == (server.folder / files.original_image).read_bytes()  # kept as published
    assert "BY-NC" in (native.folder / "LICENSES" / "ibsi-ct.txt").read_text(encoding="utf-8")


def test_cases_without_a_public_original_are_named(nowhere, server, write_originals):
    known = write_originals(server.folder, NAMES[:3])
    report = datasets.fetch("sts51/CT", base_url=server.url, known=known)
    assert report.written == ("sts51/STS_001/CT",)
    assert len(report.no_original) == 50
    assert "50 have no public original (sts51/STS_002/CT" in str(report)


def test_what_comes_with_radkit_is_not_fetched(nowhere):
    for name in ("simulated", "ibsi-digital", "mni152"):
        report = datasets.fetch(name, base_url="http://127.0.0.1:9")
        assert report.n_downloaded == 0
        assert not report.folder.exists()


def test_wrong_names_and_addresses(nowhere):
    with pytest.raises(DataNotFound, match="nearest name is 'sts51/STS_001/PET'"):
        datasets.fetch("sts51/STS_01/PET")
    with pytest.raises(DataNotFound, match="nearest name is 'sts51'"):
        datasets.fetch("sts52")
    with pytest.raises(RefusedFile, match="only http and https"):
        datasets.fetch("sts51", base_url="file:///tmp")


def test_too_large_a_file_is_refused(nowhere, server, write_originals, monkeypatch):
    known = write_originals(server.folder, NAMES)
    monkeypatch.setattr(download, "MAX_FILE_BYTES", 1000)
    with pytest.raises(RefusedFile, match="the limit; nothing of it is kept"):
        datasets.fetch(NAMES[0], base_url=server.url, known=known)
    assert not any(file.endswith(".nii.gz") for file in files_of(nowhere / "cache" / "data"))


def test_left_overs_of_a_killed_fetch_are_removed_after_a_day(nowhere, server, write_originals, monkeypatch):
    known = write_originals(server.folder, NAMES)
    old = nowhere / "cache" / "data" / ".fetch-old"
    old.mkdir(parents=True)
    datasets.fetch(NAMES[0], base_url=server.url, known=known)
    assert old.is_dir()  # it may belong to a fetch that is running
    monkeypatch.setattr(download, "DAY_S", -1)
    datasets.fetch(NAMES[0], base_url=server.url, known=known)
    assert not old.exists()


def test_load_never_downloads(nowhere, server, monkeypatch):
    monkeypatch.setattr(registry, "BASE_URL", server.url)
    with pytest.raises(DataNotFound):
        datasets.load(NAMES[0])
    assert datasets.load().name == "simulated"
    assert server.asked == []
