"""Which maps are wanted: from tags to formulas, those that share matrices together; what has no map is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from radkit.extraction.extract import ONCE, not_computed
from radkit.extraction.stages import Pipeline
from radkit.features import FAMILIES, Family, Feature
from radkit.volume import SettingError

MAX_RADIUS = 15  # voxels: a cube of 31 has 30,000 of them


@dataclass(frozen=True, kw_only=True)
class Wish:
    """The features of one family and aggregation in one image, which are computed from the same record of a window.

    ``prefix`` is "" or the name of a filter and two underscores; ``tags`` names each of ``features``.
    """

    pipeline: Pipeline
    prefix: str
    family: Family
    aggregation: str
    features: tuple[Feature, ...]

    @property
    def tags(self) -> tuple[str, ...]:
        """As in the table of features."""
        end = f"_{self.aggregation}" if self.aggregation else ""
        return tuple(f"{self.prefix}{feature.tag}{end}" for feature in self.features)


def wishes(pipeline: Pipeline, tags: tuple[str, ...]) -> tuple[Wish, ...]:
    """What to compute for these tags, each named once; those that share matrices come together.

    Raises
    ------
    SettingError : no tag; a feature of shape or of intensity peaks.
    DataNotFound : a tag that does not exist.
    """
    if not tags:
        raise SettingError("no feature was named. Name one at least, such as cm_contrast_3D_avg.")
    known = {tag: key for prefix, part in _images(pipeline) for tag, key in _known(prefix, part)}
    groups: dict[tuple, list[Feature]] = {}
    for tag in tags:
        prefix, family, aggregation, feature = _find(tag, known)
        groups.setdefault((prefix, family.name, aggregation), []).append(feature)
    by_prefix, by_name = dict(_images(pipeline)), {family.name: family for family in FAMILIES}
    return tuple(
        Wish(
            pipeline=by_prefix[prefix],
            prefix=prefix,
            family=by_name[name],
            aggregation=aggregation,
            features=tuple(features),
        )
        for (prefix, name, aggregation), features in groups.items()
    )


def _images(pipeline: Pipeline) -> Iterator[tuple[str, Pipeline]]:
    yield "", pipeline
    yield from ((f"{name}__", filtered) for name, filtered in pipeline.filtered.items())


def _known(prefix: str, pipeline: Pipeline) -> Iterator[tuple[str, tuple]]:
    for family in FAMILIES:
        for aggregation in family.aggregations or ("",):
            for feature in family.features:
                tag = f"{feature.tag}_{aggregation}" if aggregation else feature.tag
                yield f"{prefix}{tag}", (prefix, family, aggregation, feature)


def _find(tag: str, known: dict[str, tuple]) -> tuple:
    if tag not in known:
        ends = [f"{tag}_{key[2]}" for key in known.values() if key[3].tag == tag and not key[0]]
        if ends:
            raise SettingError(f"{tag} needs an aggregation. Name {', '.join(ends[:-1])} or {ends[-1]}.")
        raise not_computed(tag, known)
    family = known[tag][1]
    if family.name in ONCE or family.reach_mm > 0:
        why = "the region's shape" if family.name in ONCE else f"everything within {family.reach_mm:g} mm"
        raise SettingError(f"{tag} tells of {why}, so it has no map. Choose a texture or an intensity feature.")
    return known[tag]


def neighborhood(radius: int | tuple[int, int, int]) -> tuple[int, int, int]:
    """A radius in voxels for each axis (z, y, x).

    Raises
    ------
    SettingError : not a whole number, or three of them, from 0 to 15; or 0 along every axis.

    Examples
    --------
    >>> neighborhood(2), neighborhood((0, 3, 3))
    ((2, 2, 2), (0, 3, 3))
    """
    wanted = (radius,) * 3 if isinstance(radius, int | float) else tuple(radius)
    fits = len(wanted) == 3 and all(r == int(r) and 0 <= r <= MAX_RADIUS for r in wanted) and any(wanted)
    if not fits:
        raise SettingError(
            f"radius is {radius!r}; it must be a whole number of voxels from 1 to {MAX_RADIUS}, or three (z, y, x), of "
            "which some may be 0."
        )
    return tuple(int(r) for r in wanted)
