"""Gray level run length matrix features (IBSI family TP0I).

A run is a line of voxels of one gray level, i its gray level and j its length in voxels; rᵢⱼ counts the runs, N_s is
their number and N_v the number of voxels. Every formula takes a stack of matrices and returns one number per matrix;
``m.mean(x)`` is the mean of x over the runs, Σᵢⱼ rᵢⱼ x / N_s. Every region has runs, so nothing is ever undefined.
"""

from __future__ import annotations

import numpy as np

from radkit.features.catalogue import ROUGH, SMOOTH, UNKNOWN, Moves, feature
from radkit.matrices.glrlm import Glrlm

LOW = Moves(wider_bins="up")  # of low gray levels, and wider bins make all of them lower
HIGH = Moves(wider_bins="down")  # of high gray levels


@feature("rlm_sre", ibsi="22OV", name="Short runs emphasis", moves=ROUGH)
def short_runs_emphasis(m: Glrlm) -> np.ndarray:
    """Weight of short runs, a length of j counting 1/j²; 1 where every run is a single voxel.

    (1/N_s) Σᵢⱼ rᵢⱼ / j²
    """
    return m.mean(1 / m.j**2)


@feature("rlm_lre", ibsi="W4KF", name="Long runs emphasis", moves=SMOOTH)
def long_runs_emphasis(m: Glrlm) -> np.ndarray:
    """Mean squared length of a run: grows with long runs.

    (1/N_s) Σᵢⱼ rᵢⱼ j²
    """
    return m.mean(m.j**2)


@feature("rlm_lgre", ibsi="V3SW", name="Low grey level run emphasis", moves=LOW)
def low_gray_level_run_emphasis(m: Glrlm) -> np.ndarray:
    """Weight of runs of low gray levels, a level of i counting 1/i².

    (1/N_s) Σᵢⱼ rᵢⱼ / i²
    """
    return m.mean(1 / m.i**2)


@feature("rlm_hgre", ibsi="G3QZ", name="High grey level run emphasis", moves=HIGH)
def high_gray_level_run_emphasis(m: Glrlm) -> np.ndarray:
    """Mean squared gray level of a run.

    (1/N_s) Σᵢⱼ rᵢⱼ i²
    """
    return m.mean(m.i**2)


@feature("rlm_srlge", ibsi="HTZT", name="Short run low grey level emphasis", moves=Moves(noise="up", wider_bins="up"))
def short_run_low_gray_level_emphasis(m: Glrlm) -> np.ndarray:
    """Weight of short runs of low gray levels.

    (1/N_s) Σᵢⱼ rᵢⱼ / (i² j²)
    """
    return m.mean(1 / (m.i**2 * m.j**2))


@feature(
    "rlm_srhge", ibsi="GD3A", name="Short run high grey level emphasis", moves=Moves(noise="up", wider_bins="down")
)
def short_run_high_gray_level_emphasis(m: Glrlm) -> np.ndarray:
    """Weight of short runs of high gray levels.

    (1/N_s) Σᵢⱼ rᵢⱼ i² / j²
    """
    return m.mean(m.i**2 / m.j**2)


@feature("rlm_lrlge", ibsi="IVPO", name="Long run low grey level emphasis", moves=Moves(blur="up", wider_bins="up"))
def long_run_low_gray_level_emphasis(m: Glrlm) -> np.ndarray:
    """Weight of long runs of low gray levels.

    (1/N_s) Σᵢⱼ rᵢⱼ j² / i²
    """
    return m.mean(m.j**2 / m.i**2)


@feature("rlm_lrhge", ibsi="3KUM", name="Long run high grey level emphasis", moves=Moves(noise="down"))
def long_run_high_gray_level_emphasis(m: Glrlm) -> np.ndarray:
    """Weight of long runs of high gray levels.

    (1/N_s) Σᵢⱼ rᵢⱼ i² j²
    """
    return m.mean(m.i**2 * m.j**2)


@feature("rlm_glnu", ibsi="R5YN", name="Grey level non-uniformity", moves=UNKNOWN)
def gray_level_nonuniformity(m: Glrlm) -> np.ndarray:
    """How unevenly the runs are spread over the gray levels; grows with their number.

    (1/N_s) Σᵢ (Σⱼ rᵢⱼ)²
    """
    return (m.p_level**2).sum(axis=1) * m.n_groups


@feature("rlm_glnu_norm", ibsi="OVBL", name="Normalised grey level non-uniformity", moves=SMOOTH)
def normalized_gray_level_nonuniformity(m: Glrlm) -> np.ndarray:
    """Probability that two runs drawn at random have the same gray level.

    (1/N_s²) Σᵢ (Σⱼ rᵢⱼ)²
    """
    return (m.p_level**2).sum(axis=1)


@feature("rlm_rlnu", ibsi="W92Y", name="Run length non-uniformity", moves=ROUGH)
def run_length_nonuniformity(m: Glrlm) -> np.ndarray:
    """How unevenly the runs are spread over the lengths; grows with their number.

    (1/N_s) Σⱼ (Σᵢ rᵢⱼ)²
    """
    return (m.p_extent**2).sum(axis=1) * m.n_groups


@feature("rlm_rlnu_norm", ibsi="IC23", name="Normalised run length non-uniformity", moves=ROUGH)
def normalized_run_length_nonuniformity(m: Glrlm) -> np.ndarray:
    """Probability that two runs drawn at random have the same length.

    (1/N_s²) Σⱼ (Σᵢ rᵢⱼ)²
    """
    return (m.p_extent**2).sum(axis=1)


@feature("rlm_r_perc", ibsi="9ZK5", name="Run percentage", moves=ROUGH)
def run_percentage(m: Glrlm) -> np.ndarray:
    """Number of runs over the number there could be: 1 where every run is a single voxel.

    N_s / N_v
    """
    return m.n_groups / m.n_voxels


@feature("rlm_gl_var", ibsi="8CE5", name="Grey level variance", moves=ROUGH)
def gray_level_variance(m: Glrlm) -> np.ndarray:
    """Variance of the gray level of a run.

    Σᵢⱼ (i − μ)² pᵢⱼ with pᵢⱼ = rᵢⱼ / N_s, μ = Σᵢⱼ i pᵢⱼ
    """
    return m.level_variance


@feature("rlm_rl_var", ibsi="SXLW", name="Run length variance", moves=SMOOTH)
def run_length_variance(m: Glrlm) -> np.ndarray:
    """Variance of the length of a run.

    Σᵢⱼ (j − μ)² pᵢⱼ with pᵢⱼ = rᵢⱼ / N_s, μ = Σᵢⱼ j pᵢⱼ
    """
    return m.extent_variance


@feature("rlm_rl_entr", ibsi="HJ9O", name="Run entropy", moves=Moves(wider_bins="down"))
def run_entropy(m: Glrlm) -> np.ndarray:
    """Bits needed to name the gray level and the length of a run.

    −Σᵢⱼ pᵢⱼ log₂ pᵢⱼ with pᵢⱼ = rᵢⱼ / N_s
    """
    return m.entropy
