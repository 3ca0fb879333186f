"""Intraclass correlation: how much of the spread of a number lies between the cases, and not between the settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import f as f_distribution

from radkit.features import Undefined
from radkit.volume import NotFinite, SettingError

Kind = Literal["1,1", "C,1", "A,1", "1,k", "C,k", "A,k"]
GRADES = ((0.5, "poor"), (0.75, "moderate"), (0.9, "good"))  # below each limit; from the last one on "excellent"
_ROUNDING = 1e-13  # of the largest rating: what two ways to the same number may differ by


@dataclass(frozen=True, kw_only=True)
class MeanSquares:
    """The two-way table of variance of n subjects (rows) rated k times (columns), without replication.

    ``rows`` has n - 1 degrees of freedom, ``columns`` k - 1, ``error`` (n - 1)(k - 1), ``within`` n(k - 1). What cannot
    be told from rounding is 0.
    """

    n: int
    k: int
    rows: float
    columns: float
    error: float
    within: float

    @classmethod
    def of(cls, ratings: np.ndarray) -> MeanSquares:
        """The mean squares of an array (n_subjects, k_ratings)."""
        (n, k), mean = ratings.shape, ratings.mean()
        by_row, by_column = ratings.mean(axis=1, keepdims=True), ratings.mean(axis=0, keepdims=True)
        rounding = (_ROUNDING * np.abs(ratings).max()) ** 2

        def mean_square(sum_of_squares: float, freedom: int) -> float:
            found = float(sum_of_squares) / freedom
            return found if found > rounding else 0.0

        return cls(
            n=n,
            k=k,
            rows=mean_square(k * ((by_row - mean) ** 2).sum(), n - 1),
            columns=mean_square(n * ((by_column - mean) ** 2).sum(), k - 1),
            error=mean_square(((ratings - by_row - by_column + mean) ** 2).sum(), (n - 1) * (k - 1)),
            within=mean_square(((ratings - by_row) ** 2).sum(), n * (k - 1)),
        )


@dataclass(frozen=True, kw_only=True)
class Icc:
    """An intraclass correlation with its confidence interval.

    It may be negative and is not clipped: few subjects that agree less than chance give bounds far below -1, and -inf
    for the mean of k ratings.
    """

    kind: Kind
    value: float
    low: float
    high: float
    confidence: float
    n_subjects: int
    k_ratings: int

    @property
    def grade(self) -> str:
        """Koo and Li's word for the interval's lower bound: see ``grade``."""
        return grade(self.low)


def icc(ratings, kind: Kind = "A,1", *, confidence: float = 0.95) -> Icc:
    """The intraclass correlation of McGraw and Wong, with its confidence interval.

    With the mean squares of rows R, columns C, error E and within rows W, for n subjects and k ratings:

    - "1,1": ``(R - W) / (R + (k-1) W)``: the ratings of a subject are in no order; Shrout and Fleiss's (1,1).
    - "C,1": ``(R - E) / (R + (k-1) E)``: consistency, a constant offset between columns is forgiven; their (3,1).
    - "A,1": ``(R - E) / (R + (k-1) E + k/n (C - E))``: absolute agreement, an offset counts; their (2,1).
    - "1,k", "C,k", "A,k": of the mean of the k ratings, ``k r / (1 + (k-1) r)`` of the single one (Spearman, Brown).

    The intervals of "1" and "C" are exact for normal ratings; that of "A" has Satterthwaite's degrees of freedom.

    Parameters
    ----------
    ratings : (n_subjects, k_ratings), finite, at least 2 by 2.
    confidence : of the interval, two-sided.

    Raises
    ------
    SettingError : an unknown kind, an array of another shape, a confidence outside 0 to 1.
    NotFinite : a rating is NaN or infinite.
    Undefined : all ratings are the same, or no variance is left that subjects could share.

    Source: McGraw KO, Wong SP. Psychol Methods 1996;1:30-46, tables 4 and 7; Shrout PE, Fleiss JL. Psychol Bull
    1979;86:420-428.

    Examples
    --------
    >>> offset = np.array([[1, 3], [2, 4], [3, 5], [4, 6.0]])
    >>> icc(offset, "C,1").value, round(icc(offset, "A,1").value, 4)
    (1.0, 0.4545)
    """
    if kind not in _SINGLE and kind.replace("k", "1") not in _SINGLE:
        raise SettingError(f"ICC kind is {kind!r}; use one of 1,1 C,1 A,1 1,k C,k A,k.")
    if not 0 < confidence < 1:
        raise SettingError(f"confidence is {confidence}; it must lie between 0 and 1, such as 0.95.")
    m = MeanSquares.of(_checked(ratings))
    if m.rows == m.columns == m.error == 0:
        raise Undefined(f"all {m.n} x {m.k} ratings are the same, so there is no variance to share out")
    found = _SINGLE[kind.replace("k", "1")](m, (1 + confidence) / 2)
    if kind.endswith("k"):
        found = tuple(_of_mean(r, m.k) for r in found)
    value, low, high = found
    if not np.isfinite(value):
        raise Undefined(
            f"the {m.n} subjects agree so little that the mean of {m.k} ratings has no variance to share out"
        )
    return Icc(kind=kind, value=value, low=low, high=high, confidence=confidence, n_subjects=m.n, k_ratings=m.k)


def grade(icc_low: float) -> str:
    """Koo and Li's word for a reliability, judged on the lower bound of the ICC's interval, not on the ICC.

    Below 0.5 "poor", below 0.75 "moderate", below 0.9 "good", else "excellent". The limits are a convention.

    Source: Koo TK, Li MY. J Chiropr Med 2016;15:155-163, doi:10.1016/j.jcm.2016.02.012.

    Examples
    --------
    >>> grade(0.49), grade(0.5), grade(0.9)
    ('poor', 'moderate', 'excellent')
    """
    if not np.isfinite(icc_low):
        raise NotFinite(f"the lower bound of the ICC is {icc_low}; only a number can be graded.")
    return next((word for limit, word in GRADES if icc_low < limit), "excellent")


def _checked(ratings) -> np.ndarray:
    ratings = np.asarray(ratings, dtype=float)
    if ratings.ndim != 2 or min(ratings.shape) < 2:
        raise SettingError(
            f"ratings have the shape {ratings.shape}; an ICC needs (n_subjects, k_ratings) with at least 2 of each."
        )
    bad = int(np.count_nonzero(~np.isfinite(ratings)))
    if bad:
        raise NotFinite(f"{bad} of {ratings.size} ratings are NaN or infinite. Leave those subjects out, and say so.")
    return ratings


def _quantile(p: float, above: float, below: float) -> float:
    return float(f_distribution.ppf(p, above, below))


def _exact(m: MeanSquares, other: float, freedom: int, p: float) -> tuple[float, float, float]:
    """Estimate and bounds where the variance ratio is F-distributed: ``other`` is the mean square below the line."""

    def share(rows: float) -> float:
        return (rows - other) / (rows + (m.k - 1) * other)

    low = m.rows / _quantile(p, m.n - 1, freedom)
    high = m.rows * _quantile(p, freedom, m.n - 1)
    return share(m.rows), share(low), share(high)


def _one_way(m: MeanSquares, p: float) -> tuple[float, float, float]:
    return _exact(m, m.within, m.n * (m.k - 1), p)


def _consistency(m: MeanSquares, p: float) -> tuple[float, float, float]:
    if m.rows == m.error == 0:
        raise Undefined(f"the {m.n} subjects are all the same but for an offset between the ratings")
    return _exact(m, m.error, (m.n - 1) * (m.k - 1), p)


def _absolute(m: MeanSquares, p: float) -> tuple[float, float, float]:
    n, k, rows, columns, error = m.n, m.k, m.rows, m.columns, m.error
    if columns == error == 0:
        return 1.0, 1.0, 1.0  # each subject's ratings are all the same
    if rows == columns == 0 and n == k == 2:
        raise Undefined("the 2 subjects have one mean and the 2 ratings have one mean")
    value = (rows - error) / (rows + (k - 1) * error + k / n * (columns - error))
    odds = k * value / (n * (1 - value))
    a, b = odds * columns, (1 + odds * (n - 1)) * error
    freedom = (n - 1) * (k - 1)  # where there is no variance between columns, whatever b
    if a:
        freedom = (a + b) ** 2 / (a**2 / (k - 1) + b**2 / ((n - 1) * (k - 1)))
    rest = k * columns + (k * n - k - n) * error
    above, below = _quantile(p, n - 1, freedom), _quantile(p, freedom, n - 1)
    low = n * (rows - above * error) / (above * rest + n * rows)
    high = n * (below * rows - error) / (rest + n * below * rows)
    return value, low, high


def _of_mean(single: float, k: int) -> float:
    """Spearman and Brown: the reliability of a mean of k ratings; it falls to -inf as ``single`` falls to -1/(k-1)."""
    scale = 1 + (k - 1) * single
    return k * single / scale if scale > 0 else -np.inf


_SINGLE: dict[str, Callable[[MeanSquares, float], tuple[float, float, float]]] = {
    "1,1": _one_way,
    "C,1": _consistency,
    "A,1": _absolute,
}
