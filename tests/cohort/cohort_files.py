"""Small PET cases as files, a recipe that costs little, and a pool without processes."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from radkit import cohort
from radkit.io import write_nifti
from radkit.recipe import Recipe
from radkit.volume import Grid, Image, Mask

CHEAP = Recipe(name="cheap", families=("morphology", "statistics"))


def write_case(folder: Path, name: str, seed: int, size: int = 12) -> None:
    """An image of noise around 5 SUV and a ball as its mask, voxels of 4 x 2 x 2 mm."""
    grid = Grid(shape=(size, size, size), spacing_mm=(4, 2, 2))
    noise = np.random.default_rng(seed).gamma(5.0, 1.0, grid.shape).astype(np.float32)
    distance = np.linalg.norm(np.indices(grid.shape) - (size - 1) / 2, axis=0)
    write_nifti(folder / f"{name}.nii.gz", Image(noise, grid))
    write_nifti(folder / f"{name}_mask.nii.gz", Mask(distance < size / 3, grid))


def write_cohort(folder: Path, n: int, size: int = 12) -> Path:
    """n cases and their CASES.csv."""
    for i in range(n):
        write_case(folder, f"p{i}", seed=i, size=size)
    lines = [f"p{i},p{i}.nii.gz,p{i}_mask.nii.gz,PET,{'north' if i % 2 else 'south'}" for i in range(n)]
    path = folder / "cases.csv"
    path.write_text("\n".join(["case,image,mask,modality,site", *lines]) + "\n")
    return path


@dataclass
class InThisProcess:
    """Stands in for a pool: computes the rows here, and counts them."""

    tasks: list
    seen: list
    ready: list = field(default_factory=list)
    died: int = 0

    def results(self):
        for i, task in self.tasks:
            self.seen.append(task)
            yield i, cohort.measure(task)
