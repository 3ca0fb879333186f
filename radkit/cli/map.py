"""radkit map: a feature in the neighborhood of every voxel of a region, as a volume in a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from radkit.cli import region
from radkit.cli.first_run import say_when_compiling
from radkit.cli.progress import progress_bar
from radkit.volume import SettingError

_FORMATS = (".nii.gz", ".nii", ".nrrd")


def add_commands(commands) -> None:
    """Register ``map``."""
    parser = commands.add_parser("map", help="a feature around every voxel", description=__doc__)
    region.add_arguments(parser)
    parser.add_argument(
        "--feature",
        dest="features",
        metavar="TAG",
        action="append",
        help="which feature, with its aggregation; may be given several times (default: cm_contrast_3D_avg)",
    )
    parser.add_argument(
        "--radius", default="2", metavar="VOXELS", help="of the cube around a voxel: 2 is 5 x 5 x 5; or z,y,x (0,2,2)"
    )
    parser.add_argument("--threads", type=int, default=1, help="how many batches are computed at a time")
    parser.add_argument(
        "--outside", type=float, metavar="NUMBER", help="written where there is no value (default: NaN)"
    )
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help="FILE.nii.gz, .nii or .nrrd; of several features FILE_TAG.nii.gz each",
    )
    parser.set_defaults(run=run)


def run(options) -> int:
    """Read, map, write; nothing is written before every map is complete."""
    ending = _ending(options.output)
    region.require_folder(options.output)
    radius = _radius(options.radius)
    tags = options.features or ["cm_contrast_3D_avg"]
    image, mask = region.read_region(options)
    recipe = region.read_recipe(options, image)
    from radkit.extraction import voxel_map

    with say_when_compiling(), progress_bar(to_go=True) as progress:
        found = voxel_map(image, mask, recipe, features=tags, radius=radius, threads=options.threads, progress=progress)
    stem = options.output.name.removesuffix(ending)
    names = [f"{stem}_{one.tag}{ending}" for one in found] if len(found) > 1 else [options.output.name]
    for one, name in zip(found, names, strict=True):
        _write(options.output.with_name(name), one, options.outside)
        print(_sentence(one, name))
    _write_provenance(options.output, found)
    return 0


def _ending(output: Path) -> str:
    for ending in _FORMATS:
        if output.name.endswith(ending) and output.name != ending:
            return ending
    raise SettingError(f"output is {output.name}; its name must end in {', '.join(_FORMATS)}.")


def _radius(text: str) -> int | tuple[int, ...]:
    try:
        numbers = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise SettingError(f"--radius is {text[:80]!r}; write whole numbers, 2 or 0,2,2 (z, y, x).") from None
    return numbers[0] if len(numbers) == 1 else numbers


def _write(path: Path, one, outside: float | None) -> None:
    from radkit.io import write_nifti, write_nrrd

    write = write_nrrd if path.name.endswith(".nrrd") else write_nifti
    write(path, one if outside is None else one.filled(outside))


def _write_provenance(output: Path, found) -> None:
    from radkit.io import write_bytes

    path = output.with_name(f"{output.name}.provenance.json")
    write_bytes(path, json.dumps(found.provenance, indent=1).encode())
    print(f"radkit: what they were made from is in {path.name}", file=sys.stderr)


def _sentence(one, name: str) -> str:
    import numpy as np

    unit = "" if one.unit == "1" else f" {one.unit}"
    text = f"{name}: {one.tag}, {one.n_voxels:,} voxels"
    if one.values.size:
        low, middle, high = np.percentile(one.values, (0, 50, 100))
        text += f", from {low:.4g} to {high:.4g}{unit}, median {middle:.4g}{unit}"
    for reason, n in one.undefined.items():
        text += f"; {n:,} {reason}"
    return text
