"""Run a parametrized notebook into a folder of its own, once: the manifest, written last, says that it is whole."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from radkit._version import __version__
from radkit.io import write_text
from radkit.report import package_versions
from radkit.runs.schema import check, schema
from radkit.runs.template import Template, heading, template
from radkit.volume import RadkitError, SettingError

PACKAGES = ("numpy", "scipy", "numba", "pandas", "pydicom", "holoviews", "bokeh", "papermill", "ipykernel")
MANIFEST = "manifest.json"
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
Progress = Callable[[str], None]  # told one line whenever a section of the notebook begins


class RunFailed(RadkitError):
    """A cell of a notebook raised: names the cell and the last line of its error."""


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """A finished run.

    Parameters
    ----------
    folder : where its files lie: <slug>.ipynb, <slug>.html, params.json, manifest.json.
    manifest : what manifest.json says: parameters, versions, seconds, peak memory, sha256 of each file.
    reused : True where an earlier run of the same notebook and parameters was found and nothing was computed.
    """

    folder: Path
    manifest: dict[str, Any]
    reused: bool

    @property
    def notebook(self) -> Path:
        """The executed notebook."""
        return self.folder / f"{self.manifest['slug']}.ipynb"

    @property
    def html(self) -> Path:
        """The same as one HTML page."""
        return self.folder / f"{self.manifest['slug']}.html"

    @property
    def parameters(self) -> dict[str, Any]:
        """Every parameter with the value it had."""
        return dict(self.manifest["parameters"])

    @property
    def seconds(self) -> float:
        """Wall time of the run in s."""
        return float(self.manifest["seconds"])

    @property
    def peak_mib(self) -> float | None:
        """Peak resident memory of the kernel in MiB; None where the system does not tell."""
        return self.manifest["peak_mib"]

    @property
    def cpu_seconds(self) -> float | None:
        """Processor time of the kernel in s; None where the system does not tell."""
        return self.manifest["cpu_seconds"]

    @property
    def message(self) -> str:
        """One sentence on what happened."""
        if self.reused:
            return (
                f"{self.manifest['slug']} was run with these parameters on {self.manifest['finished']}; nothing was "
                f"computed, the result is in {self.folder} (use force to run it again)."
            )
        memory = f", {self.peak_mib:.0f} MiB" if self.peak_mib else ""
        return f"{self.manifest['slug']} ran in {self.seconds:.1f} s{memory}; open {self.html}."


def execute(
    source: str | Path | Template,
    params: Mapping[str, Any] | None = None,
    folder: Path | str | None = None,
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> RunResult:
    """Run a notebook with parameters, unless the very same run is there already.

    Parameters
    ----------
    source : slug of a lesson, path of a .py or .ipynb, or a Template.
    params : name to value, as text or typed; checked against the notebook's schema before a kernel starts.
    folder : the run goes to ``<folder>/runs/<slug>/<UTC time>-<hash>``; default: the current folder.
    force : run it even where a whole run with the same notebook, parameters and radkit version is found.
    progress : told one line whenever a section of the notebook begins.

    Returns
    -------
    RunResult : the folder, and what its manifest says.

    Raises
    ------
    DataNotFound, SettingError : no such notebook; a parameter that its schema does not allow.
    RunFailed : a cell raised; the notebook up to there is kept as ``failed.ipynb``.
    """
    found = template(source)
    allowed = schema(found)
    values = check(allowed, params or {})
    changed = {name: value for name, value in values.items() if value != allowed.defaults[name]}
    base = Path(folder or ".").resolve() / "runs" / found.slug
    key = _digest([found.digest, values, __version__])[:12]
    if not force and (old := _finished(base, key)):
        return old
    return _run(found, _Values(values, changed), _Place(base, key), progress or (lambda line: None))


@dataclass(frozen=True)
class _Values:
    every: dict[str, Any]
    changed: dict[str, Any]  # those that differ from the default: only they are injected


@dataclass(frozen=True)
class _Place:
    base: Path
    key: str

    def folder(self) -> Path:
        """A new folder, named by UTC time and the run's hash."""
        stem = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        for more in range(100):
            path = self.base / f"{stem}{f'.{more}' if more else ''}-{self.key}"
            try:
                path.mkdir(parents=True)
                return path
            except FileExistsError:
                continue
            except OSError as error:
                raise SettingError(
                    f"{self.base} cannot be written ({error.strerror}); choose another folder."
                ) from error
        raise SettingError(f"{self.base} holds a hundred runs of this second; wait a second and run it again.")


def _run(found: Template, values: _Values, place: _Place, progress: Progress) -> RunResult:
    run_cells, page = _machinery()
    started, clock = datetime.now(UTC), time.perf_counter()
    done = run_cells(found.notebook(), values.changed, progress)
    seconds = time.perf_counter() - clock
    folder = place.folder()
    parameters = _json(values.every)
    if done.failure:
        write_text(folder / "params.json", parameters)
        write_text(folder / "failed.ipynb", _ipynb(done.notebook))
        raise RunFailed(_failed(found.slug, done, folder))
    footer = (
        f"{found.slug}, run by radkit {__version__} on {started:%Y-%m-%d %H:%M} UTC in {seconds:.0f} s. "
        "For teaching and research, not for diagnosis."
    )
    texts = {
        "params.json": parameters,
        f"{found.slug}.ipynb": _ipynb(done.notebook),
        f"{found.slug}.html": page(done.notebook, title(done.notebook) or found.slug, footer),
    }
    for name, text in texts.items():
        write_text(folder / name, text)
    manifest = {
        "slug": found.slug,
        "key": place.key,
        "template_sha256": found.digest,
        "parameters": values.every,
        "changed": sorted(values.changed),
        "started": f"{started:%Y-%m-%dT%H:%M:%SZ}",
        "finished": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "seconds": round(seconds, 2),
        "peak_mib": round(done.peak_mib, 1) if done.peak_mib else None,
        "cpu_seconds": round(done.cpu_seconds, 2) if done.cpu_seconds else None,
        "threads": 1,
        "radkit": __version__,
        "python": platform.python_version(),
        "packages": package_versions(PACKAGES),
        "files": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()},
    }
    write_text(folder / MANIFEST, _json(manifest))
    return RunResult(folder=folder, manifest=manifest, reused=False)


def title(notebook: Any) -> str:
    """The first heading of a notebook; empty where it has none."""
    return next(filter(None, map(heading, notebook.cells)), "")


def _machinery() -> tuple[Callable, Callable]:
    """The parts that need Jupyter, imported when a run needs them."""
    try:
        from radkit.runs.kernel import run_cells
        from radkit.runs.page import page
    except ImportError as error:
        raise SettingError(
            f"running a notebook needs {error.name}, which is not installed; install radkit[notebooks]."
        ) from error
    return run_cells, page


def _finished(base: Path, key: str) -> RunResult | None:
    """The newest whole run of this key; a folder without a sound manifest, or with a changed file, does not count."""
    for folder in sorted(base.glob(f"*-{key}"), reverse=True):
        try:
            manifest = json.loads((folder / MANIFEST).read_text())
            whole = manifest["key"] == key and all(
                hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
                for name, digest in manifest["files"].items()
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
        if whole:
            return RunResult(folder=folder, manifest=manifest, reused=True)
    return None


def _failed(slug: str, done: Any, folder: Path) -> str:
    above = [name for name in map(heading, done.notebook.cells[: done.failure.cell]) if name]
    under = f', under "{above[-1]}",' if above else ""
    error = " ".join(ANSI.sub("", done.failure.line).split())[:300].rstrip(".")
    return f"cell {done.failure.cell + 1} of {slug}{under} failed with {error}; see {folder / 'failed.ipynb'}."


def _digest(what: Any) -> str:
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def _json(what: Any) -> str:
    return json.dumps(what, indent=1, ensure_ascii=False) + "\n"


def _ipynb(notebook: Any) -> str:
    import nbformat

    return nbformat.writes(notebook) + "\n"
