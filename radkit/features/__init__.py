"""L4: the features, one formula each, one file per IBSI family, one catalogue."""

from radkit.features.catalogue import Feature, Moves, Undefined
from radkit.features.engine import FeatureValue, compute, evaluate, not_finite
from radkit.features.families import FAMILIES, Family, family
from radkit.volume import SettingError


def families() -> tuple[str, ...]:
    """Names of the families, in IBSI's order."""
    return tuple(f.name for f in FAMILIES)


def catalogue() -> tuple[Feature, ...]:
    """Every feature that radkit knows, in IBSI's order."""
    return tuple(feature for f in FAMILIES for feature in f.features)


def find(tag: str) -> Feature:
    """The catalogue's record of a tag, with or without its aggregation suffix.

    Raises
    ------
    SettingError : no such feature.

    Examples
    --------
    >>> find("cm_contrast_3D_avg").ibsi
    'ACUI'
    """
    for f in FAMILIES:
        bare = next((tag.removesuffix(f"_{a}") for a in f.aggregations if tag.endswith(f"_{a}")), tag)
        for feature in f.features:
            if feature.tag in (tag, bare):
                return feature
    raise SettingError(f"there is no feature {tag!r}. `radkit features` lists them.")


def status(feature: Feature) -> str:
    """How far a feature can be trusted: "IBSI verified", "implemented, no reference" or "not IBSI"."""
    return feature.status


__all__ = [
    "FAMILIES", "Family", "Feature", "FeatureValue", "Moves", "Undefined", "catalogue", "compute", "evaluate",
    "families", "family", "find", "not_finite", "status",
]  # fmt: skip
