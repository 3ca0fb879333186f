"""ICC: the published table and intervals, arithmetic, a slow twin, the coverage of the intervals, what is refused."""

import math

import numpy as np
import pytest

from radkit.evaluate import MeanSquares, grade, icc
from radkit.features import Undefined
from radkit.volume import NotFinite, SettingError

# Shrout and Fleiss 1979, table 2: six targets by four judges
TARGETS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
KINDS = ("1,1", "A,1", "C,1", "1,k", "A,k", "C,k")


@pytest.mark.parametrize(
    ("kind", "published", "low", "high"),
    [  # the coefficients: Shrout and Fleiss 1979, table 4; the intervals: R's psych::ICC on the same table
        ("1,1", 0.17, -0.133, 0.723),
        ("A,1", 0.29, 0.019, 0.761),
        ("C,1", 0.71, 0.342, 0.946),
        ("1,k", 0.44, -0.884, 0.912),
        ("A,k", 0.62, 0.071, 0.927),
        ("C,k", 0.91, 0.676, 0.986),
    ],
)
def test_the_published_table(kind, published, low, high):
    found = icc(TARGETS, kind)
    assert found.value == pytest.approx(published, abs=0.0051)  # .715 is printed as .71
    assert (found.low, found.high) == (pytest.approx(low, abs=5.1e-4), pytest.approx(high, abs=5.1e-4))
    assert (found.kind, found.n_subjects, found.k_ratings, found.confidence) == (kind, 6, 4, 0.95)


def ratings_with(rows: float, error: float, n: int, k: int) -> np.ndarray:
    """Ratings whose mean squares of rows and error are given, and whose columns have one mean."""
    rng = np.random.default_rng(0)
    subject = rng.normal(size=(n, 1))
    noise = rng.normal(size=(n, k))
    noise -= noise.mean(axis=0)
    noise -= noise.mean(axis=1, keepdims=True)
    noise *= math.sqrt(error * (n - 1) * (k - 1) / (noise**2).sum())
    return (subject - subject.mean()) * math.sqrt(rows / k / subject.var(ddof=1)) + noise


def test_consistency_against_the_example_of_the_package_statpsych():
    """ci.icc(.05, 48.2, 11.3, 5, 30) of R's statpsych prints .3951 (.2311, .5853) and .7656 (.6005, .8759)."""
    ratings = ratings_with(rows=48.2, error=11.3, n=30, k=5)
    one, mean = icc(ratings, "C,1"), icc(ratings, "C,k")
    assert [one.value, one.low, one.high] == pytest.approx([0.3951, 0.2311, 0.5853], abs=5e-5)
    assert [mean.value, mean.low, mean.high] == pytest.approx([0.7656, 0.6005, 0.8759], abs=5e-5)


def slow_mean_squares(ratings):
    """One rating at a time."""
    n, k = len(ratings), len(ratings[0])
    mean = sum(sum(row) for row in ratings) / (n * k)
    row = [sum(r) / k for r in ratings]
    column = [sum(ratings[i][j] for i in range(n)) / n for j in range(k)]
    cells = [(i, j) for i in range(n) for j in range(k)]
    return (
        sum((row[i] - mean) ** 2 for i, j in cells) / (n - 1),
        sum((column[j] - mean) ** 2 for i, j in cells) / (k - 1),
        sum((ratings[i][j] - row[i] - column[j] + mean) ** 2 for i, j in cells) / ((n - 1) * (k - 1)),
        sum((ratings[i][j] - row[i]) ** 2 for i, j in cells) / (n * (k - 1)),
    )


@pytest.mark.parametrize("shape", [(2, 2), (7, 3), (4, 9)])
def test_mean_squares_match_their_slow_twin(shape):
    ratings = np.random.default_rng(sum(shape)).normal(5, 2, shape)
    m = MeanSquares.of(ratings)
    assert (m.rows, m.columns, m.error, m.within) == pytest.approx(slow_mean_squares(ratings.tolist()), rel=1e-12)


def test_two_subjects_and_two_ratings_by_hand():
    """Rows (1, 2) and (5, 4): means 1.5 and 4.5, columns 3 and 3, so R = 2 * 4.5, C = 0, E = W * 2 = 1 and W = 0.5."""
    ratings = [[1, 2], [5, 4]]
    assert icc(ratings, "1,1").value == pytest.approx((9 - 0.5) / (9 + 0.5))
    assert icc(ratings, "C,1").value == pytest.approx((9 - 1) / (9 + 1))
    assert icc(ratings, "A,1").value == pytest.approx((9 - 1) / (9 + 1 + 2 / 2 * (0 - 1)))
    assert icc(ratings, "1,k").value == pytest.approx((9 - 0.5) / 9)
    assert icc(ratings, "C,k").value == pytest.approx((9 - 1) / 9)
    assert icc(ratings, "A,k").value == pytest.approx((9 - 1) / (9 + (0 - 1) / 2))


def test_an_offset_hurts_agreement_and_not_consistency():
    ratings = np.random.default_rng(3).normal(0, 3, (50, 1)) + np.random.default_rng(4).normal(0, 1, (50, 2))
    moved = ratings + np.array([0, 2])
    assert icc(moved, "C,1").value == pytest.approx(icc(ratings, "C,1").value, rel=1e-12)
    assert icc(moved, "A,1").value < icc(ratings, "A,1").value - 0.1


def test_a_negative_icc_is_not_clipped():
    ratings = [[1, 3], [3, 1], [2, 2]]  # every subject has the mean 2
    assert icc(ratings, "1,1").value == pytest.approx(-1)  # -1 / (k - 1), the least there is
    assert icc(ratings, "C,1").value == pytest.approx(-1)
    assert icc(ratings, "A,1").low < 0
    with pytest.raises(Undefined, match="the mean of 2 ratings has no variance"):
        icc(ratings, "C,k")
    assert icc([[1, 2], [5, 4]], "A,k").low == -math.inf
    with pytest.raises(Undefined, match="have one mean"):
        icc([[1, 3], [3, 1]], "A,1")


def test_perfect_agreement_and_a_mere_offset():
    same = np.repeat([[1.0], [2], [4]], 3, axis=1)
    for kind in KINDS:
        found = icc(same, kind)
        assert (found.value, found.low, found.high) == (1, 1, 1)
    assert icc(same + np.arange(3), "C,1").low == 1
    assert icc(same + np.arange(3), "A,1").value < 1
    with pytest.raises(Undefined, match="all 3 x 2 ratings are the same"):
        icc(np.ones((3, 2)))
    with pytest.raises(Undefined, match="all the same but for an offset"):
        icc(np.ones((3, 2)) + np.arange(2), "C,1")


@pytest.mark.parametrize(("kind", "offset_sd"), [("1,1", 0.0), ("C,1", 1.0), ("A,1", 1.0)])
def test_the_interval_covers_the_truth_as_often_as_it_says(kind, offset_sd):
    """Variances: subjects 4, columns and noise 1. The truth is 4 / (4 + 1), and with the columns 4 / (4 + 1 + 1)."""
    rng, n, k, runs = np.random.default_rng(11), 12, 4, 1500
    truth = 4 / (4 + 1 + (offset_sd**2 if kind == "A,1" else 0))
    hits = 0
    for _ in range(runs):
        columns = rng.normal(0, offset_sd, (1, k))
        found = icc(rng.normal(0, 2, (n, 1)) + columns + rng.normal(0, 1, (n, k)), kind)
        hits += found.low <= truth <= found.high
    exact = 3 * math.sqrt(0.95 * 0.05 / runs)  # three standard errors of a share
    assert hits / runs == pytest.approx(0.95, abs=exact + (0.02 if kind == "A,1" else 0))  # A: Satterthwaite's, nearly


def test_the_interval_narrows_with_less_confidence():
    half = icc(TARGETS, "A,1", confidence=0.5)
    whole = icc(TARGETS, "A,1", confidence=0.95)
    assert whole.low < half.low < half.value < half.high < whole.high


def test_grades_are_judged_on_the_lower_bound():
    assert [grade(v) for v in (-0.2, 0.5, 0.74, 0.75, 0.89, 0.9)] == [
        "poor", "moderate", "moderate", "good", "good", "excellent",
    ]  # fmt: skip
    assert icc(TARGETS, "C,1").grade == "poor"  # .71, but from .34
    with pytest.raises(NotFinite):
        grade(math.nan)


def test_what_is_refused():
    with pytest.raises(NotFinite, match="1 of 4 ratings are NaN"):
        icc([[1, 2], [3, math.nan]])
    for shape in ((1, 3), (3, 1), (4,)):
        with pytest.raises(SettingError, match="at least 2 of each"):
            icc(np.ones(shape))
    with pytest.raises(SettingError, match="kind is 'ICC2'"):
        icc(TARGETS, "ICC2")
    with pytest.raises(SettingError, match="confidence is 95"):
        icc(TARGETS, confidence=95)
