"""Riesz transforms: derivatives of a filter's response without their gain in frequency (IBSI 2, section 3.7)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from radkit.filters import spectrum
from radkit.filters.edges import Reach, axes_of, check_whole
from radkit.filters.log import LaplacianOfGaussian
from radkit.filters.simoncelli import Simoncelli
from radkit.volume import SettingError


@dataclass(frozen=True, kw_only=True)
class Riesz:
    """The Riesz transform of a Laplacian of Gaussian or of a Simoncelli wavelet: its features along chosen axes.

    ``R(w) = (-i)^L sqrt(L! / (l1! l2! l3!)) w1^l1 w2^l2 w3^l3 / |w|^L``, L = l1 + l2 + l3; 0 at the mean.

    It looks at the whole image: its response depends on the field of view. Dimensions and boundary are those of ``of``.

    Parameters
    ----------
    of : the filter whose response is transformed.
    order : how often along each axis, (z, y, x), or (y, x) slice by slice: (0, 0, 1) is once along x. Sum 1 to 4.

    Examples
    --------
    >>> Riesz(of=Simoncelli(level=2), order=(0, 2, 0)).name
    'riesz_020_simoncelli_l2'
    """

    of: LaplacianOfGaussian | Simoncelli
    order: tuple[int, ...]

    def __post_init__(self):
        if not isinstance(self.of, (LaplacianOfGaussian, Simoncelli)):
            raise SettingError(
                f"a Riesz transform is of a {type(self.of).__name__}; use a LaplacianOfGaussian or a Simoncelli."
            )
        n = self.of.dimensions
        try:
            order = tuple(check_whole("order", part, 0, 4) for part in self.order)
        except TypeError:
            order = ()
        if len(order) != n or not 1 <= sum(order) <= 4:
            axes = "(z, y, x)" if n == 3 else "(y, x)"
            raise SettingError(f"order is {self.order!r}; it must be {n} whole numbers {axes} whose sum is 1 to 4.")
        object.__setattr__(self, "order", order)

    @property
    def dimensions(self) -> int:
        """3, or 2 for slice by slice."""
        return self.of.dimensions

    @property
    def name(self) -> str:
        """As in feature names, "riesz_001_log_s3mm"."""
        return f"riesz_{''.join(map(str, self.order))}_{self.of.name}"

    def reach(self, spacing_mm: tuple[float, float, float]) -> Reach:
        """The whole image."""
        return tuple(math.inf if a in axes_of(self.dimensions) else 0.0 for a in range(3))

    def respond(self, array: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
        """The response (z, y, x)."""
        if isinstance(self.of, Simoncelli):
            return self._transformed(array, lambda w: self._transfer(w) * self.of.transfer(w))
        return self._transformed(self.of.respond(array, spacing_mm), self._transfer)

    def _transformed(self, array, transfer) -> np.ndarray:
        return spectrum.respond(array, axes_of(self.dimensions), self.of.boundary, transfer, self.order)

    def _transfer(self, frequencies: list[np.ndarray]) -> np.ndarray:
        """R without its ``(-i)^L``: real; odd along the axes of odd order."""
        total = sum(self.order)
        squared = sum(w**2 for w in frequencies)
        scale = math.sqrt(math.factorial(total) / math.prod(map(math.factorial, self.order)))
        product = math.prod(w**power for w, power in zip(frequencies, self.order, strict=True) if power)
        return scale * product / np.maximum(squared, 1e-12) ** (total / 2)
