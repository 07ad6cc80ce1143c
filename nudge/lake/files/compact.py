"""Compaction: many small files become few large ones, sorted by slot and time.

A wider manifest replaces those within it the moment it has its name (see `manifest.chain`). The
replaced files stay for as long as a reader may still be at them, and are swept then.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nudge import faults
from nudge.lake.files import disk, manifest
from nudge.lake.files.errors import BrokenLakeError
from nudge.lake.files.manifest import File, Manifest, Range
from nudge.lake.files.reader import Contents
from nudge.lake.files.tables import SCHEMAS

ORDER: Final = ("slot", "at", "partition", "position")
GROUP: Final = 65_536
"""Rows of a row group, the unit that a reader of another slot may skip."""
Folder = tuple[str, str]
"""Table and `date=...` of a file's rows."""
Claim = tuple[Range, File]
"""A range, and its manifest's entry for a file."""


@dataclass(frozen=True)
class CompactionLimits:
    """Thresholds of compaction: when a merge is worth it, and how large it may be.

    Attributes:
        rows: most rows, over all partitions, of one merge; it is done in memory, a table at a time.
        many: fewest manifests of the present day that are worth a merge; a day that is over is
            merged as a whole.
    """

    rows: int = 400_000
    many: int = 32


@dataclass(frozen=True)
class Merge:
    """A unit of compaction: manifests that become one for each partition, with their files.

    Attributes:
        parts: neighbouring manifests, at least two, of each partition.
    """

    parts: tuple[tuple[Manifest, ...], ...]

    @property
    def ranges(self) -> list[Range]:
        """Ranges of the new manifests, one for each partition."""
        return [_covered(part) for part in self.parts]


def plan(
    contents: Contents, upto: Mapping[int, int], today: str, limits: CompactionLimits
) -> list[Merge]:
    """List the merges to do, the oldest first.

    Args:
        contents: snapshot of the lake.
        upto: partition -> position up to which the store knows that it is archived; other
            partitions belong to another worker.
        today: the present UTC day, as in `date=2026-09-21`.
        limits: limits of the work.
    """
    each = limits.rows // max(1, len(upto))
    found: defaultdict[tuple[str, int], list[tuple[Manifest, ...]]] = defaultdict(list)
    for p, last in upto.items():
        listed = [one for one in contents.manifests.get(p, ()) if one.range.upto <= last]
        for day, run in groupby(listed, key=lambda one: one.last_day):
            if not day:
                continue  # lost or removed: there is nothing to merge, and nothing goes across
            packs = _packs(run, each)
            for number, pack in enumerate(packs):
                if len(pack) >= (2 if day < today else limits.many):
                    found[day, number].append(pack)
    return [Merge(tuple(found[key])) for key in sorted(found)]


def _packs(run: Iterator[Manifest], most: int) -> list[tuple[Manifest, ...]]:
    packs: list[list[Manifest]] = [[]]
    rows = 0
    for one in run:
        if packs[-1] and rows + one.rows > most:
            packs.append([])
            rows = 0
        packs[-1].append(one)
        rows += one.rows
    return [tuple(pack) for pack in packs]


def _covered(part: Sequence[Manifest]) -> Range:
    first, last = part[0].range, part[-1].range
    return Range(first.partition, first.after, last.upto)


def merge(root: Path, work: Merge) -> None:
    """Write the new files, then the manifests that make them count.

    Idempotent: after a crash anywhere the lake holds the same rows, and a repetition replaces the
    same files.

    Raises:
        BrokenLakeError: a file does not hold what its manifests say; nothing has changed.
        LakeAwayError: the disk refused.
    """
    claims: defaultdict[Folder, list[Claim]] = defaultdict(list)
    for one in (one for part in work.parts for one in part):
        for file in one.files:
            folder = (file.table, PurePosixPath(file.path).parent.name)
            claims[folder].append((one.range, file))
    text = " ".join(map(str, sorted(work.ranges)))
    name = "c" + hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
    files: defaultdict[int, list[File]] = defaultdict(list)
    with disk.translate_errors(f"merged files of {name}"):
        for folder, found in sorted(claims.items()):
            for p, file in _merged(root, folder, found, name):
                files[p].append(file)
            faults.point("compact.between_files")
    faults.point("compact.after_files")
    for part, of in zip(work.parts, work.ranges, strict=True):
        mark = max((one.watermark for one in part if one.watermark is not None), default=None)
        manifest.write(root, Manifest(of, tuple(files[of.partition]), mark))
        faults.point("compact.between_manifests")
    faults.point("compact.after_manifests")


def _merged(
    root: Path, folder: Folder, claims: Sequence[Claim], name: str
) -> Iterator[tuple[int, File]]:
    table, day = folder
    files: defaultdict[str, list[Claim]] = defaultdict(list)
    beside: Counter[int] = Counter()
    for of, file in claims:
        files[file.path].append((of, file))
        beside[of.partition] += file.beside
    parts = [_claimed(root / path, table, found) for path, found in sorted(files.items())]
    rows = pa.concat_tables(parts)
    order = [(column, "ascending") for column in ORDER if column in rows.column_names]
    rows = rows.take(pc.sort_indices(rows, sort_keys=order))
    path = root / table / day / f"{name}.parquet"
    draft = disk.temporary(path)
    try:
        pq.write_table(rows, draft, compression="zstd", row_group_size=GROUP)
        disk.publish(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    counts = Counter(rows["partition"].to_pylist())
    for p, count in sorted(counts.items()):
        place = path.relative_to(root).as_posix()
        yield p, File(table, place, count, len(rows), beside[p], len(SCHEMAS[table]))


def _claimed(path: Path, table: str, claims: Sequence[Claim]) -> pa.Table:
    """Read the rows of a file that these ranges claim."""
    try:
        rows = pq.read_table(path, schema=SCHEMAS[table], partitioning=None)
    except pa.ArrowException as error:
        raise BrokenLakeError(f"{path} is not a Parquet file of {table}: {error}") from error
    parts = []
    for of, file in claims:
        inside = pc.and_(
            pc.equal(rows["partition"], of.partition),
            pc.and_(
                pc.greater(rows["position"], of.after), pc.less_equal(rows["position"], of.upto)
            ),
        )
        part = rows.filter(inside)
        if len(part) != file.rows:
            text = f"{len(part)} rows of {of}, its manifest says {file.rows}"
            raise BrokenLakeError(f"{path} holds {text}")
        parts.append(part)
    return pa.concat_tables(parts)
