"""Filters that are a transfer function over the whole image: the frequencies, the boundary, the transforms.

IBSI's frequency grid has n points from -1 to 1, both Nyquist frequencies among them, so for even n it lies half a step
beside the frequencies of the discrete Fourier transform: ``w_k = (2 k + 1) / (n - 1)``. The reference maps 8.a need
this. A real image's response keeps the transfer's Hermitian part: the mean over that grid and its point reflection.
A mirrored image is transformed by cosines, on the grid of twice its size, and keeps the mean over all reflections.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from scipy import fft

from radkit.filters.edges import Boundary, pad

Transfer = Callable[[list[np.ndarray]], np.ndarray]  # frequencies, one open array an axis, to a real transfer function


def respond(
    array: np.ndarray, axes: tuple[int, ...], boundary: Boundary, transfer: Transfer, order: tuple[int, ...] = ()
) -> np.ndarray:
    """The image times ``(-i)^L transfer(w)`` in frequency space, L the sum of ``order``; float64, the image's shape.

    Parameters
    ----------
    array : (z, y, x).
    axes : those that are transformed.
    boundary : "wrap" takes the image as periodic; "mirror" as mirrored without end; "constant" and "nearest" continue
        it to twice its size first.
    transfer : even along an axis whose ``order`` is even, odd where it is odd; frequencies in units of Nyquist.
    order : one number an axis of ``axes``; empty: all 0.
    """
    order = order or (0,) * len(axes)
    if boundary == "mirror":
        return _mirrored(array, axes, transfer, order)
    if boundary == "wrap":
        return _periodic(array, axes, transfer, order)
    margins = [((n := array.shape[a]) // 2, n - n // 2) if a in axes else (0, 0) for a in range(array.ndim)]
    inside = tuple(slice(before, before + n) for (before, _), n in zip(margins, array.shape, strict=True))
    return _periodic(pad(array, tuple(margins), boundary), axes, transfer, order)[inside]


def grid(n: int) -> tuple[np.ndarray, np.ndarray]:
    """IBSI's frequencies of n points in the transform's order, and their point reflection; both (n,).

    Examples
    --------
    >>> [w.round(2).tolist() for w in grid(4)]
    [[0.33, 1.0, -1.0, -0.33], [-0.33, 0.33, 1.0, -1.0]]
    """
    if n == 1:
        return np.zeros(1), np.zeros(1)
    frequencies = fft.ifftshift(np.linspace(-1, 1, n))
    return frequencies, -np.roll(frequencies[::-1], 1)


def _periodic(array, axes, transfer: Transfer, order) -> np.ndarray:
    spectrum = fft.rfftn(array, axes=axes)
    sizes = [array.shape[a] for a in axes]
    kept = [spectrum.shape[a] for a in axes]
    both = [grid(n) for n in sizes]
    weight = sum(transfer(_open([pair[i][:m] for pair, m in zip(both, kept, strict=True)])) for i in (0, 1)) / 2
    weight.flat[0] = 0.0  # the mean belongs to no band
    weight = weight * (-1j) ** sum(order)
    return fft.irfftn(spectrum * _among(weight, axes, array.ndim), s=sizes, axes=axes)


def _mirrored(array, axes, transfer: Transfer, order) -> np.ndarray:
    """By cosine transforms; along an axis of odd order the transfer turns each cosine into a sine."""
    coefficients = fft.dctn(array, axes=axes, norm="ortho")
    sizes = [array.shape[a] for a in axes]
    both = [tuple(w[:n] for w in grid(2 * n)) if n > 1 else grid(1) for n in sizes]
    weight = sum(transfer(_open(list(one))) for one in itertools.product(*both)) / 2 ** len(axes)
    weight.flat[0] = 0.0
    sign = np.prod([(-1) ** (power // 2) for power in order])
    coefficients *= _among(weight * sign, axes, array.ndim)
    for axis, power in zip(axes, order, strict=True):
        if power % 2:
            moved = np.roll(coefficients, -1, axis=axis)  # the sine transform counts from frequency 1
            moved[(slice(None),) * axis + (-1,)] = 0.0
            coefficients = fft.idst(moved, axis=axis, norm="ortho")
        else:
            coefficients = fft.idct(coefficients, axis=axis, norm="ortho")
    return coefficients


def _open(frequencies: list[np.ndarray]) -> list[np.ndarray]:
    return list(np.meshgrid(*frequencies, indexing="ij", sparse=True))


def _among(weight: np.ndarray, axes: tuple[int, ...], n_axes: int) -> np.ndarray:
    """The weight with axes of length 1 where the image is not transformed."""
    return np.expand_dims(weight, tuple(a for a in range(n_axes) if a not in axes))
