"""The MNI152 T1 template that comes with nilearn, averaged to 2 mm, with its gray matter as the region."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from radkit.datasets.registry import data_set
from radkit.volume import Case, DataNotFound, Grid, Image, Mask, Source

T1 = "mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz"
GRAY_MATTER = "mni_icbm152_gm_tal_nlin_sym_09a_converted.nii.gz"


def template_files() -> tuple[Path, Path] | None:
    """T1 and gray matter probability inside nilearn (which is not imported), or None without nilearn."""
    spec = importlib.util.find_spec("nilearn")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "datasets" / "data"
    files = folder / T1, folder / GRAY_MATTER
    return files if all(file.is_file() for file in files) else None


def mni152() -> Case:
    """The template: MR in arbitrary units (0 ... 1), mask where gray matter has a probability of at least 0.5."""
    files = template_files()
    if files is None:
        raise DataNotFound(
            "mni152 comes with nilearn, which is not installed. Run `pip install nilearn`, or use 'simulated'."
        )
    from radkit.datasets.files import read_image

    known = data_set("mni152")
    brain, gray = (read_image(file, "MR", "a.u.") for file in files)
    brain.grid.require_match(gray.grid, "T1 template", "gray matter")
    grid = halved(brain.grid)
    image = Image(
        mean_of_eight(brain.array) / float(brain.array.max()), grid, "MR", "a.u.",
        ("Divided by its maximum; mean of 2 x 2 x 2 voxels of 1 mm.",),
    )  # fmt: skip
    mask = Mask(mean_of_eight(gray.array) / float(gray.array.max()) >= 0.5, grid, "gray matter")
    source = Source(
        title=known.title, licence=known.licence, citation=known.citation, changes=known.changes,
        found="Read from the installed nilearn.",
    )  # fmt: skip
    return Case(name="mni152", image=image, mask=mask, source=source)


def halved(grid: Grid) -> Grid:
    """The grid whose voxels are 2 x 2 x 2 of ``grid``'s; an odd last slice is left out."""
    return Grid(
        shape=tuple(n // 2 for n in grid.shape),
        spacing_mm=tuple(2 * s for s in grid.spacing_mm),
        origin_mm=tuple(grid.to_world((0.5, 0.5, 0.5))),
        direction=grid.direction,
    )


def mean_of_eight(array: np.ndarray) -> np.ndarray:
    """Mean of every 2 x 2 x 2 block, (z, y, x) -> (z // 2, y // 2, x // 2), float32."""
    z, y, x = (n // 2 for n in array.shape)
    blocks = array[: 2 * z, : 2 * y, : 2 * x].reshape(z, 2, y, 2, x, 2)  # (z, 2, y, 2, x, 2)
    return blocks.mean(axis=(1, 3, 5), dtype=np.float32)
