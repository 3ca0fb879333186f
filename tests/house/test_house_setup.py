"""tools/setup.py: the two commands of README on a machine that lacks something say so in one sentence."""

import importlib.util
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import house
import pytest

SETUP = house.ROOT / "tools" / "setup.py"


@pytest.fixture
def setup(tmp_path, monkeypatch):
    """The script as a module, its .venv in an empty folder and nothing of it run."""
    spec = importlib.util.spec_from_file_location("radkit_setup", SETUP)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    venv = tmp_path / ".venv"
    venv.mkdir()
    for name, value in {"VENV": venv, "BIN": venv, "STAMP": venv / "stamp.json", "LOG": house.ROOT / "x.log"}.items():
        monkeypatch.setattr(module, name, value)
    return module


def sentence(capsys, setup, action, *arguments) -> str:
    """What the script says as it stops: one line, exit code 2."""
    with pytest.raises(SystemExit) as stopped:
        action(*arguments)
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("radkit: ")
    assert said.count("\n") == 1
    return said


@pytest.mark.parametrize("version", [(3, 10, 13), (3, 14, 0)])
def test_python_too_old_or_too_new(capsys, setup, monkeypatch, version):
    monkeypatch.setattr(setup.sys, "version_info", version)
    said = sentence(capsys, setup, setup.check_machine, setup.ALL, {})
    assert f"Python {version[0]}.{version[1]}" in said
    assert "PYTHON=" in said


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_python_without_venv(capsys, setup, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    said = sentence(capsys, setup, setup.check_machine, setup.ALL, {})
    assert f"no {module} module" in said
    assert "python3-venv" in said


def test_disk_too_small(capsys, setup, monkeypatch):
    monkeypatch.setattr(setup.shutil, "disk_usage", lambda path: SimpleNamespace(free=1.2e9))
    said = sentence(capsys, setup, setup.check_machine, setup.ALL, {})
    assert "1.2 GB free" in said
    assert "needs 4.0 GB" in said
    assert setup.check_machine(setup.SERVE, {"extras": setup.ALL}) is None  # all of it is there already


def test_reasons_of_a_failed_step(setup):
    assert "no package index" in setup.explain("uv", "Temporary failure in name resolution")
    assert "disk filled up" in setup.explain("uv", "OSError: [Errno 28] No space left on device")
    assert setup.explain("uv", "something else").endswith("something else")


def test_unknown_target(capsys, setup):
    assert "'fly' is none of serve" in sentence(capsys, setup, setup.main, "fly")


def test_a_venv_without_the_stamp_is_not_ready(setup):
    stamp_it(setup, extras=setup.ALL)
    setup.STAMP.unlink()
    assert not setup.is_ready(setup.read_stamp(), setup.SERVE)


def stamp_it(setup, **entries):
    """Writes the stamp of a finished set-up, with these entries changed, beside its two programs."""
    for program in ("python", "radkit"):
        (setup.BIN / program).with_suffix(setup.EXE).touch()
    setup.STAMP.write_text(json.dumps(setup.here() | entries))


@pytest.mark.parametrize(("installed", "asked", "ready"), [("ALL", "SERVE", True), ("SERVE", "ALL", False)])
def test_what_the_stamp_promises(setup, installed, asked, ready):
    stamp_it(setup, extras=getattr(setup, installed))
    assert setup.is_ready(setup.read_stamp(), getattr(setup, asked)) is ready


@pytest.mark.parametrize("change", [{"root": "elsewhere"}, {"python": [3, 9]}, {"fingerprint": "of another pyproject"}])
def test_a_stamp_of_something_else_is_not_ready(setup, change):
    stamp_it(setup, extras=setup.ALL, **change)
    assert not setup.is_ready(setup.read_stamp(), setup.SERVE)


def test_a_stamp_without_its_python_is_not_ready(setup):
    stamp_it(setup, extras=setup.ALL)
    (setup.BIN / "python").with_suffix(setup.EXE).unlink()
    assert not setup.is_ready(setup.read_stamp(), setup.SERVE)


def test_makefile_and_script_have_the_same_targets(setup):
    makefile = house.text(Path("Makefile"))
    targets = set(re.findall(r"^([a-z]+):\n\t\$\(RUN\)$", makefile, re.M))
    assert targets == set(setup.TARGETS) | {"clean"}
    assert {"help"} | targets == set(re.search(r"\.PHONY: (.*)", makefile).group(1).split())


def test_python_versions_are_the_same_everywhere(setup):
    versions = [f"3.{minor}" for minor in range(setup.OLDEST[1], setup.NEWEST[1] + 1)]
    project = house.pyproject()["project"]
    assert project["requires-python"] == f">={versions[0]},<3.{setup.NEWEST[1] + 1}"
    assert [c.split(" :: ")[-1] for c in project["classifiers"] if "Python :: 3." in c] == versions
    assert "|".join(versions) + ")" in house.text(Path("Makefile"))
