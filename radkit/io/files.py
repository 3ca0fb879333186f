"""Bounded access to foreign files: regular files only, no links, never more bytes than the limits allow."""

from __future__ import annotations

import itertools
import os
import stat
import zlib
from pathlib import Path

from radkit.io.limits import Deadline, Limits
from radkit.io.text import safe_name
from radkit.volume import DataNotFound, RefusedFile, UnreadableFile

CHUNK = 1 << 20


def read_bytes(path: Path, limit: int, name: str | None = None) -> bytes:
    """The whole content of a regular file of at most ``limit`` bytes; a link is refused."""
    name = name or safe_name(path.name)
    try:
        refuse_link(path, name)
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | _NONBLOCK)
    except FileNotFoundError:
        raise DataNotFound(f"{name} is not there. Check the path, and give a file or a DICOM folder.") from None
    except RefusedFile:
        raise
    except (OSError, ValueError):
        raise UnreadableFile(f"{name} cannot be opened. Check that it is a file that you may read.") from None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise RefusedFile(f"{name} is not a regular file. Give an image file or a DICOM folder.")
        if status.st_size > limit:
            raise RefusedFile(
                f"{name} has {status.st_size / 1e6:.0f} MB; the limit is {limit / 1e6:.0f} MB. Crop it, or compress it."
            )
        try:
            data = file.read(status.st_size + 1)
        except OSError:
            raise UnreadableFile(
                f"{name} cannot be read to its end. Check the disk, and copy the file again."
            ) from None
    if len(data) > status.st_size:
        raise RefusedFile(f"{name} grew while it was read. Wait until it is written, then read it again.")
    if not data:
        raise UnreadableFile(f"{name} is empty (0 bytes). Copy or export it again.")
    return data


_NONBLOCK = getattr(os, "O_NONBLOCK", 0)  # a named pipe must not hang the open


def refuse_link(path: Path, name: str) -> None:
    """Raise RefusedFile if a file or folder is a symbolic link."""
    if stat.S_ISLNK(os.lstat(path).st_mode):
        raise RefusedFile(f"{name} is a symbolic link, which radkit does not follow. Give the place that it points to.")


def list_files(folder: Path, limits: Limits) -> list[Path]:
    """The regular files of a folder in name order, hidden ones left out; links and too many files are refused."""
    refuse_link(folder, "the folder")
    try:
        with os.scandir(folder) as entries:
            found = list(itertools.islice(entries, 2 * limits.dicom_files + 1))
    except OSError:
        raise UnreadableFile("the folder cannot be listed. Check that you may read it.") from None
    shown = [entry for entry in found if not entry.name.startswith(".")]
    if any(entry.is_symlink() for entry in shown):
        raise RefusedFile("the folder holds a symbolic link, which radkit does not follow. Copy the files themselves.")
    files = sorted(Path(entry.path) for entry in shown if entry.is_file(follow_symlinks=False))
    if len(files) > limits.dicom_files or len(found) > 2 * limits.dicom_files:
        raise RefusedFile(f"the folder holds more than {limits.dicom_files} files. Put one series into a folder.")
    return files


class Inflater:
    """A gzip stream that hands out no more bytes than are asked for (bombs cost nothing)."""

    def __init__(self, data: bytes, name: str, deadline: Deadline):
        self._data = memoryview(data)
        self._at = 0  # first byte that was not fed yet
        self._stream = zlib.decompressobj(wbits=31)
        self._name = name
        self._deadline = deadline

    def read(self, n: int) -> memoryview:
        """The next ``n`` bytes, fewer only at the end; the checksum at the end of each member is verified."""
        out = bytearray()
        while len(out) < n:
            self._deadline.check()
            if self._stream.eof and not self._next_member():
                break
            out += self._inflate(min(CHUNK, n - len(out)))
        return memoryview(out).toreadonly()

    def _inflate(self, n: int) -> bytes:
        feed = self._stream.unconsumed_tail
        if not feed:
            feed = self._data[self._at : self._at + CHUNK]
            self._at += len(feed)
        try:
            piece = self._stream.decompress(feed, n)
        except zlib.error:
            raise UnreadableFile(f"{self._name} has a damaged gzip stream. Copy or download it again.") from None
        if not piece and not feed and not self._stream.eof:
            raise UnreadableFile(f"{self._name} is truncated: its gzip stream has no end. Copy or download it again.")
        return piece

    def _next_member(self) -> bool:
        self._at -= len(self._stream.unused_data)
        rest = self._data[self._at :]
        if bytes(rest[:2]) == b"\x1f\x8b":
            self._stream = zlib.decompressobj(wbits=31)
            return True
        if bytes(rest).strip(b"\0"):
            raise UnreadableFile(f"{self._name} has bytes after its gzip stream. Copy or download it again.")
        self._at = len(self._data)
        return False
