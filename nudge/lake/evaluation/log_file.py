"""Logs of decisions as Arrow batches, whatever they are read from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from nudge.domain.reports.questions import EVER, Period
from nudge.lake.files.tables import micros

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

    def filter(self, column: str, holds: Callable[[pa.Array], pa.Array]) -> LogFile:
        """Return the log with the rows where a column's value holds; `rows` stays as it is."""

        def read(names: Sequence[str]) -> Iterator[pa.RecordBatch]:
            for batch in self.read(list(dict.fromkeys([*names, column]))):
                yield batch.filter(holds(batch.column(column))).select(list(names))

        return replace(self, read=read)


def cut_to_period(log: LogFile, period: Period) -> LogFile:
    """Return the log with the rows whose `at` lies in the period; `rows` stays as it is."""
    if period == EVER:
        return log
    start = 0 if period.start is None else micros(period.start)
    end = micros(1e12) if period.end is None else micros(period.end)

    def inside(at: pa.Array) -> pa.Array:
        times = at.cast(pa.timestamp("us")).cast(pa.int64())
        return pc.and_(pc.greater_equal(times, start), pc.less(times, end))

    return log.filter("at", inside)
