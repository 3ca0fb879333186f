"""Gray level co-occurrence matrix features (IBSI family LFYI).

Every formula takes a stack of matrices and returns one number per matrix; the engine takes their mean. A sum over all
cells that depends only on |i − j| or on i + j is written over p_{i−j} or p_{i+j}: the same sum, with fewer terms.
IBSI defines no value for a flat region where a formula divides by zero; the convention stands with the formula.
"""

from __future__ import annotations

import numpy as np

from radkit.features.catalogue import ROUGH, SMOOTH, UNKNOWN, Moves, feature
from radkit.matrices.glcm import Glcm, entropy

SCALED = Moves(wider_bins="down")  # in units of the gray level


@feature("cm_joint_max", ibsi="GYBY", name="Joint maximum", moves=Moves(noise="down", wider_bins="up"))
def joint_maximum(m: Glcm) -> np.ndarray:
    """Probability of the most frequent pair of gray levels.

    max pᵢⱼ
    """
    return np.maximum.reduceat(m.pij, m.starts)


@feature("cm_joint_avg", ibsi="60VM", name="Joint average", moves=SCALED)
def joint_average(m: Glcm) -> np.ndarray:
    """Average gray level of the voxels that have a neighbor.

    μ = Σᵢⱼ i pᵢⱼ
    """
    return m.mean


@feature("cm_joint_var", ibsi="UR99", name="Joint variance", moves=ROUGH)
def joint_variance(m: Glcm) -> np.ndarray:
    """Variance of the gray level of the voxels that have a neighbor.

    Σᵢⱼ (i − μ)² pᵢⱼ
    """
    return m.variance


@feature("cm_joint_entr", ibsi="TU9B", name="Joint entropy", moves=ROUGH)
def joint_entropy(m: Glcm) -> np.ndarray:
    """Bits needed to name a pair of neighboring gray levels.

    HXY = −Σᵢⱼ pᵢⱼ log₂ pᵢⱼ
    """
    return m.joint_entropy


@feature("cm_diff_avg", ibsi="TF7R", name="Difference average", moves=ROUGH)
def difference_average(m: Glcm) -> np.ndarray:
    """Average distance between neighboring gray levels; equal to the dissimilarity.

    μ_d = Σₖ k p_{i−j}(k)
    """
    return m.p_difference @ m.differences


@feature("cm_diff_var", ibsi="D3YU", name="Difference variance", moves=ROUGH)
def difference_variance(m: Glcm) -> np.ndarray:
    """Variance of the distance between neighboring gray levels.

    Σₖ (k − μ_d)² p_{i−j}(k)
    """
    center = (m.p_difference @ m.differences)[:, None]
    return ((m.differences - center) ** 2 * m.p_difference).sum(axis=1)


@feature("cm_diff_entr", ibsi="NTRS", name="Difference entropy", moves=ROUGH)
def difference_entropy(m: Glcm) -> np.ndarray:
    """Bits needed to name the distance between neighboring gray levels.

    −Σₖ p_{i−j}(k) log₂ p_{i−j}(k)
    """
    return entropy(m.p_difference)


@feature("cm_sum_avg", ibsi="ZGXS", name="Sum average", moves=SCALED)
def sum_average(m: Glcm) -> np.ndarray:
    """Average sum of two neighboring gray levels: twice the joint average.

    μ_s = Σₖ k p_{i+j}(k)
    """
    return m.p_sum @ m.sums


@feature("cm_sum_var", ibsi="OEEB", name="Sum variance", moves=ROUGH)
def sum_variance(m: Glcm) -> np.ndarray:
    """Variance of the sum of two neighboring gray levels; equal to the cluster tendency.

    Σₖ (k − μ_s)² p_{i+j}(k)
    """
    return _sum_moment(m, 2)


@feature("cm_sum_entr", ibsi="P6QZ", name="Sum entropy", moves=ROUGH)
def sum_entropy(m: Glcm) -> np.ndarray:
    """Bits needed to name the sum of two neighboring gray levels.

    −Σₖ p_{i+j}(k) log₂ p_{i+j}(k)
    """
    return entropy(m.p_sum)


@feature("cm_energy", ibsi="8ZQL", name="Angular second moment", moves=SMOOTH)
def angular_second_moment(m: Glcm) -> np.ndarray:
    """Probability that two pairs drawn at random are the same; also called energy or uniformity.

    Σᵢⱼ pᵢⱼ²
    """
    return m.total(m.pij**2)


@feature("cm_contrast", ibsi="ACUI", name="Contrast", moves=ROUGH)
def contrast(m: Glcm) -> np.ndarray:
    """Mean squared distance between neighboring gray levels.

    Σᵢⱼ (i − j)² pᵢⱼ
    """
    return m.p_difference @ m.differences**2


@feature("cm_dissimilarity", ibsi="8S9J", name="Dissimilarity", moves=ROUGH)
def dissimilarity(m: Glcm) -> np.ndarray:
    """Mean distance between neighboring gray levels.

    Σᵢⱼ |i − j| pᵢⱼ
    """
    return m.p_difference @ m.differences


@feature("cm_inv_diff", ibsi="IB1Z", name="Inverse difference", moves=SMOOTH)
def inverse_difference(m: Glcm) -> np.ndarray:
    """Weight of pairs of like gray levels, a distance of k counting 1/(1 + k); 1 in a flat region.

    Σᵢⱼ pᵢⱼ / (1 + |i − j|)
    """
    return m.p_difference @ (1 / (1 + m.differences))


@feature("cm_inv_diff_norm", ibsi="NDRX", name="Normalised inverse difference", moves=Moves(noise="down"))
def normalized_inverse_difference(m: Glcm) -> np.ndarray:
    """Inverse difference with distances measured in units of the number of gray levels.

    Σᵢⱼ pᵢⱼ / (1 + |i − j| / N_g)
    """
    return m.p_difference @ (1 / (1 + m.differences / m.n_levels))


@feature("cm_inv_diff_mom", ibsi="WF0Z", name="Inverse difference moment", moves=SMOOTH)
def inverse_difference_moment(m: Glcm) -> np.ndarray:
    """Weight of pairs of like gray levels, a distance of k counting 1/(1 + k²); also called homogeneity.

    Σᵢⱼ pᵢⱼ / (1 + (i − j)²)
    """
    return m.p_difference @ (1 / (1 + m.differences**2))


@feature(
    "cm_inv_diff_mom_norm",
    ibsi="1QCO",
    name="Normalised inverse difference moment",
    moves=Moves(noise="down"),
)
def normalized_inverse_difference_moment(m: Glcm) -> np.ndarray:
    """Inverse difference moment with distances measured in units of the number of gray levels.

    Σᵢⱼ pᵢⱼ / (1 + (i − j)² / N_g²)
    """
    return m.p_difference @ (1 / (1 + (m.differences / m.n_levels) ** 2))


@feature("cm_inv_var", ibsi="E8JP", name="Inverse variance", moves=UNKNOWN)
def inverse_variance(m: Glcm) -> np.ndarray:
    """Weight of pairs of unlike gray levels, a distance of k counting 1/k²; 0 in a flat region.

    2 Σ_{i<j} pᵢⱼ / (i − j)²
    """
    return m.p_difference[:, 1:] @ (1 / m.differences[1:] ** 2)


@feature("cm_corr", ibsi="NI2N", name="Correlation", moves=Moves(blur="up", noise="down"))
def correlation(m: Glcm) -> np.ndarray:
    """Linear correlation between neighboring gray levels; 1 in a flat region, by convention.

    (Σᵢⱼ (i − μ)(j − μ) pᵢⱼ) / σ²
    """
    covariance = (_sum_moment(m, 2) - contrast(m)) / 4  # 4 (i − μ)(j − μ) = (i + j − 2μ)² − (i − j)²
    return _ratio(covariance, m.variance, otherwise=1.0, flat=m.is_flat)


@feature("cm_auto_corr", ibsi="QWB0", name="Autocorrelation", moves=SCALED)
def autocorrelation(m: Glcm) -> np.ndarray:
    """Mean product of two neighboring gray levels.

    Σᵢⱼ i j pᵢⱼ
    """
    return (m.p_sum @ m.sums**2 - m.p_difference @ m.differences**2) / 4  # 4 i j = (i + j)² − (i − j)²


@feature("cm_clust_tend", ibsi="DG8W", name="Cluster tendency", moves=ROUGH)
def cluster_tendency(m: Glcm) -> np.ndarray:
    """Second moment of i + j around its mean: grows with patches of like gray levels.

    Σᵢⱼ (i + j − 2μ)² pᵢⱼ
    """
    return _sum_moment(m, 2)


@feature("cm_clust_shade", ibsi="7NFM", name="Cluster shade", moves=UNKNOWN)
def cluster_shade(m: Glcm) -> np.ndarray:
    """Third moment of i + j: positive with patches of high gray levels on a low background.

    Σᵢⱼ (i + j − 2μ)³ pᵢⱼ
    """
    return _sum_moment(m, 3)


@feature("cm_clust_prom", ibsi="AE86", name="Cluster prominence", moves=ROUGH)
def cluster_prominence(m: Glcm) -> np.ndarray:
    """Fourth moment of i + j: grows with patches of extreme gray levels.

    Σᵢⱼ (i + j − 2μ)⁴ pᵢⱼ
    """
    return _sum_moment(m, 4)


@feature("cm_info_corr1", ibsi="R8DG", name="Information correlation 1", moves=UNKNOWN)
def information_correlation_1(m: Glcm) -> np.ndarray:
    """Share of a gray level's information that its neighbor holds, with a minus sign; 0 in a flat region.

    (HXY − HXY₁) / HX with HXY₁ = −Σᵢⱼ pᵢⱼ log₂(pᵢ pⱼ) = 2 HX
    """
    return _ratio(m.joint_entropy - 2 * m.level_entropy, m.level_entropy, otherwise=0.0, flat=m.is_flat)


@feature("cm_info_corr2", ibsi="JN9H", name="Information correlation 2", moves=Moves(wider_bins="down"))
def information_correlation_2(m: Glcm) -> np.ndarray:
    """Dependence of neighboring gray levels, from 0 (independent, or a flat region) towards 1.

    √(1 − exp(−2 (HXY₂ − HXY))) with HXY₂ = −Σᵢⱼ pᵢ pⱼ log₂(pᵢ pⱼ) = 2 HX
    """
    shared = np.maximum(2 * m.level_entropy - m.joint_entropy, 0.0)  # below 0 only by rounding
    return np.sqrt(1 - np.exp(-2 * shared))


def _sum_moment(m: Glcm, order: int) -> np.ndarray:
    away = m.sums - 2 * m.mean[:, None]
    square = away * away  # products: NumPy's power takes ten times as long
    return ({2: square, 3: square * away, 4: square * square}[order] * m.p_sum).sum(axis=1)


def _ratio(top: np.ndarray, bottom: np.ndarray, *, otherwise: float, flat: np.ndarray) -> np.ndarray:
    return np.where(flat, otherwise, top / np.where(flat, 1.0, bottom))
