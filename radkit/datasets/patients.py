"""What is known of the 51 sarcoma patients besides their images: one typed row each."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from radkit.datasets.places import Place
from radkit.datasets.registry import packaged_text, read_table
from radkit.io.files import read_bytes
from radkit.volume import UnreadableFile

FILE = "sts51/sts51.csv"
WHOLE_NUMBERS = ("lung_metastasis", "ct_kvp")
NUMBERS = ("age", "weight_kg", "pet_voxel_mm", "suvmax_ref", "gtv_ml_ref", "suvmean_ref")
LIMIT_BYTES = 1_000_000


def facts(patient: str, place: Place | None = None) -> dict[str, Any]:
    """The row of ``sts51.csv`` of one patient, from a place or, without one, from radkit's own table.

    Keys: patient_id, lung_metastasis (1: yes), sex, age (years), pet_voxel_mm, ct_kernel, protocol,
    suvmax_ref and suvmean_ref (SUV), gtv_ml_ref (ml); the mirror's table has a few more.

    Examples
    --------
    >>> facts("STS_001")["suvmax_ref"]
    7.911
    """
    path = None if place is None else place.folder / FILE
    rows = _rows(str(path), path.stat().st_mtime_ns) if path is not None and path.is_file() else _packaged()
    return dict(rows.get(patient, {}))


def plain_table() -> str:
    """radkit's own table as CSV without its comments, to stand beside fetched files."""
    lines = packaged_text("sts51_facts.csv").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("#"))


@lru_cache(maxsize=4)
def _rows(path: str, _changed: int) -> dict[str, dict[str, Any]]:
    file = Path(path)
    return _typed(read_bytes(file, LIMIT_BYTES).decode("utf-8", errors="replace"), file.name)


@lru_cache(maxsize=1)
def _packaged() -> dict[str, dict[str, Any]]:
    return _typed(packaged_text("sts51_facts.csv"), "sts51_facts.csv")


def _typed(text: str, name: str) -> dict[str, dict[str, Any]]:
    rows = {}
    for row in read_table(text):
        try:
            rows[row["patient_id"]] = {key: _value(key, value) for key, value in row.items()}
        except (KeyError, ValueError, TypeError):
            raise UnreadableFile(
                f"{name} has a row that is not one of the sarcoma table. Fetch it again with `radkit data fetch sts51`."
            ) from None
    return rows


def _value(key: str, text: str) -> Any:
    if key in WHOLE_NUMBERS:
        return int(text)
    return float(text) if key in NUMBERS else text
