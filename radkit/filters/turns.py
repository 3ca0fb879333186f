"""Products of 1-D kernels, and their right-angle rotations pooled into one rotation-invariant response."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Literal

import numpy as np
from scipy.ndimage import correlate1d

from radkit.filters.edges import Boundary, ndimage_mode
from radkit.volume import SettingError

Pooling = Literal["average", "max"] | None
Kernel = tuple[float, ...]  # odd length, so that it has a center to turn about


def check_pooling(pooling: str | None) -> None:
    """Raise SettingError for an unknown pooling."""
    if pooling not in ("average", "max", None):
        raise SettingError(
            f"pooling is {pooling!r}; use 'average' or 'max' over rotations, or None for the kernel as it stands."
        )


def separable(
    array: np.ndarray, kernels: tuple[np.ndarray, ...], axes: tuple[int, ...], boundary: Boundary, pooling: Pooling
) -> np.ndarray:
    """The array correlated with a product of kernels, one an axis; with pooling, over all right-angle rotations.

    ``array`` (z, y, x); ``kernels[i]`` of odd length lies along ``axes[i]``. 4 rotations in 2-D, 24 in 3-D: each is a
    permutation of the kernels with some of them reversed. Those that share kernels along the first axes share that
    work, and those that differ in sign only (symmetric and antisymmetric kernels) are computed once.
    """
    exact = [tuple(map(float, kernel)) for kernel in kernels]
    if pooling is None:
        leaves = iter([(_walk_one(array, exact, axes, boundary), {1: 1})])
    else:
        leaves = _walk(array, list(turned(exact)), axes, boundary)
    pooled, n_turns = None, 0
    for response, signs in leaves:
        n_turns += sum(signs.values())
        pooled = _pool(pooled, response, signs, pooling)
    return pooled / n_turns if pooling == "average" else pooled


def turned(kernels: list[Kernel]) -> Iterator[tuple[int, tuple[Kernel, ...]]]:
    """Every right-angle rotation of a product of kernels, as a sign and one kernel an axis.

    Examples
    --------
    >>> len(list(turned([(1, 2, 4), (1, 1, 3)]))), len(list(turned([(1, 2, 4)] * 3)))
    (4, 24)
    """
    n = len(kernels)
    for order in itertools.permutations(range(n)):
        parity = (-1) ** sum(order[i] > order[j] for i in range(n) for j in range(i + 1, n))
        for flips in itertools.product((1, -1), repeat=n):
            if parity * np.prod(flips) < 0:
                continue  # a reflection, not a rotation
            pairs = [_signed(kernels[k][::flip]) for k, flip in zip(order, flips, strict=True)]
            yield int(np.prod([sign for sign, _ in pairs])), tuple(kernel for _, kernel in pairs)


def _signed(kernel: Kernel) -> tuple[int, Kernel]:
    """The kernel with its first nonzero weight positive, and the sign taken out of it."""
    first = next((w for w in kernel if w), 1.0)
    return (1, kernel) if first > 0 else (-1, tuple(-w for w in kernel))


def _walk(array, turns, axes, boundary) -> Iterator[tuple[np.ndarray, Counter]]:
    """(response, how often with which sign) of every different product, the work on shared kernels done once."""
    if not axes:
        yield array, Counter(sign for sign, _ in turns)
        return
    for kernel in dict.fromkeys(kernels[0] for _, kernels in turns):
        rest = [(sign, kernels[1:]) for sign, kernels in turns if kernels[0] == kernel]
        filtered = correlate1d(array, kernel, axis=axes[0], mode=ndimage_mode(boundary))
        yield from _walk(filtered, rest, axes[1:], boundary)


def _walk_one(array, kernels, axes, boundary) -> np.ndarray:
    for kernel, axis in zip(kernels, axes, strict=True):
        array = correlate1d(array, kernel, axis=axis, mode=ndimage_mode(boundary))
    return array


def _pool(pooled, response, signs, pooling: Pooling) -> np.ndarray:
    if pooling != "max":
        part = response * sum(sign * times for sign, times in signs.items())
        return part if pooled is None else np.add(pooled, part, out=pooled)
    best = np.abs(response) if len(signs) == 2 else response * next(iter(signs))
    return best if pooled is None else np.maximum(pooled, best, out=pooled)
