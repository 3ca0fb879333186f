"""radkit against PyRadiomics, same arrays, same parameter file: how far apart is every feature that both have?

    RADKIT_PYRADIOMICS_PYTHON=path/to/python python benchmarks/compare_pyradiomics.py

The Python named there is one in which PyRadiomics is installed (it needs numpy below 2, so an environment of its own).
Each case is a parameter file, translated by ``radkit.recipe.translate`` and renamed by ``with_pyradiomics_names``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

TOLERANCE = 1e-6
EVERY = {name: [] for name in ("shape", "firstorder", "glcm", "glrlm", "glszm", "ngtdm", "gldm")}
FIRST = {"firstorder": [], "glcm": []}
HU = {"binWidth": 25}
# name, data, image types, feature classes, settings, whether the values must agree
CASES = (
    ("bin width", "simulated", {"Original": {}}, EVERY, HU, True),
    ("bin width", "sts51/STS_001/CT", {"Original": {}}, EVERY, HU, True),
    ("bin width", "sts51/STS_001/PET", {"Original": {}}, EVERY, {"binWidth": 0.5}, True),
    ("bin count", "sts51/STS_001/PET", {"Original": {}}, EVERY, {"binCount": 64}, True),
    ("merged directions", "simulated", {"Original": {}}, EVERY, {**HU, "weightingNorm": "no_weighting"}, True),
    ("force2D", "simulated", {"Original": {}}, EVERY, {**HU, "force2D": True}, True),
    ("force2D, merged", "simulated", {"Original": {}}, EVERY, {**HU, "force2D": True, "weightingNorm": "no_weighting"},
     True),
    ("range", "sts51/STS_001/CT", {"Original": {}}, EVERY, {**HU, "resegmentRange": [-50, 150]}, True),
    ("3 SD", "simulated", {"Original": {}}, EVERY, {**HU, "resegmentRange": [-3, 3], "resegmentMode": "sigma"}, True),
    ("z-score", "simulated", {"Original": {}}, EVERY, {"normalize": True, "binWidth": 0.1}, False),
    ("coif1", "simulated", {"Wavelet": {}}, FIRST, {"binCount": 32}, True),
    ("coif1, 2-D", "simulated", {"Wavelet": {}}, FIRST, {"binCount": 32, "force2D": True}, True),
    ("haar", "simulated", {"Wavelet": {"wavelet": "haar"}}, FIRST, {"binCount": 32}, False),
    ("db2", "simulated", {"Wavelet": {"wavelet": "db2"}}, FIRST, {"binCount": 32}, True),
    ("db3", "simulated", {"Wavelet": {"wavelet": "db3"}}, FIRST, {"binCount": 32}, True),
    ("coif1", "sts51/STS_001/CT", {"Wavelet": {}}, FIRST, {"binCount": 32}, True),
    ("2 mm", "simulated", {"Original": {}}, EVERY, {**HU, "resampledPixelSpacing": [2, 2, 2]}, False),
    ("2 mm", "sts51/STS_001/CT", {"Original": {}}, EVERY, {**HU, "resampledPixelSpacing": [2, 2, 2]}, False),
)  # fmt: skip


def theirs(folder: Path) -> None:
    """Run by the other Python: features of scan.npz with params.json into features.json."""
    import logging

    import numpy as np
    import radiomics
    import SimpleITK as sitk
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    logging.getLogger("radiomics").setLevel(logging.ERROR)
    scan = np.load(folder / "scan.npz")
    volumes = []
    for array in (scan["image"], scan["mask"].astype(np.uint8)):
        volume = sitk.GetImageFromArray(array)
        volume.SetSpacing([float(s) for s in scan["spacing"][::-1]])
        volumes.append(volume)
    params = json.loads((folder / "params.json").read_text())
    found = RadiomicsFeatureExtractor(params).execute(*volumes)
    values = {name: float(value) for name, value in found.items() if not name.startswith("diagnostics")}
    (folder / "features.json").write_text(json.dumps({"version": radiomics.__version__, "values": values}))


def ours(data: str, params: dict) -> tuple[dict, dict[str, float], dict[str, str]]:
    """The arrays, our values under their names, and the relation of each."""
    import numpy as np

    import radkit
    from radkit.extraction import with_pyradiomics_names
    from radkit.features.pyradiomics_names import pyradiomics_names
    from radkit.recipe import translate

    case = radkit.load(data)
    recipe = translate(params, modality=case.image.modality).recipe
    renamed = with_pyradiomics_names(radkit.extract(case.image, case.mask, recipe), recipe)
    relation = {f"{n.feature_class}_{n.name}": n.relation for n in pyradiomics_names()}
    values = {v.tag: v.value for v in renamed.features}
    spacing = np.array(case.image.grid.spacing_mm)
    return (
        {"image": case.image.array, "mask": case.mask.array, "spacing": spacing},
        values,
        {name: relation[name.partition("_")[2]] for name in values},
    )


def compare(python: str, data: str, params: dict) -> tuple[str, dict[str, float], dict[str, str], list[str]]:
    """PyRadiomics' version, relative difference and relation of every feature, and the names that only they have."""
    import numpy as np

    arrays, values, relation = ours(data, params)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.savez(folder / "scan.npz", **arrays)
        (folder / "params.json").write_text(json.dumps(params))
        subprocess.run([python, __file__, "--theirs", name], check=True, capture_output=True)
        found = json.loads((folder / "features.json").read_text())
    apart = {}
    for feature, value in values.items():
        if feature in found["values"]:
            other = found["values"][feature]
            # both are 0 up to rounding where the true value is: a skewness, a cluster shade
            apart[feature] = abs(value - other) / max(abs(other), 1e-6)
    return found["version"], apart, relation, sorted(set(found["values"]) - set(values))


def main() -> int:
    """Print one row a case; exit code 1 where values that must agree do not."""
    python = os.environ.get("RADKIT_PYRADIOMICS_PYTHON")
    if not python:
        print("compare_pyradiomics: skipped; set RADKIT_PYRADIOMICS_PYTHON to a Python that has PyRadiomics.")
        return 0
    failed, versions, rows, only = 0, set(), [], set()
    for title, data, images, classes, setting, must_agree in CASES:
        params = {"imageType": images, "featureClass": classes, "setting": {"additionalInfo": False, **setting}}
        version, apart, relation, missing = compare(python, data, params)
        versions.add(version)
        only |= {name.partition("_")[2] for name in missing}
        exact = {name: d for name, d in apart.items() if relation[name] != "near"}
        near = max((d for name, d in apart.items() if relation[name] == "near"), default=0.0)
        worst = max(exact, key=exact.get)
        agree = sum(d < TOLERANCE for d in exact.values())
        failed += must_agree and agree < len(exact)
        median = sorted(apart.values())[len(apart) // 2]
        rows.append((title, data, agree, len(exact), exact[worst], worst, near, median))
    print(f"PyRadiomics {', '.join(sorted(versions))}; agree: relative difference below {TOLERANCE:g}")
    print(f"{'case':18}{'data':20}{'agree':>12}{'worst':>10}  {'of':44}{'surface':>9}{'median':>9}")
    for title, data, agree, n, value, name, near, median in rows:
        print(f"{title:18}{data:20}{agree:>5} of {n:>3}{value:>10.1e}  {name:44}{near:>9.1e}{median:>9.1e}")
    print(f"only in PyRadiomics: {', '.join(sorted(only))}")
    return 1 if failed else 0


if __name__ == "__main__":
    if "--theirs" in sys.argv:
        theirs(Path(sys.argv[-1]))
    else:
        sys.exit(main())
