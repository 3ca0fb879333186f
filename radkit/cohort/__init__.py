"""L5: a CSV of cases to one table of features, on one machine or on Dask: resumable, the same for any workers."""

from radkit.cohort.build import Cohort, Progress, Timing, build
from radkit.cohort.cluster import DaskWorkers
from radkit.cohort.columns import Column, frame, long, of_frame, require_format, wide, write_columns
from radkit.cohort.designs import change, per_patient
from radkit.cohort.local import LocalWorkers
from radkit.cohort.regions import (
    AsDrawn,
    Core,
    FixedUptake,
    Region,
    ShareOfMaximum,
    Shell,
    apply_region,
    parse_region,
)
from radkit.cohort.row import Number, RowResult, Task, measure
from radkit.cohort.table import CaseRow, CaseTable, read_cases
from radkit.cohort.uptake import mtv_ml, tlg

__all__ = [
    "AsDrawn", "CaseRow", "CaseTable", "Cohort", "Column", "Core", "DaskWorkers", "FixedUptake", "LocalWorkers",
    "Number", "Progress", "Region", "RowResult", "ShareOfMaximum", "Shell", "Task", "Timing", "apply_region", "build",
    "change", "frame", "long", "measure", "mtv_ml", "of_frame", "parse_region", "per_patient", "read_cases",
    "require_format", "tlg", "wide", "write_columns",
]  # fmt: skip
