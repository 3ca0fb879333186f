"""L5: every setting of an extraction in one frozen Recipe, with YAML, presets and the bounds of its knobs."""

from radkit.recipe.knobs import Knob, knobs, uses_bin_width
from radkit.recipe.presets import default, preset, presets
from radkit.recipe.pyradiomics import Translation, TranslationWarning, translate
from radkit.recipe.pyradiomics_settings import is_pyradiomics
from radkit.recipe.recipe import AGGREGATIONS, Recipe

__all__ = [
    "AGGREGATIONS", "Knob", "Recipe", "Translation", "TranslationWarning", "default", "is_pyradiomics", "knobs",
    "preset", "presets", "translate", "uses_bin_width",
]  # fmt: skip
