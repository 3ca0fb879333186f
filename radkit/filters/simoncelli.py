"""The Simoncelli wavelet: one octave of size, whatever the direction (IBSI 2, section 3.6)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from radkit.filters import spectrum
from radkit.filters.edges import (
    Boundary,
    Reach,
    axes_of,
    check_boundary,
    check_dimensions,
    check_whole,
    join_name,
    reach_along,
)


@dataclass(frozen=True, kw_only=True)
class Simoncelli:
    """The band of one octave on either side of the frequency ``2^-level`` (in units of Nyquist), in every direction.

    ``H(w) = cos(pi/2 log2(2^level |w|))`` for ``2^-(level+1) < |w| < 2^-(level-1)``, else 0.

    It looks at the whole image: its response depends on the field of view.

    Parameters
    ----------
    level : 1 (fine) to 8; each is an octave coarser.
    dimensions : 3, or 2 for slice by slice. Frequencies are per voxel, so resample to isotropic voxels first.
    boundary : "constant" (zeros), "nearest", "wrap" (periodic), "mirror" (half-sample).

    Examples
    --------
    >>> wave = np.cos(math.pi * np.arange(64) / 2) * np.ones((1, 64, 1))  # half of Nyquist: the middle of level 1
    >>> response = Simoncelli(level=1, dimensions=2, boundary="wrap").respond(wave, (1, 1, 1))
    >>> round(float(response.std() / wave.std()), 3)
    0.997
    """

    level: int
    dimensions: int = 3
    boundary: Boundary = "mirror"

    def __post_init__(self):
        object.__setattr__(self, "level", check_whole("level", self.level, 1, 8))
        check_dimensions(self.dimensions)
        check_boundary(self.boundary)

    @property
    def name(self) -> str:
        """As in feature names, "simoncelli_l1"."""
        return join_name("simoncelli", f"l{self.level}", dimensions=self.dimensions, boundary=self.boundary)

    def reach(self, spacing_mm: tuple[float, float, float]) -> Reach:
        """The whole image."""
        return reach_along(axes_of(self.dimensions), math.inf, self.boundary)

    def transfer(self, frequencies: list[np.ndarray]) -> np.ndarray:
        """H at frequencies in units of Nyquist, one open array an axis."""
        return band(sum(w**2 for w in frequencies), self.level)

    def respond(self, array: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
        """The response (z, y, x), in the image's unit."""
        return spectrum.respond(array, axes_of(self.dimensions), self.boundary, self.transfer)


def band(squared: np.ndarray, level: int) -> np.ndarray:
    """The Simoncelli band of a level at squared radial frequencies.

    Examples
    --------
    >>> band(np.array([0.25, 0.5, 1.0]) ** 2, 1).round(4).tolist()
    [0.0, 1.0, 0.0]
    """
    inside = (squared > 4.0 ** -(level + 1)) & (squared < 4.0 ** -(level - 1))
    out = np.zeros(squared.shape)
    out[inside] = np.cos(math.pi / 4 * np.log2(4.0**level * squared[inside]))
    return out
