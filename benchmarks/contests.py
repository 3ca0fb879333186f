"""Against whom radkit is timed, in which version, on what, and where a difference of the numbers is known and why."""

from __future__ import annotations

from dataclasses import dataclass

SEVEN = ("morphology", "statistics", "glcm", "glrlm", "glszm", "ngtdm", "ngldm")
MORE = ("spatial", "gldzm", "intensity_histogram")  # "spatial": Moran's I and Geary's C, apart from the other shape
BIN_WIDTH = 25.0  # HU

MESH = "morph_volume morph_area_mesh morph_av morph_sphericity"
FROM_MESH = "morph_comp_1 morph_comp_2 morph_sph_dispr morph_asphericity morph_integ_int morph_vol_dens_aabb"
FROM_MESH += " morph_area_dens_aabb morph_vol_dens_aee morph_area_dens_aee"
FROM_MESH += " morph_vol_dens_conv_hull morph_area_dens_conv_hull"
OTHER_CUBES = "the mesh cuts some cubes of the grid otherwise"


@dataclass(frozen=True, kw_only=True)
class Known:
    """Features that differ for a known reason, by this much at most (relative)."""

    tags: str
    why: str
    within: float


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A library, and the contest it takes part in.

    Parameters
    ----------
    title, package, version : for people, for the installer, and the version that is pinned.
    pythons : minor versions of Python 3 that it runs on, the best one first.
    builds_with : what has to be installed first, because the package is compiled with it.
    aggregation : of the texture matrices; the library's fastest one that radkit has, too.
    known : features whose values differ for a known reason.
    turns_bin_width : the contest of a turned bin width is held, too.
    first_use : what a user should know about its first run.
    """

    title: str
    package: str
    version: str
    pythons: tuple[int, ...]
    builds_with: tuple[str, ...] = ()
    aggregation: str = "3D_comb"
    known: tuple[Known, ...] = ()
    turns_bin_width: bool = False
    first_use: str = ""


PEERS = {
    "pictologics": Peer(
        title="pictologics",
        package="pictologics",
        version="0.9.0",
        pythons=(12, 13),
        turns_bin_width=True,
        first_use="its first import compiles for some minutes",
        known=(
            Known(tags=f"{MESH} {FROM_MESH}", why=OTHER_CUBES, within=0.005),
            Known(
                tags="morph_vol_dens_ombb morph_area_dens_ombb",
                why="its box lies along the principal axes and is not the smallest",
                within=0.6,
            ),
            Known(
                tags="morph_vol_dens_mvee morph_area_dens_mvee",
                why="the iteration for the ellipsoid stops at another tolerance",
                within=0.01,
            ),
        ),
    ),
    "zrad": Peer(
        title="Z-Rad",
        package="z-rad",
        version="26.9.0",
        pythons=(12, 13, 11),
        known=(Known(tags=f"{MESH} {FROM_MESH}", why=OTHER_CUBES, within=0.005),),
    ),
    "pyradiomics": Peer(
        title="PyRadiomics",
        package="pyradiomics",
        version="3.0.1",
        pythons=(9, 10, 11),
        builds_with=("numpy<2", "setuptools", "wheel"),
        aggregation="3D_avg",
        known=(
            Known(tags=MESH, why=OTHER_CUBES, within=0.005),
            Known(tags="stat_kurt", why="it does not subtract 3", within=float("inf")),
            Known(
                tags="morph_pca_maj_axis morph_pca_min_axis morph_pca_least_axis",
                why="its variances are divided by n, not n - 1",
                within=0.001,
            ),
        ),
    ),
}
