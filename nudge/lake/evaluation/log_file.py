"""A log of decisions as Arrow batches, whatever it is read from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

BATCH: Final = 65_536
"""Rows of one Arrow batch."""


@dataclass(frozen=True)
class LogFile:
    """A log that can be read again and again.

    Attributes:
        name: for messages.
        columns: that it has.
        rows: how many; of a CSV file the lines.
        read: names of columns -> batches of these columns. It raises InvalidConfigError or
            BrokenLakeError where the log is damaged.
    """

    name: str
    columns: tuple[str, ...]
    rows: int
    read: Callable[[Sequence[str]], Iterator[pa.RecordBatch]]
