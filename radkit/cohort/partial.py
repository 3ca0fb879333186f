"""Finished rows of a run that has not ended, one file each, so that a killed run goes on where it was."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from radkit._version import __version__
from radkit.cohort.row import RowResult, Task
from radkit.io import write_bytes
from radkit.volume import SettingError

FORMAT = 1
ROW_BYTES = 65_536  # of disk that a row with 500 features takes, about


@dataclass(frozen=True, kw_only=True)
class Partial:
    """The folder FILE.partial beside an output; an entry carries the sha256 of its content."""

    folder: Path

    @classmethod
    def beside(cls, output: Path) -> Partial:
        """The folder that belongs to an output."""
        return cls(folder=output.with_name(output.name + ".partial"))

    def open(self, n_rows: int) -> None:
        """Make the folder and see that it takes a file. Raises SettingError where the run could not end well."""
        place = self.folder.parent
        try:
            self.folder.mkdir(exist_ok=True)
            probe = self.folder / ".probe.part"
            write_bytes(probe, bytes(ROW_BYTES))
            probe.unlink()
        except OSError as error:
            raise SettingError(
                f"the folder of the output cannot be written to ({error.strerror}). Choose another --output."
            ) from None
        free, needed = shutil.disk_usage(place).free, n_rows * ROW_BYTES
        if free < needed:
            raise SettingError(
                f"{free / 1e6:.0f} MB are free beside the output, {n_rows} rows take about {needed / 1e6:.0f} MB. "
                "Make room, or choose another --output."
            )

    def get(self, key: str) -> tuple[RowResult | None, str]:
        """The row kept under a key (None: none, or a damaged one), and a warning ("" where there is no damage)."""
        path = self.folder / f"{key}.json"
        try:
            seal, _, body = path.read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None, ""
        if hashlib.sha256(body).hexdigest().encode() != seal:
            return None, f"{self.folder.name}/{path.name} is damaged; its row is computed again."
        return RowResult.of(json.loads(body)), ""

    def put(self, key: str, row: RowResult) -> None:
        """Keep a row, whole or not at all."""
        body = json.dumps(row.plain(), allow_nan=False).encode()
        self.folder.mkdir(exist_ok=True)
        write_bytes(self.folder / f"{key}.json", hashlib.sha256(body).hexdigest().encode() + b"\n" + body)

    def clear(self) -> None:
        """Delete every entry, and the folder if nothing else lies in it."""
        for path in [*self.folder.glob(f"{'[0-9a-f]' * 64}.json"), *self.folder.glob(".*.part")]:
            path.unlink(missing_ok=True)
        self.tidy()

    def tidy(self) -> None:
        """Delete the folder if it is empty."""
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()


def key_of(task: Task, recipe_hash: str, files: Sequence[tuple[str, int, int]]) -> str:
    """The name of a row's entry: sha256 of radkit's version, the recipe, and all that the row is made from.

    Columns that are only carried are not part of it: a corrected site computes nothing again. The default recipe
    is known by radkit's version.
    """
    made_from = {**task.plain(), "recipe": recipe_hash, "files": files}
    text = json.dumps([FORMAT, __version__, made_from], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
