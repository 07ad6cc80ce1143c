"""A table of a segment's members, written in pieces: Parquet if its name ends so, else CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from nudge.lake.files import disk

SCHEMA: Final = pa.schema(
    [(name, pa.string()) for name in ("segment", "subject", "since", "because")]
)
MemberRow = Mapping[str, Any]
"""A member as `member_view` returns it."""


@contextmanager
def member_file(path: Path, segment: str) -> Iterator[Callable[[Sequence[MemberRow]], None]]:
    """Give a function that appends members; the file appears when it is whole and synced.

    Args:
        path: of the finished file.
        segment: that its rows name.

    Raises:
        LakeError: the disk refuses.
    """
    with disk.translate_errors(f"{path} cannot be written"):
        draft = disk.temporary(path)
        parquet = path.suffix == ".parquet"
        made = pq.ParquetWriter(draft, SCHEMA) if parquet else csv.CSVWriter(draft, SCHEMA)
        try:
            with made as writer:
                yield lambda rows: writer.write_table(_table(segment, rows))
            disk.publish(draft, path)
        finally:
            draft.unlink(missing_ok=True)


def _table(segment: str, rows: Sequence[MemberRow]) -> pa.Table:
    columns = [
        [segment] * len(rows),
        [one["subject"] for one in rows],
        [one["since"] for one in rows],
        [orjson.dumps(one["because"]).decode() for one in rows],
    ]
    return pa.table([pa.array(one, pa.string()) for one in columns], schema=SCHEMA)
