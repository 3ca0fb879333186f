"""Gray level distance zone matrix features (IBSI family VMDZ).

A zone is a patch of touching voxels of one gray level, i its gray level and j the distance of its nearest voxel to the
border of the region, in voxels, 1 at the border; dᵢⱼ counts the zones, N_s is their number and N_v the number of
voxels. Every formula takes a stack of matrices and returns one number per matrix; ``m.mean(x)`` is the mean of x over
the zones, Σᵢⱼ dᵢⱼ x / N_s. Every region has zones, so nothing is ever undefined.
"""

from __future__ import annotations

import numpy as np

from radkit.features.catalogue import ROUGH, UNKNOWN, Moves, feature
from radkit.matrices.gldzm import Gldzm

LOW = Moves(wider_bins="up")  # of low gray levels, and wider bins make all of them lower
HIGH = Moves(wider_bins="down")  # of high gray levels


@feature("dzm_sde", ibsi="0GBI", name="Small distance emphasis", moves=UNKNOWN)
def small_distance_emphasis(m: Gldzm) -> np.ndarray:
    """Weight of zones at the border, a distance of j counting 1/j²; 1 where every zone reaches the border.

    (1/N_s) Σᵢⱼ dᵢⱼ / j²
    """
    return m.mean(1 / m.j**2)


@feature("dzm_lde", ibsi="MB4I", name="Large distance emphasis", moves=UNKNOWN)
def large_distance_emphasis(m: Gldzm) -> np.ndarray:
    """Mean squared distance of a zone to the border: grows with zones deep inside.

    (1/N_s) Σᵢⱼ dᵢⱼ j²
    """
    return m.mean(m.j**2)


@feature("dzm_lgze", ibsi="S1RA", name="Low grey level emphasis", moves=LOW)
def low_gray_level_zone_emphasis(m: Gldzm) -> np.ndarray:
    """Weight of zones of low gray levels, a level of i counting 1/i².

    (1/N_s) Σᵢⱼ dᵢⱼ / i²
    """
    return m.mean(1 / m.i**2)


@feature("dzm_hgze", ibsi="K26C", name="High grey level emphasis", moves=HIGH)
def high_gray_level_zone_emphasis(m: Gldzm) -> np.ndarray:
    """Mean squared gray level of a zone.

    (1/N_s) Σᵢⱼ dᵢⱼ i²
    """
    return m.mean(m.i**2)


@feature("dzm_sdlge", ibsi="RUVG", name="Small distance low grey level emphasis", moves=LOW)
def small_distance_low_gray_level_emphasis(m: Gldzm) -> np.ndarray:
    """Weight of dark zones near the border.

    (1/N_s) Σᵢⱼ dᵢⱼ / (i² j²)
    """
    return m.mean(1 / (m.i**2 * m.j**2))


@feature("dzm_sdhge", ibsi="DKNJ", name="Small distance high grey level emphasis", moves=HIGH)
def small_distance_high_gray_level_emphasis(m: Gldzm) -> np.ndarray:
    """Weight of bright zones near the border.

    (1/N_s) Σᵢⱼ dᵢⱼ i² / j²
    """
    return m.mean(m.i**2 / m.j**2)


@feature("dzm_ldlge", ibsi="A7WM", name="Large distance low grey level emphasis", moves=UNKNOWN)
def large_distance_low_gray_level_emphasis(m: Gldzm) -> np.ndarray:
    """Weight of dark zones deep inside.

    (1/N_s) Σᵢⱼ dᵢⱼ j² / i²
    """
    return m.mean(m.j**2 / m.i**2)


@feature("dzm_ldhge", ibsi="KLTH", name="Large distance high grey level emphasis", moves=HIGH)
def large_distance_high_gray_level_emphasis(m: Gldzm) -> np.ndarray:
    """Weight of bright zones deep inside.

    (1/N_s) Σᵢⱼ dᵢⱼ i² j²
    """
    return m.mean(m.i**2 * m.j**2)


@feature("dzm_glnu", ibsi="VFT7", name="Grey level non-uniformity", moves=UNKNOWN)
def gray_level_nonuniformity(m: Gldzm) -> np.ndarray:
    """How unevenly the zones are spread over the gray levels; grows with their number.

    (1/N_s) Σᵢ (Σⱼ dᵢⱼ)²
    """
    return (m.p_level**2).sum(axis=1) * m.n_groups


@feature("dzm_glnu_norm", ibsi="7HP3", name="Normalised grey level non-uniformity", moves=Moves(wider_bins="up"))
def normalized_gray_level_nonuniformity(m: Gldzm) -> np.ndarray:
    """Probability that two zones drawn at random have the same gray level.

    (1/N_s²) Σᵢ (Σⱼ dᵢⱼ)²
    """
    return (m.p_level**2).sum(axis=1)


@feature("dzm_zdnu", ibsi="V294", name="Zone distance non-uniformity", moves=ROUGH)
def zone_distance_nonuniformity(m: Gldzm) -> np.ndarray:
    """How unevenly the zones are spread over the distances; grows with their number.

    (1/N_s) Σⱼ (Σᵢ dᵢⱼ)²
    """
    return (m.p_extent**2).sum(axis=1) * m.n_groups


@feature("dzm_zdnu_norm", ibsi="IATH", name="Normalised zone distance non-uniformity", moves=UNKNOWN)
def normalized_zone_distance_nonuniformity(m: Gldzm) -> np.ndarray:
    """Probability that two zones drawn at random have the same distance.

    (1/N_s²) Σⱼ (Σᵢ dᵢⱼ)²
    """
    return (m.p_extent**2).sum(axis=1)


@feature("dzm_z_perc", ibsi="VIWW", name="Zone percentage", moves=ROUGH)
def zone_percentage(m: Gldzm) -> np.ndarray:
    """Number of zones over the number there could be: 1 where every zone is a single voxel.

    N_s / N_v
    """
    return m.n_groups / m.n_voxels


@feature("dzm_gl_var", ibsi="QK93", name="Grey level variance", moves=ROUGH)
def gray_level_variance(m: Gldzm) -> np.ndarray:
    """Variance of the gray level of a zone.

    Σᵢⱼ (i − μ)² pᵢⱼ with pᵢⱼ = dᵢⱼ / N_s, μ = Σᵢⱼ i pᵢⱼ
    """
    return m.level_variance


@feature("dzm_zd_var", ibsi="7WT1", name="Zone distance variance", moves=UNKNOWN)
def zone_distance_variance(m: Gldzm) -> np.ndarray:
    """Variance of the distance of a zone.

    Σᵢⱼ (j − μ)² pᵢⱼ with pᵢⱼ = dᵢⱼ / N_s, μ = Σᵢⱼ j pᵢⱼ
    """
    return m.extent_variance


@feature("dzm_zd_entr", ibsi="GBDU", name="Zone distance entropy", moves=Moves(blur="down", wider_bins="down"))
def zone_distance_entropy(m: Gldzm) -> np.ndarray:
    """Bits needed to name the gray level and the distance of a zone.

    −Σᵢⱼ pᵢⱼ log₂ pᵢⱼ with pᵢⱼ = dᵢⱼ / N_s
    """
    return m.entropy
