"""Neighborhood gray tone difference features (IBSI family IPET).

Every formula takes a stack of matrices and returns one number per matrix; the engine takes their mean. For gray level
i, sᵢ is the sum of |i − mean of the neighbors| over the voxels of that level that have a neighbor in the region, pᵢ
their share of N_v,c, the voxels with a neighbor; N_g,p levels occur. Where IBSI divides by zero, the convention
stands with the formula.
"""

from __future__ import annotations

import numpy as np

from radkit.features.catalogue import UNKNOWN, Moves, feature
from radkit.matrices.ngtdm import Ngtdm

FLATTEST = 1e6  # the highest coarseness (IBSI): that of a region without any gray tone difference


@feature("ngt_coarseness", ibsi="QCDE", name="Coarseness", moves=UNKNOWN)
def coarseness(m: Ngtdm) -> np.ndarray:
    """How little a voxel differs from the mean of its neighbors; falls with size; 10⁶ where none differs (IBSI).

    1 / Σᵢ pᵢ sᵢ
    """
    return 1 / np.maximum(m.mean_tone, 1 / FLATTEST)


@feature("ngt_contrast", ibsi="65HE", name="Contrast", moves=Moves(noise="up", wider_bins="down"))
def contrast(m: Ngtdm) -> np.ndarray:
    """Spread of the gray levels times the mean difference from the neighbors; 0 for a single level (IBSI).

    (1/(N_g,p (N_g,p − 1)) Σᵢⱼ pᵢ pⱼ (i − j)²) (1/N_v,c) Σᵢ sᵢ
    """
    mean = m.total(m.p * m.level)
    spread = 2 * m.total(m.p * (m.level - np.repeat(mean, m.n_present)) ** 2)  # Σᵢⱼ pᵢ pⱼ (i − j)²
    pairs = m.n_present * (m.n_present - 1)
    return spread / np.maximum(pairs, 1) * m.total_tone / m.n_voxels


@feature("ngt_busyness", ibsi="NQ30", name="Busyness", moves=UNKNOWN)
def busyness(m: Ngtdm) -> np.ndarray:
    """How fast gray levels change from voxel to voxel, relative to their spread.

    Σᵢ pᵢ sᵢ / Σᵢⱼ |i pᵢ − j pⱼ|; 0 for a single level (IBSI), and by convention where all i pᵢ are equal
    """
    distances = m.weighted_level_distances
    return np.where(distances > 0, m.mean_tone / np.where(distances > 0, distances, 1.0), 0.0)


@feature("ngt_complexity", ibsi="HDEZ", name="Complexity", moves=Moves(blur="down", noise="up", wider_bins="down"))
def complexity(m: Ngtdm) -> np.ndarray:
    """Many gray levels with many differences among neighbors; 0 for a single level.

    (1/N_v,c) Σᵢⱼ |i − j| (pᵢ sᵢ + pⱼ sⱼ) / (pᵢ + pⱼ)
    """
    return m.tone_distances / m.n_voxels


@feature("ngt_strength", ibsi="1X9X", name="Strength", moves=UNKNOWN)
def strength(m: Ngtdm) -> np.ndarray:
    """Distinct patches of gray levels far apart; 0 where no voxel differs from its neighbors (IBSI).

    Σᵢⱼ (pᵢ + pⱼ)(i − j)² / Σᵢ sᵢ
    """
    middle = m.total(m.level) / m.n_present
    d = m.level - np.repeat(middle, m.n_present)  # Σᵢⱼ pᵢ (i − j)² = N_g,p Σᵢ pᵢ d² + Σⱼ d², as Σⱼ d = 0
    squares = 2 * (m.n_present * m.total(m.p * d**2) + m.total(d**2))
    return np.where(m.total_tone > 0, squares / np.where(m.total_tone > 0, m.total_tone, 1.0), 0.0)
