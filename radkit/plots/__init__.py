"""Result in; HoloViews element, alternative text and data table out."""

from radkit.plots.dose import DoseResponse, dose_response
from radkit.plots.histograms import histogram
from radkit.plots.matrix import glcm_map
from radkit.plots.picture import as_seen
from radkit.plots.plot import BASELINE, NOW, Plot, axis_label, number, with_unit
from radkit.plots.shift import Change, by_size, compare, feature_shift, percent

__all__ = [
    "BASELINE", "NOW", "Change", "DoseResponse", "Plot", "as_seen", "axis_label", "by_size", "compare", "dose_response",
    "feature_shift", "glcm_map", "histogram", "number", "percent", "with_unit",
]  # fmt: skip
