"""How long a user waits before the first number: import, first extraction with compilation, the next one, and memory.

Run with: python benchmarks/bench_startup.py [--repeats 5] [--case sts51/STS_001/PET]

Every run is a process of its own. The processor's time stands beside the wall's, since other work on the machine makes
only the latter longer. `import numpy` is measured too, as a yardstick of the machine. Python's own bytecode is kept in
a folder of the benchmark's and filled before the first run, as an installation does; radkit's machine code is too.
Memory: the region of IBSI's lung CT at 1.5 mm (106,000 voxels), every family in 3-D. Both need the data mirror, and the
memory Linux.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AIMS = {"import radkit": 0.5, "first extraction, compiling": 30.0, "next extraction": 2.5}
AIM_MB = 100.0
MEMORY = """
import re
import radkit
from radkit import extraction
from radkit.preprocess import Resample
def mb(key): return int(re.search(key + r":\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1e3
case, digital = radkit.load("ibsi-ct"), radkit.load("ibsi-digital")
recipe = radkit.preset("ibsi-c").replace(resample=Resample.isotropic(1.5), resegment=None)
imported = mb("VmRSS")
radkit.extract(digital.image, digital.mask, radkit.preset("ibsi-digital"))
compiled = mb("VmRSS")
open("/proc/self/clear_refs", "w").write("5")  # the peak starts anew
found = radkit.extract(case.image, case.mask, recipe)
print(found.provenance["n_voxels_intensity"], imported, compiled, mb("VmHWM"))
"""


def run(*command: str, **environment: str) -> tuple[float, float, str]:
    """Wall and user seconds of a Python process, and what it printed."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime, time.perf_counter()
    done = subprocess.run(
        [sys.executable, *command], env=os.environ | environment, cwd=ROOT, check=True, capture_output=True, text=True
    )
    wall = time.perf_counter() - start
    return wall, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before, done.stdout


def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--case", default="sts51/STS_001/PET")
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="radkit-bench-") as folder:
        os.environ["PYTHONPYCACHEPREFIX"] = f"{folder}/bytecode"
        os.environ["NUMBA_CACHE_DIR"] = f"{folder}/kernels"
        extract = ("-m", "radkit", "extract", options.case)
        run(*extract)
        times = {
            "import numpy": lambda k: run("-c", "import numpy"),
            "import radkit": lambda k: run("-c", "import radkit"),
            "first extraction, compiling": lambda k: run(*extract, NUMBA_CACHE_DIR=f"{folder}/kernels-{k}"),
            "next extraction": lambda k: run(*extract),
        }
        print(f"medians of {options.repeats}, {options.case}\n{'':<30}{'wall (s)':>10}{'user (s)':>10}{'aim (s)':>10}")
        for name, measure in times.items():
            wall, user = zip(*(measure(k)[:2] for k in range(options.repeats)), strict=True)
            print(f"{name:<30}{statistics.median(wall):>10.2f}{statistics.median(user):>10.2f}{AIMS.get(name, ''):>10}")
        n_voxels, imported, compiled, peak = map(float, run("-c", MEMORY)[2].split())
    print(
        f"peak memory of {n_voxels:,.0f} voxels: {peak - compiled:.0f} MB above the process; aim {AIM_MB:.0f} MB\n"
        f"(the process: libraries and the scan {imported:.0f} MB, kernels loaded {compiled - imported:.0f} MB)"
    )


if __name__ == "__main__":
    main()
