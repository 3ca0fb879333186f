"""Dashboards: one folder per bench, and the shell they share."""

from importlib import import_module
from pathlib import Path

BENCHES = ("feature_bench",)


def apps() -> dict[str, Path]:
    """Every bench: its name in the URL, and the app.py behind it."""
    return {name: Path(__file__).parent / name / "app.py" for name in BENCHES}


def warm_up() -> None:
    """Build every bench's page once, so that the first visitor does not wait for imports and compiled kernels."""
    for name in BENCHES:
        import_module(f"radkit_dashboards.{name}.view").warm_up()
