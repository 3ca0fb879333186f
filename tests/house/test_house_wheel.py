"""The wheel holds all that the checkout's packages hold, and works far from the checkout."""

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import house
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """A wheel built from a copy of the checkout's files, without a network."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for path in house.files():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(house.ROOT / path, source / path)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
    result = house.run(*command, timeout=250)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """A new virtual environment with the wheel; the dependencies are those of this one, radkit's checkout is not."""
    venv = tmp_path_factory.mktemp("venv")
    assert house.run(sys.executable, "-m", "venv", "--without-pip", str(venv)).returncode == 0
    paths = {"base": str(venv), "platbase": str(venv)}
    site = Path(sysconfig.get_path("purelib", "venv", vars=paths))
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    scripts = Path(sysconfig.get_path("scripts", "venv", vars=paths))
    pip = [sys.executable, "-m", "pip", "--python", str(scripts / "python")]
    result = house.run(*pip, "install", "--no-deps", "--no-index", "--force-reinstall", str(wheel))
    assert result.returncode == 0, result.stderr
    return scripts


def test_nothing_is_left_out_of_the_wheel(wheel):
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    name_of = {folder: name for name, folder in house.PACKAGES.items()}
    expected = {
        "/".join([name_of[path.parts[0]], *path.parts[1:]]) for path in house.files() if path.parts[0] in name_of
    }
    assert inside == expected


def test_the_three_packages_come_from_the_wheel(installed, tmp_path):
    ask = f"import importlib; [print(importlib.import_module(p).__file__) for p in {list(house.PACKAGES)}]"
    result = house.run(str(installed / "python"), "-c", ask, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    environment = str(installed.parent)
    assert [path.startswith(environment) for path in result.stdout.splitlines()] == [True] * 3


@pytest.mark.parametrize("arguments", [["--version"], ["features"], ["recipes"], ["doctor"]])
def test_the_command_line_works_from_any_folder(installed, tmp_path, arguments):
    result = house.run(str(installed / "radkit"), *arguments, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip()


def test_a_lesson_runs_from_any_folder(installed, tmp_path):
    templates = Path(sysconfig.get_path("data")) / "share" / "jupyter"  # nbconvert's, which are no Python package
    environment = os.environ | {"JUPYTER_PATH": str(templates)}
    command = [str(installed / "radkit"), "run", "binning_is_a_decision"]
    result = house.run(*command, cwd=tmp_path, env=environment, timeout=240)
    assert result.returncode == 0, result.stderr
    assert list(tmp_path.rglob("*.ipynb"))
    assert list(tmp_path.rglob("*.html"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answer(url: str, server: subprocess.Popen, *, within_s: float) -> int:
    """The HTTP status that the server gives once it listens; fails where it ends or stays silent."""
    end = time.monotonic() + within_s
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=30) as response:
                return response.status
        except urllib.error.URLError:
            time.sleep(0.5)
    pytest.fail(f"{url} did not answer within {within_s:.0f} s; the server's exit code is {server.poll()}")


def test_the_bench_is_served_from_any_folder(installed, tmp_path):
    port = free_port()
    command = [str(installed / "radkit"), "serve", "--no-show", "--port", str(port)]
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log) as server,
    ):
        try:
            assert answer(f"http://127.0.0.1:{port}/feature_bench", server, within_s=90) == 200
        finally:
            server.terminate()
