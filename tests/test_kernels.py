"""How kernels are compiled: told once and truthfully, kept where that can be written, never at import."""

import importlib
import os
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from numba import njit
from numba.core.dispatcher import Dispatcher

import radkit
from radkit.kernels import compiling, kernel

WORK = """
import sys
import numpy as np
import {module}  # and with it, modules that have kernels
from numba.core.dispatcher import Dispatcher
from radkit.kernels import compiling
from radkit.matrices.packed import packed
from radkit.volume import Grid, Levels
kernels = [k for m in list(sys.modules.values()) for k in vars(m).values() if isinstance(k, Dispatcher)
           and k.py_func.__module__.startswith("radkit.")]
assert kernels and not any(k.signatures for k in kernels), "something was compiled at import"
with compiling(lambda kept: print("compiled, kept" if kept else "compiled, not kept")):
    packed(Levels(np.array([[[0, 3], [7, 3]]]), Grid(shape=(1, 2, 2), spacing_mm=(1, 1, 1)), 7, np.arange(8.0)))
"""


def run_a_copy(folder: Path, home: Path, module: str = "radkit.matrices") -> subprocess.CompletedProcess:
    """Compile two kernels in a new process, of the radkit in ``folder``, for a user whose home is ``home``."""
    environment = {name: v for name, v in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    environment |= {"PYTHONPATH": str(folder), "HOME": str(home), "XDG_CACHE_HOME": str(home)}
    environment |= {"LOCALAPPDATA": str(home)}
    command = [sys.executable, "-c", WORK.format(module=module)]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=True)


def copy_that_cannot_be_written(folder: Path) -> None:
    """A file where the folder of the machine code would be: not even root can write into it."""
    source = Path(radkit.__file__).parent
    shutil.copytree(source, folder / "radkit", ignore=shutil.ignore_patterns("__pycache__"))
    for room in (folder / "radkit").rglob("*/"):
        (room / "__pycache__").touch()


def machine_code(folder: Path) -> list[Path]:
    return list(folder.rglob("*.nbc"))


@pytest.mark.slow
def test_a_read_only_install_keeps_machine_code_in_the_users_cache(tmp_path):
    copy_that_cannot_be_written(tmp_path)
    home = tmp_path / "home"
    assert run_a_copy(tmp_path, home).stdout == "compiled, kept\n"
    assert machine_code(home)
    assert not machine_code(tmp_path / "radkit")
    assert run_a_copy(tmp_path, home).stdout == ""  # the second process finds it there


@pytest.mark.slow
def test_where_nothing_can_be_written_every_process_compiles_and_one_warning_says_so(tmp_path):
    copy_that_cannot_be_written(tmp_path)
    (tmp_path / "home").touch()  # a file, so that no cache fits below it
    done = run_a_copy(tmp_path, tmp_path / "home")
    assert done.stdout == "compiled, not kept\n"
    assert done.stderr.count("Set NUMBA_CACHE_DIR to one that can.") == 1


@pytest.mark.slow
def test_the_machine_code_of_the_next_process_lies_beside_the_source(tmp_path):
    source = Path(radkit.__file__).parent
    shutil.copytree(source, tmp_path / "radkit", ignore=shutil.ignore_patterns("__pycache__"))
    assert run_a_copy(tmp_path, tmp_path / "home", "radkit.features").stdout == "compiled, kept\n"
    assert {path.parent.parent.name for path in machine_code(tmp_path)} == {"matrices"}
    assert not (tmp_path / "home").exists()


def test_only_the_first_kernel_is_told_of_and_none_of_other_libraries():
    told = []
    double, treble = njit(lambda x: 2 * x), njit(lambda x: 3 * x)
    with compiling(told.append):
        assert double(3) == 6
        assert not told  # not a kernel of radkit's
        for theirs in (double, treble):
            theirs.py_func.__module__ = "radkit.matrices.somewhere"
        assert (double(1.5), treble(1.5), treble(2)) == (3, 4.5, 6)
    assert told == [False]  # once, and not kept: no cache was asked for
    with compiling(told.append):
        assert treble(4) == 12  # known already
    assert len(told) == 1


def test_a_kernel_releases_the_lock_and_is_not_parallel():
    options = kernel(machine_code).targetoptions
    assert options["nogil"]
    assert not options.get("parallel", False)


def test_a_kernel_calls_only_kernels_of_its_own_file():
    """numba compiles a kept kernel anew when its own file changes; one that it calls in another file would stay old."""
    names = [m.name for m in pkgutil.walk_packages(radkit.__path__, "radkit.") if not m.name.endswith("__main__")]
    rooms = [importlib.import_module(name) for name in names]
    modules = {room.__name__: room for room in rooms}
    kernels = {k for room in rooms for k in vars(room).values() if isinstance(k, Dispatcher)}
    foreign = [
        f"{k.py_func.__module__}.{k.py_func.__name__} calls {name}"
        for k in kernels
        if k.py_func.__module__ in modules
        for name in k.py_func.__code__.co_names
        if isinstance(called := vars(modules[k.py_func.__module__]).get(name), Dispatcher)
        and called.py_func.__module__ != k.py_func.__module__
    ]
    assert kernels
    assert not foreign
