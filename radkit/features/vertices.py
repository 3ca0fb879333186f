"""The vertices of the surface mesh that can be corners of its convex hull.

A vertex of the mesh lies half a voxel beyond an inside voxel. A corner of the hull is the outermost vertex of its row
of voxels, and a corner of the polygon around its plane of voxels, in each of the three orientations. In half voxels all
of them are whole numbers, so that nothing is lost to rounding: what is dropped is no corner.
"""

from __future__ import annotations

import numpy as np

from radkit.kernels import kernel

BITS = 20  # of a coordinate in a key: up to half a million voxels along an axis
NONE = 1 << BITS  # further than any voxel
LOW = NONE - 1


def extreme_vertices(mask: np.ndarray) -> np.ndarray:
    """Vertices of the mesh that can lie on its convex hull, in half voxels from the first one, int64, (n, 3).

    Parameters
    ----------
    mask : bool, (z, y, x), not empty.
    """
    ends = tuple(np.full(shape, sign * NONE, np.int32) for shape in _faces(mask.shape) for sign in (1, -1))
    _find_ends(mask.view(np.uint8), *ends)
    keys = np.concatenate([_outermost(*ends[2 * axis : 2 * axis + 2], axis) for axis in range(3)])
    for _ in range(3):
        keys = np.sort(keys)
        keys = keys[_on_polygon(keys)]
        keys = (keys & (1 << 2 * BITS) - 1) << BITS | keys >> 2 * BITS  # (z, y, x) becomes (y, x, z)
    return np.stack([keys >> 2 * BITS, keys >> BITS & LOW, keys & LOW], axis=1) - 1


def _faces(shape: tuple[int, int, int]) -> tuple[tuple[int, int], ...]:
    nz, ny, nx = shape
    return (ny, nx), (nz, nx), (nz, ny)


@kernel
def _find_ends(mask, first_z, last_z, first_y, last_y, first_x, last_x):
    """First and last voxel inside of every row along each axis, by the two other axes."""
    nz, ny, nx = mask.shape
    for z in range(nz):
        for y in range(ny):
            row = mask[z, y]
            _move_ends(row, np.int32(z), first_z[y], last_z[y])
            _move_ends(row, np.int32(y), first_y[z], last_y[z])
            a, b = 0, nx - 1
            while a < nx and not row[a]:
                a += 1
            while b > a and not row[b]:
                b -= 1
            if a < nx:
                first_x[z, y], last_x[z, y] = a, b


@kernel
def _move_ends(row, here, first, last):
    """Ends of the rows that cross this one, whose voxels lie at ``here`` on all of them; many rows at once."""
    for x in range(len(row)):
        first[x] = min(first[x], here if row[x] else np.int32(NONE))
        last[x] = max(last[x], here if row[x] else np.int32(-NONE))


@kernel
def _outermost(first, last, axis):
    """Keys of the two ends of every row along an axis that lie further out than halfway between the rows beside it.

    A key holds the coordinates z, y, x of a vertex in half voxels, plus 1, BITS each: keys sort as the vertices do.
    """
    n_rows, n_columns = first.shape
    shift = np.array([2 * BITS, BITS, 0])
    along, others = shift[axis], shift[np.arange(3) != axis]
    keys = np.empty(2 * first.size, np.int64)
    n = 0
    for i in range(n_rows):
        for j in range(n_columns):
            if last[i, j] < 0:
                continue
            place = (2 * i + 1) << others[0] | (2 * j + 1) << others[1]
            if _sticks_out(first, i, j, 1):
                keys[n] = place | (2 * np.int64(first[i, j])) << along
                n += 1
            if _sticks_out(last, i, j, -1):
                keys[n] = place | (2 * np.int64(last[i, j]) + 2) << along
                n += 1
    return keys[:n]


@kernel
def _sticks_out(end, i, j, sign):
    """Where a row ends before halfway between the ends of the rows on both sides; sign -1 turns before to behind."""
    n_rows, n_columns = end.shape
    twice = 2 * sign * end[i, j]
    if 0 < i < n_rows - 1 and twice >= sign * (end[i - 1, j] + end[i + 1, j]):
        return False
    return not (0 < j < n_columns - 1 and twice >= sign * (end[i, j - 1] + end[i, j + 1]))


@kernel
def _on_polygon(keys):
    """Which vertices are corners of the convex polygon around their plane; sorted keys, (n,).

    Andrew's monotone chain: the lower half of a polygon forwards, the upper one backwards.
    """
    n = len(keys)
    kept, chain = np.zeros(n, np.bool_), np.empty(n, np.int64)
    start = 0
    while start < n:
        stop = start
        while stop < n and keys[stop] >> 2 * BITS == keys[start] >> 2 * BITS:
            stop += 1
        for half in range(2):
            size = 0
            for k in range(stop - start):
                new = start + k if half == 0 else stop - 1 - k
                while size > 1 and _turn(keys[chain[size - 2]], keys[chain[size - 1]], keys[new]) <= 0:
                    size -= 1
                chain[size] = new
                size += 1
            for k in range(size):
                kept[chain[k]] = True
        start = stop
    return kept


@kernel
def _turn(a, b, c):
    """Above 0 where the way from a over b to c turns left within their plane, 0 where it goes straight on."""
    row, column = a >> BITS & LOW, a & LOW
    ahead, aside = (b >> BITS & LOW) - row, (b & LOW) - column
    return ahead * ((c & LOW) - column) - aside * ((c >> BITS & LOW) - row)
