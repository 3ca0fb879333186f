"""Percentiles of a region from the values that occur and how many voxels have each."""

from __future__ import annotations

import numpy as np

AT = (10, 25, 50, 75, 90)


def percentiles(x: np.ndarray, n: np.ndarray) -> dict[int, float]:
    """The 10th, 25th, 50th, 75th and 90th percentile, linear between neighboring order statistics.

    Parameters
    ----------
    x : values, ascending, (n_values,).
    n : voxels of each, not all 0, (n_values,).

    Examples
    --------
    >>> percentiles(np.array([1.0, 2.0, 5.0]), np.array([2, 1, 1]))[50]  # of 1, 1, 2, 5
    1.5
    """
    cumulative = np.cumsum(n)
    place = np.array(AT) / 100 * (cumulative[-1] - 1)
    low = np.floor(place)
    below = x[np.searchsorted(cumulative, low, side="right")]
    above = x[np.searchsorted(cumulative, np.ceil(place), side="right")]
    return dict(zip(AT, (below + (place - low) * (above - below)).tolist(), strict=True))
