"""The first command on a machine says in one line that it compiles; the next one has nothing to say."""

import os
import subprocess
import sys

import pytest
from numba import njit

import radkit
import radkit_dashboards
from radkit.cli import main
from radkit.cli.first_run import say_when_compiling

HEAVY = (
    "pandas",
    "pyarrow",
    "torch",
    "panel",
    "holoviews",
    "matplotlib",
    "SimpleITK",
    "pydicom",
    "pooch",
    "rich.progress",
)
EXTRACT = f"""
import sys
from radkit.cli import main
code = main(sys.argv[1:])
print([name for name in {HEAVY} if name in sys.modules])
sys.exit(code)
"""
LINE = "radkit: kernels are being compiled (the first time only); this takes up to half a minute."


def a_new_kernel():
    """One of radkit's that this process has not compiled yet."""
    double = njit(lambda x: 2 * x)
    double.py_func.__module__ = "radkit.matrices.somewhere"
    return double


@pytest.mark.slow
def test_extract_says_so_the_first_time_only_and_loads_little(tmp_path):
    recipe = tmp_path / "quick.yaml"
    recipe.write_text(radkit.preset("ibsi-digital").replace(families=("ngldm",), aggregations=("3D_comb",)).to_yaml())
    command = [sys.executable, "-c", EXTRACT, "extract", "ibsi-digital", "--recipe", str(recipe)]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    first, second = (subprocess.run(command, env=environment, capture_output=True, text=True) for _ in range(2))
    assert first.returncode == second.returncode == 0, first.stderr
    assert first.stderr.splitlines()[1:] == [LINE]  # the line before says which data are used
    assert second.stderr.splitlines() == first.stderr.splitlines()[:1]
    assert first.stdout == second.stdout
    assert first.stdout.splitlines()[-1] == "[]"  # an extraction waits for no library that it does not need


def test_serve_says_so(monkeypatch, capsys):
    served = []
    monkeypatch.setattr(radkit_dashboards, "warm_up", lambda: a_new_kernel()(1))
    monkeypatch.setattr("radkit_dashboards.shell.serve.serve", lambda apps, **settings: served.append(apps))
    assert main(["serve", "--no-show"]) == 0
    assert served
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert message.startswith("radkit: kernels are being compiled (as in every process: no folder to keep them in")


def test_nothing_is_said_of_a_kernel_that_is_there(capsys):
    double = a_new_kernel()
    double(1)
    with say_when_compiling():
        assert double(2) == 4
    assert capsys.readouterr().err == ""
