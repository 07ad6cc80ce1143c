"""Logs of decisions as Arrow batches, whatever they are read from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

BATCH: Final = 65_536
"""Rows of one Arrow batch."""


@dataclass(frozen=True)
class LogFile:
    """A log of decisions that can be read again and again.

    Attributes:
        name: for messages.
        rows: number of rows; of a CSV file, of lines.
        read: gives batches of the columns named. It raises InvalidConfigError or
            BrokenLakeError where the log is damaged.
    """

    name: str
    columns: tuple[str, ...]
    rows: int
    read: Callable[[Sequence[str]], Iterator[pa.RecordBatch]]
