"""Several lesions and several time points, by arithmetic."""

import math

import pandas as pd
import pytest

from radkit import cohort
from radkit.volume import SettingError

COMPUTED = ["status", "reason", "n_voxels", "n_levels"]


def table(keys, rows, features=("morph_volume", "f")):
    good = [
        (*key, "ok", "", 8, 4, *values) if values else (*key, "failed", "no mask", None, None) for key, values in rows
    ]
    width = len(keys) + 4 + len(features)
    padded = [(*row, *[math.nan] * (width - len(row))) for row in good]
    return pd.DataFrame(padded, columns=[*keys, *COMPUTED, *features])


class TestPerPatient:
    keys = ("case", "lesion", "site")
    rows = (
        (("A", "1", "north"), (30.0, 1.0)),
        (("A", "2", "north"), (10.0, 5.0)),
        (("A", "3", "north"), None),
        (("B", "1", "south"), (7.0, -2.0)),
        (("C", "1", "south"), None),
    )

    def found(self):
        return cohort.per_patient(table(self.keys, self.rows))

    def test_largest_weighted_and_spread(self):
        row = self.found().iloc[0]
        assert row["f__largest"] == 1.0
        assert row["f__weighted"] == pytest.approx((30 * 1 + 10 * 5) / 40)
        assert row["f__sd"] == pytest.approx(math.sqrt(((1 - 3) ** 2 + (5 - 3) ** 2) / 1))
        assert row["f__range"] == 5 - 1
        assert row["morph_volume__largest"] == 30
        assert (row["n_lesions"], row["n_failed"]) == (2, 1)

    def test_columns_that_are_constant_are_carried(self):
        assert list(self.found().columns[:6]) == ["case", "site", "status", "reason", "n_lesions", "n_failed"]
        assert self.found()["site"].tolist() == ["north", "south", "south"]
        mixed = [((a, b, f"{site}{i}"), values) for i, ((a, b, site), values) in enumerate(self.rows)]
        assert "site" not in cohort.per_patient(table(self.keys, mixed)).columns

    def test_one_lesion_has_no_spread_and_says_so(self):
        found = self.found()
        row = found.iloc[1]
        assert row["f__largest"] == row["f__weighted"] == -2.0
        assert math.isnan(row["f__sd"])
        reasons = {u["reason"]: u["columns"] for u in found.attrs["undefined"] if u["row"] == 1}
        assert reasons == {"one lesion has no spread": ["morph_volume__sd", "morph_volume__range", "f__sd", "f__range"]}

    def test_a_patient_without_a_lesion(self):
        row = self.found().iloc[2]
        assert (row["status"], row["reason"], row["n_lesions"], row["n_failed"]) == (
            "failed",
            "no lesion was measured",
            0,
            1,
        )

    def test_a_feature_that_a_lesion_lacks(self):
        rows = [(("A", "1", "n"), (30.0, 1.0)), (("A", "2", "n"), (10.0, math.nan))]
        found = cohort.per_patient(table(self.keys, rows))
        assert found["f__largest"].item() == 1.0  # the largest lesion has it
        assert found[["f__weighted", "f__sd", "f__range"]].isna().all(axis=None)
        (undefined,) = found.attrs["undefined"]
        assert undefined["reason"] == "the feature is undefined in 1 of 2 lesions"

    def test_a_lesion_without_volume_cannot_be_weighed(self):
        rows = [(("A", "1", "n"), (math.nan, 1.0)), (("A", "2", "n"), (10.0, 3.0))]
        found = cohort.per_patient(table(self.keys, rows))
        assert found[["f__largest", "f__weighted"]].isna().all(axis=None)
        assert found["f__range"].item() == 2.0

    def test_time_points_and_regions_stay_apart(self):
        keys = ("case", "lesion", "timepoint", "roi")
        rows = [(("A", "1", t, r), (1.0, 1.0)) for t in "12" for r in ("tumor", "shell:5")]
        found = cohort.per_patient(table(keys, rows))
        assert found[["timepoint", "roi"]].values.tolist() == [list(k[2:]) for k, _ in rows]

    def test_what_it_needs(self):
        with pytest.raises(SettingError, match="column 'lesion'"):
            cohort.per_patient(table(("case",), [(("A",), (1.0, 2.0))]))
        with pytest.raises(SettingError, match="morph_volume"):
            cohort.per_patient(table(("case", "lesion"), [(("A", "1"), (2.0,))], features=("f",)))
        with pytest.raises(SettingError, match="no column status"):
            cohort.per_patient(pd.DataFrame({"case": ["A"], "lesion": ["1"]}))


class TestChange:
    keys = ("case", "lesion", "timepoint")

    def found(self, *rows):
        return cohort.change(table(self.keys, rows, features=("f",)))

    def test_against_the_first_time_point(self):
        found = self.found((("A", "1", "10"), (8.0,)), (("A", "1", "2"), (4.0,)), (("A", "1", "1"), (2.0,)))
        assert found[["from", "to"]].values.tolist() == [["1", "2"], ["1", "10"]]  # numbers, not words
        assert found["f__change"].tolist() == [4 - 2, 8 - 2]
        assert found["f__percent"].tolist() == [100.0, 300.0]
        assert found["f__log_ratio"].tolist() == pytest.approx([math.log(2), math.log(4)])

    def test_words_are_in_the_order_of_the_table(self):
        found = self.found((("A", "1", "pre"), (2.0,)), (("A", "1", "post"), (3.0,)))
        assert found[["from", "to"]].values.tolist() == [["pre", "post"]]

    def test_below_zero_the_sign_is_the_direction(self):
        found = self.found((("A", "1", "1"), (-10.0,)), (("A", "1", "2"), (-5.0,)))
        assert found["f__percent"].item() == 50.0
        assert math.isnan(found["f__log_ratio"].item())
        assert found.attrs["undefined"] == [
            {"row": 0, "reason": "a logarithm needs two positive values", "columns": ["f__log_ratio"]}
        ]

    def test_from_zero_there_is_no_percentage(self):
        found = self.found((("A", "1", "1"), (0.0,)), (("A", "1", "2"), (5.0,)))
        assert found["f__change"].item() == 5.0
        assert math.isnan(found["f__percent"].item())
        assert {u["reason"] for u in found.attrs["undefined"]} == {
            "the first value is 0",
            "a logarithm needs two positive values",
        }

    def test_pairs_that_cannot_be_compared_say_why(self):
        found = self.found((("A", "1", "1"), (1.0,)), (("A", "1", "2"), None), (("A", "2", "1"), (1.0,)))
        assert found["status"].tolist() == ["failed", "failed"]
        assert found["reason"].tolist() == ["time point 2 failed: no mask", "there is no second time point"]
        assert found["f__change"].isna().all()

    def test_lesions_are_not_mixed(self):
        rows = [(("A", lesion, t), (float(lesion) * float(t),)) for lesion in "12" for t in "13"]
        found = self.found(*rows)
        assert found[["lesion", "f__change"]].values.tolist() == [["1", 2.0], ["2", 4.0]]

    def test_what_it_needs(self):
        with pytest.raises(SettingError, match="column 'timepoint'"):
            cohort.change(table(("case",), [(("A",), (1.0, 2.0))]))
