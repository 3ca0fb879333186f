"""Laws' kernels: level, edge, spot, wave and ripple along each axis (IBSI 2, section 3.3)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from radkit.filters.edges import Boundary, Reach, axes_of, check_boundary, check_whole, join_name, reach_along
from radkit.filters.mean import average
from radkit.filters.turns import Pooling, check_pooling, separable
from radkit.volume import SettingError

# weights before they are divided by their root sum of squares; Laws 1980, IBSI 2 table 6
KERNELS = {
    "L3": (1, 2, 1),
    "E3": (-1, 0, 1),
    "S3": (-1, 2, -1),
    "L5": (1, 4, 6, 4, 1),
    "E5": (-1, -2, 0, 2, 1),
    "S5": (-1, 0, 2, 0, -1),
    "W5": (-1, 2, 0, -2, 1),
    "R5": (1, -4, 6, -4, 1),
}


@dataclass(frozen=True, kw_only=True)
class Laws:
    """A product of 1-D kernels, each with unit sum of squares: L level, E edge, S spot, W wave, R ripple.

    ``h = f * (g1 along x) * (g2 along y) * (g3 along z)``; the energy is the mean of |h| over a cube.

    Parameters
    ----------
    kernels : "L5E5E5" (3-D) or "L5E5" (slice by slice): along x, y, z, as IBSI writes them.
    pooling : "max" or "average" over all right-angle rotations (rotation invariance), None for the kernel as it stands.
    energy_distance : the energy's cube reaches this many voxels (edge 2 d + 1); None: the response itself.
    boundary : "constant" (zeros), "nearest", "wrap" (periodic), "mirror" (half-sample).

    Examples
    --------
    >>> ramp = np.arange(9.0) * np.ones((1, 9, 1))
    >>> response = Laws(kernels="E5L5").respond(ramp, (1, 1, 1))  # a convolution: an edge that rises with x is negative
    >>> round(float(response[0, 4, 4]), 4), round(-8 / math.sqrt(10) * 16 / math.sqrt(70), 4)
    (-4.8379, -4.8379)
    """

    kernels: str
    pooling: Pooling = None
    energy_distance: int | None = None
    boundary: Boundary = "mirror"

    def __post_init__(self):
        parts = re.findall("..", self.kernels) if isinstance(self.kernels, str) else ()
        if len(parts) not in (2, 3) or "".join(parts) != self.kernels or any(p not in KERNELS for p in parts):
            raise SettingError(f"kernels is {self.kernels!r}; join two or three of {', '.join(KERNELS)}, as in 'L5E5'.")
        check_pooling(self.pooling)
        check_boundary(self.boundary)
        if self.energy_distance is not None:
            object.__setattr__(self, "energy_distance", check_whole("energy_distance", self.energy_distance, 1, 127))

    @property
    def dimensions(self) -> int:
        """3, or 2 for slice by slice."""
        return len(self.kernels) // 2

    @property
    def name(self) -> str:
        """As in feature names, "laws_L5E5E5_max_e7"."""
        energy = f"e{self.energy_distance}" if self.energy_distance else ""
        return join_name("laws", self.kernels, self.pooling or "", energy, boundary=self.boundary)

    def reach(self, spacing_mm: tuple[float, float, float]) -> Reach:
        """How many voxels (z, y, x) a response looks beyond its own."""
        longest = max(int(length) for length in self.kernels[1::2])
        return reach_along(axes_of(self.dimensions), longest // 2 + (self.energy_distance or 0), self.boundary)

    def respond(self, array: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
        """The response (z, y, x), or its energy."""
        axes = axes_of(self.dimensions)
        named = reversed(re.findall("..", self.kernels))  # x, y, z to array order
        kernels = tuple(_weights(name)[::-1] for name in named)  # reversed: a convolution as a correlation
        response = separable(array, kernels, axes, self.boundary, self.pooling)
        if self.energy_distance is None:
            return response
        return average(np.abs(response), 2 * self.energy_distance + 1, axes, self.boundary)


def _weights(name: str) -> np.ndarray:
    weights = np.array(KERNELS[name], dtype=float)
    return weights / math.sqrt((weights**2).sum())
