"""How matrices of directions and slices are put together: suffixes of feature names, and IBSI's words for them."""

from __future__ import annotations

from dataclasses import dataclass

from radkit.volume import SettingError

BY_DIRECTION = {
    "2D_avg": "2D, averaged",
    "2D_comb": "2D, slice-merged",
    "2_5D_avg": "2.5D, direction-merged",
    "2_5D_comb": "2.5D, merged",
    "3D_avg": "3D, averaged",
    "3D_comb": "3D, merged",
}
WITHOUT_DIRECTION = {"2D": "2D", "2_5D": "2.5D", "3D": "3D"}


def require_aggregation(matrix: str, name: str, known: dict[str, str]) -> None:
    """Raise SettingError unless ``name`` is one of the aggregations that are known for a matrix."""
    if name not in known:
        raise SettingError(f"{matrix} aggregation is {name!r}; use one of {', '.join(known)}.")


@dataclass(frozen=True, kw_only=True)
class Ways:
    """What is counted of pairs and runs: those in a plane slice by slice or together; those across slices or not."""

    by_slice: bool
    across: bool


def ways(*aggregations: str) -> Ways:
    """What has to be counted for these aggregations: slice by slice, across slices, or both."""
    return Ways(
        by_slice=any(name.startswith("2D") for name in aggregations),
        across=any(name.startswith("3D") for name in aggregations),
    )
