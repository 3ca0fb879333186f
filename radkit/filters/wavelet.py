"""Separable wavelets, undecimated: every level keeps every voxel (IBSI 2, section 3.5)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from radkit.filters.edges import Boundary, Reach, axes_of, check_boundary, check_whole, join_name, reach_along
from radkit.filters.turns import Pooling, check_pooling, separable
from radkit.volume import SettingError

Family = Literal["haar", "db2", "db3", "coif1"]
FAMILIES: tuple[str, ...] = get_args(Family)


@dataclass(frozen=True, kw_only=True)
class Wavelet:
    """One subband of the stationary wavelet transform (a trous: holes in the kernel, no decimation).

    Along each axis level j takes the low-pass of levels 1 ... j - 1 and then, with 2^(j-1) - 1 zeros between its
    weights, the low-pass h (L) or the high-pass ``g_k = (-1)^k h_(n-1-k)`` (H).

    Parameters
    ----------
    family : "haar", "db2", "db3" (Daubechies, two and three vanishing moments) or "coif1" (Coiflet).
    decomposition : "LLH" (3-D) or "LH" (slice by slice): along x, y, z, as IBSI writes them.
    level : 1 to 5; each doubles the width.
    pooling : "average" or "max" over all right-angle rotations (rotation invariance), None for one orientation.
    boundary : "constant" (zeros), "nearest", "wrap" (periodic), "mirror" (half-sample).

    Examples
    --------
    >>> step = np.repeat([0.0, 1.0], 4) * np.ones((1, 8, 1))
    >>> Wavelet(family="haar", decomposition="HL").respond(step, (1, 1, 1))[0, 4].round(3).tolist()
    [0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0]
    """

    family: Family
    decomposition: str
    level: int = 1
    pooling: Pooling = None
    boundary: Boundary = "mirror"

    def __post_init__(self):
        if self.family not in FAMILIES:
            raise SettingError(f"wavelet family is {self.family!r}; use one of {', '.join(FAMILIES)}.")
        bands = self.decomposition
        if not isinstance(bands, str) or len(bands) not in (2, 3) or set(bands) - {"L", "H"}:
            raise SettingError(f"decomposition is {bands!r}; write two or three of L and H, as in 'LLH'.")
        object.__setattr__(self, "level", check_whole("level", self.level, 1, 5))
        check_pooling(self.pooling)
        check_boundary(self.boundary)

    @property
    def dimensions(self) -> int:
        """3, or 2 for slice by slice."""
        return len(self.decomposition)

    @property
    def name(self) -> str:
        """As in feature names, "wavelet_db3_LLH"; "wavelet_db3_HHH_l2_average"."""
        level = f"l{self.level}" if self.level > 1 else ""
        return join_name("wavelet", self.family, self.decomposition, level, self.pooling or "", boundary=self.boundary)

    def reach(self, spacing_mm: tuple[float, float, float]) -> Reach:
        """How many voxels (z, y, x) a response looks beyond its own."""
        longest = max(along_axis(self.family, band, self.level).size for band in self.decomposition)
        return reach_along(axes_of(self.dimensions), longest // 2, self.boundary)

    def respond(self, array: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
        """The response (z, y, x)."""
        bands = reversed(self.decomposition)  # x, y, z to array order
        kernels = tuple(along_axis(self.family, band, self.level) for band in bands)
        return separable(array, kernels, axes_of(self.dimensions), self.boundary, self.pooling)


def low_pass(family: Family) -> np.ndarray:
    """The low-pass weights h, (n,): their sum is sqrt(2), their sum of squares 1 (Daubechies 1988, in closed form).

    Examples
    --------
    >>> h = low_pass("db2")
    >>> h.round(4).tolist(), round(float(h @ h), 12)
    ([0.483, 0.8365, 0.2241, -0.1294], 1.0)
    """
    a, b, c = math.sqrt(3), math.sqrt(10), math.sqrt(7)
    d = math.sqrt(5 + 2 * b)
    weights = {
        "haar": (1, 1),
        "db2": (1 + a, 3 + a, 3 - a, 1 - a),
        "db3": (1 + b + d, 5 + b + 3 * d, 10 - 2 * b + 2 * d, 10 - 2 * b - 2 * d, 5 + b - 3 * d, 1 + b - d),
        "coif1": (1 - c, 5 + c, 14 + 2 * c, 14 - 2 * c, 1 - c, c - 3),
    }[family]
    return np.array(weights) * (math.sqrt(2) / sum(weights))


def high_pass(family: Family) -> np.ndarray:
    """The high-pass weights, (n,): ``g_k = (-1)^k h_(n-1-k)``, whose sum is 0."""
    low = low_pass(family)
    return low[::-1] * (-1.0) ** np.arange(low.size)


def along_axis(family: Family, band: str, level: int) -> np.ndarray:
    """The kernel of one axis, all levels composed, to be correlated with the image; odd length, centered.

    Weight k of n reads the voxel at offset ``(k - n/2 + 1) 2^(level - 1)``: an even kernel has no middle, and its
    center is the weight before it. Rotations turn about that voxel (found by the reference maps 5.a.1 to 7.a.2).
    """
    kernel = np.ones(1)
    for j in range(1, level + 1):
        weights = high_pass(family) if j == level and band == "H" else low_pass(family)
        gap = 2 ** (j - 1)
        spread = np.zeros(weights.size * gap + 1)
        spread[gap::gap] = weights  # zeros first: its middle, index n gap / 2, is weight n/2 - 1
        kernel = np.convolve(kernel, spread)
    return kernel
