"""From a stage to numbers: run every formula of a family, once per aggregation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from radkit.features.catalogue import Feature, Undefined
from radkit.features.families import Family, family
from radkit.volume import Levels, RadkitError, Roi, SettingError


@dataclass(frozen=True, kw_only=True)
class FeatureValue:
    """One number with its name.

    Parameters
    ----------
    tag : with the aggregation suffix, "cm_contrast_3D_avg".
    feature : its record in the catalogue.
    aggregation : IBSI's words, "3D, averaged"; "" for a family without aggregations.
    value : the number; NaN only together with a note.
    unit : unit of the value.
    note : "" or "undefined: ..." with the reason why the formula has no value here.
    """

    tag: str
    feature: Feature
    aggregation: str
    value: float
    unit: str
    note: str = ""


def compute(
    name: str,
    roi: Roi,
    levels: Levels | None,
    aggregations: tuple[str, ...] = (),
    leave_out: tuple[str, ...] = (),
    **settings: Any,
) -> list[FeatureValue]:
    """All features of one family.

    Averaged aggregations give the mean over their matrices, those without a voxel pair left out (IBSI).

    Parameters
    ----------
    name : family, one of ``families()``.
    roi : the region; morphology, statistics and the other families that need no gray levels are computed from it.
    levels : the discretized region; needed by the other families.
    aggregations : suffixes, "3D_avg"; those that the family does not know are passed over.
    leave_out : features to leave out, by their tag.
    settings : those of the recipe's settings that the family takes (``Family.settings``): ``ivh_binning``.

    Raises
    ------
    SettingError : unknown family, or a setting that it does not take.

    Examples
    --------
    >>> import numpy as np
    >>> from radkit.volume import Image, Mask
    >>> image = Image.of(np.array([[[1.0, 2.0, 6.0]]]), spacing_mm=(1, 1, 1), unit="HU")
    >>> roi = Roi.of(image, Mask.of(image.array > 0, spacing_mm=(1, 1, 1)))
    >>> {v.tag: v.value for v in compute("statistics", roi, None)}["stat_mean"]
    3.0
    """
    chosen = family(name)
    stage = roi if chosen.takes == "roi" else levels
    known = chosen.chosen(aggregations)
    for setting in settings:
        if setting not in chosen.settings:
            takes = f"it takes {', '.join(chosen.settings)}" if chosen.settings else "it takes none"
            raise SettingError(f"{name} has no setting {setting!r}; {takes}.")
    if chosen.aggregations and not known:
        return []
    wanted = [feature for feature in chosen.features if feature.tag not in leave_out]
    return [
        evaluate(chosen, feature, aggregation, record, roi.image.unit)
        for aggregation, record in chosen.stages(stage, known, **settings)
        for feature in wanted
    ]


def evaluate(family: Family, feature: Feature, aggregation: str, record: Any, image_unit: str) -> FeatureValue:
    """One feature of the record that ``family.stages`` made for an aggregation; None has no value for any."""
    value, note = math.nan, ""
    if record is None:
        note = f"undefined: {family.undefined}"
    else:
        try:
            value = _mean(feature.function(record))
        except Undefined as reason:
            note = f"undefined: {reason}"
        else:
            if not math.isfinite(value):
                raise not_finite(feature, value)
    return FeatureValue(
        tag=f"{feature.tag}_{aggregation}" if aggregation else feature.tag,
        feature=feature,
        aggregation=family.aggregations.get(aggregation, ""),
        value=value,
        unit=feature.unit_of(getattr(record, "unit", image_unit)),  # bin numbers have none, whatever the image's is
        note=note,
    )


def not_finite(feature: Feature, value: float) -> RadkitError:
    """The error for a formula that gave NaN or infinity instead of a reason."""
    return RadkitError(f"{feature.tag} came out as {value} without a documented reason. Please report this region.")


def _mean(found: np.ndarray | float) -> float:
    """Mean over the matrices of a stack, or the one number; ``np.mean`` would take longer than most formulas."""
    return float(found.sum()) / found.size if isinstance(found, np.ndarray) else float(found)
