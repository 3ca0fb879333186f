"""L5: every setting of an extraction in one frozen Recipe, with YAML, presets and the bounds of its knobs."""

from radkit.recipe.knobs import Knob, knobs, uses_bin_width
from radkit.recipe.presets import default, preset, presets
from radkit.recipe.recipe import AGGREGATIONS, Recipe

__all__ = ["AGGREGATIONS", "Knob", "Recipe", "default", "knobs", "preset", "presets", "uses_bin_width"]
