"""Files that are there whole or not at all: written beside their place, synced to disk, then moved onto it."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def atomic_write(path) -> Iterator[BinaryIO]:
    """A binary file to write into; it takes its place at ``path`` only if the block ends without an error.

    A reader sees the old file or the new one, never half of one, and of two writers the last wins.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_write(Path(folder) / "a.txt") as file:
    ...         _ = file.write(b"whole")
    ...     (Path(folder) / "a.txt").read_bytes()
    b'whole'
    """
    path = Path(path)
    beside = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with open(beside, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
    _sync_folder(path.parent)


def write_bytes(path, data: bytes) -> None:
    """Write bytes atomically."""
    with atomic_write(path) as file:
        file.write(data)


def write_text(path, text: str) -> None:
    """Write text atomically, in UTF-8 and with the line ends as they are."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path, value) -> None:
    """Write JSON atomically, indented; NaN and infinity are refused (they are not JSON)."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # Windows cannot open folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
