"""Writer of entries to Parquet: one file a table and UTC day, for all partitions given."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bandits.units import DAY
from nudge import faults
from nudge.domain.journal.records import JournalEntry
from nudge.lake.files import disk
from nudge.lake.files.manifest import File, Range
from nudge.lake.files.tables import SCHEMAS, TABLE_OF, Seal, rows

Place = tuple[str, int]
"""Table and UTC day (days since the epoch, by the stamp) of a file's rows."""


@dataclass
class _Draft:
    """An unfinished file, with its writer and counts.

    Attributes:
        path: final name of the file.
        temporary: name of the file until it is finished.
        rows: partition -> rows so far.
        beside: partition -> number of these rows that share the position of another.
    """

    table: str
    path: Path
    temporary: Path
    writer: pq.ParquetWriter
    rows: Counter[int] = field(default_factory=Counter)
    beside: Counter[int] = field(default_factory=Counter)

    def file(self, root: Path, partition: int) -> File:
        """Return the entry for the partition's manifest."""
        path, columns = self.path.relative_to(root).as_posix(), len(SCHEMAS[self.table])
        rows, beside = self.rows[partition], self.beside[partition]
        return File(self.table, path, rows, self.rows.total(), beside, columns)


def write(
    root: Path, ranges: Iterable[Range], chunks: Iterable[Sequence[JournalEntry]], seal: Seal
) -> dict[int, tuple[File, ...]]:
    """Write the entries of some ranges, at most one range a partition.

    Idempotent: the files' names derive from the ranges, so that a repetition replaces them. They do
    not exist for readers until manifests name them.

    Args:
        root: directory of the lake.
        ranges: positions of the entries in the chunks.
        chunks: entries, in order within a partition; each chunk becomes row groups.
        seal: makes decision ids of references.

    Returns:
        Partition -> files that hold its rows, for its manifest.

    Raises:
        LakeAwayError: the disk refused; no file appears.
        CorruptRecordError: a record does not fit its table.
    """
    name = _name(ranges)
    drafts: dict[Place, _Draft] = {}
    with disk.translate_errors(f"files of {name}"), _abandoned(drafts):
        for chunk in chunks:
            for place, entries in _placed(chunk).items():
                if place not in drafts:
                    drafts[place] = _draft(root, name, place)
                _append(drafts[place], entries, seal)
        for draft in drafts.values():
            draft.writer.close()
            disk.publish(draft.temporary, draft.path)
            faults.point("archive.between_files")
    return _files(root, drafts.values())


def _name(ranges: Iterable[Range]) -> str:
    text = " ".join(map(str, sorted(ranges)))
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _placed(entries: Iterable[JournalEntry]) -> dict[Place, list[JournalEntry]]:
    found: defaultdict[Place, list[JournalEntry]] = defaultdict(list)
    for entry in entries:
        found[TABLE_OF[entry.record.kind], int(entry.stamp // DAY)].append(entry)
    return found


def _draft(root: Path, name: str, place: Place) -> _Draft:
    table, day = place
    date = datetime.fromtimestamp(day * DAY, UTC).date().isoformat()
    path = root / table / f"date={date}" / f"{name}.parquet"
    temporary = disk.temporary(path)
    writer = pq.ParquetWriter(temporary, SCHEMAS[table], compression="zstd")
    return _Draft(table, path, temporary, writer)


def _append(draft: _Draft, entries: Sequence[JournalEntry], seal: Seal) -> None:
    table: pa.Table = rows(entries, seal)[draft.table]
    draft.writer.write_table(table)
    draft.rows.update(entry.partition for entry in entries)
    draft.beside.update(entry.partition for entry in entries if entry.index)


@contextmanager
def _abandoned(drafts: dict[Place, _Draft]) -> Iterator[None]:
    """Remove unfinished files if an error ends the context."""
    try:
        yield
    except BaseException:
        for draft in drafts.values():
            draft.writer.close()
            draft.temporary.unlink(missing_ok=True)
        raise


def _files(root: Path, drafts: Iterable[_Draft]) -> dict[int, tuple[File, ...]]:
    found: defaultdict[int, tuple[File, ...]] = defaultdict(tuple)
    for draft in drafts:
        for partition in sorted(draft.rows):
            found[partition] += (draft.file(root, partition),)
    return found
