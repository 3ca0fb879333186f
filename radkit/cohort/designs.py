"""Study designs on a finished table: several lesions of a patient into one row, and change between time points."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from radkit.cohort.table import COMPUTED, KNOWN
from radkit.volume import SettingError

if TYPE_CHECKING:
    import pandas as pd

VOLUME = "morph_volume"
_OF_A_LESION = {"image", "mask", "label", "series", "lesion"}
Cell = tuple[float, str]  # a value, and why it has none ("" where it has)


def per_patient(table: pd.DataFrame) -> pd.DataFrame:
    """One row a patient (and time point, roi, modality) from a wide table with one row a lesion.

    For every feature ``f`` over the n lesions with status ok:

    - ``f__largest``: of the lesion with the greatest ``morph_volume`` (the first of equals);
    - ``f__weighted``: ``sum(V f) / sum(V)``, V = ``morph_volume``;
    - ``f__sd``, ``f__range``: sample standard deviation (n - 1) and max - min, from two lesions on.

    Columns: those that are constant within every patient; ``status``, ``reason``, ``n_lesions`` (ok), ``n_failed``. A
    value that one lesion lacks is undefined: NaN, with the reason in ``attrs["undefined"]``, a list of
    ``{"row", "reason", "columns"}``.

    Raises
    ------
    SettingError : no column ``lesion`` or ``morph_volume``, or a table that is not wide.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("a", "1", "ok", "", 8, 4, 30.0, 1.0), ("a", "2", "ok", "", 8, 4, 10.0, 5.0)]
    >>> columns = ["case", "lesion", "status", "reason", "n_voxels", "n_levels", "morph_volume", "stat_mean"]
    >>> found = per_patient(pd.DataFrame(rows, columns=columns))
    >>> found[["stat_mean__largest", "stat_mean__weighted", "stat_mean__range"]].values.tolist()
    [[1.0, 2.0, 4.0]]
    """
    features = feature_columns(table)
    _require(table, "lesion", "per-patient")
    if VOLUME not in features:
        raise SettingError(f"per-patient needs {VOLUME}, to weigh lesions by. Use a recipe with the family morphology.")
    keys = _present(table, ("case", "timepoint", "roi", "modality"))
    rows = []
    for values, lesions in _groups(table, keys):
        good = lesions[lesions["status"] == "ok"]
        row = {**values, **_constant(lesions, _carried(table, keys))}
        row |= _status([] if len(good) else ["no lesion was measured"])
        row |= {"n_lesions": len(good), "n_failed": len(lesions) - len(good)}
        rows.append((row, _summaries(good, features) if len(good) else {}))
    return _table(rows, [f"{f}__{s}" for f in features for s in _SUMMARIES], _carried_order(table, keys, rows))


def change(table: pd.DataFrame) -> pd.DataFrame:
    """Change of every feature from the first time point to each later one, by case (and lesion, roi, modality).

    For every feature with ``a`` at the first time point and ``b`` at the later one:

    - ``f__change = b - a``;
    - ``f__percent = 100 (b - a) / |a|``, undefined where a = 0;
    - ``f__log_ratio = ln(b / a)``, undefined unless both are positive.

    Time points are in numeric order where all are numbers, otherwise in the order in which the table names them.
    Columns ``from`` and ``to`` name the pair; a pair with a failed row, or a lesion without a second time point, is a
    row with status failed and the reason. Undefined values are NaN, their reasons in ``attrs["undefined"]``.

    Raises
    ------
    SettingError : no column ``timepoint``, or a table that is not wide.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("a", "1", "ok", "", 8, 4, 20.0), ("a", "2", "ok", "", 8, 4, 10.0)]
    >>> columns = ["case", "timepoint", "status", "reason", "n_voxels", "n_levels", "stat_mean"]
    >>> row = change(pd.DataFrame(rows, columns=columns)).iloc[0]
    >>> row["stat_mean__change"].item(), row["stat_mean__percent"].item(), round(row["stat_mean__log_ratio"].item(), 3)
    (-10.0, -50.0, -0.693)
    """
    features = feature_columns(table)
    _require(table, "timepoint", "change")
    keys = _present(table, ("case", "lesion", "roi", "modality"))
    order = _time_order(table["timepoint"])
    rows = []
    for values, visits in _groups(table, keys):
        visits = visits.assign(_order=visits["timepoint"].map(order)).sort_values("_order")
        constant = {**values, **_constant(visits, _carried(table, [*keys, "timepoint"]))}
        first, *later = (visit for _, visit in visits.iterrows())
        if not later:
            row = {**constant, "from": first["timepoint"], "to": "", **_status(["there is no second time point"])}
            rows.append((row, {}))
        for visit in later:
            bad = [v for v in (first, visit) if v["status"] != "ok"]
            row = {**constant, "from": first["timepoint"], "to": visit["timepoint"]}
            row |= _status([f"time point {v['timepoint']} failed: {v['reason']}" for v in bad])
            rows.append((row, {} if bad else _changes(first, visit, features)))
    front = [*_carried_order(table, [*keys, "timepoint"], rows), "from", "to"]
    return _table(rows, [f"{f}__{c}" for f in features for c in _CHANGES], [c for c in front if c != "timepoint"])


def feature_columns(table: pd.DataFrame) -> list[str]:
    """The features of a wide table: the columns after ``status, reason, n_voxels, n_levels``."""
    names = list(table.columns)
    for column in COMPUTED:
        if column not in names:
            raise SettingError(f"the table has no column {column}; it must be the wide one that radkit cohort writes.")
    if "feature" in names and "value" in names:
        raise SettingError("the table is in the long form. Write it without --long.")
    return names[names.index(COMPUTED[-1]) + 1 :]


def _largest(f: list[float], volumes: list[float]) -> Cell:
    return f[max(range(len(f)), key=lambda i: volumes[i])], ""


def _weighted(f: list[float], volumes: list[float]) -> Cell:
    return math.fsum(a * v for a, v in zip(f, volumes, strict=True)) / math.fsum(volumes), ""


def _sd(f: list[float], volumes: list[float]) -> Cell:
    if len(f) < 2:
        return math.nan, "one lesion has no spread"
    mean = math.fsum(f) / len(f)
    return math.sqrt(math.fsum((a - mean) ** 2 for a in f) / (len(f) - 1)), ""


def _range(f: list[float], volumes: list[float]) -> Cell:
    return (max(f) - min(f), "") if len(f) > 1 else (math.nan, "one lesion has no spread")


_SUMMARIES: dict[str, Callable[[list[float], list[float]], Cell]] = {
    "largest": _largest,
    "weighted": _weighted,
    "sd": _sd,
    "range": _range,
}


def _summaries(lesions: pd.DataFrame, features: list[str]) -> dict[str, Cell]:
    volumes = lesions[VOLUME].astype(float).tolist()
    without = sum(math.isnan(v) for v in volumes)
    cells: dict[str, Cell] = {}
    for feature in features:
        values = lesions[feature].astype(float).tolist()
        for name, summary in _SUMMARIES.items():
            of_all = name != "largest" or without
            lacking = sum(map(math.isnan, values if of_all else [_largest(values, volumes)[0]]))
            if without and name in ("largest", "weighted"):
                cell = math.nan, f"{VOLUME} is undefined in {without} of {len(volumes)} lesions"
            elif lacking:
                whose = f"{lacking} of {len(values)} lesions" if of_all else "the largest lesion"
                cell = math.nan, f"the feature is undefined in {whose}"
            else:
                cell = summary(values, volumes)
            cells[f"{feature}__{name}"] = cell
    return cells


def _absolute(a: float, b: float) -> Cell:
    return b - a, ""


def _percent(a: float, b: float) -> Cell:
    return (100 * (b - a) / abs(a), "") if a else (math.nan, "the first value is 0")


def _log_ratio(a: float, b: float) -> Cell:
    return (math.log(b / a), "") if a > 0 and b > 0 else (math.nan, "a logarithm needs two positive values")


_CHANGES: dict[str, Callable[[float, float], Cell]] = {
    "change": _absolute,
    "percent": _percent,
    "log_ratio": _log_ratio,
}


def _changes(first: pd.Series, later: pd.Series, features: list[str]) -> dict[str, Cell]:
    cells: dict[str, Cell] = {}
    for feature in features:
        a, b = float(first[feature]), float(later[feature])
        lacking = math.isnan(a) or math.isnan(b)
        for name, formula in _CHANGES.items():
            reason = "the feature is undefined at one of the time points"
            cells[f"{feature}__{name}"] = (math.nan, reason) if lacking else formula(a, b)
    return cells


def _time_order(timepoints: pd.Series) -> dict[str, float]:
    names = list(dict.fromkeys(timepoints))
    try:
        return {name: float(name) for name in names}
    except (TypeError, ValueError):
        return {name: float(i) for i, name in enumerate(names)}


def _require(table: pd.DataFrame, column: str, what: str) -> None:
    if column not in table.columns:
        raise SettingError(f"{what} needs a column {column!r} in CASES.csv. Add it.")


def _present(table: pd.DataFrame, columns: Iterable[str]) -> list[str]:
    return [column for column in columns if column in table.columns]


def _groups(table: pd.DataFrame, keys: list[str]) -> Iterable[tuple[dict[str, Any], pd.DataFrame]]:
    for values, rows in table.groupby(keys, sort=False, dropna=False):
        yield dict(zip(keys, values, strict=True)), rows


def _carried(table: pd.DataFrame, keys: list[str]) -> list[str]:
    own = list(table.columns)[: list(table.columns).index(COMPUTED[0])]
    return [c for c in own if c not in keys and c not in _OF_A_LESION and c not in KNOWN]


def _constant(rows: pd.DataFrame, columns: list[str]) -> dict[str, Any]:
    return {c: rows[c].iloc[0] for c in columns if rows[c].nunique(dropna=False) == 1}


def _carried_order(table: pd.DataFrame, keys: list[str], rows: list[tuple[dict, dict]]) -> list[str]:
    """Keys, then the columns that are constant within every group."""
    return keys + [c for c in _carried(table, keys) if all(c in row for row, _ in rows)]


def _status(problems: list[str]) -> dict[str, str]:
    return {"status": "failed" if problems else "ok", "reason": "; ".join(problems)}


def _table(rows: list[tuple[dict, dict[str, Cell]]], names: list[str], front: list[str]) -> pd.DataFrame:
    import pandas as pd

    extra = [c for c in ("n_lesions", "n_failed") if rows and c in rows[0][0]]
    front = [*front, "status", "reason", *extra]
    made = [
        {**{c: row[c] for c in front}, **{n: cells[n][0] if cells else math.nan for n in names}} for row, cells in rows
    ]
    result = pd.DataFrame(made, columns=[*front, *names])
    undefined: list[dict[str, Any]] = []
    for i, (_, cells) in enumerate(rows):
        reasons: dict[str, list[str]] = {}
        for name, (_, reason) in cells.items():
            if reason:
                reasons.setdefault(reason, []).append(name)
        undefined += [{"row": i, "reason": reason, "columns": columns} for reason, columns in reasons.items()]
    result.attrs["undefined"] = undefined
    return result
