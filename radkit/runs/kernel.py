"""A notebook kernel that is this very interpreter, with its threads pinned and none of the user's start-up files."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError

from radkit.runs.template import heading

PINNED = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS", "BLIS_NUM_THREADS",
)  # fmt: skip
START_TIMEOUT_S = 120
CELL_TIMEOUT_S = 900
MAX_SOCKET_PATH = 95  # characters; the system allows 104 to 108
Progress = Callable[[str], None]  # told one line whenever a section of the notebook begins


@dataclass(frozen=True, kw_only=True)
class Failure:
    """The cell that stopped a run: its place among the cells (from 0) and the last line of its error."""

    cell: int
    line: str


@dataclass(frozen=True, kw_only=True)
class Execution:
    """An executed notebook, whole or up to its failure, and what its kernel took (None where no /proc tells).

    ``peak_mib`` is the peak resident memory, ``cpu_seconds`` the time on the processor: unlike wall time it does not
    grow where the machine has other things to do.
    """

    notebook: Any
    failure: Failure | None
    peak_mib: float | None
    cpu_seconds: float | None


@dataclass
class _Watch:
    """Sees the cells go by, and what the kernel takes."""

    total: int
    progress: Progress
    managers: list[AsyncKernelManager] = field(default_factory=list)
    peak_mib: float | None = None
    cpu_seconds: float | None = None
    cell: int = 0

    def on_cell_start(self, cell: Any, cell_index: int) -> None:
        self.cell = cell_index
        if name := heading(cell):
            self.progress(f"{name} (cell {cell_index + 1} of {self.total})")

    def on_cell_complete(self, cell: Any, cell_index: int) -> None:
        for manager in self.managers:
            pid = getattr(manager.provisioner, "pid", None)
            with suppress(OSError, StopIteration):  # no /proc here, or the kernel is gone
                self.peak_mib, self.cpu_seconds = _peak_mib(pid), _cpu_seconds(pid)


def run_cells(notebook: Any, parameters: dict[str, Any], progress: Progress) -> Execution:
    """Run a notebook with papermill in a fresh kernel of this interpreter.

    Parameters
    ----------
    notebook : nbformat notebook; it is left as it is.
    parameters : checked values, injected after the cell tagged ``parameters``.
    progress : told one line whenever a section begins.
    """
    watch = _Watch(total=len(notebook.cells) + bool(parameters), progress=progress)
    with tempfile.TemporaryDirectory(prefix="radkit-run-") as folder:
        template, output = Path(folder) / "input.ipynb", Path(folder) / "output.ipynb"
        nbformat.write(notebook, template)
        failure = None
        try:
            papermill.execute_notebook(
                str(template),
                str(output),
                parameters=parameters,
                kernel_name="python3",
                progress_bar=False,
                request_save_on_cell_execute=True,
                autosave_cell_every=0,
                start_timeout=START_TIMEOUT_S,
                execution_timeout=CELL_TIMEOUT_S,
                kernel_manager_class=_manager_class(Path(folder), watch.managers),
                on_cell_start=watch.on_cell_start,
                on_cell_complete=watch.on_cell_complete,
            )
        except PapermillExecutionError as error:
            failure = Failure(cell=watch.cell, line=f"{error.ename}: {error.evalue}")
        except CellTimeoutError:
            failure = Failure(cell=watch.cell, line=f"the cell took more than {CELL_TIMEOUT_S} s")
        except (DeadKernelError, RuntimeError):
            failure = Failure(cell=watch.cell, line="the kernel died (often for want of memory)")
        return Execution(
            notebook=_read(output, notebook), failure=failure, peak_mib=watch.peak_mib, cpu_seconds=watch.cpu_seconds
        )


def _read(path: Path, otherwise: Any) -> Any:
    """The notebook that papermill wrote, without its error banners and without a path of this machine."""
    notebook = nbformat.read(path, as_version=4) if path.is_file() else otherwise.copy()
    notebook.cells = [c for c in notebook.cells if "papermill-error-cell-tag" not in c.metadata.get("tags", [])]
    for name in ("input_path", "output_path"):
        notebook.metadata.get("papermill", {}).pop(name, None)
    return notebook


def _manager_class(folder: Path, managers: list[AsyncKernelManager]) -> type[AsyncKernelManager]:
    command = (sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher")
    sockets = folder / "kernel"  # files that only this user can open: no port that others on the machine could try
    local = os.name == "posix" and len(str(sockets)) < MAX_SOCKET_PATH
    spec = KernelSpec(
        argv=[*command, "-f", "{connection_file}", "--log-level=40"],
        display_name="Python 3",
        language="python",
        env={
            **dict.fromkeys(PINNED, "1"),
            "PYTHONHASHSEED": "0",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            "IPYTHONDIR": str(folder / "ipython"),
        },
    )

    class Specs(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            return spec

    class ThisInterpreter(AsyncKernelManager):
        def __init__(self, **settings):
            settings["connection_file"] = str(folder / "kernel.json")
            if local:
                settings |= {"transport": "ipc", "ip": str(sockets)}
            super().__init__(kernel_spec_manager=Specs(), **settings)
            managers.append(self)

    return ThisInterpreter


def _peak_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # user and system time, after the name
