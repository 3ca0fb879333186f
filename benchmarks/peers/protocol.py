"""The conversation of the benchmark with one library: requests and answers are JSON lines on stdin and stdout.

A worker script runs under its library's own Python, so this file and its neighbors need the standard library and NumPy
only. A library is wrapped in a ``Library``; ``serve`` answers requests until stdin ends.

    {"do": "load", "image": "x.npy", "mask": "m.npy", "spacing_mm": [1, 1, 1]}
    {"do": "run", "task": {"families": ["glcm"], "aggregations": ["3D_comb"], "bin_width": 25, "origin": -1000}}
    {"do": "step", "task": {...}}        the same region once more with another bin width, each time another
    {"do": "parts", "task": {...}}       ms of each family by itself
    {"do": "matrices", "task": {...}}    ms of each texture matrix alone, from gray levels, without features

Timed is what lies between images in memory, made as the library's reader makes them, and features: no file is read, and
no result is turned into text.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import time
import traceback
import warnings

import numpy as np

SPATIAL = ("morph_moran_i", "morph_geary_c")  # other libraries keep them apart from morphology
BATCH_S, MOST = 0.05, 10
WIDER = 2**-6  # HU from one turn of the bin width to the next of the same round: another one each, of the same cost

# A process with one thread gets one processor: pictologics computes the convex hull on a thread that no setting counts.
PROCESSORS = int(os.environ.get("RADKIT_BENCH_PIN", "0"))
if PROCESSORS and hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:PROCESSORS])


class Library:
    """What the benchmark asks of a library. Families have radkit's names, features radkit's tags or IBSI's codes."""

    name = ""

    def about(self) -> dict:
        """Version of the library and of what it leans on, and the families and aggregations it computes."""
        raise AssertionError(f"{self.name} says nothing about itself")

    def load(self, image: np.ndarray, mask: np.ndarray, spacing_mm: tuple) -> dict:
        """Takes the region, (z, y, x) float64 and bool, and returns what the benchmark must know of it."""
        raise AssertionError(f"{self.name} loads nothing")

    def prepare(self, task: dict) -> None:
        """Makes what a user would have at hand before the clock starts, such as a configuration."""

    def run(self, task: dict):
        """Every feature of the task's families, nothing kept from before."""
        raise AssertionError(f"{self.name} computes nothing")

    def step(self, task: dict):
        """The same after the bin width alone was changed; the library may keep what it can."""
        return self.run(task)

    def parts(self, task: dict) -> dict[str, float]:
        """Milliseconds of each family, as the library can tell them."""
        return {}

    def matrices(self, task: dict) -> dict[str, float]:
        """Milliseconds of each texture matrix, where the library lets it be built alone."""
        return {}

    def features(self, result) -> dict[str, float]:
        """Tag or code -> value, of what ``run`` returned."""
        return dict(result)


def timed(function, *arguments) -> tuple[object, float, float]:
    """(result, wall-clock seconds, processor seconds of all threads) of one call."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = function(*arguments)
    return result, time.perf_counter() - wall, time.process_time() - cpu


def batch(call) -> list:
    """What ``call(0)``, ``call(1)`` ... return: quick work is repeated within a round, so that its median is warm."""
    gc.collect()
    results, start = [], time.perf_counter()
    while not results or (len(results) < MOST and time.perf_counter() - start < BATCH_S):
        results.append(call(len(results)))
    return results


def answer(library: Library, request: dict) -> dict:
    """The answer to one request."""
    what, task = request["do"], request.get("task")
    if what == "about":
        return {**library.about(), "python": sys.version.split()[0], "numpy": np.__version__}
    if what == "load":
        image = np.load(request["image"]).astype(np.float64)
        mask = np.load(request["mask"]).astype(bool)
        return library.load(image, mask, tuple(request["spacing_mm"])) or {}
    if what in ("parts", "matrices"):
        runs = batch(lambda _: getattr(library, what)(task))
        return {"ms": {name: statistics.median(run[name] for run in runs) for name in runs[0]}}

    def measure(i: int):
        turned = task if what == "run" else task | {"bin_width": task["bin_width"] + i * WIDER}
        library.prepare(turned)
        return timed(library.run if what == "run" else library.step, turned)

    runs = batch(measure)
    reply = {"s": statistics.median(run[1] for run in runs), "cpu_s": statistics.median(run[2] for run in runs)}
    if request.get("features"):
        reply["features"] = {name: float(value) for name, value in library.features(runs[0][0]).items()}
    return reply


def serve(library: Library) -> None:
    """Answers the requests on stdin; what a library prints goes to stderr, so that stdout holds answers only."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = answer(library, request)
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}", "where": traceback.format_exc()}
        answers.write(json.dumps(reply) + "\n")
        answers.flush()
