"""Schemas of the lake's five tables, and lossless conversion of journal entries to their rows.

Wherever a time is kept twice, `*_seconds` is the record's own number, bit for bit, and the
timestamp next to it (UTC, microseconds) is for queries. `context` and `fields` are kept twice for
the same reason: as JSON text with its types, and as a map of plain text (see docs/lake.md).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from nudge.domain.journal.records import JournalEntry, Record, Ref
from nudge.errors import CorruptRecordError

Seal = Callable[[Sequence[Ref]], list[str]]
"""Function that makes decision ids of references: `Sealer.seal_each`."""
Take = Callable[[Any], object]
"""Function that takes the value of one column from a record of the table's kind."""

TEXT, FLAG, REAL, WHOLE = pa.string(), pa.bool_(), pa.float64(), pa.int64()
TIME, NAMED = pa.timestamp("us"), pa.map_(pa.string(), pa.string())


@dataclass(frozen=True)
class TableColumn:
    """A column whose value is computed from each record.

    Attributes:
        take: computes the value of a record.
    """

    name: str
    kind: pa.DataType
    take: Take

    def array(self, records: Sequence[Record], _: Seal) -> pa.Array:
        """Build the column of these records."""
        return pa.array([self.take(record) for record in records], self.kind)


@dataclass(frozen=True)
class IdColumn:
    """A column of decision ids, made of a field that refers to a decision.

    Attributes:
        of: name of the record's field.
    """

    name: str
    of: str
    kind: pa.DataType = TEXT

    def array(self, records: Sequence[Record], seal: Seal) -> pa.Array:
        """Build the column of these records."""
        refs = [getattr(record, self.of) for record in records]
        ids = iter(seal([ref for ref in refs if ref is not None]))
        return pa.array([None if ref is None else next(ids) for ref in refs], self.kind)


@dataclass(frozen=True)
class SharedColumn:
    """A column of a field whose object many records share, as the decisions of a block do.

    Each different object is converted once.

    Attributes:
        of: name of the record's field.
        convert: computes the column's value from the field's.
    """

    name: str
    kind: pa.DataType
    of: str
    convert: Callable[[Any], object]

    def array(self, records: Sequence[Record], _: Seal) -> pa.Array:
        """Build the column of these records."""
        objects = [getattr(record, self.of) for record in records]
        different = {id(one): one for one in objects}
        numbers = {name: i for i, name in enumerate(different)}
        values = pa.array([self.convert(one) for one in different.values()], self.kind)
        if len(different) == len(objects):
            return values
        return values.take(pa.array([numbers[id(one)] for one in objects], pa.int32()))


FIRST: Final = -62_135_596_800.0
LAST: Final = 253_402_300_799.0
"""First and last second of the years 1 to 9999."""
TABLE_OF: Final = {
    "decision": "decisions",
    "exposure": "exposures",
    "reward": "rewards",
    "event": "events",
    "mark": "marks",
}


def micros(seconds: float) -> int:
    """Convert seconds since the epoch to whole microseconds, within the calendar's years.

    A column of timestamps holds no other; the record's own number stands beside it.
    """
    return round(min(max(seconds, FIRST), LAST) * 1e6)


def _json(values: Mapping[str, object]) -> str:
    # Python's own JSON: unlike faster ones it also keeps infinities and not-a-numbers.
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) or value is None else json.dumps(value)


def _texts(values: Mapping[str, object]) -> list[tuple[str, str | None]]:
    return [(name, _text(value)) for name, value in values.items()]


def _plain(kind: pa.DataType, *names: str) -> tuple[TableColumn, ...]:
    """Make columns that hold a field of the record under its own name."""
    return tuple(TableColumn(name, kind, _field(name)) for name in names)


def _field(name: str) -> Take:
    return lambda record: getattr(record, name)


_OWN_TIME: Final = TableColumn("at_seconds", REAL, lambda r: r.at)
_SUBJECT: Final = _plain(TEXT, "subject")
_REVISION: Final = TableColumn("slot_revision", WHOLE, lambda r: r.revision)
_OF_DECISION: Final = IdColumn("decision_id", "decision")
_SHOWN: Final[tuple[TableColumn | IdColumn, ...]] = (
    _OF_DECISION,
    *_SUBJECT,
    *_plain(TEXT, "slot"),
    _REVISION,
    *_plain(TEXT, "variant", "cell", "reason"),
)

COLUMNS: Final[Mapping[str, tuple[TableColumn | IdColumn | SharedColumn, ...]]] = {
    "decisions": (
        *_SUBJECT,
        *_plain(TEXT, "slot"),
        _REVISION,
        *_plain(TEXT, "channel", "page", "cell", "variant", "reason", "policy", "unit", "source"),
        SharedColumn("context", NAMED, "context", _texts),
        SharedColumn("context_json", TEXT, "context", _json),
        SharedColumn("eligible", pa.list_(TEXT), "eligible", list),
        SharedColumn("removed", NAMED, "removed", lambda removed: list(removed.items())),
        SharedColumn("pmf", pa.list_(REAL), "pmf", list),
        *_plain(pa.uint64(), "u"),
        *_plain(REAL, "propensity"),
        *_plain(WHOLE, "policy_version", "period"),
        SharedColumn("exposed_on", TEXT, "terms", lambda terms: terms.on),
        SharedColumn("reward_event", TEXT, "terms", lambda terms: terms.event),
        SharedColumn("objective", TEXT, "terms", lambda terms: terms.objective),
        SharedColumn("window_seconds", REAL, "terms", lambda terms: terms.window),
        IdColumn("supersedes", "supersedes"),
        IdColumn("twin", "twin"),
        *_plain(FLAG, "degraded"),
        _OWN_TIME,
        TableColumn("due_seconds", REAL, lambda r: r.due),
        *_plain(FLAG, "by_page"),
        *_plain(REAL, "floor"),
    ),
    "exposures": (
        *_SHOWN,
        *_plain(REAL, "propensity"),
        TableColumn("window_seconds", REAL, lambda r: r.window),
        _OWN_TIME,
        *_plain(FLAG, "by_page"),
    ),
    "rewards": (
        *_plain(TEXT, "reward_id"),
        *_SHOWN,
        TableColumn("exposed_at", TIME, lambda r: micros(r.exposed_at)),
        TableColumn("exposed_at_seconds", REAL, lambda r: r.exposed_at),
        *_plain(TEXT, "event_id"),
        *_plain(WHOLE, "conversions", "value", "square"),
        *_plain(FLAG, "shared"),
        _OWN_TIME,
        *_plain(WHOLE, "claims"),
        *_plain(FLAG, "by_page"),
    ),
    "events": (
        *_SUBJECT,
        *_plain(TEXT, "event_id", "type", "source"),
        _OF_DECISION,
        TableColumn("fields", NAMED, lambda r: _texts(r.fields)),
        TableColumn("fields_json", TEXT, lambda r: _json(r.fields)),
        _OWN_TIME,
        TableColumn("skew_seconds", REAL, lambda r: r.skew),
    ),
    "marks": (
        *_SUBJECT,
        *_plain(TEXT, "type"),
        TableColumn("fields", NAMED, lambda r: _texts(r.fields)),
        TableColumn("fields_json", TEXT, lambda r: _json(r.fields)),
        _OWN_TIME,
    ),
}
_PLACE: Final = (("partition", pa.int32()), ("position", WHOLE), ("logged_at", TIME), ("at", TIME))


def _schema(table: str) -> pa.Schema:
    own = [("decision_id", TEXT)] if table == "decisions" else []
    named = [(column.name, column.kind) for column in COLUMNS[table]]
    return pa.schema([*_PLACE, *own, *named])


SCHEMAS: Final[Mapping[str, pa.Schema]] = {table: _schema(table) for table in COLUMNS}
"""Schema of each table, without `date`, which is in the path of its files."""


def rows(entries: Iterable[JournalEntry], seal: Seal) -> dict[str, pa.Table]:
    """Convert entries to rows of their tables, in order; tables without rows are left out.

    Raises:
        CorruptRecordError: a record holds a value that its table cannot (a number beyond 64 bits,
            an invalid time, a field of a mark that is not JSON).
    """
    parts: defaultdict[str, list[JournalEntry]] = defaultdict(list)
    for entry in entries:
        parts[TABLE_OF[entry.record.kind]].append(entry)
    return {table: _table(table, part, seal) for table, part in parts.items()}


def _table(table: str, entries: Sequence[JournalEntry], seal: Seal) -> pa.Table:
    try:
        return pa.table(_arrays(table, entries, seal), schema=SCHEMAS[table])
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        first, last = entries[0], entries[-1]
        between = f"{first.partition}/{first.position} and {last.partition}/{last.position}"
        raise CorruptRecordError(f"no row of {table} (between {between}): {error}") from error


def _arrays(table: str, entries: Sequence[JournalEntry], seal: Seal) -> list[pa.Array]:
    places: list[list[object]] = [
        [entry.partition for entry in entries],
        [entry.position for entry in entries],
        [micros(entry.stamp) for entry in entries],
        [micros(entry.at) for entry in entries],
    ]
    if table == "decisions":
        places.append(list(seal([entry.ref for entry in entries])))
    records = [entry.record for entry in entries]
    kinds = SCHEMAS[table].types
    return [
        *(pa.array(values, kind) for values, kind in zip(places, kinds, strict=False)),
        *(column.array(records, seal) for column in COLUMNS[table]),
    ]
