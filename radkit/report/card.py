"""The provenance card: what a number or a figure was made from, small enough to stand under it."""

from __future__ import annotations

import html
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from radkit._version import __version__
from radkit.volume import Case, SettingError, digest

PACKAGES = ("numpy", "scipy", "numba", "pandas", "holoviews", "bokeh")
SHORT = 12  # hex digits of a digest that are shown


@dataclass(frozen=True, kw_only=True)
class ProvenanceCard:
    """Where a result comes from, and what it takes to make it again.

    Parameters
    ----------
    title : what the card belongs to.
    data : name of each case or file to the sha256 of its image and mask.
    source : where the data come from, in words: title, citation, changes made, place found.
    licence : under which the data may be used.
    parameters : every setting of the run, plain JSON values.
    seed : of everything random; None where nothing is.
    recipe_hash : of the extraction's settings; empty where nothing was extracted.
    radkit, python, packages : versions.
    created : UTC, ISO 8601.
    seconds : wall time in s; None where it was not measured.
    """

    title: str
    data: Mapping[str, str]
    source: str = ""
    licence: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    recipe_hash: str = ""
    radkit: str = __version__
    python: str = ""
    packages: Mapping[str, str] = field(default_factory=dict)
    created: str = ""
    seconds: float | None = None

    def __post_init__(self):
        for name in ("data", "parameters", "packages"):
            object.__setattr__(self, name, dict(getattr(self, name)))
        try:
            json.dumps(self.parameters, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise SettingError(
                f"a card's parameters must be plain numbers, text, lists and dicts ({error}); convert them first."
            ) from error

    @property
    def hash(self) -> str:
        """First 12 hex digits of the sha256 of data, parameters, seed, recipe and radkit version: of what decides."""
        decides = {"data": self.data, "parameters": self.parameters, "seed": self.seed, "recipe": self.recipe_hash}
        return digest(json.dumps({**decides, "radkit": self.radkit}, sort_keys=True))[:SHORT]

    def to_dict(self) -> dict[str, Any]:
        """Every field and the hash, as plain values."""
        return {"hash": self.hash, **asdict(self)}

    def to_json(self) -> str:
        """The same as JSON text."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> ProvenanceCard:
        """The card of ``to_dict``. Raises SettingError where its hash does not fit its fields."""
        fields = dict(fields)
        wanted = fields.pop("hash", None)
        try:
            card = cls(**fields)
        except TypeError as error:
            raise SettingError(f"this is no provenance card ({error}); write it with to_json.") from error
        if wanted is not None and card.hash != wanted:
            raise SettingError(
                f"the card says {wanted} and its fields give {card.hash}; it was changed after it was made."
            )
        return card

    def to_html(self) -> str:
        """The card as a closed <details> block: one line, and a table when it is opened. Every text is escaped."""
        rows = "".join(
            f'<tr><th scope="row" style="{_CELL}">{html.escape(name)}</th>'
            f'<td style="{_CELL};font-weight:400;overflow-wrap:anywhere">{html.escape(value)}</td></tr>'
            for name, value in self._rows()
            if value
        )
        summary = html.escape(f"Provenance {self.hash}: {', '.join(self.data) or 'no data'}, radkit {self.radkit}")
        return (
            f'<details class="radkit-card" style="font-size:.85em;margin:.4em 0"><summary>{summary}</summary>'
            f'<table style="display:table;margin:.4em 0"><tbody>{rows}</tbody></table></details>'
        )

    def _repr_html_(self) -> str:
        return self.to_html()

    def _rows(self) -> tuple[tuple[str, str], ...]:
        return (
            ("belongs to", self.title),
            ("data", "; ".join(f"{name} sha256 {value[:SHORT]}" for name, value in self.data.items())),
            ("source", self.source),
            ("licence", self.licence),
            ("parameters", _pairs(self.parameters)),
            ("seed", "" if self.seed is None else str(self.seed)),
            ("recipe", self.recipe_hash),
            ("versions", _pairs({"radkit": self.radkit, "python": self.python, **self.packages}, " ")),
            ("made", self.created + ("" if self.seconds is None else f" in {self.seconds:.1f} s")),
        )


def card(
    title: str,
    *cases: Case,
    parameters: Mapping[str, Any] | None = None,
    seed: int | None = None,
    recipe_hash: str = "",
    seconds: float | None = None,
) -> ProvenanceCard:
    """The card of a result made now, here, from these cases.

    Parameters
    ----------
    title : what the card belongs to.
    cases : the data; their digests, sources and licences are taken from them.
    parameters : settings, plain JSON values.
    seed : of everything random.
    recipe_hash : ``recipe.hash`` of the extraction.
    seconds : wall time in s.

    Examples
    --------
    >>> card("a coin", parameters={"n": 10}, seed=7).seed
    7
    """
    return ProvenanceCard(
        title=title,
        data={case.name: digest(case.image.digest, case.mask.digest) for case in cases},
        source=" ".join(dict.fromkeys(_source(case) for case in cases)),
        licence="; ".join(dict.fromkeys(case.source.licence for case in cases)),
        parameters=parameters or {},
        seed=seed,
        recipe_hash=recipe_hash,
        python=platform.python_version(),
        packages=package_versions(),
        created=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        seconds=seconds,
    )


def package_versions(names: tuple[str, ...] = PACKAGES) -> dict[str, str]:
    """Name to installed version, of those packages that are installed."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


_CELL = "text-align:left;vertical-align:top;padding:2px 12px 2px 0"


def _source(case: Case) -> str:
    source = case.source
    parts = (source.title, *source.citation, source.changes, source.found)
    return " ".join(part.rstrip(".") + "." for part in parts if part)


def _pairs(values: Mapping[str, Any], sign: str = " = ") -> str:
    return ", ".join(f"{name}{sign}{value}" for name, value in values.items() if value != "")
