"""Data sets by name: where they lie, how they are fetched, and under which terms they may be used."""

from radkit.datasets.download import FetchReport, fetch
from radkit.datasets.loading import available, cases, default_case, files_of, load, verify
from radkit.datasets.patients import facts
from radkit.datasets.places import Place, cache_folder, search_places
from radkit.datasets.registry import NO_REIDENTIFICATION, DataSet, cite

__all__ = [
    "NO_REIDENTIFICATION", "DataSet", "FetchReport", "Place", "available", "cache_folder", "cases", "cite",
    "default_case", "facts", "fetch", "files_of", "load", "search_places", "verify",
]  # fmt: skip
