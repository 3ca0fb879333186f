"""Small synthetic originals, and places that hold nothing but what a test puts there."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from radkit.datasets import places, registry
from radkit.datasets.files import packed_nifti
from radkit.volume import Grid


@pytest.fixture
def nowhere(tmp_path, monkeypatch) -> Path:
    """RADKIT_DATA not set, an empty cache, a checkout without a mirror; returns the folder for all of them."""
    monkeypatch.delenv("RADKIT_DATA", raising=False)
    monkeypatch.setenv("RADKIT_CACHE", str(tmp_path / "cache"))
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "pyproject.toml").touch()
    monkeypatch.setattr(places, "checkout_folder", lambda: checkout)
    return tmp_path


def _volume(modality: str, seed: int = 0):
    """Intensities in counts, a box as mask, and the grid of a small original, all (z, y, x)."""
    rng = np.random.default_rng(seed)
    spacing = (3.27, 4.6875, 4.6875) if modality == "PET" else (3.27, 0.9765625, 0.9765625)
    shape = (30, 28, 26) if modality == "PET" else (20, 70, 64)
    grid = Grid(
        shape=shape, spacing_mm=spacing, origin_mm=(-202.78, -114.8438, -53.9062), direction=np.diag([1.0, 1.0, 1.0])
    )
    counts = rng.integers(0, 16_000 if modality == "PET" else 900, shape).astype(np.int16)
    mask = np.zeros(shape, np.uint8)
    z, y, x = (n // 2 for n in shape)
    mask[z - 2 : z + 3, y - 3 : y + 4, x - 4 : x + 4] = 1
    return counts, mask, grid


def _write_case(folder: Path, name: str, seed: int = 0) -> None:
    """A synthetic case in the mirror's layout (not cropped)."""
    files = registry.case_files()[name]
    counts, mask, grid = _volume(files.modality, seed)
    slope = 0.001 if files.modality == "PET" else 1.0
    for file, data in ((files.image, packed_nifti(counts, grid, slope)), (files.mask, packed_nifti(mask, grid))):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(data)


def _write_originals(folder: Path, names: tuple[str, ...]) -> dict[str, str]:
    """Synthetic public originals of cases, and their SHA-256 by path."""
    known = {}
    for name in names:
        files = registry.case_files()[name]
        counts, mask, grid = _volume(files.modality)
        slope = 0.001 if files.modality == "PET" else 1.0
        for path, data in (
            (files.original_image, packed_nifti(counts, grid, slope)),
            (files.original_mask, packed_nifti(mask, grid)),
        ):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
            known[path] = hashlib.sha256(data).hexdigest()
    return known


@pytest.fixture
def write_case():
    """write_case(folder, name, seed=0): a synthetic case in the mirror's layout."""
    return _write_case


@pytest.fixture
def write_originals():
    """write_originals(folder, names) -> SHA-256 by path: synthetic public originals."""
    return _write_originals
