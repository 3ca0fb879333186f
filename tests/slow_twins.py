"""The slow twins: what a kernel computes, in a few obvious lines. Tests compare both on random input."""

import itertools
from collections import Counter

import numpy as np

DIRECTIONS = [d for d in itertools.product((-1, 0, 1), repeat=3) if d > (0, 0, 0)]  # 13, one of each opposite pair


def glcm_count(levels, direction, n_levels, only_slice=None):
    """Symmetric co-occurrence counts for one direction, voxel by voxel."""
    count = np.zeros((n_levels, n_levels), dtype=int)
    for voxel in np.argwhere(levels):
        neighbor = voxel + direction
        inside = (neighbor >= 0).all() and (neighbor < levels.shape).all()
        if inside and levels[tuple(neighbor)] and (only_slice is None or voxel[0] == only_slice):
            i, j = levels[tuple(voxel)] - 1, levels[tuple(neighbor)] - 1
            count[i, j] += 1
            count[j, i] += 1
    return count


def glcm(levels, aggregation, n_levels):
    """Normalized co-occurrence matrices of one aggregation; those without any pair are left out."""
    flat = [d for d in DIRECTIONS if d[0] == 0]
    slices = range(levels.shape[0])
    groups = {
        "2D_avg": [[(d, z)] for z in slices for d in flat],
        "2D_comb": [[(d, z) for d in flat] for z in slices],
        "2_5D_avg": [[(d, None)] for d in flat],
        "2_5D_comb": [[(d, None) for d in flat]],
        "3D_avg": [[(d, None)] for d in DIRECTIONS],
        "3D_comb": [[(d, None) for d in DIRECTIONS]],
    }[aggregation]
    counts = [sum(glcm_count(levels, d, n_levels, z) for d, z in group) for group in groups]
    return [count / count.sum() for count in counts if count.any()]


def glcm_features(p):
    """All 25 features of one matrix (n, n), as IBSI writes them: sums over i and j."""
    n = len(p)
    i, j = np.indices((n, n)) + 1.0
    mu, k, s = (i * p).sum(), np.arange(n), np.arange(2, 2 * n + 1)
    diff = np.array([p[abs(i - j) == v].sum() for v in k])
    summ = np.array([p[i + j == v].sum() for v in s])
    px = p.sum(axis=1)
    product = np.outer(px, px)
    hxy1, hxy2 = -(p * log2(product)).sum(), -(product * log2(product)).sum()
    hx, hxy = -(px * log2(px)).sum(), -(p * log2(p)).sum()
    variance = ((i - mu) ** 2 * p).sum()
    upper = i < j
    return {
        "cm_joint_max": p.max(),
        "cm_joint_avg": mu,
        "cm_joint_var": variance,
        "cm_joint_entr": hxy,
        "cm_diff_avg": k @ diff,
        "cm_diff_var": (k - k @ diff) ** 2 @ diff,
        "cm_diff_entr": -(diff * log2(diff)).sum(),
        "cm_sum_avg": s @ summ,
        "cm_sum_var": (s - s @ summ) ** 2 @ summ,
        "cm_sum_entr": -(summ * log2(summ)).sum(),
        "cm_energy": (p**2).sum(),
        "cm_contrast": ((i - j) ** 2 * p).sum(),
        "cm_dissimilarity": (abs(i - j) * p).sum(),
        "cm_inv_diff": (p / (1 + abs(i - j))).sum(),
        "cm_inv_diff_norm": (p / (1 + abs(i - j) / n)).sum(),
        "cm_inv_diff_mom": (p / (1 + (i - j) ** 2)).sum(),
        "cm_inv_diff_mom_norm": (p / (1 + (i - j) ** 2 / n**2)).sum(),
        "cm_inv_var": 2 * (p[upper] / (i - j)[upper] ** 2).sum(),
        "cm_corr": ((i - mu) * (j - mu) * p).sum() / variance if variance > 1e-12 else 1.0,
        "cm_auto_corr": (i * j * p).sum(),
        "cm_clust_tend": ((i + j - 2 * mu) ** 2 * p).sum(),
        "cm_clust_shade": ((i + j - 2 * mu) ** 3 * p).sum(),
        "cm_clust_prom": ((i + j - 2 * mu) ** 4 * p).sum(),
        "cm_info_corr1": (hxy - hxy1) / hx if hx > 1e-12 else 0.0,
        "cm_info_corr2": np.sqrt(1 - np.exp(-2 * max(hxy2 - hxy, 0))),
    }


def runs(levels, direction):
    """Every run along one direction as (slice of its first voxel, gray level, length)."""
    padded, found = np.pad(levels, 1), []
    for voxel in np.argwhere(padded):
        level = padded[tuple(voxel)]
        if padded[tuple(voxel - direction)] != level:  # nothing alike behind: a run begins
            length = next(k for k in itertools.count(1) if padded[tuple(voxel + k * np.array(direction))] != level)
            found.append((voxel[0] - 1, level, length))
    return found


def glrlm(levels, aggregation):
    """Run length matrices of one aggregation, each as a Counter of (level, length); empty ones are left out."""
    directions = DIRECTIONS if aggregation.startswith("3D") else [d for d in DIRECTIONS if d[0] == 0]
    by_slice, merged = aggregation.startswith("2D"), aggregation.endswith("comb")
    matrices = {}
    for direction in directions:
        for z, level, length in runs(levels, direction):
            key = (z if by_slice else None, None if merged else direction)
            matrices.setdefault(key, Counter())[level, length] += 1
    return list(matrices.values())


def zones(levels, in_slices):
    """Every zone as (slice of one voxel, gray level, voxels): flood fill from each voxel that is still free."""
    free, found = {tuple(voxel) for voxel in np.argwhere(levels)}, []
    steps = [d for d in itertools.product((-1, 0, 1), repeat=3) if not (in_slices and d[0])]
    while free:
        zone = todo = [free.pop()]
        while todo:
            near = {tuple(np.add(voxel, step)) for voxel in todo for step in steps} & free
            todo = [voxel for voxel in near if levels[voxel] == levels[zone[0]]]
            free -= set(todo)
            zone = zone + todo
        found.append((zone[0][0], levels[zone[0]], zone))
    return found


def distance_to_border(mask, in_slices):
    """City-block distance of every voxel to the nearest one outside: peel the mask layer by layer."""
    left, distance = np.pad(mask, 1), np.zeros(np.add(mask.shape, 2), dtype=int)
    while left.any():
        distance += left
        axes = (1, 2) if in_slices else (0, 1, 2)
        left = np.all([left] + [np.roll(left, shift, axis) for axis in axes for shift in (-1, 1)], axis=0)
    return distance[1:-1, 1:-1, 1:-1]


def zone_matrices(levels, aggregation, extent):
    """Size or distance zone matrices as Counters of (level, extent), by ``extent`` of a zone's voxels."""
    matrices = {}
    for z, level, voxels in zones(levels, in_slices=aggregation != "3D"):
        matrices.setdefault(z if aggregation == "2D" else None, Counter())[level, extent(voxels)] += 1
    return list(matrices.values())


def census_features(cells, n_voxels):
    """The 16 features of one matrix, a Counter of (i, j), in IBSI's order: sums over its cells."""
    groups = np.array(list(cells.elements()), dtype=float)  # one row (i, j) for each run or zone
    (i, j), n = groups.T, len(groups)
    by_i, by_j, p = (np.array(list(Counter(x).values())) / n for x in (i, j, map(tuple, groups)))
    emphases = [j**-2, j**2, i**-2, i**2, i**-2 * j**-2, i**2 * j**-2, i**-2 * j**2, i**2 * j**2]
    return [x.mean() for x in emphases] + [
        n * (by_i**2).sum(), (by_i**2).sum(), n * (by_j**2).sum(), (by_j**2).sum(), n / n_voxels, i.var(), j.var(),
        -(p * log2(p)).sum(),
    ]  # fmt: skip


def log2(x):
    """Base-2 logarithm with log 0 = 0, for sums of p log p."""
    return np.log2(np.where(x > 0, x, 1))


def neighbors(levels, voxel, in_plane):
    """Gray levels of the voxels of the region around one voxel, itself left out."""
    around = [voxel + d for d in itertools.product((-1, 0, 1), repeat=3) if any(d) and not (in_plane and d[0])]
    inside = [tuple(v) for v in around if (v >= 0).all() and (v < levels.shape).all()]
    return [levels[v] for v in inside if levels[v]]


def slices_of(levels, aggregation):
    """The voxels (z, y, x) that make up each matrix of an aggregation: one slice's, or all."""
    voxels = np.argwhere(levels)
    return [voxels[voxels[:, 0] == z] for z in np.unique(voxels[:, 0])] if aggregation == "2D" else [voxels]


def ngtdm(levels, aggregation):
    """Rows {level: (voxels with a neighbor, sum of their gray tone differences)}; empty matrices are left out."""
    matrices = []
    for voxels in slices_of(levels, aggregation):
        tones = {}
        for voxel in voxels:
            i, around = levels[tuple(voxel)], neighbors(levels, voxel, aggregation != "3D")
            if around:
                tones.setdefault(int(i), []).append(abs(i - np.mean(around)))
        matrices.append({i: (len(t), sum(t)) for i, t in sorted(tones.items())})
    return [m for m in matrices if m]


def ngtdm_features(rows):
    """The five features of one matrix {level: (n, s)}, as IBSI writes them: sums over all pairs of levels."""
    i = np.array(list(rows), dtype=float)
    n, s = np.array(list(rows.values()), dtype=float).T
    p = n / n.sum()
    i1, i2, p1, p2, s1, s2 = i[:, None], i, p[:, None], p, s[:, None], s
    apart = abs(i1 * n[:, None] - i2 * n).sum() / n.sum()
    pairs = len(i) * (len(i) - 1)
    return {
        "ngt_coarseness": 1 / (p @ s) if p @ s > 0 else 1e6,
        "ngt_contrast": (p1 * p2 * (i1 - i2) ** 2).sum() / pairs * s.sum() / n.sum() if pairs else 0,
        "ngt_busyness": (p @ s) / apart if apart else 0,
        "ngt_complexity": (abs(i1 - i2) * (p1 * s1 + p2 * s2) / (p1 + p2)).sum() / n.sum(),
        "ngt_strength": ((p1 + p2) * (i1 - i2) ** 2).sum() / s.sum() if s.any() else 0,
    }


def ngldm(levels, aggregation):
    """Counts (27, n_levels): voxels by dependence and gray level, voxel by voxel."""
    matrices = []
    for voxels in slices_of(levels, aggregation):
        count = np.zeros((27, levels.max()), dtype=int)
        for voxel in voxels:
            i = levels[tuple(voxel)]
            count[neighbors(levels, voxel, aggregation != "3D").count(i), i - 1] += 1
        matrices.append(count)
    return matrices


def ngldm_features(count):
    """All 17 features of one matrix (27, n_levels), as IBSI writes them."""
    j, i = np.indices(count.shape) + 1.0
    n = count.sum()
    p = count / n
    return {
        "ngl_lde": (p / j**2).sum(),
        "ngl_hde": (p * j**2).sum(),
        "ngl_lgce": (p / i**2).sum(),
        "ngl_hgce": (p * i**2).sum(),
        "ngl_ldlge": (p / i**2 / j**2).sum(),
        "ngl_ldhge": (p * i**2 / j**2).sum(),
        "ngl_hdlge": (p * j**2 / i**2).sum(),
        "ngl_hdhge": (p * i**2 * j**2).sum(),
        "ngl_glnu": (count.sum(axis=0) ** 2).sum() / n,
        "ngl_glnu_norm": (count.sum(axis=0) ** 2).sum() / n**2,
        "ngl_dcnu": (count.sum(axis=1) ** 2).sum() / n,
        "ngl_dcnu_norm": (count.sum(axis=1) ** 2).sum() / n**2,
        "ngl_dc_perc": 1,
        "ngl_gl_var": (p * (i - (p * i).sum()) ** 2).sum(),
        "ngl_dc_var": (p * (j - (p * j).sum()) ** 2).sum(),
        "ngl_dc_entr": -(p * log2(p)).sum(),
        "ngl_dc_energy": (p**2).sum(),
    }


def intensity_volume_histogram(values, axis):
    """The features of discretized intensities ``values`` on the whole ``axis`` 𝒢, as IBSI tabulates them."""
    share = np.array([np.mean(values >= i) for i in axis])
    gamma = (axis - axis[0]) / (axis[-1] - axis[0])
    v10, v90 = (share[gamma >= x - 1e-12].max() for x in (0.1, 0.9))
    beyond = np.append(axis, axis[-1] + axis[1] - axis[0])  # nothing reaches a step above the range's upper end
    i10, i90 = (beyond[np.append(share, 0) <= x + 1e-12].min() for x in (0.1, 0.9))
    return {"ivh_v10": v10, "ivh_v90": v90, "ivh_i10": i10, "ivh_i90": i90, "ivh_diff_v10_v90": v10 - v90,
            "ivh_diff_i10_i90": i10 - i90, "ivh_auc": np.trapezoid(share, gamma) * (len(set(values)) > 1)}  # fmt: skip


def peaks(image, mask, spacing_mm):
    """Local and global intensity peak: the mean over 1 cm³ around every voxel of the mask, voxel by voxel."""
    radius = (3 * 1000 / (4 * np.pi)) ** (1 / 3)
    centers = np.argwhere(np.ones(image.shape)) * spacing_mm
    voxels = np.argwhere(mask)
    means = [image.ravel()[np.linalg.norm(centers - v * spacing_mm, axis=1) <= radius].mean() for v in voxels]
    at_maximum = image[mask] == image[mask].max()
    return max(np.array(means)[at_maximum]), max(means)


def moran_and_geary(values, centers_mm):
    """Moran's I and Geary's C over all pairs of voxels, pair by pair."""
    distance = np.linalg.norm(centers_mm[:, None] - centers_mm, axis=-1)
    w = 1 / np.where(distance > 0, distance, np.inf)
    x, n = values - values.mean(), len(values)
    moran = n / w.sum() * (w * np.outer(x, x)).sum() / (x @ x)
    geary = (n - 1) / (2 * w.sum()) * (w * (values[:, None] - values) ** 2).sum() / (x @ x)
    return moran, geary


def mesh_volume_and_area(mask, spacing_mm):
    """Volume and area of scikit-image's marching cubes mesh."""
    from skimage.measure import marching_cubes, mesh_surface_area

    vertices, faces, _, _ = marching_cubes(np.pad(mask, 1).astype(float), 0.5, spacing=spacing_mm, method="lorensen")
    a, b, c = vertices[faces].transpose(1, 0, 2)
    return abs((a * np.cross(b, c)).sum() / 6), mesh_surface_area(vertices, faces)


def mesh_vertices(mask, spacing_mm):
    """Every mesh vertex: halfway between an inside voxel and a face neighbor that is outside."""
    padded = np.pad(mask, 1)
    return np.array(
        [
            (voxel + np.array(step) / 2 - 1) * spacing_mm
            for voxel in np.argwhere(padded)
            for step in [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)]
            if not padded[tuple(voxel + step)]
        ]
    )


def smallest_box_volume(vertices, steps=60):
    """Volume of the smallest of many boxes: one side normal to each direction of a fine grid, turned in small steps."""
    best = np.inf
    for theta in np.linspace(0, np.pi / 2, steps):
        for phi in np.linspace(0, np.pi, 2 * steps):
            n = np.array([np.cos(theta), np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi)])
            u = np.cross(n, np.eye(3)[np.argmin(abs(n))])
            u /= np.linalg.norm(u)
            angle = np.linspace(0, np.pi / 2, steps)[:, None]
            side = np.cos(angle) * u + np.sin(angle) * np.cross(n, u)
            widths = [np.ptp(direction @ vertices.T, axis=-1) for direction in (side, np.cross(n, side))]
            best = min(best, (np.ptp(vertices @ n) * widths[0] * widths[1]).min())
    return best
