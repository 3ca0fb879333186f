"""PyRadiomics' names of features, each with ours: a table of facts about a foreign program, in one CSV file."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

SCALED = ("plus_3", "population_axis", "square_root", "times_voxel_volume")  # an exact way from our value to theirs
RELATIONS = ("equal", "near", *SCALED, "retired", "missing")


@dataclass(frozen=True, kw_only=True)
class PyRadiomicsName:
    """One feature of PyRadiomics 3.0.1 and its relation to ours.

    Parameters
    ----------
    feature_class, name : theirs, "glcm" and "JointEnergy".
    tag : ours in the catalogue, without aggregation; "" where there is none.
    relation : "equal": the same number from the same gray levels. One of ``SCALED``: ours + 3; ours times
        √((N − 1)/N) for N voxels; √ of ours; ours times the volume of a voxel. "near": another rounding of a surface.
        "retired": PyRadiomics keeps the name and gives no value. "missing": ours has no such feature.
    level_number : it multiplies by the number of a gray level, so it depends on which level is called 1.
    note : why, in a few words.
    """

    feature_class: str
    name: str
    tag: str
    relation: str
    level_number: bool
    note: str

    @property
    def given(self) -> bool:
        """True where a value of ours can be put under their name."""
        return self.relation not in ("retired", "missing")


@lru_cache(maxsize=1)
def pyradiomics_names() -> tuple[PyRadiomicsName, ...]:
    """Every feature of PyRadiomics, class by class.

    Examples
    --------
    >>> {(n.feature_class, n.name): n.tag for n in pyradiomics_names()}["glcm", "SumSquares"]
    'cm_joint_var'
    """
    text = resources.files(__package__).joinpath("pyradiomics_names.csv").read_text(encoding="utf-8")
    return tuple(
        PyRadiomicsName(
            feature_class=row["class"],
            name=row["name"],
            tag=row["tag"],
            relation=row["relation"],
            level_number=row["level_number"] == "yes",
            note=row["note"],
        )
        for row in csv.DictReader(text.splitlines())
    )
