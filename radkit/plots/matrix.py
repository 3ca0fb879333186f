"""The gray level co-occurrence matrix as a map."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from radkit.matrices.glcm import Glcm
from radkit.plots.plot import Plot, number, plain
from radkit.volume import SettingError

MAX_CELLS = 128  # per side: more could not be told apart on a screen, and would travel slowly
LIMITS = (1e-4, 0.1)  # of the color scale, the same for every matrix so that colors can be compared


def glcm_map(glcm: Glcm | Iterable[Glcm], *, levels: tuple[int, int] | None = None) -> Plot:
    """How often two neighboring voxels have the gray levels i and j: share of pairs, on a logarithmic scale.

    Parameters
    ----------
    glcm : one Glcm, or several (one per direction: their mean is drawn).
    levels : first and last gray level shown; None: from the lowest to the highest that occurs.

    Returns
    -------
    Plot whose table is the share of pairs, index level, columns neighbor; 0 where no pair is. Above 128 levels each
    cell sums a block of them.

    Examples
    --------
    >>> import numpy as np
    >>> from radkit.matrices.glcm import glcm
    >>> from radkit.volume import Grid, Levels
    >>> row = np.array([[[1, 1, 2]]])
    >>> levels = Levels(row, Grid(shape=row.shape, spacing_mm=(1, 1, 1)), n_levels=2, edges=np.array([0.5, 1.5, 2.5]))
    >>> glcm_map(glcm(levels, "3D_comb")).title
    '50% of neighbor pairs share a gray level, 50% differ by one, 0% by more'
    """
    several = (glcm,) if isinstance(glcm, Glcm) else tuple(glcm)
    n_matrices = sum(len(one) for one in several)
    if not n_matrices:
        raise SettingError(
            "there is no co-occurrence matrix: no two voxels of the region are neighbors. Choose finer voxels."
        )
    i = np.concatenate([one.i for one in several]).astype(np.int64)
    j = np.concatenate([one.j for one in several]).astype(np.int64)
    share = np.concatenate([one.pij for one in several]) / n_matrices
    steps = np.abs(i - j)
    same, near = float(share[steps == 0].sum()), float(share[steps == 1].sum())
    contrast = float(share @ steps**2)
    low, high = levels or (int(i.min()), int(i.max()))
    table = _table(i, j, share, low, high)
    step = _step(table)
    more = f"{max(0.0, 1 - same - near):.0%}"
    title = f"{same:.0%} of neighbor pairs share a gray level, {near:.0%} differ by one, {more} by more"
    directions = f"mean of {n_matrices} directions" if n_matrices > 1 else "one matrix"
    blocks = f"; each cell sums {step} x {step} levels" if step > 1 else ""
    alt = (
        f"Co-occurrence matrix of gray levels {low} to {high} ({directions}{blocks}): {same:.0%} of neighbor pairs "
        f"share a level, {near:.0%} differ by one, contrast {number(contrast)}."
    )
    return Plot(title, alt, table, lambda: _draw(title, table))


def _table(i: np.ndarray, j: np.ndarray, share: np.ndarray, low: int, high: int) -> pd.DataFrame:
    step = -(-(high - low + 1) // MAX_CELLS)
    n = -(-(high - low + 1) // step)
    inside = (i >= low) & (i <= high) & (j >= low) & (j <= high)
    row, column = (i[inside] - low) // step, (j[inside] - low) // step
    cells = np.bincount(row * n + column, weights=share[inside], minlength=n * n).reshape(n, n)
    names = low + step * np.arange(n)
    return pd.DataFrame(cells, index=pd.Index(names, name="level"), columns=pd.Index(names, name="neighbor"))


def _step(table: pd.DataFrame) -> int:
    return int(table.index[1] - table.index[0]) if len(table) > 1 else 1


def cells(table: pd.DataFrame) -> tuple[np.ndarray, tuple[float, float]]:
    """The image (n, n) with NaN where no pair is, and the first and last edge of its axes in gray levels."""
    p = table.to_numpy()
    low = float(table.index[0]) - 0.5
    return np.where(p > 0, p, np.nan).astype(np.float32), (low, low + _step(table) * len(table))


def _draw(title: str, table: pd.DataFrame):
    import holoviews as hv

    image, (low, high) = cells(table)
    element = hv.Image(image[::-1], bounds=(low, low, high, high), kdims=["level", "neighbor"], vdims=["share"])
    return plain(
        element,
        cmap="cividis", logz=True, clim=LIMITS, colorbar=True, clabel="share of pairs (1)",
        clipping_colors={"NaN": (0, 0, 0, 0)}, xlabel="gray level (1)", ylabel="gray level of the neighbor (1)",
        xticks=6, yticks=6, title=title, colorbar_opts={"width": 10, "padding": 4},
    )  # fmt: skip
