"""The feature bench as an app: `panel serve dashboards/feature_bench/app.py`, or `radkit serve`."""

import panel as pn

from radkit_dashboards.feature_bench.state import FeatureBench
from radkit_dashboards.feature_bench.view import FeatureBenchView


def main() -> FeatureBenchView:
    """The page of one session, on the current document."""
    return FeatureBenchView(FeatureBench()).servable()


if pn.state.served:
    main()
