"""Where the time of an extraction goes: the median of every stage and family, cold and after one knob was turned.

Run with: make bench, or python benchmarks/bench_engine.py [CASE]
"""

from __future__ import annotations

import statistics
import sys
from time import perf_counter

import radkit
from radkit.extraction import StageCache, extract, turn
from radkit.recipe import Recipe, knobs

REPEATS = 7


def stage_times(case: radkit.Case, recipe: Recipe) -> dict[str, float]:
    """Median ms of every stage and family, nothing cached."""
    runs = [extract(case.image, case.mask, recipe).stages for _ in range(REPEATS)]
    return {stage.name: statistics.median(r[i].ms for r in runs) for i, stage in enumerate(runs[0])}


def turn_times(case: radkit.Case, recipe: Recipe, knob: str) -> float:
    """Median ms from a turned knob to all features, the rest cached."""
    limits = knobs(case.image.modality)[knob]
    cache = StageCache()
    extract(case.image, case.mask, recipe, cache=cache)
    times = []
    for i in range(1, REPEATS + 1):
        value = limits.default + i * limits.step
        start = perf_counter()
        extract(case.image, case.mask, turn(recipe, knob, value), cache=cache)
        times.append((perf_counter() - start) * 1e3)
    return statistics.median(times)


def main() -> None:
    """Print both tables."""
    case = radkit.load(sys.argv[1] if len(sys.argv) > 1 else "default")
    recipe = Recipe.default(case.image.modality)
    extract(case.image, case.mask, recipe)  # compiles the kernels, or loads them
    print(f"{case.name}: {case.mask.n_voxels:,} voxels, medians of {REPEATS}, one thread")
    for name, ms in stage_times(case, recipe).items():
        print(f"{name:<22}{ms:9.2f} ms")
    turnable = ["bin_width"] if hasattr(recipe.binning, "width") else ["n_bins"]
    for knob in [*turnable, "spacing_mm", "psf_sigma_mm"]:
        print(f"turn {knob:<17}{turn_times(case, recipe, knob):9.2f} ms to every feature")


if __name__ == "__main__":
    main()
