"""Hands a slot's log to other tools: the joined form, streamed, whole or not there at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

import ibis
import pyarrow as pa

from nudge.domain.slots.slot import Scalar
from nudge.errors import InvalidRequestError
from nudge.lake.engine.query import answer, connect, joined_form
from nudge.lake.evaluation.log_columns import Look
from nudge.lake.evaluation.log_file import BATCH, LogFile
from nudge.lake.export.export_dsjson import write_dsjson
from nudge.lake.export.export_obp import write_obp
from nudge.lake.export.export_sensors import write_sensors
from nudge.lake.export.export_tables import write_csv, write_parquet
from nudge.lake.files import disk
from nudge.lake.files.reader import Lake

Attributes = Mapping[str, Mapping[str, Scalar]]
"""Variant -> its attributes, for tools that learn from an action's features."""


@dataclass(frozen=True)
class ExportRequest:
    """What is exported.

    Attributes:
        slot: of the decisions.
        start: seconds; decisions made then or later, None for all.
        end: seconds; decisions made before.
        attributes: of the slot's variants, as far as they are known.
    """

    slot: str
    start: float | None = None
    end: float | None = None
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True)
class ExportResult:
    """What was written.

    Attributes:
        rows: rounds, lines or rows of the file.
        left_out: why decisions are not in it -> how many.
    """

    rows: int
    left_out: Mapping[str, int]


class ExportWriter(Protocol):
    """Writes one format."""

    def __call__(
        self, log: LogFile, path: Path, attributes: Attributes, look: Look
    ) -> tuple[int, Mapping[str, int]]:
        """Write the log to a path; rows written, and why others were not."""


WRITERS: Final[Mapping[str, ExportWriter]] = {
    "obp": write_obp,
    "dsjson": write_dsjson,
    "sensors": write_sensors,
    "csv": write_csv,
    "parquet": write_parquet,
}
READINGS: Final[Mapping[str, int]] = {"obp": 2}
"""How often a format reads the log; others once."""


def exported_rows(lake: Lake, wanted: ExportRequest) -> LogFile:
    """The joined form of a slot's decisions, by time.

    Raises:
        InvalidRequestError: there are none.
        BrokenLakeError: the lake cannot be read.
    """
    backend = connect(lake)
    rows = joined_form(backend, wanted.slot)
    if wanted.start is not None:
        rows = rows.filter(rows["at"] >= _instant(wanted.start))
    if wanted.end is not None:
        rows = rows.filter(rows["at"] < _instant(wanted.end))
    (counted,) = answer(backend, rows.aggregate(rows=rows.count()))
    if not counted["rows"]:
        raise InvalidRequestError(f"no decision of slot {wanted.slot!r} is in the lake for then")
    in_order = rows.order_by("at", "decision_id")

    def read(names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        # Not `to_pyarrow_batches`: Ibis 12 asks for what DuckDB 2 has under another name.
        query = backend.con.sql(backend.compile(in_order.select(*names)))
        yield from map(_whole, query.to_arrow_reader(BATCH))

    return LogFile(f"slot {wanted.slot}", tuple(rows.columns), int(counted["rows"]), read)


def export(log: LogFile, kind: str, path: Path, attributes: Attributes, look: Look) -> ExportResult:
    """Write the log; the file appears under its name when it is whole.

    Args:
        log: of `exported_rows`.
        kind: one of WRITERS.
        path: of the file.
        attributes: of the variants.
        look: is told of rows that were read.

    Raises:
        LakeAwayError: the disk refused; nothing has appeared.
    """
    with disk.translate_errors(str(path)):
        draft = disk.temporary(path)
        try:
            rows, left_out = WRITERS[kind](log, draft, attributes, look)
            disk.publish(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    return ExportResult(rows, dict(Counter(left_out)))


def _instant(seconds: float) -> ibis.Value:
    return ibis.timestamp(datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None))


def _whole(batch: pa.RecordBatch) -> pa.RecordBatch:
    """With 64-bit numbers where DuckDB makes a sum's type wider than the numbers need."""
    for i, column in enumerate(batch.columns):
        if pa.types.is_decimal(column.type):
            batch = batch.set_column(i, batch.schema.names[i], column.cast(pa.int64()))
    return batch
