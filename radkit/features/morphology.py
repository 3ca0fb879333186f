"""Morphology: size, surface, elongation and spatial organization of the region (IBSI family HCUG).

V and A are volume and area of the surface mesh (marching cubes at 0.5), λ₁ ≥ λ₂ ≥ λ₃ the variances of the voxel
centers along their principal axes. The mesh of a single voxel is an octahedron, so V, A, the hull and the boxes
always exist. A region one voxel thick has λ₃ = 0: its approximate enclosing ellipsoid is flat.
"""

from __future__ import annotations

from math import pi, sqrt

import numpy as np

from radkit.features.catalogue import STAYS, Moves, Undefined, feature
from radkit.features.ellipsoid import ellipsoid_area, ellipsoid_volume
from radkit.features.shape import Shape

INTENSITY = Moves(wider_bins="none")
PATCHY = Moves(blur="up", noise="down", wider_bins="none")


@feature("morph_volume", ibsi="RNU0", name="Volume (mesh)", unit="mm^3", moves=STAYS)
def volume(s: Shape) -> float:
    """Volume enclosed by the surface mesh.

    V
    """
    return s.volume


@feature("morph_vol_approx", ibsi="YEKZ", name="Volume (voxel counting)", unit="mm^3", moves=STAYS)
def voxel_volume(s: Shape) -> float:
    """Number of voxels times the volume of one.

    N Δz Δy Δx
    """
    return float(s.n_voxels * np.prod(s.spacing_mm))


@feature("morph_area_mesh", ibsi="C0JK", name="Surface area (mesh)", unit="mm^2", moves=STAYS)
def surface_area(s: Shape) -> float:
    """Area of the surface mesh.

    A
    """
    return s.area


@feature("morph_av", ibsi="2PR5", name="Surface to volume ratio", unit="1/mm", moves=STAYS)
def surface_to_volume(s: Shape) -> float:
    """Surface per volume; falls with size.

    A / V
    """
    return s.area / s.volume


@feature("morph_comp_1", ibsi="SKGS", name="Compactness 1", moves=STAYS)
def compactness_1(s: Shape) -> float:
    """How near to a sphere, for which it is 1/(6π) ≈ 0.053.

    V / (√π A^{3/2})
    """
    return s.volume / (sqrt(pi) * s.area**1.5)


@feature("morph_comp_2", ibsi="BQWJ", name="Compactness 2", moves=STAYS)
def compactness_2(s: Shape) -> float:
    """How near to a sphere, for which it is 1.

    36π V² / A³
    """
    return 36 * pi * s.volume**2 / s.area**3


@feature("morph_sph_dispr", ibsi="KRCK", name="Spherical disproportion", moves=STAYS)
def spherical_disproportion(s: Shape) -> float:
    """Surface relative to that of a sphere of the same volume.

    A / (36π V²)^{1/3}
    """
    return s.area / (36 * pi * s.volume**2) ** (1 / 3)


@feature("morph_sphericity", ibsi="QCFX", name="Sphericity", moves=STAYS)
def sphericity(s: Shape) -> float:
    """Surface of a sphere of the same volume relative to the region's own; 1 for a sphere.

    (36π V²)^{1/3} / A
    """
    return (36 * pi * s.volume**2) ** (1 / 3) / s.area


@feature("morph_asphericity", ibsi="25C7", name="Asphericity", moves=STAYS)
def asphericity(s: Shape) -> float:
    """Surface in excess of a sphere's; 0 for a sphere.

    (A³ / (36π V²))^{1/3} − 1
    """
    return (s.area**3 / (36 * pi * s.volume**2)) ** (1 / 3) - 1


@feature("morph_com", ibsi="KLMA", name="Centre of mass shift", unit="mm", moves=INTENSITY)
def center_of_mass_shift(s: Shape) -> float:
    """Distance from the region's center to its center weighted by intensity; undefined where intensities add up to 0.

    ‖ mean(r) − Σₖ xₖ rₖ / Σₖ xₖ ‖
    """
    if not np.isfinite(s.intensity_center).all():
        raise Undefined("the intensities add up to 0")
    return float(np.linalg.norm(s.center - s.intensity_center))


@feature("morph_diam", ibsi="L0JK", name="Maximum 3D diameter", unit="mm", moves=STAYS)
def maximum_diameter(s: Shape) -> float:
    """Greatest distance between two vertices of the mesh.

    max ‖vᵢ − vⱼ‖
    """
    return s.hull.diameter


@feature("morph_pca_maj_axis", ibsi="TDIC", name="Major axis length", unit="mm", moves=STAYS)
def major_axis(s: Shape) -> float:
    """Length of the longest axis of the ellipsoid with the region's variances.

    4 √λ₁
    """
    return 2 * s.semi_axes[0]


@feature("morph_pca_min_axis", ibsi="P9VJ", name="Minor axis length", unit="mm", moves=STAYS)
def minor_axis(s: Shape) -> float:
    """Length of the middle axis of the ellipsoid with the region's variances.

    4 √λ₂
    """
    return 2 * s.semi_axes[1]


@feature("morph_pca_least_axis", ibsi="7J51", name="Least axis length", unit="mm", moves=STAYS)
def least_axis(s: Shape) -> float:
    """Length of the shortest axis of the ellipsoid with the region's variances; 0 for a region one voxel thick.

    4 √λ₃
    """
    return 2 * s.semi_axes[2]


@feature("morph_pca_elongation", ibsi="Q3CK", name="Elongation", moves=STAYS)
def elongation(s: Shape) -> float:
    """Middle axis relative to the longest: 1 for a round region (and for a single voxel), 0 for a line.

    √(λ₂ / λ₁)
    """
    return s.semi_axes[1] / s.semi_axes[0] if s.semi_axes[0] > 0 else 1.0


@feature("morph_pca_flatness", ibsi="N17B", name="Flatness", moves=STAYS)
def flatness(s: Shape) -> float:
    """Shortest axis relative to the longest: 1 for a round region (and for a single voxel), 0 for a plane.

    √(λ₃ / λ₁)
    """
    return s.semi_axes[2] / s.semi_axes[0] if s.semi_axes[0] > 0 else 1.0


def box_area(edges: tuple[float, float, float]) -> float:
    """Surface of a box from its three edges."""
    a, b, c = edges
    return 2 * (a * b + b * c + a * c)


@feature("morph_vol_dens_aabb", ibsi="PBX1", name="Volume density (AABB)", moves=STAYS)
def volume_density_box(s: Shape) -> float:
    """Share of the axis-aligned bounding box that the region fills.

    V / V_aabb
    """
    return float(s.volume / np.prod(s.hull.box))


@feature("morph_area_dens_aabb", ibsi="R59B", name="Area density (AABB)", moves=STAYS)
def area_density_box(s: Shape) -> float:
    """Surface relative to that of the axis-aligned bounding box.

    A / A_aabb
    """
    return s.area / box_area(s.hull.box)


@feature("morph_vol_dens_ombb", ibsi="ZH1A", name="Volume density (OMBB)", moves=STAYS, standardized=False)
def volume_density_oriented_box(s: Shape) -> float:
    """Share of the smallest box in any orientation that the region fills; one of its sides is flush with the hull.

    V / V_ombb
    """
    return float(s.volume / np.prod(s.hull.oriented_box))


@feature("morph_area_dens_ombb", ibsi="IQYR", name="Area density (OMBB)", moves=STAYS, standardized=False)
def area_density_oriented_box(s: Shape) -> float:
    """Surface relative to that of the smallest box in any orientation.

    A / A_ombb
    """
    return s.area / box_area(s.hull.oriented_box)


@feature("morph_vol_dens_aee", ibsi="6BDE", name="Volume density (AEE)", moves=STAYS)
def volume_density_ellipsoid(s: Shape) -> float:
    """Volume relative to the ellipsoid with the region's variances; undefined where that ellipsoid is flat.

    3V / (4π a b c) with a, b, c = 2√λ₁, 2√λ₂, 2√λ₃
    """
    if s.semi_axes[2] == 0:
        raise Undefined("the region is one voxel thick, its approximate enclosing ellipsoid is flat")
    return s.volume / ellipsoid_volume(s.semi_axes)


@feature("morph_area_dens_aee", ibsi="RDD2", name="Area density (AEE)", moves=STAYS)
def area_density_ellipsoid(s: Shape) -> float:
    """Surface relative to that of the ellipsoid with the region's variances; undefined where that is a line.

    A / A_aee, the ellipsoid's area by a series of Legendre polynomials up to order 20
    """
    if s.semi_axes[1] == 0:
        raise Undefined("the region is a line of voxels, its approximate enclosing ellipsoid has no surface")
    return s.area / ellipsoid_area(s.semi_axes)


@feature("morph_vol_dens_mvee", ibsi="SWZ1", name="Volume density (MVEE)", moves=STAYS, standardized=False)
def volume_density_enclosing_ellipsoid(s: Shape) -> float:
    """Share of the smallest enclosing ellipsoid that the region fills.

    V / V_mvee
    """
    return s.volume / ellipsoid_volume(s.enclosing_ellipsoid)


@feature("morph_area_dens_mvee", ibsi="BRI8", name="Area density (MVEE)", moves=STAYS, standardized=False)
def area_density_enclosing_ellipsoid(s: Shape) -> float:
    """Surface relative to that of the smallest enclosing ellipsoid.

    A / A_mvee
    """
    return s.area / ellipsoid_area(s.enclosing_ellipsoid)


@feature("morph_vol_dens_conv_hull", ibsi="R3ER", name="Volume density (convex hull)", moves=STAYS)
def volume_density_hull(s: Shape) -> float:
    """Share of its convex hull that the region fills: 1 for a convex region, also called solidity.

    V / V_hull
    """
    return s.volume / s.hull.volume


@feature("morph_area_dens_conv_hull", ibsi="7T7F", name="Area density (convex hull)", moves=STAYS)
def area_density_hull(s: Shape) -> float:
    """Surface relative to that of the convex hull: 1 for a convex region, higher with spicules and dents.

    A / A_hull
    """
    return s.area / s.hull.area


@feature("morph_integ_int", ibsi="99N0", name="Integrated intensity", unit="{unit} mm^3", moves=INTENSITY)
def integrated_intensity(s: Shape) -> float:
    """Mean intensity times the mesh volume; total lesion glycolysis in a PET image.

    V (1/N) Σₖ xₖ
    """
    return s.volume * float(s.values.mean())


@feature("morph_moran_i", ibsi="N365", name="Moran's I index", moves=PATCHY)
def moran_i(s: Shape) -> float:
    """Spatial autocorrelation: near 1 with large patches, near 0 at random; undefined where all intensities are equal.

    (N / Σ wᵢⱼ) Σ wᵢⱼ (xᵢ − μ)(xⱼ − μ) / Σᵢ (xᵢ − μ)² with wᵢⱼ = 1 / distance
    """
    _require_contrast(s)
    return s.pairs.n_voxels / s.pairs.weights * s.pairs.products / s.pairs.squares


@feature("morph_geary_c", ibsi="NPT7", name="Geary's C measure", moves=Moves(noise="up", wider_bins="none"))
def geary_c(s: Shape) -> float:
    """Spatial contrast: below 1 with patches, 1 at random; undefined where all intensities are equal.

    ((N − 1) / (2 Σ wᵢⱼ)) Σ wᵢⱼ (xᵢ − xⱼ)² / Σᵢ (xᵢ − μ)² with wᵢⱼ = 1 / distance
    """
    _require_contrast(s)
    return (s.pairs.n_voxels - 1) / (2 * s.pairs.weights) * s.pairs.differences / s.pairs.squares


def _require_contrast(s: Shape) -> None:
    if s.values.min() == s.values.max():
        raise Undefined("all intensities are equal")
