"""Neighboring gray level dependence features (IBSI family REK0).

Every formula takes a stack of matrices and returns one number per matrix; the engine takes their mean. sᵢⱼ counts the
voxels of gray level i with dependence j: the voxel itself and its neighbors of the same level. N_s = Σᵢⱼ sᵢⱼ is the
number of voxels, pᵢⱼ = sᵢⱼ / N_s. Every formula is defined for every region: a lone voxel has dependence 1.
"""

from __future__ import annotations

import numpy as np

from radkit.features.catalogue import STAYS, UNKNOWN, Moves, feature
from radkit.matrices.ngldm import Ngldm

ROUGH = Moves(blur="down", noise="up", wider_bins="down")  # falls where neighbors become alike
SMOOTH = Moves(blur="up", noise="down", wider_bins="up")  # rises where neighbors become alike


@feature("ngl_lde", ibsi="SODN", name="Low dependence emphasis", moves=ROUGH)
def low_dependence_emphasis(m: Ngldm) -> np.ndarray:
    """Weight of voxels with few like neighbors: 1 where no voxel has any.

    Σᵢⱼ pᵢⱼ / j²
    """
    return m.mean(1 / m.j**2)


@feature("ngl_hde", ibsi="IMOQ", name="High dependence emphasis", moves=SMOOTH)
def high_dependence_emphasis(m: Ngldm) -> np.ndarray:
    """Weight of voxels with many like neighbors: up to 27² in the middle of a flat region.

    Σᵢⱼ pᵢⱼ j²
    """
    return m.mean(m.j**2)


@feature("ngl_lgce", ibsi="TL9H", name="Low grey level count emphasis", moves=Moves(wider_bins="up"))
def low_gray_level_count_emphasis(m: Ngldm) -> np.ndarray:
    """Weight of low gray levels.

    Σᵢⱼ pᵢⱼ / i²
    """
    return m.mean(1 / m.i**2)


@feature("ngl_hgce", ibsi="OAE7", name="High grey level count emphasis", moves=Moves(wider_bins="down"))
def high_gray_level_count_emphasis(m: Ngldm) -> np.ndarray:
    """Weight of high gray levels.

    Σᵢⱼ pᵢⱼ i²
    """
    return m.mean(m.i**2)


@feature("ngl_ldlge", ibsi="EQ3F", name="Low dependence low grey level emphasis", moves=UNKNOWN)
def low_dependence_low_gray_level_emphasis(m: Ngldm) -> np.ndarray:
    """Weight of voxels of a low gray level with few like neighbors.

    Σᵢⱼ pᵢⱼ / (i² j²)
    """
    return m.mean(1 / (m.i * m.j) ** 2)


@feature("ngl_ldhge", ibsi="JA6D", name="Low dependence high grey level emphasis", moves=ROUGH)
def low_dependence_high_gray_level_emphasis(m: Ngldm) -> np.ndarray:
    """Weight of voxels of a high gray level with few like neighbors.

    Σᵢⱼ pᵢⱼ i² / j²
    """
    return m.mean((m.i / m.j) ** 2)


@feature("ngl_hdlge", ibsi="NBZI", name="High dependence low grey level emphasis", moves=SMOOTH)
def high_dependence_low_gray_level_emphasis(m: Ngldm) -> np.ndarray:
    """Weight of voxels of a low gray level with many like neighbors.

    Σᵢⱼ pᵢⱼ j² / i²
    """
    return m.mean((m.j / m.i) ** 2)


@feature("ngl_hdhge", ibsi="9QMG", name="High dependence high grey level emphasis", moves=UNKNOWN)
def high_dependence_high_gray_level_emphasis(m: Ngldm) -> np.ndarray:
    """Weight of voxels of a high gray level with many like neighbors.

    Σᵢⱼ pᵢⱼ i² j²
    """
    return m.mean((m.i * m.j) ** 2)


@feature("ngl_glnu", ibsi="FP8K", name="Grey level non-uniformity", moves=SMOOTH)
def gray_level_non_uniformity(m: Ngldm) -> np.ndarray:
    """How unevenly the voxels spread over the gray levels; grows with size.

    Σᵢ sᵢ.² / N_s
    """
    return m.level_squares / m.n_voxels


@feature("ngl_glnu_norm", ibsi="5SPA", name="Normalised grey level non-uniformity", moves=SMOOTH)
def normalized_gray_level_non_uniformity(m: Ngldm) -> np.ndarray:
    """Probability that two voxels drawn at random share a gray level; equal to the histogram's uniformity.

    Σᵢ sᵢ.² / N_s²
    """
    return m.level_squares / m.n_voxels**2.0


@feature("ngl_dcnu", ibsi="Z87G", name="Dependence count non-uniformity", moves=UNKNOWN)
def dependence_count_non_uniformity(m: Ngldm) -> np.ndarray:
    """How unevenly the voxels spread over the dependences; grows with size.

    Σⱼ s.ⱼ² / N_s
    """
    return m.dependence_squares / m.n_voxels


@feature("ngl_dcnu_norm", ibsi="OKJI", name="Normalised dependence count non-uniformity", moves=UNKNOWN)
def normalized_dependence_count_non_uniformity(m: Ngldm) -> np.ndarray:
    """Probability that two voxels drawn at random have the same dependence.

    Σⱼ s.ⱼ² / N_s²
    """
    return m.dependence_squares / m.n_voxels**2.0


@feature("ngl_dc_perc", ibsi="6XV8", name="Dependence count percentage", moves=STAYS)
def dependence_count_percentage(m: Ngldm) -> np.ndarray:
    """Neighborhoods per voxel: always 1, as every voxel has one.

    N_s / N_v
    """
    return m.total(m.count) / m.n_voxels


@feature("ngl_gl_var", ibsi="1PFV", name="Grey level variance", moves=ROUGH)
def gray_level_variance(m: Ngldm) -> np.ndarray:
    """Variance of the gray levels; equal to the histogram's.

    Σᵢⱼ pᵢⱼ (i − μ)² with μ = Σᵢⱼ i pᵢⱼ
    """
    return _variance(m, m.i)


@feature("ngl_dc_var", ibsi="DNX2", name="Dependence count variance", moves=UNKNOWN)
def dependence_count_variance(m: Ngldm) -> np.ndarray:
    """Variance of the dependences.

    Σᵢⱼ pᵢⱼ (j − μ)² with μ = Σᵢⱼ j pᵢⱼ
    """
    return _variance(m, m.j)


@feature("ngl_dc_entr", ibsi="FCBV", name="Dependence count entropy", moves=Moves(wider_bins="down"))
def dependence_count_entropy(m: Ngldm) -> np.ndarray:
    """Bits needed to name a voxel's gray level and dependence: 0 where all voxels share both.

    −Σᵢⱼ pᵢⱼ log₂ pᵢⱼ
    """
    return 0.0 - m.total(m.p * np.log2(m.p))


@feature("ngl_dc_energy", ibsi="CAS9", name="Dependence count energy", moves=Moves(wider_bins="up"))
def dependence_count_energy(m: Ngldm) -> np.ndarray:
    """Probability that two voxels drawn at random share gray level and dependence; also called second moment.

    Σᵢⱼ pᵢⱼ²
    """
    return m.total(m.p**2)


def _variance(m: Ngldm, x: np.ndarray) -> np.ndarray:
    return m.mean((x - np.repeat(m.mean(x), m.sizes)) ** 2)
