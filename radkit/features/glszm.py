"""Gray level size zone matrix features (IBSI family 9SAK).

A zone is a patch of touching voxels of one gray level, i its gray level and j its size in voxels; sᵢⱼ counts the
zones, N_s is their number and N_v the number of voxels. Every formula takes a stack of matrices and returns one number
per matrix; ``m.mean(x)`` is the mean of x over the zones, Σᵢⱼ sᵢⱼ x / N_s. Every region has zones, so nothing is ever
undefined.
"""

from __future__ import annotations

import numpy as np

from radkit.features.catalogue import ROUGH, SMOOTH, UNKNOWN, Moves, feature
from radkit.matrices.glszm import Glszm

LOW = Moves(wider_bins="up")  # of low gray levels, and wider bins make all of them lower
HIGH = Moves(wider_bins="down")  # of high gray levels


@feature("szm_sze", ibsi="5QRC", name="Small zone emphasis", moves=Moves(noise="up"))
def small_zone_emphasis(m: Glszm) -> np.ndarray:
    """Weight of small zones, a size of j counting 1/j²; 1 where no two like voxels touch.

    (1/N_s) Σᵢⱼ sᵢⱼ / j²
    """
    return m.mean(1 / m.j**2)


@feature("szm_lze", ibsi="48P8", name="Large zone emphasis", moves=SMOOTH)
def large_zone_emphasis(m: Glszm) -> np.ndarray:
    """Mean squared size of a zone: grows with large zones.

    (1/N_s) Σᵢⱼ sᵢⱼ j²
    """
    return m.mean(m.j**2)


@feature("szm_lgze", ibsi="XMSY", name="Low grey level emphasis", moves=LOW)
def low_gray_level_zone_emphasis(m: Glszm) -> np.ndarray:
    """Weight of zones of low gray levels, a level of i counting 1/i².

    (1/N_s) Σᵢⱼ sᵢⱼ / i²
    """
    return m.mean(1 / m.i**2)


@feature("szm_hgze", ibsi="5GN9", name="High grey level emphasis", moves=HIGH)
def high_gray_level_zone_emphasis(m: Glszm) -> np.ndarray:
    """Mean squared gray level of a zone.

    (1/N_s) Σᵢⱼ sᵢⱼ i²
    """
    return m.mean(m.i**2)


@feature("szm_szlge", ibsi="5RAI", name="Small zone low grey level emphasis", moves=LOW)
def small_zone_low_gray_level_emphasis(m: Glszm) -> np.ndarray:
    """Weight of small zones of low gray levels.

    (1/N_s) Σᵢⱼ sᵢⱼ / (i² j²)
    """
    return m.mean(1 / (m.i**2 * m.j**2))


@feature("szm_szhge", ibsi="HW1V", name="Small zone high grey level emphasis", moves=HIGH)
def small_zone_high_gray_level_emphasis(m: Glszm) -> np.ndarray:
    """Weight of small zones of high gray levels.

    (1/N_s) Σᵢⱼ sᵢⱼ i² / j²
    """
    return m.mean(m.i**2 / m.j**2)


@feature("szm_lzlge", ibsi="YH51", name="Large zone low grey level emphasis", moves=SMOOTH)
def large_zone_low_gray_level_emphasis(m: Glszm) -> np.ndarray:
    """Weight of large zones of low gray levels.

    (1/N_s) Σᵢⱼ sᵢⱼ j² / i²
    """
    return m.mean(m.j**2 / m.i**2)


@feature("szm_lzhge", ibsi="J17V", name="Large zone high grey level emphasis", moves=Moves(blur="up", noise="down"))
def large_zone_high_gray_level_emphasis(m: Glszm) -> np.ndarray:
    """Weight of large zones of high gray levels.

    (1/N_s) Σᵢⱼ sᵢⱼ i² j²
    """
    return m.mean(m.i**2 * m.j**2)


@feature("szm_glnu", ibsi="JNSA", name="Grey level non-uniformity", moves=UNKNOWN)
def gray_level_nonuniformity(m: Glszm) -> np.ndarray:
    """How unevenly the zones are spread over the gray levels; grows with their number.

    (1/N_s) Σᵢ (Σⱼ sᵢⱼ)²
    """
    return (m.p_level**2).sum(axis=1) * m.n_groups


@feature("szm_glnu_norm", ibsi="Y1RO", name="Normalised grey level non-uniformity", moves=Moves(wider_bins="up"))
def normalized_gray_level_nonuniformity(m: Glszm) -> np.ndarray:
    """Probability that two zones drawn at random have the same gray level.

    (1/N_s²) Σᵢ (Σⱼ sᵢⱼ)²
    """
    return (m.p_level**2).sum(axis=1)


@feature("szm_zsnu", ibsi="4JP3", name="Zone size non-uniformity", moves=ROUGH)
def zone_size_nonuniformity(m: Glszm) -> np.ndarray:
    """How unevenly the zones are spread over the sizes; grows with their number.

    (1/N_s) Σⱼ (Σᵢ sᵢⱼ)²
    """
    return (m.p_extent**2).sum(axis=1) * m.n_groups


@feature("szm_zsnu_norm", ibsi="VB3A", name="Normalised zone size non-uniformity", moves=UNKNOWN)
def normalized_zone_size_nonuniformity(m: Glszm) -> np.ndarray:
    """Probability that two zones drawn at random have the same size.

    (1/N_s²) Σⱼ (Σᵢ sᵢⱼ)²
    """
    return (m.p_extent**2).sum(axis=1)


@feature("szm_z_perc", ibsi="P30P", name="Zone percentage", moves=ROUGH)
def zone_percentage(m: Glszm) -> np.ndarray:
    """Number of zones over the number there could be: 1 where every zone is a single voxel.

    N_s / N_v
    """
    return m.n_groups / m.n_voxels


@feature("szm_gl_var", ibsi="BYLV", name="Grey level variance", moves=ROUGH)
def gray_level_variance(m: Glszm) -> np.ndarray:
    """Variance of the gray level of a zone.

    Σᵢⱼ (i − μ)² pᵢⱼ with pᵢⱼ = sᵢⱼ / N_s, μ = Σᵢⱼ i pᵢⱼ
    """
    return m.level_variance


@feature("szm_zs_var", ibsi="3NSA", name="Zone size variance", moves=SMOOTH)
def zone_size_variance(m: Glszm) -> np.ndarray:
    """Variance of the size of a zone.

    Σᵢⱼ (j − μ)² pᵢⱼ with pᵢⱼ = sᵢⱼ / N_s, μ = Σᵢⱼ j pᵢⱼ
    """
    return m.extent_variance


@feature("szm_zs_entr", ibsi="GU8N", name="Zone size entropy", moves=Moves(wider_bins="down"))
def zone_size_entropy(m: Glszm) -> np.ndarray:
    """Bits needed to name the gray level and the size of a zone.

    −Σᵢⱼ pᵢⱼ log₂ pᵢⱼ with pᵢⱼ = sᵢⱼ / N_s
    """
    return m.entropy
