"""Why it moved: sentences from the records of two extractions, baseline and now."""

from __future__ import annotations

from radkit.plots import number, percent, with_unit

CONTRAST = "cm_contrast_3D_avg"
BEFORE_BINNING = ("morphology", "statistics")  # IBSI computes these families before discretization


def explain(bench, changes) -> list[str]:
    """One sentence per knob that stands elsewhere than in the baseline, then what stayed and why."""
    now, pinned = bench.now(), bench.pinned()
    width = now["bin_method"] == "width"
    turned = {name for name in now if now[name] != pinned[name]}
    turned.discard("n_bins" if width and pinned["bin_method"] == "width" else "")
    turned.discard("bin_width" if not width and pinned["bin_method"] == "count" else "")
    if not turned:
        return ["Nothing moved: every knob stands at the baseline. Turn one and watch the features."]
    story = _Story(bench, changes, now, pinned)
    sentences = [story.lead()]
    if "psf_sigma_mm" in turned:
        sentences.append(story.blur())
    if "spacing_mm" in turned:
        sentences.append(story.spacing())
    if turned & {"bin_method", "bin_width", "n_bins"}:
        sentences.append(story.bins())
    if turned <= {"bin_method", "bin_width", "n_bins"}:
        sentences.append(
            "Shape and intensity statistics stay where they were: IBSI computes them before discretization."
        )
    return sentences


class _Story:
    """The two extractions, and what can be said of each knob."""

    def __init__(self, bench, changes, now: dict, pinned: dict):
        self.now, self.pinned, self.knob = now, pinned, bench.knob
        self.changes = changes
        self.contrast = next(c for c in self.changes if c.tag == CONTRAST)
        self.after, self.before = bench.pipeline(), bench.pipeline(**pinned)
        self.unit = self.after.levels.unit

    def lead(self) -> str:
        """What contrast did, and how much else moved."""
        moved = sum(c.moved for c in self.changes)
        relative = self.contrast.relative
        rest = f"{moved} of {len(self.changes)} features moved."
        if relative is None or abs(relative) < 0.0005:
            return f"GLCM contrast stayed at {number(self.contrast.value)}; {rest}"
        size = percent(abs(relative)).lstrip("+")
        how = f"{'rose' if relative > 0 else 'fell'} by {size}"
        if size.startswith("×"):
            how = f"rose to {size[1:]} times its baseline"
        values = f"{number(self.contrast.baseline)} to {number(self.contrast.value)}"
        return f"GLCM contrast {how} ({values}); {rest}"

    def blur(self) -> str:
        more = self.now["psf_sigma_mm"] > self.pinned["psf_sigma_mm"]
        low, high = _range(self.after)
        low0, high0 = _range(self.before)
        ranges = f"from {number(high0 - low0)} to {with_unit(high - low, self.unit)}"
        if self.now["bin_method"] == "width":
            if more:
                return f"Blur mixes neighbors, so fewer pairs differ; the region's range went {ranges}."
            return f"Less blur keeps neighbors apart, so more pairs differ; the region's range went {ranges}."
        if self.pinned["bin_method"] == "width":
            return (
                f"Blur changed the region's range {ranges}. With a fixed count the bins change with it, so contrast "
                "need not fall: compare with a baseline of the same method."
            )
        n, n0 = self.after.levels.n_levels, self.before.levels.n_levels
        widths = f"from {number((high0 - low0) / n0)} to {with_unit((high - low) / n, self.unit)}"
        return (
            f"With a fixed count contrast need not fall under blur: the region's range went {ranges}, and the width of "
            f"each of the {n} bins {widths}, so a smaller difference can still cross as many bins."
        )

    def spacing(self) -> str:
        n, n0 = self.after.roi.values.size, self.before.roi.values.size
        edge, edge0 = (_edge(p) for p in (self.after, self.before))
        where = f"Voxels went from {edge0} to {edge} mm, their number from {n0:,} to {n:,}"
        if self.now["spacing_mm"] > self.pinned["spacing_mm"] > 0:
            return f"{where}: neighbors lie farther apart, so a pair compares more distant tissue; detail is gone."
        if self.now["spacing_mm"] == 0 or self.pinned["spacing_mm"] == 0:
            return f"{where}: a neighbor is now at another distance, so a pair compares other tissue."
        return f"{where}: neighbors lie closer and interpolation fills in between, so they resemble each other more."

    def bins(self) -> str:
        n, n0 = (_occupied(p) for p in (self.after, self.before))
        width, width0 = (_width(p) for p in (self.after, self.before))
        levels = f"The region now spans {n} gray levels instead of {n0}"
        if self.now["bin_method"] != self.pinned["bin_method"]:
            kind = (
                "one width for all" if self.now["bin_method"] == "width" else "a width that follows this region's range"
            )
            return f"{levels}: bins have {kind}, {with_unit(width, self.unit)} here."
        ratio = (width0 / width) ** 2
        return (
            f"{levels}: a bin is {with_unit(width, self.unit)} wide, was {number(width0)}. Contrast counts levels "
            f"squared, so the bins alone make it about ×{number(ratio)}."
        )


def _range(pipeline) -> tuple[float, float]:
    last = pipeline.stages[-1]
    return last.low, last.high


def _edge(pipeline) -> str:
    z, y, x = pipeline.roi.image.grid.spacing_mm
    return number(x) if z == y == x else f"{number(x)} x {number(y)} x {number(z)}"


def _width(pipeline) -> float:
    edges = pipeline.levels.edges
    return float(edges[1] - edges[0])


def _occupied(pipeline) -> int:
    levels = pipeline.levels.counts.nonzero()[0]
    return int(levels[-1] - levels[0]) + 1
