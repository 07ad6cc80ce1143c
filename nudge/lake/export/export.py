"""Export of a slot's joined form for other tools: streamed, and a whole file or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, Protocol

import pyarrow as pa

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.slots.slot import Scalar
from nudge.errors import InvalidRequestError
from nudge.lake.engine.outage_reader import read_quarantines
from nudge.lake.engine.query import answer, connect, joined_form
from nudge.lake.evaluation.log_columns import Look
from nudge.lake.evaluation.log_file import BATCH, LogFile
from nudge.lake.export.export_dsjson import write_dsjson
from nudge.lake.export.export_obp import write_obp
from nudge.lake.export.export_sensors import write_sensors
from nudge.lake.export.export_tables import write_csv, write_parquet
from nudge.lake.files import disk
from nudge.lake.files.reader import Lake
from nudge.lake.intake.block import RowBlock, number_blocks
from nudge.lake.reports.local_dates import timestamp

Attributes = Mapping[str, Mapping[str, Scalar]]
"""Variant -> attributes, for tools that learn from the features of an action."""


@dataclass(frozen=True)
class ExportRequest:
    """Slot and period whose decisions are exported.

    Attributes:
        start: seconds; decisions made then or later; None sets no limit.
        end: seconds; decisions made before; None sets no limit.
        attributes: attributes of the slot's variants, as far as they are known.
    """

    slot: str
    start: float | None = None
    end: float | None = None
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True)
class ExportResult:
    """Counts of an export: rows written, and decisions left out.

    Attributes:
        rows: rounds, lines or rows of the file.
        left_out: reason -> number of decisions that are not in the file for it.
    """

    rows: int
    left_out: Mapping[str, int]


class ExportWriter(Protocol):
    """Function that writes a log in one format."""

    def __call__(
        self, log: LogFile, path: Path, attributes: Attributes, look: Look
    ) -> tuple[int, Mapping[str, int]]:
        """Write the log to a path; return the rows written, and reason -> decisions left out."""


WRITERS: Final[Mapping[str, ExportWriter]] = {
    "obp": write_obp,
    "dsjson": write_dsjson,
    "sensors": write_sensors,
    "csv": write_csv,
    "parquet": write_parquet,
}
READINGS: Final[Mapping[str, int]] = {"obp": 2}
"""Format -> number of passes over the log; other formats make one pass."""


def open_export(lake: Lake, wanted: ExportRequest) -> LogFile:
    """Return the joined form of a slot's decisions, ordered by time.

    Raises:
        InvalidRequestError: the period has no decision.
        BrokenLakeError: the lake cannot be read.
    """
    backend = connect(lake)
    rows = joined_form(backend, wanted.slot, read_quarantines(backend))
    if wanted.start is not None:
        rows = rows.filter(rows["at"] >= timestamp(wanted.start))
    if wanted.end is not None:
        rows = rows.filter(rows["at"] < timestamp(wanted.end))
    (counted,) = answer(backend, rows.aggregate(rows=rows.count()))
    if not counted["rows"]:
        raise InvalidRequestError(f"no decision of slot {wanted.slot!r} is in this period")
    in_order = rows.order_by("at", "decision_id")

    def blocks(names: Sequence[str]) -> Iterator[RowBlock]:
        # Not `to_pyarrow_batches`: Ibis 12 asks for what DuckDB 2 has under another name.
        query = backend.con.sql(backend.compile(in_order.select(*names)))
        return number_blocks(map(_whole, query.to_arrow_reader(BATCH)))

    return LogFile(f"slot {wanted.slot}", tuple(rows.columns), int(counted["rows"]), blocks)


def export(
    log: LogFile,
    kind: str,
    path: Path,
    attributes: Attributes,
    look: Look,
    calendar: OperatorCalendar | None = None,
) -> ExportResult:
    """Write the log to a file, which appears under its name only when it is whole.

    Args:
        log: from `open_export`.
        kind: one of WRITERS.
        path: path of the file.
        attributes: variant -> attributes.
        look: called with the number of rows after each batch that was read.
        calendar: of the times in CSV; None takes that of the default zone.

    Raises:
        LakeAwayError: the disk refused; no file appears.
    """
    writers = {**WRITERS, "csv": partial(write_csv, calendar=calendar)}
    with disk.translate_errors(str(path)):
        draft = disk.temporary(path)
        try:
            rows, left_out = writers[kind](log, draft, attributes, look)
            disk.publish(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    return ExportResult(rows, dict(Counter(left_out)))


def _whole(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Narrow columns of decimals to 64-bit integers: DuckDB makes sums wider than they need be."""
    for i, column in enumerate(batch.columns):
        if pa.types.is_decimal(column.type):
            batch = batch.set_column(i, batch.schema.names[i], column.cast(pa.int64()))
    return batch
