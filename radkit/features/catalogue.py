"""The catalogue: one record per feature, made by the decorator that stands on the feature's formula."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from radkit.volume import RadkitError, SettingError

Direction = Literal["up", "down", "none"] | None
DIRECTIONS = ("up", "down", "none", None)


class Undefined(RadkitError):
    """A formula has no value for this region; the message says why. Becomes ``FeatureValue.note``."""


@dataclass(frozen=True, kw_only=True)
class Moves:
    """Where a feature goes when the image changes: "up", "down", "none" (it stays), None (it depends).

    ``blur``: a wider point spread function. ``noise``: white noise added. ``wider_bins``: a larger bin width.
    """

    blur: Direction = None
    noise: Direction = None
    wider_bins: Direction = None

    def __post_init__(self):
        for name in ("blur", "noise", "wider_bins"):
            if getattr(self, name) not in DIRECTIONS:
                raise SettingError(f"{name} is {getattr(self, name)!r}; use 'up', 'down', 'none' or None.")


_REGISTRY: dict[str, Feature] = {}  # by tag; filled when a family's module is loaded
_BY_FAMILY: dict[str, tuple[Feature, ...]] = {}  # the same, in the order in which the formulas are written
UNKNOWN = Moves()
STAYS = Moves(blur="none", noise="none", wider_bins="none")
ROUGH = Moves(blur="down", noise="up", wider_bins="down")  # falls where neighbors become alike
SMOOTH = Moves(blur="up", noise="down", wider_bins="up")  # rises where neighbors become alike


@dataclass(frozen=True, kw_only=True)
class Feature:
    """What is known about a feature, besides its value.

    Parameters
    ----------
    tag : radkit's name without the aggregation suffix, "cm_contrast".
    ibsi : four-character code of the IBSI reference manual; "" where IBSI does not define it.
    name : IBSI's name.
    family : IBSI family, "glcm".
    unit : unit of the value; "{unit}" stands for the image's unit.
    meaning : one plain sentence; formula : its definition (both from the function's docstring).
    moves : expected direction under blur, noise and wider bins.
    standardized : False where IBSI publishes no reference value.
    function : from one stage to one number (or one number per matrix of a stack).
    """

    tag: str
    ibsi: str
    name: str
    family: str
    unit: str
    meaning: str
    formula: str
    moves: Moves
    standardized: bool
    function: Callable[[Any], Any]

    def unit_of(self, image_unit: str) -> str:
        """The unit of the value for an image in ``image_unit``.

        Examples
        --------
        >>> from radkit.features import find
        >>> find("stat_var").unit_of("HU"), find("stat_var").unit_of("1")
        ('HU^2', '1')
        """
        if "{unit}" not in self.unit:
            return self.unit
        if image_unit != "1":
            power_of_ratio = "/" in image_unit and "^" in self.unit
            return self.unit.replace("{unit}", f"({image_unit})" if power_of_ratio else image_unit)
        rest = [part for part in self.unit.split() if "{unit}" not in part]
        return " ".join(rest) or "1"

    @property
    def status(self) -> str:
        """How far it can be trusted: "IBSI verified", "implemented, no reference" or "not IBSI"."""
        if not self.ibsi:
            return "not IBSI"
        return "IBSI verified" if self.standardized else "implemented, no reference"


def feature(
    tag: str, *, ibsi: str, name: str, unit: str = "1", moves: Moves = UNKNOWN, standardized: bool = True
) -> Callable[[Callable], Callable]:
    """Attach a feature's metadata to its formula.

    The docstring's first paragraph is the meaning in plain words, the second one the formula. The family is the
    module that holds the function, so that nothing is written twice.
    """

    def attach(function: Callable) -> Callable:
        family = function.__module__.rpartition(".")[2]
        if tag in _REGISTRY and _REGISTRY[tag].family != family:
            raise SettingError(f"feature {tag!r} stands in {_REGISTRY[tag].family} and in {family}; keep one.")
        meaning, formula, *_ = [*inspect.getdoc(function).split("\n\n"), ""]
        _REGISTRY[tag] = made = Feature(
            tag=tag,
            ibsi=ibsi,
            name=name,
            family=family,
            unit=unit,
            meaning=" ".join(meaning.split()),
            formula=" ".join(formula.split()),
            moves=moves,
            standardized=standardized,
            function=function,
        )
        others = (other for other in _BY_FAMILY.get(family, ()) if other.tag != tag)
        _BY_FAMILY[family] = (*others, made)
        return function

    return attach


def registered(family: str) -> tuple[Feature, ...]:
    """The features of one family, in the order in which their formulas are written."""
    return _BY_FAMILY.get(family, ())
