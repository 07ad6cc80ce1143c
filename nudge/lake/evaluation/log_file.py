"""Logs of decisions as Arrow batches, whatever they are read from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from nudge.domain.reports.questions import EVER, Period
from nudge.errors import InvalidConfigError
from nudge.lake.files.tables import micros
from nudge.lake.intake.block import RowBlock

BATCH: Final = 65_536
"""Rows of one Arrow batch."""


@dataclass(frozen=True)
class LogFile:
    """A log of decisions that can be read again and again.

    Attributes:
        name: for messages.
        rows: number of rows; of a CSV file, about.
        blocks: gives blocks of the columns named. It raises InvalidConfigError or
            BrokenLakeError where the log is damaged as a whole.
        form: of a file, in words.
        unit: what the numbers of its rows count: "line" or "row".
    """

    name: str
    columns: tuple[str, ...]
    rows: int
    blocks: Callable[[Sequence[str]], Iterator[RowBlock]]
    form: str = ""
    unit: str = "row"

    def read(self, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield batches of the columns named, for who cannot leave out a row.

        Raises:
            InvalidConfigError: a row cannot be read.
        """
        for block in self.blocks(names):
            if block.bad:
                first = block.bad[0]
                where = f"{self.name}: {self.unit} {first.line:,}"
                raise InvalidConfigError([f"{where} {first.problem}"])
            yield block.batch

    def filter(self, column: str, holds: Callable[[pa.Array], pa.Array]) -> LogFile:
        """Return the log with the rows where a column's value holds; `rows` stays as it is."""

        def blocks(names: Sequence[str]) -> Iterator[RowBlock]:
            for block in self.blocks(list(dict.fromkeys([*names, column]))):
                kept = pc.fill_null(holds(block.batch.column(column)), fill_value=False)
                found = block.where(kept.to_numpy(zero_copy_only=False))
                yield replace(found, batch=found.batch.select(list(names)))

        return replace(self, blocks=blocks)


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
