"""Dashboards: one folder per bench, and the shell they share."""

from pathlib import Path

BENCHES = ("feature_bench",)


def apps() -> dict[str, Path]:
    """Every bench: its name in the URL, and the app.py behind it."""
    return {name: Path(__file__).parent / name / "app.py" for name in BENCHES}
