"""Manifests: the files that say which rows of the lake exist; readers open nothing else.

A manifest covers one partition's positions behind `after` up to and including `upto`, and is named
by them: `manifests/p=3/0000000000000100-0000000000000250.json` holds the positions 101 to 250. The
next one begins with 250; a wider one replaces those within it. A file may hold rows of several
partitions, and a file that was written again may hold rows that another manifest claims: so a
reader takes from each file only the rows within the partition and range of the manifests that name
it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from nudge.lake.files import disk
from nudge.lake.files.errors import BrokenLakeError
from nudge.lake.files.removed_rows import RemovedRows

VERSION = 1
_NAME = re.compile(r"(\d{16})-(\d{16})\.json")


@dataclass(frozen=True, order=True)
class Range:
    """A range of consecutive positions of a partition.

    Attributes:
        after: last position before the range; 0 at the journal's beginning.
        upto: last position in it.
    """

    partition: int
    after: int
    upto: int

    def __len__(self) -> int:
        """Number of positions in the range."""
        return self.upto - self.after

    def __str__(self) -> str:
        """The range as messages show it: `p=3/100-250`."""
        return f"p={self.partition}/{self.after}-{self.upto}"


@dataclass(frozen=True)
class File:
    """A manifest's entry for one file: path, table and counts.

    Attributes:
        path: path within the lake.
        rows: number of rows in the manifest's range.
        total: number of rows in all ranges. If the `rows` of its manifests add up to it, readers
            need no filter.
        beside: number of `rows` that share the position of another: the decisions of a block
            behind its first.
        columns: number of columns; 0 if the manifest was written before that was noted.
    """

    table: str
    path: str
    rows: int
    total: int
    beside: int = 0
    columns: int = 0


@dataclass(frozen=True)
class Manifest:
    """The claim that the rows of one range exist, and in which files.

    Attributes:
        watermark: seconds; every reward by what was logged until then is in the lake. None says
            nothing.
        lost: reason why the range has no rows: a store was lost with them; empty for others.
        expired: closing balance of rows that were removed by age; None for others.
    """

    range: Range
    files: tuple[File, ...]
    watermark: float | None = None
    lost: str = ""
    expired: RemovedRows | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of all files that the manifest names, within the lake."""
        left = self.expired.paths if self.expired else ()
        return (*(file.path for file in self.files), *left)

    @property
    def last_day(self) -> str:
        """Last day of the manifest's rows, as in `date=2026-09-21`; empty without rows."""
        return max((PurePosixPath(file.path).parent.name for file in self.files), default="")

    @property
    def rows(self) -> int:
        """Number of rows of its files that are in its range."""
        return sum(file.rows for file in self.files)

    @property
    def beside(self) -> int:
        """Number of its rows that share the position of another."""
        return sum(file.beside for file in self.files)

    @property
    def positions(self) -> int:
        """Number of positions of the range that the manifest accounts for."""
        if self.expired:
            return self.expired.positions
        return len(self.range) if self.lost else self.rows - self.beside


def directory(root: Path, partition: int) -> Path:
    """Return the directory of a partition's manifests."""
    return root / "manifests" / f"p={partition}"


def path_of(root: Path, of: Range) -> Path:
    """Return the path of the manifest of a range, which need not exist."""
    return directory(root, of.partition) / f"{of.after:016}-{of.upto:016}.json"


def list_ranges(root: Path, partition: int) -> list[Range]:
    """List the ranges that a partition's manifests cover, by their names alone, in order."""
    with disk.translate_errors(f"manifests of partition {partition}"):
        try:
            names = [path.name for path in directory(root, partition).iterdir()]
        except FileNotFoundError:
            return []
    found = filter(None, map(_NAME.fullmatch, names))
    return sorted(Range(partition, int(match[1]), int(match[2])) for match in found)


def chain(ranges: Iterable[Range]) -> list[Range]:
    """Find the ranges that follow each other from 0 to the last position without gap.

    Of several ways the one with the fewest manifests is taken, so that a merged manifest replaces
    its parts the moment it exists. The result is empty if no way leads to the end.
    """
    ways: dict[int, tuple[int, Range | None]] = {0: (0, None)}
    last = 0
    for of in sorted(ranges):
        last = max(last, of.upto)
        steps = ways[of.after][0] + 1 if of.after in ways else None
        if steps is not None and (of.upto not in ways or steps < ways[of.upto][0]):
            ways[of.upto] = (steps, of)
    found: list[Range] = []
    while last in ways and (step := ways[last][1]) is not None:
        found.append(step)
        last = step.after
    return found[::-1]


def write(root: Path, manifest: Manifest) -> None:
    """Write a manifest, which makes its rows exist for readers.

    Raises:
        LakeAwayError: the disk refused, or a file is gone. The manifest is not written then.
    """
    of = manifest.range
    with disk.translate_errors(f"manifest {of}"):
        for path in manifest.paths:
            # Fails where the file was swept away meanwhile; else keeps it from being so.
            os.utime(root / path)
        disk.write_text(path_of(root, of), _dumped(manifest))


def _dumped(manifest: Manifest) -> str:
    of, files = manifest.range, [asdict(file) for file in manifest.files]
    head = {"version": VERSION, "partition": of.partition, "from": of.after, "to": of.upto}
    lost: dict[str, object] = {"lost": manifest.lost} if manifest.lost else {}
    if manifest.expired:
        lost |= {"expired": manifest.expired.plain}
    body = {"watermark": manifest.watermark, "files": files}
    return json.dumps(head | lost | body, indent=1) + "\n"


def read(root: Path, of: Range) -> Manifest:
    """Read the manifest of a range.

    Raises:
        BrokenLakeError: the file is not a manifest, or does not account for every position.
        LakeAwayError: the disk refused.
    """
    path = path_of(root, of)
    with disk.translate_errors(str(path)):
        text = path.read_text(encoding="utf-8")
    try:
        manifest = _parsed(json.loads(text))
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenLakeError(f"{path} is not a manifest: {error!r}") from error
    if manifest.range != of or manifest.positions != len(of):
        raise BrokenLakeError(f"{path} does not account for the {len(of)} positions of {of}")
    return manifest


def _parsed(values: Mapping[str, Any]) -> Manifest:
    if values["version"] != VERSION:
        raise ValueError(f"version {values['version']}, expected {VERSION}")
    of = Range(values["partition"], values["from"], values["to"])
    files = tuple(File(**file) for file in values["files"])
    lost, expired = values.get("lost", ""), RemovedRows.read(values.get("expired"))
    return Manifest(of, files, values["watermark"], lost, expired)
