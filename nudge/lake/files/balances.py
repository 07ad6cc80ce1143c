"""Closing balances: the folds' state after rows that were removed, as Parquet in the lake.

`balances/p=3/0000000000012345-sums.parquet` and `...-visitors.parquet` belong to the manifest of
partition 3 whose rows were removed up to position 12345.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nudge.domain.credit.attribution_replay import AttributionReplay, Visitors
from nudge.domain.credit.booking import BookingKey, Sums
from nudge.domain.credit.tally import Tally
from nudge.domain.people.visitor import KEEP, VisitorState
from nudge.domain.people.visitor_codec import decode_state, encode_state
from nudge.lake.files import disk
from nudge.lake.files.errors import BrokenLakeError
from nudge.lake.files.import_balance import ImportBalance
from nudge.lake.files.manifest import Range
from nudge.lake.files.removed_rows import RemovedRows

FOLDER: Final = "balances"
BATCH: Final = 20_000
_NUMBER: Final = pa.decimal128(38, 0)
SUMS: Final = pa.schema(
    [
        *(("slot", pa.string()), ("slot_revision", pa.int64()), ("reason", pa.string())),
        *(("variant", pa.string()), ("cell", pa.string()), ("bucket", pa.int64())),
        *((name, _NUMBER) for name in ("exposures", "conversions", "value", "square")),
        ("claim", pa.bool_()),
    ]
)
"""`bucket`: start of a bucket of exposure times, in seconds; `value` in fen; `claim`: the row is
the part of another that rests on a page's word, which versions before did not count."""
VISITORS: Final = pa.schema(
    [
        *(("subject", pa.string()), ("touched", pa.float64())),
        *(("closes", pa.float64()), ("state", pa.binary())),
    ]
)
"""`touched`: seconds; 90 days later a visitor is forgotten. `closes`: end of the first window."""


@dataclass(frozen=True)
class Balance:
    """The closing balance of a partition: the folds' state after its removed rows.

    Attributes:
        root: directory of the lake.
        position: last position that was removed; 0 without removed rows.
        left: entry of the manifest; None without removed rows.
        watermark: seconds, as in the manifest.
    """

    root: Path
    position: int = 0
    left: RemovedRows | None = None
    watermark: float | None = None

    @property
    def until(self) -> float:
        """Largest stamp among the removed rows, in seconds; 0 without removed rows."""
        return self.left.until if self.left else 0.0

    def sums(self) -> dict[BookingKey, Tally]:
        """Read the state that `learn` has after the removed rows: its sums.

        Raises:
            BrokenLakeError: the file is gone or unreadable.
        """
        if self.left is None:
            return {}
        found: dict[BookingKey, Tally] = {}
        for rows in _batches(self.root / self.left.sums, SUMS):
            for row in zip(*(column.to_pylist() for column in rows.columns), strict=True):
                slot, revision, reason, variant, cell, bucket, t, c, r, q, claim = row
                key = BookingKey(slot, revision, reason, variant, cell, bucket, bool(claim))
                found[key] = (int(t), int(c), int(r), int(q))
        return found

    def imports(self) -> ImportBalance:
        """Read what is known of imports whose rows were removed.

        Raises:
            BrokenLakeError: the file is gone or unreadable.
        """
        path = self.left.imports if self.left else ""
        return ImportBalance.read(self.root / path) if path else ImportBalance()

    def states(self) -> Iterator[tuple[str, VisitorState]]:
        """Yield the state that `attribute` has after the removed rows: subject, state; unordered.

        Raises:
            BrokenLakeError: the file is gone or unreadable.
        """
        for rows in self._rows():
            yield from self._decoded(rows)

    def states_of(self, subjects: Collection[str]) -> Visitors:
        """Read the states of some visitors."""
        if not subjects:
            return {}
        wanted = pa.array(sorted(subjects), pa.string())
        picked = (rows.filter(pc.is_in(rows["subject"], wanted)) for rows in self._rows())
        return {subject: state for rows in picked for subject, state in self._decoded(rows)}

    def open_states(self) -> Visitors:
        """Read the states of visitors with an open exposure: its end will change them."""
        picked = (rows.filter(pc.is_valid(rows["closes"])) for rows in self._rows())
        return {subject: state for rows in picked for subject, state in self._decoded(rows)}

    def others(self, subjects: Collection[str], watermark: float) -> Iterator[pa.RecordBatch]:
        """Yield the rows of all other visitors, except those that are forgotten at a watermark."""
        known = pa.array(sorted(subjects), pa.string())
        for rows in self._rows():
            stays = pa.array(_remembered(rows, watermark), pa.bool_())
            other = pc.invert(pc.is_in(rows["subject"], known))
            yield rows.filter(pc.and_(stays, other))

    def _rows(self) -> Iterator[pa.RecordBatch]:
        return iter(()) if self.left is None else _batches(self.root / self.left.visitors, VISITORS)

    def _decoded(self, rows: pa.RecordBatch) -> Iterator[tuple[str, VisitorState]]:
        pairs = zip(rows["subject"].to_pylist(), rows["state"].to_pylist(), strict=True)
        for subject, state in pairs:
            yield subject, decode_state(state)


def _remembered(rows: pa.RecordBatch, watermark: float) -> Iterator[bool]:
    """Yield True for each visitor that is not forgotten; only old states are decoded for it."""
    touched = rows["touched"].to_pylist()
    for at, state in zip(touched, rows["state"], strict=True):
        recent = at >= watermark - KEEP
        yield recent or not decode_state(state.as_py()).is_forgotten(watermark)


def paths(of: Range) -> tuple[str, str, str]:
    """Return the paths of the sums, visitors and imports behind a range, within the lake."""
    name = f"{FOLDER}/p={of.partition}/{of.upto:016}"
    return f"{name}-sums.parquet", f"{name}-visitors.parquet", f"{name}-imports.parquet"


def write_sums(path: Path, sums: Sums) -> None:
    """Write the sums, the state of `learn`.

    Raises:
        OSError: the disk refused.
    """
    *keys, claims = [list(column) for column in zip(*sums, strict=True)] or [[]] * 7
    numbers = [list(map(Decimal, column)) for column in zip(*sums.values(), strict=True)]
    values = [*keys, *(numbers or [[]] * 4), claims]
    arrays = [pa.array(column, kind) for column, kind in zip(values, SUMS.types, strict=True)]
    _write(path, SUMS, iter([pa.record_batch(arrays, schema=SUMS)]))


def write_visitors(path: Path, before: Balance, replay: AttributionReplay) -> None:
    """Write the visitors, the state of `attribute`: those of the balance before, and those since.

    Raises:
        OSError: the disk refused.
        BrokenLakeError: the balance before cannot be read.
    """
    rest = before.others(replay.visitors.keys(), replay.watermark)
    _write(path, VISITORS, _all(rest, replay))


def _all(rest: Iterator[pa.RecordBatch], replay: AttributionReplay) -> Iterator[pa.RecordBatch]:
    yield from rest
    found = [
        (subject, state.watermark, state.next_close(), encode_state(state))
        for subject, state in sorted(replay.visitors.items())
        if state.next_close() is not None or not state.is_forgotten(replay.watermark)
    ]
    columns = [list(column) for column in zip(*found, strict=True)] or [[]] * 4
    yield pa.record_batch(columns, schema=VISITORS)


def _write(path: Path, schema: pa.Schema, rows: Iterator[pa.RecordBatch]) -> None:
    draft = disk.temporary(path)
    try:
        with pq.ParquetWriter(draft, schema, compression="zstd") as writer:
            for batch in rows:
                writer.write_batch(batch)
        disk.publish(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _batches(path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH, columns=schema.names):
                yield _whole(batch, schema).cast(schema)
    except (OSError, pa.ArrowException) as error:
        raise BrokenLakeError(f"{path} is not a readable balance: {error}") from error


def _whole(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return a batch with the columns that a version before did not write, empty."""
    for place, one in enumerate(schema):
        if one.name not in batch.schema.names:
            batch = batch.add_column(place, one, pa.nulls(len(batch), one.type))
    return batch
