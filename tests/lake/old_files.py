"""A lake with files that were written before a column existed, beside others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pyarrow.parquet as pq
from lake_samples import DECISION, MIDNIGHT, SEALER

from nudge.domain.journal.records import JournalEntry
from nudge.lake.files import manifest, writer
from nudge.lake.files.manifest import Manifest, Range
from nudge.lake.files.reader import Lake

RUNS = 4
EACH = 3
DUE = 1.8e9
FLOOR = 0.004
LACKING = ("due_seconds", "twin", "floor")


def written(lake: Lake, *, old: set[int], claimed: bool) -> list[JournalEntry]:
    """Some runs, each a file of two partitions.

    Of those of `old` no manifest says how many columns the file has: the even ones lack
    `due_seconds`, `twin` and `floor`, the odd ones are of the version behind it and lack nothing.

    Args:
        lake: to write.
        old: which of the runs.
        claimed: both partitions have their manifests; otherwise a file has more rows than count.

    Returns:
        The entries of partition 2, as they must be read.
    """
    entries = []
    for run in range(RUNS):
        after = run * EACH
        due, floor = (None, None) if run in old and run % 2 == 0 else (DUE, FLOOR)
        made = [
            JournalEntry(
                p, after + i + 1, MIDNIGHT + after, replace(DECISION, u=i, due=due, floor=floor)
            )
            for p in (1, 2)
            for i in range(EACH)
        ]
        ranges = [Range(p, after, after + EACH) for p in (1, 2)]
        files = writer.write(lake.root, ranges, [made], SEALER.seal_each)
        for of in ranges if claimed else ranges[1:]:
            manifest.write(lake.root, Manifest(of, files[of.partition], MIDNIGHT))
            if run in old:
                _aged(lake, of, () if run % 2 else LACKING)
        entries += made[EACH:]
    return entries


def _aged(lake: Lake, of: Range, lacking: Sequence[str]) -> None:
    path = manifest.path_of(lake.root, of)
    told = json.loads(path.read_text())
    for file in told["files"]:
        del file["columns"], file["beside"]
        rows = pq.read_table(lake.root / file["path"], partitioning=None)
        lacks = [name for name in lacking if name in rows.column_names]
        pq.write_table(rows.drop_columns(lacks), lake.root / file["path"])
    path.write_text(json.dumps(told))
