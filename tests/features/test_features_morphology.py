"""Morphology: solids whose measures are known, scikit-image's mesh, and the slow twins."""

from collections import defaultdict

import numpy as np
import pytest
import slow_twins
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from regions import ball, roi_of
from scipy.ndimage import gaussian_filter
from scipy.spatial import ConvexHull

from radkit import features
from radkit.features import ellipsoid, mesh, spatial
from radkit.features.facets import convex_facets
from radkit.features.hull import Hull
from radkit.features.vertices import extreme_vertices
from radkit.volume import RadkitError

masks = arrays(bool, array_shapes(min_dims=3, max_dims=3, max_side=5)).filter(np.any)


def morphology(mask, image=None, spacing_mm=(1.0, 1.0, 1.0)):
    roi = roi_of(np.ones(mask.shape) if image is None else image, mask, spacing_mm)
    return {v.tag: v.value for v in features.compute("morphology", roi, None)}


def blob(seed, shape=(14, 16, 18)):
    return gaussian_filter(np.random.default_rng(seed).normal(size=shape), 2.5) > 0.02


# mesh


def test_a_box_with_beveled_edges():
    """The mesh of a box of n voxels is the box, with every edge cut at half a voxel and every corner at an octant."""
    nz, ny, nx = 3, 4, 5
    volume, area = mesh.mesh_volume_and_area(np.ones((nz, ny, nx), dtype=bool), (1.0, 1.0, 1.0))
    edges = 4 * ((nz - 1) + (ny - 1) + (nx - 1))  # length of all twelve
    sides = 2 * ((nz - 1) * (ny - 1) + (ny - 1) * (nx - 1) + (nz - 1) * (nx - 1))
    assert area == pytest.approx(sides + edges * np.sqrt(1 / 2) + 8 * np.sqrt(3) / 8)
    assert volume == pytest.approx((nz - 1) * (ny - 1) * (nx - 1) + sides / 2 + edges / 8 + 8 / 48)


def test_cases_are_complete_and_consistent():
    volumes, case, triangles, share = mesh.cases()
    assert volumes[0] == 0
    assert volumes[255] == pytest.approx(1)
    assert volumes[1] == pytest.approx(1 / 6 * (1 / 2) ** 3)
    assert set(case) == set(range(1, 255))
    assert np.isin(triangles, (-0.5, 0.0, 0.5)).all()
    assert ((share > 0) & (share <= 1)).all()


@given(masks)
def test_the_mesh_is_closed(mask):
    """Every edge of the mesh is shared by two triangles that pass it in opposite directions."""
    edges = defaultdict(float)
    padded = np.pad(mask, 1)
    _, case, triangles, share = mesh.cases()
    for cube in np.ndindex(*(n - 1 for n in padded.shape)):
        corners = [padded[tuple(np.add(cube, corner))] for corner in mesh.CORNERS]
        here = case == sum(1 << bit for bit, inside in enumerate(corners) if inside)
        for triangle, weight in zip(np.rint(2 * (triangles[here] + cube)).astype(int), share[here], strict=True):
            points = [tuple(map(int, p)) for p in triangle]
            for k in range(3):
                edges[points[k], points[(k + 1) % 3]] += weight
    assert all(edges[b, a] == pytest.approx(weight) for (a, b), weight in list(edges.items()))


@pytest.mark.parametrize("seed", range(3))
def test_close_to_scikit_image(seed):
    """Not equal: tables differ in how they fill a loop that is not flat."""
    mask, spacing_mm = blob(seed), (3.0, 1.0, 0.7)
    assert mesh.mesh_volume_and_area(mask, spacing_mm) == pytest.approx(
        slow_twins.mesh_volume_and_area(mask, spacing_mm), rel=1e-3
    )


@given(masks, st.sampled_from([(0, 1), (0, 2), (1, 2)]))
def test_area_and_volume_prefer_no_axis(mask, plane):
    expected = mesh.mesh_volume_and_area(mask, (1.0, 1.0, 1.0))
    assert mesh.mesh_volume_and_area(np.flip(mask, plane), (3.0, 2.0, 1.0)) == pytest.approx(
        mesh.mesh_volume_and_area(mask, (3.0, 2.0, 1.0))
    )
    assert mesh.mesh_volume_and_area(np.rot90(mask, axes=plane), (1.0, 1.0, 1.0)) == pytest.approx(expected)
    assert mesh.mesh_volume_and_area(np.flip(mask, plane[0]), (1.0, 1.0, 1.0)) == pytest.approx(expected)


def test_sphere_and_ordering():
    """Sphericity falls from a sphere over a cube to a spiculated lesion (a ball with thin needles)."""
    spiky = np.pad(ball(6), 6)
    center = tuple(n // 2 for n in spiky.shape)
    spiky[center[0], center[1], :] = spiky[center[0], :, center[2]] = spiky[:, center[1], center[2]] = True
    found = [morphology(m)["morph_sphericity"] for m in (ball(6), np.ones((11, 11, 11), dtype=bool), spiky)]
    assert found == sorted(found, reverse=True)
    assert morphology(ball(12))["morph_volume"] == pytest.approx(4 / 3 * np.pi * 12**3, rel=0.02)


# axes, center, hull, boxes, ellipsoids


def test_axes_of_a_bar_by_hand():
    """Five voxels in a row, 2 mm apart: sample variance (16 + 4 + 0 + 4 + 16) / 4 = 10."""
    found = morphology(np.ones((1, 1, 5), dtype=bool), spacing_mm=(1.0, 1.0, 2.0))
    assert found["morph_pca_maj_axis"] == pytest.approx(4 * np.sqrt(10))
    assert found["morph_pca_min_axis"] == 0
    assert found["morph_pca_elongation"] == 0


def test_center_of_mass_shift_by_hand():
    """Weights 1 and 3 on two voxels 2 mm apart: the center moves from 1 mm to 1.5 mm."""
    found = morphology(np.ones((1, 1, 2), dtype=bool), np.array([[[1.0, 3.0]]]), (1.0, 1.0, 2.0))
    assert found["morph_com"] == pytest.approx(0.5)


def test_ellipsoid_gives_back_its_axes():
    mask = ball(8, (1.0, 1.0, 1.0), (1.0, 1.5, 2.0))
    found = morphology(mask)
    assert found["morph_pca_elongation"] == pytest.approx(1.5 / 2, abs=0.01)
    assert found["morph_pca_flatness"] == pytest.approx(1 / 2, abs=0.01)
    # a solid ellipsoid's axis length by moments is 4 a / sqrt(5)
    assert found["morph_pca_maj_axis"] == pytest.approx(4 * 16 / np.sqrt(5), rel=0.02)
    assert 0.8 < found["morph_vol_dens_mvee"] < 1  # the mesh reaches half a voxel beyond the voxel centers


@given(masks)
def test_hull_diameter_and_box_see_every_vertex(mask):
    spacing_mm = (2.0, 1.0, 0.5)
    vertices = slow_twins.mesh_vertices(mask, spacing_mm)
    mine, twin = Hull(extreme_vertices(mask), np.divide(spacing_mm, 2)), ConvexHull(vertices)
    assert (mine.volume, mine.area) == pytest.approx((twin.volume, twin.area))
    assert mine.diameter == pytest.approx(np.linalg.norm(vertices[:, None] - vertices, axis=-1).max())
    assert mine.box == pytest.approx(np.ptp(vertices, axis=0))


@settings(max_examples=5)
@given(st.integers(0, 10_000))
def test_oriented_box_beats_many_boxes(seed):
    whole = (np.random.default_rng(seed).normal(size=(30, 3)) * (1000, 2000, 3000)).astype(int)
    points = whole / 1000
    mine = np.prod(Hull(whole, np.full(3, 1 / 1000)).oriented_box)
    assert mine <= 1.05 * slow_twins.smallest_box_volume(points, steps=24)
    assert mine >= ConvexHull(points).volume


def test_oriented_box_of_a_turned_box():
    corners = np.stack(np.meshgrid([0, 1.0], [0, 2.0], [0, 5.0]), axis=-1).reshape(-1, 3)
    turn, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))
    whole = np.rint(corners @ turn * 10_000).astype(int)
    assert sorted(Hull(whole, np.full(3, 1 / 10_000)).oriented_box) == pytest.approx([1, 2, 5], rel=1e-3)


@given(arrays(int, (12, 3), elements=st.integers(-3, 3)).filter(lambda p: np.linalg.matrix_rank(p - p[0]) == 3))
def test_facets_of_whole_numbers_equal_qhull(points):
    """Few numbers, so that many points lie in one plane, on one line, or in one place."""
    mine, twin = Hull(points, np.ones(3)), ConvexHull(points)
    assert (mine.volume, mine.area) == pytest.approx((twin.volume, twin.area))
    corners, beside = convex_facets(points)
    assert len(corners) == 2 * len(mine.vertices) - 4  # Euler's formula for triangles
    for facet, side in np.ndindex(corners.shape):  # the neighbor runs along the same edge the other way
        other = corners[beside[facet, side]].tolist()
        edge = [corners[facet, (side + 1) % 3], corners[facet, side]]
        assert edge in [[other[k], other[(k + 1) % 3]] for k in range(3)]


def test_enclosing_ellipsoid_of_a_turned_ellipsoid():
    rng = np.random.default_rng(5)
    sphere = rng.normal(size=(2000, 3))
    sphere /= np.linalg.norm(sphere, axis=1)[:, None]
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    axes = ellipsoid.enclosing_ellipsoid(sphere * (3, 2, 1) @ turn + (10, -20, 5))
    assert axes == pytest.approx((3, 2, 1), rel=0.01)


def test_enclosing_ellipsoid_of_a_tetrahedron():
    """Of a regular tetrahedron it is the sphere through the corners, at sqrt(3) from the center."""
    corners = np.array([(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1.0)])
    inner = corners[:, None] * np.linspace(0, 0.9, 4)[:, None]
    axes = ellipsoid.enclosing_ellipsoid(np.concatenate([corners, inner.reshape(-1, 3)]))
    assert axes == pytest.approx([np.sqrt(3)] * 3, rel=1e-4)


@given(masks)
def test_nothing_lies_outside_the_enclosing_ellipsoid_and_it_touches(mask):
    """The smallest ellipsoid is never larger than the sphere around the hull's box, nor smaller than the hull."""
    hull = Hull(extreme_vertices(mask), np.array([1.5, 0.5, 0.4]))
    axes = ellipsoid.enclosing_ellipsoid(hull.vertices)
    sphere = 4 / 3 * np.pi * (np.linalg.norm(hull.box) / 2) ** 3
    assert hull.volume < ellipsoid.ellipsoid_volume(axes) <= sphere * (1 + 1e-9)
    assert 2 * axes[0] >= hull.diameter * (1 - 1e-9)


def test_an_ellipsoid_that_is_not_found_is_said(monkeypatch):
    monkeypatch.setattr(ellipsoid, "MVEE_STARTS", 0)
    with pytest.raises(RadkitError, match="ellipsoid was not found"):
        ellipsoid.enclosing_ellipsoid(np.array([(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1.0)]))


def test_of_two_equal_boxes_the_oriented_one_is_that_of_least_surface():
    """A turn of the mask must not change which one it is."""
    mask = np.zeros((2, 3, 2), dtype=bool)
    mask[[0, 0, 0, 1, 1], [0, 1, 2, 0, 2], [1, 0, 1, 0, 0]] = True  # 72 mm³ as √8 x √18 x 6 and as √12 x √18 x √24
    boxes = [Hull(extreme_vertices(np.rot90(mask, k, (1, 2))), np.ones(3)).oriented_box for k in range(4)]
    assert all(sorted(box) == pytest.approx(np.sqrt([12, 18, 24])) for box in boxes)


@pytest.mark.parametrize("axes", [(2, 2, 1), (3, 2, 1.5), (5, 4, 3)])
def test_ellipsoid_area_against_legendre_polynomials(axes):
    from scipy.special import eval_legendre

    a, b, c = axes
    alpha, beta, v = np.sqrt(1 - b**2 / a**2), np.sqrt(1 - c**2 / a**2), np.arange(21)
    if alpha * beta > 0:
        at = (alpha**2 + beta**2) / (2 * alpha * beta)
        series = (alpha * beta) ** v / (1 - 4 * v**2) * eval_legendre(v, at)
        assert ellipsoid.ellipsoid_area(axes) == pytest.approx(4 * np.pi * a * b * series.sum())
    assert ellipsoid.ellipsoid_area((a, a, a)) == pytest.approx(4 * np.pi * a**2)


def test_ibsi_ellipsoid_area_is_too_small():
    """The area of a spheroid with axes 5, 4, 4 in closed form, and what IBSI's series makes of it."""
    e = np.sqrt(1 - 4**2 / 5**2)
    exact = 2 * np.pi * 4**2 * (1 + 5 / (4 * e) * np.arcsin(e))
    assert ellipsoid.ellipsoid_area((5, 4, 4)) / exact == pytest.approx(0.929, abs=0.001)


# intensity in space


@given(masks.filter(lambda m: m.sum() > 1), st.integers(0, 1000))
def test_moran_and_geary_equal_slow_twin(mask, seed):
    image = np.random.default_rng(seed).normal(50, 10, mask.shape)
    spacing_mm = (3.0, 1.0, 0.8)
    found = morphology(mask, image, spacing_mm)
    twin = slow_twins.moran_and_geary(image[mask], np.argwhere(mask) * spacing_mm)
    assert (found["morph_moran_i"], found["morph_geary_c"]) == pytest.approx(twin, rel=1e-9, abs=1e-12)


def test_moran_by_hand():
    """Values 0 0 3 in a row: mean 1, Σ w = 2 (1 + 1 + 1/2)."""
    found = morphology(np.ones((1, 1, 3), dtype=bool), np.array([[[0.0, 0.0, 3.0]]]))
    products = 2 * (1 * (-1 * -1) + 1 * (-1 * 2) + (1 / 2) * (-1 * 2))
    differences = 2 * (1 * 0 + 1 * 9 + (1 / 2) * 9)
    assert found["morph_moran_i"] == pytest.approx(3 / 5 * products / (1 + 1 + 4))
    assert found["morph_geary_c"] == pytest.approx(2 / (2 * 5) * differences / (1 + 1 + 4))


def test_a_smooth_field_is_correlated_and_noise_is_not():
    rng = np.random.default_rng(6)
    mask = ball(7)
    noise = rng.normal(size=mask.shape)
    smooth, rough = (morphology(mask, image)["morph_moran_i"] for image in (gaussian_filter(noise, 2), noise))
    assert smooth > 0.1 > abs(rough)


def test_weights_do_not_overflow_the_box():
    """The largest distance inside the box is met once, without wrapping around."""
    mask = np.zeros((3, 4, 5), dtype=bool)
    mask[0, 0, 0] = mask[2, 3, 4] = True
    sums = spatial.pair_sums(np.arange(60.0).reshape(3, 4, 5), mask, (1.0, 1.0, 1.0))
    assert sums.weights == pytest.approx(2 / np.sqrt(4 + 9 + 16))
    assert sums.differences == pytest.approx(2 * 59**2 / np.sqrt(29))


def test_crop_margin_place_and_flips_change_nothing():
    mask, image = blob(7), np.random.default_rng(7).normal(40, 5, (14, 16, 18))
    expected = morphology(mask, image, (2.0, 1.0, 1.0))
    roomy = morphology(np.pad(mask, ((2, 0), (5, 1), (0, 3))), np.pad(image, ((2, 0), (5, 1), (0, 3))), (2.0, 1.0, 1.0))
    assert roomy == expected
    flipped = morphology(mask[::-1, :, ::-1], image[::-1, :, ::-1], (2.0, 1.0, 1.0))
    assert flipped == pytest.approx(expected, rel=1e-9)
