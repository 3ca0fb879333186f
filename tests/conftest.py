"""What every test may lean on: one thread, a cache of its own, the data mirror and Chromium where they are found.

Missing data or a missing browser skips a test and says why. Where RADKIT_REQUIRE_MIRROR or RADKIT_REQUIRE_BROWSER
is set (.ci/run), the same skip is a failure.
"""

import itertools
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
os.environ.update(dict.fromkeys(THREADS, "1"))  # before NumPy is imported, and inherited by every child

settings.register_profile("radkit", deadline=None, derandomize=True)
settings.load_profile("radkit")

ROOT = Path(__file__).resolve().parent.parent
REQUIRE = {"mirror": "RADKIT_REQUIRE_MIRROR", "browser": "RADKIT_REQUIRE_BROWSER"}
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_numbers = itertools.count()


def find_mirror() -> Path | None:
    """The folder that RADKIT_DATA names, or shared/data beside the checkout; None where neither holds data."""
    named = os.environ.get("RADKIT_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    return folder.resolve() if (folder / "MANIFEST.csv").is_file() else None


def find_chromium() -> str | None:
    """Path of a Chromium or Chrome on the PATH; None where there is none."""
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)


def pytest_report_header() -> str:
    return f"radkit: data mirror {find_mirror() or 'not found'}; browser {find_chromium() or 'not found'}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Under xdist a file stays on one worker, and all browser tests on the same: one Chromium at a time."""
    for item in items:
        group = "browser" if item.get_closest_marker("browser") else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    report = yield
    for marker, variable in REQUIRE.items():
        wanted = os.environ.get(variable) and item.get_closest_marker(marker)
        if wanted and report.skipped and not hasattr(report, "wasxfail"):
            report.outcome, report.longrepr = "failed", f"{variable} is set: {report.longrepr}"
    return report


def _missing(marker: str, reason: str) -> None:
    fail = os.environ.get(REQUIRE[marker])
    (pytest.fail if fail else pytest.skip)(reason)


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The data mirror, laid out as its MANIFEST.csv says."""
    folder = find_mirror()
    if folder is None:
        named = os.environ.get("RADKIT_DATA")
        where = f"RADKIT_DATA={named} holds no MANIFEST.csv" if named else "RADKIT_DATA is unset, no ../shared/data"
        _missing("mirror", f"no data mirror: {where}")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser."""
    path = find_chromium()
    if path is None:
        _missing("browser", "no Chromium on the PATH (Debian: apt install chromium)")
    return path


@pytest.fixture(autouse=True)
def radkit_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own, empty and not made yet."""
    folder = tmp_path_factory.getbasetemp() / "radkit-cache" / str(next(_numbers))
    monkeypatch.setenv("RADKIT_CACHE", str(folder))
    return folder
