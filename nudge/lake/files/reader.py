"""The lake as its manifests describe it: the positions that it holds, and their files."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nudge.domain.journal.records import JournalEntry
from nudge.lake.files import disk, manifest
from nudge.lake.files.balances import Balance
from nudge.lake.files.errors import BrokenLakeError, DaysRemovedError
from nudge.lake.files.manifest import File, Manifest, Range
from nudge.lake.files.restore import Unseal, entries
from nudge.lake.files.tables import SCHEMAS

PART: Final = 5000
"""Rows that are converted to entries at once."""
_PARTITION = re.compile(r"p=(\d+)")


@dataclass(frozen=True)
class Source:
    """A file of a table, and the ranges of it that count.

    Attributes:
        path: absolute path.
        ranges: rows outside of these do not exist; neighbours are joined.
        whole: every row of the file is in a range, so that no filter is needed.
        full: the file has all columns of its table; one that was written before a column existed
            lacks it, and is read apart.
    """

    path: Path
    ranges: tuple[Range, ...]
    whole: bool
    full: bool


@dataclass(frozen=True)
class Contents:
    """A snapshot of the lake: all manifests as they were at one moment.

    Attributes:
        root: directory of the lake.
        manifests: partition -> its manifests, in order and without gap.
    """

    root: Path
    manifests: Mapping[int, Sequence[Manifest]]

    def positions(self) -> dict[int, int]:
        """Return, for each partition, the position up to which the lake holds everything."""
        return {p: found[-1].range.upto for p, found in self.manifests.items() if found}

    def lost(self) -> dict[int, int]:
        """Count the positions that were declared lost, for each partition that has any."""
        found = {
            p: sum(len(one.range) for one in listed if one.lost)
            for p, listed in self.manifests.items()
        }
        return {p: count for p, count in found.items() if count}

    def balance(self, partition: int) -> Balance:
        """Return the closing balance of a partition; an empty one if nothing was removed by age."""
        first = next(iter(self.manifests.get(partition, ())), None)
        if first is None or first.expired is None:
            return Balance(self.root)
        return Balance(self.root, first.range.upto, first.expired, first.watermark)

    def since(self) -> float | None:
        """Return the time, in seconds, after which nothing is missing; None if nothing ever was."""
        balances = map(self.balance, self.manifests)
        return max((one.until for one in balances if one.left), default=None)

    def rows(self) -> dict[int, Counter[str]]:
        """Count the rows that the manifests claim, for each partition and table."""
        found: defaultdict[int, Counter[str]] = defaultdict(Counter)
        for p, listed in self.manifests.items():
            for file in (file for one in listed for file in one.files):
                found[p][file.table] += file.rows
        return found

    def watermarks(self) -> dict[int, float]:
        """Return, for each partition, the seconds until which the lake holds every reward."""
        found = self.manifests.items()
        return {p: max((m.watermark or 0.0 for m in listed), default=0.0) for p, listed in found}

    def tables(self) -> dict[str, list[Source]]:
        """Return the files of each table, in the order of their names."""
        named: defaultdict[tuple[str, str], list[tuple[Range, File]]] = defaultdict(list)
        for one in chain.from_iterable(self.manifests.values()):
            for file in one.files:
                named[file.table, file.path].append((one.range, file))
        found: dict[str, list[Source]] = {table: [] for table in SCHEMAS}
        for (table, path), claims in sorted(named.items()):
            found[table].append(_source(self.root / path, claims))
        return found


class Lake:
    """The journal's long-term form: a directory of Parquet files and manifests.

    The object holds no state: each call reads the disk. Every method raises LakeAwayError if the
    disk refuses.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def partitions(self) -> list[int]:
        """List the partitions that have a manifest directory, in order."""
        with disk.translate_errors(str(self.root)):
            found = (_PARTITION.fullmatch(path.name) for path in self.root.glob("manifests/p=*"))
            return sorted(int(match[1]) for match in found if match)

    def manifests(self, partition: int) -> list[Manifest]:
        """Read the partition's manifests, in order and without gap.

        Raises:
            BrokenLakeError: two of them overlap, or positions are missing between them.
        """
        ranges = manifest.list_ranges(self.root, partition)
        chain = manifest.chain(ranges)
        if ranges and not chain:
            raise _contradiction(self.root, ranges)
        return [manifest.read(self.root, of) for of in chain]

    def last(self, partition: int) -> int:
        """Return the highest position in the names of the partition's manifests; 0 without any."""
        return max((of.upto for of in manifest.list_ranges(self.root, partition)), default=0)

    def contents(self) -> Contents:
        """Take a snapshot of the lake; reads every manifest once.

        Raises:
            BrokenLakeError: the manifests contradict each other.
        """
        return Contents(self.root, {p: self.manifests(p) for p in self.partitions()})

    def positions(self) -> dict[int, int]:
        """Return, for each partition, the position up to which the lake holds everything."""
        return self.contents().positions()

    def tables(self) -> dict[str, list[Source]]:
        """Return the files of each table, in the order of their names."""
        return self.contents().tables()

    def entries(self, partition: int, unseal: Unseal, after: int = 0) -> Iterator[JournalEntry]:
        """Yield the partition's entries behind a position, in order.

        The rows of one manifest are in memory at a time, and some thousand of them as entries.

        Args:
            partition: partition of the journal.
            unseal: finds references behind decision ids (`Sealer.unseal`).
            after: last position to skip.

        Raises:
            DaysRemovedError: some of them were removed by age; see `balances`.
        """
        for one in self.manifests(partition):
            if one.range.upto > after:
                if one.expired:
                    text = f"were removed from the lake by age; it goes on behind {one.range.upto}"
                    raise DaysRemovedError(f"positions of {one.range} {text}")
                for rows in _parts(self.rows(one), after):
                    yield from entries(rows, unseal)

    def balance(self, partition: int) -> Balance:
        """Return the closing balance of a partition; an empty one if nothing was removed by age."""
        return Contents(self.root, {partition: self.manifests(partition)}).balance(partition)

    def rows(self, one: Manifest) -> dict[str, pa.Table]:
        """Read the rows that a manifest claims, by table.

        Raises:
            BrokenLakeError: a file does not hold what the manifest says.
        """
        tables: defaultdict[str, list[pa.Table]] = defaultdict(list)
        for file in one.files:
            rows = _read(self.root / file.path, file.table, one.range)
            if len(rows) != file.rows:
                text = f"{len(rows)} rows of {one.range}, its manifest says {file.rows}"
                raise BrokenLakeError(f"{self.root / file.path} holds {text}")
            tables[file.table].append(rows)
        return {table: pa.concat_tables(parts) for table, parts in tables.items()}


def _contradiction(root: Path, ranges: list[Range]) -> BrokenLakeError:
    """Describe the first gap or overlap of manifests, without those that a wider one replaces."""
    widest: list[Range] = []
    for of in sorted(ranges, key=lambda one: (one.after, -one.upto)):
        if not widest or of.upto > widest[-1].upto:
            widest.append(of)
    for before, of in pairwise([Range(ranges[0].partition, 0, 0), *widest]):
        if before.upto != of.after:
            what = "overlap" if of.after < before.upto else "leave a gap"
            paths = [str(manifest.path_of(root, one)) for one in (before, of) if len(one)]
            return BrokenLakeError(f"manifests {what} at {of.after}: {' and '.join(paths)}")
    return BrokenLakeError(f"manifests of partition {ranges[0].partition} lead to no end")


def _parts(tables: Mapping[str, pa.Table], after: int) -> Iterator[dict[str, pa.Table]]:
    """Yield the rows behind a position, in order, `PART` at a time; no position is split."""
    columns = [table["position"].to_numpy() for table in tables.values()]
    places = np.sort(np.concatenate([np.zeros(0, np.int64), *columns]))
    for last in [*places[PART - 1 :: PART].tolist(), *places[-1:].tolist()]:
        # A block may be longer than what is left of a part.
        if last > after:
            within = (pc.field("position") > after) & (pc.field("position") <= last)
            yield {name: table.filter(within) for name, table in tables.items()}
            after = last


def _source(path: Path, claims: list[tuple[Range, File]]) -> Source:
    files = [file for _, file in claims]
    whole = sum(file.rows for file in files) == files[0].total
    full = all(file.columns == len(SCHEMAS[file.table]) for file in files)
    return Source(path, _joined([of for of, _ in claims]), whole, full)


def _joined(ranges: list[Range]) -> tuple[Range, ...]:
    done: list[Range] = []
    for of in sorted(ranges):
        if done and done[-1].partition == of.partition and done[-1].upto == of.after:
            done[-1] = Range(of.partition, done[-1].after, of.upto)
        else:
            done.append(of)
    return tuple(done)


def _read(path: Path, table: str, of: Range) -> pa.Table:
    within = (
        (pc.field("partition") == of.partition)
        & (pc.field("position") > of.after)
        & (pc.field("position") <= of.upto)
    )
    with disk.translate_errors(str(path)):
        try:
            return pq.read_table(path, schema=SCHEMAS[table], filters=within, partitioning=None)
        except pa.ArrowException as error:
            raise BrokenLakeError(f"{path} is not a Parquet file of {table}: {error}") from error
