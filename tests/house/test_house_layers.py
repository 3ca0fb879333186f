"""Imports run only downhill, and what is heavy stays in its room."""

import re
import sys

import house

HEAVY = ["numba", "scipy", "pandas", "SimpleITK", "pydicom", "torch", "panel", "bokeh", "holoviews", "sklearn"]


def contracts() -> list[dict]:
    return house.pyproject()["tool"]["importlinter"]["contracts"]


def test_the_layers_hold():
    result = house.run(str(house.BIN / "lint-imports"), "--no-cache", cwd=house.ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{len(contracts())} kept, 0 broken" in result.stdout


def test_every_room_has_its_floor():
    """A new room that the layers do not name would be free to import anything."""
    layers = next(c for c in contracts() if c["type"] == "layers")["layers"]
    named = {name for layer in layers for name in re.findall(r"[\w.]+", layer)}
    rooms = {".".join(name.split(".")[:2]) for name in house.module_names() if name.startswith("radkit.")}
    assert rooms - {"radkit._version", "radkit.__main__"} <= named


def test_import_radkit_is_light():
    ask = f"import sys, radkit; dir(radkit); print([m for m in {HEAVY} if m in sys.modules])"
    result = house.run(sys.executable, "-c", ask)
    assert result.stdout.strip() == "[]", result.stderr


def test_every_lazy_name_of_radkit_is_there():
    ask = "import radkit; print([n for n in radkit.__all__ if not hasattr(radkit, n)])"
    result = house.run(sys.executable, "-c", ask)
    assert result.stdout.strip() == "[]", result.stderr
