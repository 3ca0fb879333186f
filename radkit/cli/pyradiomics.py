"""Coming from PyRadiomics: what its parameter file becomes, its names of features, a table under its names."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from radkit.cli.table import print_table
from radkit.volume import Image, SettingError

if TYPE_CHECKING:
    from radkit.extraction import FeatureSet
    from radkit.recipe import Recipe


def recipe_of(path: Path, image: Image) -> Recipe:
    """The recipe of a parameter file for one image; what is lost or differs goes to stderr, a line each."""
    from radkit.recipe import translate

    translation = translate(path, modality=image.modality)
    print(f"radkit: {path.name} is a PyRadiomics parameter file: {translation.summary}.", file=sys.stderr)
    for kind, entries in (("left out", translation.unmapped), ("differs", translation.differs)):
        for entry in entries:
            print(f"radkit: {kind}: {entry.name}: {entry.text}.", file=sys.stderr)
    return translation.recipe


def rename(found: FeatureSet, recipe: Recipe) -> FeatureSet:
    """The features under PyRadiomics' names; how many are left out, and why, goes to stderr."""
    from radkit.extraction import with_pyradiomics_names

    renamed = with_pyradiomics_names(found, recipe)
    for sentence in renamed.sentences:
        print(f"radkit: {sentence}", file=sys.stderr)
    return renamed.features


def print_translation(path: Path, modality: str, output: Path | None) -> int:
    """Print what every setting of a parameter file becomes; write the recipe to ``output`` where that is given."""
    from radkit.io import write_bytes
    from radkit.recipe import translate

    if output is not None and output.suffix not in (".yaml", ".yml"):
        raise SettingError(f"output is {output.name}; its name must end in .yaml.")
    translation = translate(path, modality=modality)
    groups = (("mapped", translation.mapped), ("left out", translation.unmapped), ("differs", translation.differs))
    rows = [(kind, entry.name, entry.value, entry.text) for kind, entries in groups for entry in entries]
    print_table(("", "name", "there", "here"), rows)
    print(f"\n{translation.summary}.")
    if output is not None:
        write_bytes(output, translation.recipe.to_yaml().encode())
        print(f"recipe written to {output}", file=sys.stderr)
    return 0


def print_names() -> None:
    """Print PyRadiomics' features, ours, and how the two are related."""
    from radkit.features.pyradiomics_names import pyradiomics_names

    rows = []
    for row in pyradiomics_names():
        note = "; ".join(part for part in (row.note, "uses the number of a level" if row.level_number else "") if part)
        rows.append((f"{row.feature_class}_{row.name}", row.tag or "-", row.relation, note))
    print_table(("name", "here", "relation", "note"), rows)
