"""radkit doctor: versions, data found, cache and device, for a bug report or a first look."""

from __future__ import annotations

import platform
import shutil
from importlib import metadata, util

from radkit._version import __version__

_PACKAGES = (
    "numpy", "scipy", "numba", "pandas", "pydicom", "SimpleITK", "panel", "bokeh", "holoviews", "panel-material-ui",
    "jupyterlab", "papermill", "scikit-learn", "torch",
)  # fmt: skip


def add_commands(commands) -> None:
    """Register ``doctor``."""
    parser = commands.add_parser("doctor", help="versions, data, cache, device", description=__doc__)
    parser.set_defaults(run=run)


def run(options) -> int:
    """Print one line a fact."""
    from radkit import datasets

    print(f"radkit      {__version__}")
    print(f"python      {platform.python_version()} on {platform.system()} {platform.machine()}")
    for name in _PACKAGES:
        print(f"{name:<18}{_version(name)}")
    print(f"device      {_device()}")
    print(f"cache       {datasets.cache_folder()} ({_free(datasets.cache_folder())} free)")
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    print(f"chromium    {browser or 'not found (browser tests only)'}")
    for d in datasets.available():
        print(f"data        {d.name}: {d.found or d.how}")
    return 0


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _device() -> str:
    if util.find_spec("torch") is None:
        return "CPU (torch is not installed)"
    import torch

    if torch.cuda.is_available():
        return f"GPU {torch.cuda.get_device_name(0)}"
    if getattr(torch.backends, "mps", None) is not None and torch.backends.mps.is_available():
        return "GPU of Apple silicon (MPS)"
    return f"CPU, {torch.get_num_threads()} threads"


def _free(folder) -> str:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return f"{shutil.disk_usage(folder).free / 2**30:.0f} GiB"
