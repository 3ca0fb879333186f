"""IMAGE [MASK] and --recipe on the command line, and how they are read: shared by every command that needs a region."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from radkit.cli import pyradiomics
from radkit.volume import Case, Image, Mask, SettingError

if TYPE_CHECKING:
    from radkit.recipe import Recipe


def add_arguments(parser) -> None:
    """IMAGE, MASK and what belongs to them."""
    parser.add_argument("image", metavar="IMAGE", help="a NIfTI or NRRD file, a DICOM folder, or sts51/STS_001/PET")
    parser.add_argument(
        "mask", metavar="MASK", nargs="?", help="likewise, or RTSTRUCT or SEG; a named case has its own"
    )
    parser.add_argument("--label", help="which structure or label of the mask, by number or name")
    parser.add_argument(
        "--recipe", default="default", help="a preset (see radkit recipes) or a YAML file, ours or theirs"
    )
    parser.add_argument(
        "--modality", choices=("CT", "PET", "MR"), help="of a NIfTI or NRRD file, which does not say it"
    )
    parser.add_argument("--series", help="which series of a DICOM folder, by its number in the list shown")
    parser.set_defaults(command=parser.prog)


def require_folder(output: Path) -> None:
    """Refuse an output file whose folder is not there, before any work is done."""
    if not output.parent.is_dir():
        raise SettingError(f"the folder of {output.name} does not exist. Make it first, or choose another.")


def read_region(options) -> tuple[Image, Mask]:
    """The image and its mask; says on stderr which data of a named case are used."""
    from radkit import io

    case = _case(options.image)
    if case is not None:
        image, own_mask = case.image, case.mask
        print(f"radkit: {case.name}: {case.source.title}, {case.source.licence} ({case.source.found})", file=sys.stderr)
    else:
        image = io.read(options.image, modality=options.modality, series=options.series)
        own_mask = None
    if options.mask is None:
        if own_mask is None:
            raise SettingError(f"MASK is missing; a file or folder needs one. See {options.command} --help.")
        return image, own_mask
    mask_case = _case(options.mask)
    mask = mask_case.mask if mask_case is not None else io.read_mask(options.mask, image, label=options.label)
    return image, mask


def read_recipe(options, image: Image):
    """The recipe that --recipe names; says on stderr where a default had to be chosen without a modality."""
    recipe = recipe_named(options.recipe, image)
    if image.modality == "OTHER" and options.recipe == "default":
        print("radkit: the file does not say its modality, so 32 bins are used; see --modality.", file=sys.stderr)
    return recipe


def recipe_named(name: str, image: Image | None = None) -> Recipe:
    """A preset by name, or the recipe of a YAML file; PyRadiomics' files need the image, for their numbers' unit."""
    from radkit.recipe import Recipe, is_pyradiomics, preset

    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        if not path.is_file():
            raise SettingError(f"recipe file {path.name} does not exist. Check the path, or see radkit recipes.")
        text = path.read_text(encoding="utf-8", errors="replace")
        if not is_pyradiomics(text):
            return Recipe.from_yaml(text)
        if image is None:
            raise SettingError(
                f"{path.name} is a PyRadiomics parameter file, whose numbers have no unit. Translate it first: "
                f"radkit recipes --from-pyradiomics {path.name} --modality PET --output recipe.yaml"
            )
        return pyradiomics.recipe_of(path, image)
    return preset(name, image)


def _case(name: str) -> Case | None:
    if Path(name).exists() or name.startswith((".", "/", "~")):
        return None
    from radkit import datasets

    is_name = name.split("/")[0] in {d.name for d in datasets.available()}
    if not is_name and (Path(name).suffix or "\\" in name):
        return None  # a path that does not exist: let the reader say so
    return datasets.load(name)
