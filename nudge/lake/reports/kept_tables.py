"""Cache of small tables in files beside the lake, for repeated questions.

The cache is safe to remove. A file is named by hashes of everything that its tables depend on, so
that it is never stale; it is removed some time after its last use.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyarrow import ipc

from nudge import clock
from nudge.lake.files import disk


@dataclass(frozen=True)
class KeptTables:
    """The cached tables of one kind.

    A file is named by what was asked, and by the state of what it was asked about: `about` and
    `state`, different values of which have a different `repr`.

    Attributes:
        root: directory of the files.
        suffix: of the kind's files.
        unused: seconds after its last use at which a file is removed.
    """

    root: Path
    suffix: str
    unused: float

    def find(self, about: Sequence[object], state: object) -> list[pa.Table] | None:
        """Return tables from the cache; None if it has none.

        Raises:
            LakeAwayError: the disk refused.
        """
        return self.read(self._path(about, state))

    def hold(self, about: Sequence[object], state: object, tables: Sequence[pa.Table]) -> None:
        """Write tables to the cache.

        Raises:
            LakeAwayError: the disk refused.
        """
        path = self._path(about, state)
        with disk.translate_errors(str(self.root)):
            self.root.mkdir(parents=True, exist_ok=True)
            draft = disk.temporary(path)
            try:
                with draft.open("wb") as file:
                    for table in tables:
                        with ipc.new_stream(file, table.schema) as stream:
                            stream.write_table(table)
                disk.publish(draft, path)
            finally:
                draft.unlink(missing_ok=True)
            self._sweep()

    def schemas(self, about: Sequence[object]) -> Iterator[tuple[Path, pa.Schema]]:
        """Yield the files of a question in all states, with the schema of the first table."""
        for path in sorted(self.root.glob(f"{_hash(about)}-*{self.suffix}")):
            try:
                with path.open("rb") as file:
                    yield path, ipc.open_stream(file).schema
            except (FileNotFoundError, pa.ArrowInvalid):
                continue

    @staticmethod
    def read(path: Path) -> list[pa.Table] | None:
        """Return the tables of a file; None without it, or where it is cut off.

        Raises:
            LakeAwayError: the disk refused.
        """
        found: list[pa.Table] = []
        with disk.translate_errors(str(path)):
            try:
                os.utime(path)
                if not path.stat().st_size:
                    return found  # nothing can be mapped
                # Mapped: what is not looked at is not read, and all workers share it.
                with pa.memory_map(str(path)) as file:
                    while file.tell() < file.size():
                        found.append(ipc.open_stream(file).read_all())
            except (FileNotFoundError, pa.ArrowInvalid):
                return None
        return found

    def _path(self, about: Sequence[object], state: object) -> Path:
        return self.root / f"{_hash(about)}-{_hash(state)}{self.suffix}"

    def _sweep(self) -> None:
        before = clock.now() - self.unused
        for path in self.root.glob(f"*{self.suffix}"):
            if path.stat().st_mtime < before:
                path.unlink(missing_ok=True)


def _hash(value: object) -> str:
    return hashlib.blake2b(repr(value).encode(), digest_size=16).hexdigest()
