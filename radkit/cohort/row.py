"""One row of a cohort: a task as plain data in, its features or the reason for none as plain data out.

Plain data, because a task travels: to a process on this machine as a line of JSON, to another machine through Dask.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from radkit._version import __version__
from radkit.cohort.regions import apply_region, parse_region
from radkit.cohort.uptake import MTV, TLG, mtv_ml, tlg
from radkit.volume import Image, Mask, RadkitError, SettingError

if TYPE_CHECKING:
    from radkit.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Task:
    """What one row takes: where image and mask are, which region, and the recipe ("" for the modality's default)."""

    image: str
    named: bool
    mask: str | None
    label: str
    series: str
    modality: str
    roi: str
    recipe: str

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


class Number(NamedTuple):
    """A feature of a row; ``value`` is NaN only together with a note."""

    tag: str
    value: float
    unit: str
    ibsi: str
    note: str


@dataclass(frozen=True, kw_only=True)
class RowResult:
    """What came of a row.

    Parameters
    ----------
    status : "ok" or "failed".
    reason : why it failed; for an ok row what was out of the ordinary, or "".
    n_voxels, n_levels : of the region after the recipe's stages; None for a failed row.
    numbers : its features, in the recipe's order.
    facts : digests of the inputs, modality, unit, recipe and versions, for the provenance.
    """

    status: str
    reason: str = ""
    n_voxels: int | None = None
    n_levels: int | None = None
    numbers: tuple[Number, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """As JSON has it: NaN becomes null."""
        numbers = [[n.tag, None if math.isnan(n.value) else n.value, *n[2:]] for n in self.numbers]
        return {**vars(self), "numbers": numbers}

    @classmethod
    def of(cls, plain: dict[str, Any]) -> RowResult:
        """The result that ``plain`` wrote."""
        numbers = (Number(tag, math.nan if value is None else value, *rest) for tag, value, *rest in plain["numbers"])
        return cls(**{**plain, "numbers": tuple(numbers)})


def failed(reason: str) -> RowResult:
    """The result of a row that has no features."""
    return RowResult(status="failed", reason=" ".join(reason.split()))


def answer(task: dict[str, Any]) -> dict[str, Any]:
    """What a worker does, here or elsewhere: a task's ``plain`` in, a result's ``plain`` and radkit's version out."""
    return {"radkit": __version__, "result": measure(Task(**task)).plain()}


def measure(task: Task) -> RowResult:
    """The features of one row; whatever goes wrong with it becomes its reason.

    Examples
    --------
    >>> task = Task(image="ibsi-digital", named=True, mask=None, label="", series="", modality="", roi="", recipe="")
    >>> measure(task).n_voxels
    74
    """
    try:
        return _measure(task)
    except RadkitError as error:
        return failed(str(error))
    except MemoryError:
        return failed("the volume does not fit into memory. Crop it to the region, or resample more coarsely.")
    except OSError as error:
        return failed(f"{error.strerror or error}. Check the file and its permissions.")
    except Exception as error:  # one bad case must not cost the others; nothing is hidden, the row says it
        return failed(f"unexpected {type(error).__name__}: {error}. Please report it.")


def _measure(task: Task) -> RowResult:
    from radkit.extraction import extract
    from radkit.recipe import default

    image, mask, sources = _read(task)
    region, remark = apply_region(parse_region(task.roi), image, mask)
    recipe = _recipe(task.recipe) if task.recipe else default(image.modality)
    found = extract(image, region, recipe)
    p = found.provenance
    if image.modality == "OTHER" and not task.recipe:
        remark = "; ".join(filter(None, (remark, "modality unknown, so 32 bins were used: add a column modality")))
    return RowResult(
        status="ok",
        reason=remark,
        n_voxels=p["n_voxels_intensity"],
        n_levels=p["n_levels"],
        numbers=(
            *_uptake(image, region),
            *(Number(v.tag, v.value, v.unit, v.feature.ibsi, v.note.removeprefix("undefined: ")) for v in found),
        ),
        facts={
            **sources,
            "image_digest": p["image_digest"],
            "mask_digest": p["mask_digest"],
            "modality": p["modality"],
            "unit": p["unit"],
            "recipe_hash": p["recipe_hash"],
            "recipe_settings": p["recipe_settings"],
            "notes": p["notes"],
            "versions": p["versions"],
        },
    )


@lru_cache(maxsize=4)
def _recipe(text: str) -> Recipe:
    from radkit.recipe import Recipe

    return Recipe.from_yaml(text)


def _uptake(image: Image, region: Mask) -> tuple[Number, ...]:
    if image.modality != "PET":
        return ()
    volume = Number(MTV, mtv_ml(region), "ml", "", "")
    if image.unit != "SUV":
        return volume, Number(TLG, math.nan, "SUV ml", "", f"the image is in {image.unit}, not in SUV")
    return volume, Number(TLG, tlg(image, region), "SUV ml", "", "")


def _read(task: Task) -> tuple[Image, Mask, dict[str, str]]:
    from radkit import datasets, io

    if task.named:
        case = datasets.load(task.image)
        image, mask, files = case.image, case.mask, datasets.files_of(task.image)
        if task.modality not in ("", image.modality):
            raise SettingError(f"the row says {task.modality}, {task.image} is {image.modality}. Correct its modality.")
    else:
        series = int(task.series) if task.series else None
        image, files = io.read(task.image, modality=task.modality or None, series=series), (Path(task.image),)
    sources = {"image_sha256": _sha256(*files[:1])} if files else {}
    if task.mask is not None:
        mask, files = io.read_mask(task.mask, image, label=task.label or None), (Path(task.mask),)
    if files:
        sources["mask_sha256"] = _sha256(files[-1])
    return image, mask, sources


def _sha256(path: Path) -> str:
    """Of a file's bytes; of a folder the sha256 of its files' names and sha256, in name order."""
    if not path.is_dir():
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    inner = (f"{file.name} {_sha256(file)}\n" for file in sorted(path.iterdir()) if file.is_file())
    return hashlib.sha256("".join(inner).encode()).hexdigest()
