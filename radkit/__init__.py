"""radkit: move the knob, watch the number move. For teaching and research, not for diagnosis.

>>> import radkit
>>> case = radkit.load("ibsi-digital")
>>> features = radkit.extract(case.image, case.mask, radkit.preset("ibsi-digital"))
"""

from importlib import import_module

from radkit._version import __version__

# public name -> the room it lives in; loaded on first use (PEP 562), so that `import radkit` costs nothing
_ROOMS = {
    "Case": "volume",
    "Image": "volume",
    "Mask": "volume",
    "RadkitError": "volume",
    "Roi": "volume",
    "AlignedBinWidth": "preprocess",
    "AsIs": "preprocess",
    "FixedBinCount": "preprocess",
    "FixedBinWidth": "preprocess",
    "Resample": "preprocess",
    "Resegment": "preprocess",
    "GaussianPsf": "physics",
    "ZScore": "physics",
    "Recipe": "recipe",
    "preset": "recipe",
    "extract": "extraction",
    "sweep": "extraction",
    "robustness": "evaluate",
    "voxel_map": "extraction",
    "load": "datasets",
    "read": "io",
    "read_mask": "io",
}
_MODULES = (
    "cohort", "datasets", "evaluate", "extraction", "features", "filters", "io", "matrices", "phantoms", "physics",
    "plots", "preprocess", "recipe", "report", "runs", "volume",
)  # fmt: skip

__all__ = ["__version__", *_ROOMS]


def __getattr__(name: str):
    if name in _ROOMS:
        value = getattr(import_module(f"radkit.{_ROOMS[name]}"), name)
    elif name in _MODULES:
        value = import_module(f"radkit.{name}")
    else:
        raise AttributeError(f"module 'radkit' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__, *_MODULES})
