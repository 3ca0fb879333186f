"""Every standardized value of IBSI 1 for the families that radkit knows, configuration by configuration.

The tests loop over the reference: a feature that radkit does not compute is a failure. A value passes within IBSI's
published tolerance plus half a unit of the last digit that the reference prints; it prints three that count.
"""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

import radkit
from radkit import features

pytestmark = pytest.mark.ibsi
REFERENCE = Path(__file__).parent.parent / "reference" / "ibsi1_reference.csv"
PRESETS = {"A": "ibsi-a", "B": "ibsi-b", "C": "ibsi-c", "D": "ibsi-d", "E": "ibsi-e"}
N_VALUES = {  # by family: the digital phantom (all aggregations), A and B (by slice), C, D and E (the volume)
    "morphology": (25, 25, 25),
    "local_intensity": (2, 2, 2),
    "statistics": (18, 18, 18),
    "intensity_histogram": (23, 23, 23),
    "intensity_volume_histogram": (6, 6, 6),
    "glcm": (25 * 6, 25 * 4, 25 * 2),
    "glrlm": (16 * 6, 16 * 4, 16 * 2),
    "glszm": (16 * 3, 16 * 2, 16),
    "gldzm": (16 * 3, 16 * 2, 16),
    "ngtdm": (5 * 3, 5 * 2, 5),
    "ngldm": (17 * 3, 17 * 2, 17),
}


def half_a_unit(printed: str) -> float:
    """Half a unit of the last digit that counts, of three at most: 0.05 for "13.1", 5 for "1490"."""
    number = Decimal(printed)
    return 0.5 * 10.0 ** max(number.as_tuple().exponent, number.adjusted() - 2)


def expected(config: str) -> int:
    """Number of standardized values of a configuration, all families together."""
    column = {"digital_phantom": 0, "A": 1, "B": 1}.get(config, 2)
    return sum(N_VALUES[family][column] for family in features.families())


def judge(config: str, case, preset: str) -> tuple[int, list[str]]:
    """Number of values judged, and what is wrong with those that fail; prints N of N."""
    with REFERENCE.open(newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["config"] == config and r["family"] in features.families()]
    found = radkit.extract(case.image, case.mask, radkit.preset(preset))
    judged = [r for r in rows if r["standardised"] == "1"]
    wrong = []
    for r in judged:
        allowed = float(r["tolerance"]) + half_a_unit(r["value"])
        value = found[r["tag"]] if r["tag"] in found else float("nan")
        if not abs(value - float(r["value"])) <= allowed * (1 + 1e-9):
            wrong.append(f"{r['tag']}: {value:.6g}, reference {r['value']} ± {r['tolerance']}")
    print(f"IBSI 1 {config}: {len(judged) - len(wrong)} of {len(judged)}")
    for r in rows:
        if r["standardised"] != "1":
            print(f"  not standardized: {r['tag']} = {found[r['tag']]:.6g}")
    return len(judged), wrong


def test_half_a_unit():
    printed = {"13.1": 0.05, "-50": 0.5, "0.0411": 0.00005, "556": 0.5, "1490": 5}
    assert {number: half_a_unit(number) for number in printed} == pytest.approx(printed)


def test_digital_phantom():
    judged = judge("digital_phantom", radkit.load("ibsi-digital"), "ibsi-digital")
    assert judged == (expected("digital_phantom"), [])


@pytest.mark.mirror
@pytest.mark.parametrize("config", list(PRESETS))
def test_ct_phantom(config, mirror):
    assert judge(config, radkit.load("ibsi-ct"), PRESETS[config]) == (expected(config), [])
