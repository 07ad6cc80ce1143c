"""Balance of imports: what is still known of them when their rows were removed by age."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from nudge.domain.credit.import_marks import ROWS, UNDONE, row_digests
from nudge.domain.journal.records import Decision, JournalEntry, Mark, is_imported
from nudge.lake.files import disk
from nudge.lake.files.errors import BrokenLakeError

IMPORTS: Final = pa.schema(
    [
        *(("slot", pa.string()), ("import", pa.string()), ("undone", pa.int64())),
        *(("counts", pa.bool_()), ("digests", pa.large_binary())),
    ]
)
SOURCE: Final = "import:"
"""Beginning of the source of imported decisions; the import's name follows."""
COUNTS: Final = "imported_counts"


@dataclass
class RemovedImport:
    """An import of which rows were removed.

    Attributes:
        undone: how often it was taken back.
        counts: something of it still counts, and cannot be taken back any more.
        digests: of its rows that count.
    """

    undone: int = 0
    counts: bool = False
    digests: bytearray = field(default_factory=bytearray)


@dataclass
class ImportBalance:
    """The balance of the imports of a partition.

    Attributes:
        imports: (slot, name) -> what is known of it.
    """

    imports: dict[tuple[str, str], RemovedImport] = field(default_factory=dict)

    def take(self, entries: Iterable[JournalEntry]) -> None:
        """Take entries that are removed, in order."""
        for entry in entries:
            record = entry.record
            if isinstance(record, Decision) and is_imported(entry.ref):
                self._of(record.slot, record.source.removeprefix(SOURCE)).counts = True
            elif isinstance(record, Mark) and record.type in (ROWS, UNDONE, COUNTS):
                self._take_mark(record.type, record.fields)

    def _take_mark(self, kind: str, fields: Mapping[str, object]) -> None:
        one = self._of(str(fields["slot"]), str(fields["import"]))
        if kind == UNDONE:
            one.undone, one.counts = one.undone + 1, False
            one.digests.clear()
        else:
            one.counts = True
            one.digests += row_digests(str(fields["rows"])) if kind == ROWS else b""

    def _of(self, slot: str, name: str) -> RemovedImport:
        return self.imports.setdefault((slot, name), RemovedImport())

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a balance.

        Raises:
            BrokenLakeError: the file is gone or unreadable.
        """
        try:
            rows = pq.read_table(path, schema=IMPORTS).to_pylist()
        except (OSError, pa.ArrowException) as error:
            raise BrokenLakeError(f"{path} is not a readable balance: {error}") from error
        return cls(
            {
                (row["slot"], row["import"]): RemovedImport(
                    row["undone"], row["counts"], bytearray(row["digests"])
                )
                for row in rows
            }
        )

    def write(self, path: Path) -> None:
        """Write the balance.

        Raises:
            OSError: the disk refused.
        """
        rows = [
            (slot, name, one.undone, one.counts, bytes(one.digests))
            for (slot, name), one in sorted(self.imports.items())
        ]
        columns = [list(column) for column in zip(*rows, strict=True)] or [[]] * 5
        draft = disk.temporary(path)
        try:
            pq.write_table(pa.table(columns, schema=IMPORTS), draft)
            disk.publish(draft, path)
        finally:
            draft.unlink(missing_ok=True)
