"""Every standardized value of IBSI 2 phase 2, and the configurations without a published value.

The test loops over the reference. A value passes within IBSI's published tolerance plus half a unit of the last digit
that the reference prints.
"""

import csv
import math
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

import radkit
from radkit.filters import LaplacianOfGaussian
from radkit.recipe import presets

pytestmark = pytest.mark.ibsi
REFERENCE = Path(__file__).parent.parent / "reference" / "ibsi2_phase2_reference.csv"
WITHOUT = {"3a", "5b", "6a", "7b", "8a", "9b"}  # no value is published here


def reference() -> dict[str, list[dict]]:
    """The standardized rows of each configuration, "1a" ... "9a"."""
    rows = {}
    with REFERENCE.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["standardised"] == "1":
                rows.setdefault(row["config"].replace(".", "").lower(), []).append(row)
    return rows


def statistics(recipe) -> dict[str, float]:
    """Tag without the filter's name -> value."""
    case = radkit.load("ibsi-ct")
    found = radkit.extract(case.image, case.mask, recipe).to_dict()
    return {tag.rpartition("__")[2]: value for tag, value in found.items()}


def failures(rows: list[dict], found: dict[str, float]) -> list[str]:
    wrong = []
    for row in rows:
        last_digit = 10.0 ** Decimal(row["value"]).as_tuple().exponent
        off = abs(found.get(row["tag"], math.nan) - float(row["value"]))
        if not off <= (float(row["tolerance"]) + last_digit / 2) * (1 + 1e-9):
            wrong.append(f"{row['tag']}: {found.get(row['tag'])}, reference {row['value']} ± {row['tolerance']}")
    return wrong


def test_the_reference_and_the_presets_are_the_same_set():
    rows = reference()
    assert Counter(len(part) for part in rows.values()) == {18: 11, 17: 1}  # 11 x 18 + 17 = 215
    assert len(rows["8b"]) == 17
    assert {f"ibsi2-{c}" for c in {*rows, *WITHOUT}} == {n for n in presets() if n.startswith("ibsi2-")}
    assert not WITHOUT & set(rows)


@pytest.mark.mirror
@pytest.mark.parametrize("config", sorted(reference()))
def test_every_value(config, mirror):
    rows = reference()[config]
    wrong = failures(rows, statistics(radkit.preset(f"ibsi2-{config}")))
    print(f"IBSI 2 {config}: {len(rows) - len(wrong)} of {len(rows)}")
    assert wrong == []


@pytest.mark.mirror
@pytest.mark.parametrize("config", sorted(WITHOUT))
def test_configurations_without_a_reference_run(config, mirror):
    found = statistics(radkit.preset(f"ibsi2-{config}"))
    assert len(found) == 18
    assert all(math.isfinite(value) for value in found.values())
    assert found["stat_var"] > 0


@pytest.mark.mirror
def test_the_zero_sum_correction_meets_the_reference_too(mirror):
    recipe = radkit.preset("ibsi2-3b").replace(filters=(LaplacianOfGaussian(sigma_mm=1.5, zero_sum=True),))
    assert failures(reference()["3b"], statistics(recipe)) == []
