"""What the tests of cohorts share."""

import sys

import cohort_files
import pytest

from radkit import cohort


@pytest.fixture
def cases_csv(tmp_path):
    """Three small cases."""
    return cohort_files.write_cohort(tmp_path, 3)


@pytest.fixture
def computed(monkeypatch):
    """Rows are computed in this process; the list holds the tasks that were."""
    seen = []
    module = sys.modules[cohort.build.__module__]
    monkeypatch.setattr(module, "_pool", lambda workers, tasks: cohort_files.InThisProcess(tasks, seen))
    return seen
