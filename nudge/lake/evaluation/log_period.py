"""Logs cut to a period of their decisions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from nudge.domain.reports.questions import EVER, Period
from nudge.lake.evaluation.log_file import LogFile
from nudge.lake.files.tables import micros


def cut_to_period(log: LogFile, period: Period) -> LogFile:
    """Return the log's rows with `at` in the period; `rows` stays that of the whole log."""
    if period == EVER:
        return log

    def read(names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        for batch in log.read(list(dict.fromkeys([*names, "at"]))):
            yield batch.filter(_inside(batch.column("at"), period)).select(list(names))

    return replace(log, read=read)


def _inside(at: pa.Array, period: Period) -> pa.Array:
    times = at.cast(pa.timestamp("us")).cast(pa.int64())
    start = 0 if period.start is None else micros(period.start)
    end = micros(1e12) if period.end is None else micros(period.end)
    return pc.and_(pc.greater_equal(times, start), pc.less(times, end))
