"""The five tables: a schema each, and journal entries as rows of them, without loss.

Wherever a time is kept twice, `*_seconds` is the record's own number, bit for bit, and the
timestamp next to it (UTC, microseconds) is for queries. `context` and `fields` are kept twice for
the same reason: as JSON text with its types, and as a map of plain text (see docs/lake.md).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from nudge.domain.records import Entry, Ref
from nudge.errors import CorruptRecordError

Seal = Callable[[Ref], str]
"""Makes the decision id that stands for a reference: `Sealer.seal`."""
Take = Callable[[Any, Seal], object]
"""The value of one column, from a record (its kind is the table's)."""
Column = tuple[str, pa.DataType, Take]

TEXT, FLAG, REAL, WHOLE = pa.string(), pa.bool_(), pa.float64(), pa.int64()
TIME, NAMED = pa.timestamp("us"), pa.map_(pa.string(), pa.string())
TABLE_OF: Final = {
    "decision": "decisions",
    "exposure": "exposures",
    "reward": "rewards",
    "event": "events",
    "mark": "marks",
}


def micros(seconds: float) -> int:
    """Seconds since the epoch as whole microseconds."""
    return round(seconds * 1e6)


def _json(values: Mapping[str, object]) -> str:
    # Python's own JSON: unlike faster ones it also keeps infinities and not-a-numbers.
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) or value is None else json.dumps(value)


def _texts(values: Mapping[str, object]) -> list[tuple[str, str | None]]:
    return [(name, _text(value)) for name, value in values.items()]


def _id(ref: Ref | None, seal: Seal) -> str | None:
    return None if ref is None else seal(ref)


def _plain(kind: pa.DataType, *names: str) -> tuple[Column, ...]:
    """Columns that hold a field of the record under its own name."""
    return tuple((name, kind, lambda r, _, name=name: getattr(r, name)) for name in names)


_OWN_TIME: Final[Column] = ("at_seconds", REAL, lambda r, _: r.at)
_SUBJECT: Final = _plain(TEXT, "subject")
_REVISION: Final[Column] = ("slot_revision", WHOLE, lambda r, _: r.revision)
_OF_DECISION: Final[Column] = ("decision_id", TEXT, lambda r, seal: _id(r.decision, seal))
_SHOWN: Final[tuple[Column, ...]] = (
    _OF_DECISION,
    *_SUBJECT,
    *_plain(TEXT, "slot"),
    _REVISION,
    *_plain(TEXT, "variant", "cell", "reason"),
)

COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "decisions": (
        *_SUBJECT,
        *_plain(TEXT, "slot"),
        _REVISION,
        *_plain(TEXT, "channel", "page", "cell", "variant", "reason", "policy", "unit", "source"),
        ("context", NAMED, lambda r, _: _texts(r.context)),
        ("context_json", TEXT, lambda r, _: _json(r.context)),
        ("eligible", pa.list_(TEXT), lambda r, _: r.eligible),
        ("removed", NAMED, lambda r, _: list(r.removed.items())),
        ("pmf", pa.list_(REAL), lambda r, _: r.pmf),
        *_plain(pa.uint64(), "u"),
        *_plain(REAL, "propensity"),
        *_plain(WHOLE, "policy_version", "period"),
        ("exposed_on", TEXT, lambda r, _: r.terms.on),
        ("reward_event", TEXT, lambda r, _: r.terms.event),
        ("objective", TEXT, lambda r, _: r.terms.objective),
        ("window_seconds", REAL, lambda r, _: r.terms.window),
        ("supersedes", TEXT, lambda r, seal: _id(r.supersedes, seal)),
        ("twin", TEXT, lambda r, seal: _id(r.twin, seal)),
        *_plain(FLAG, "degraded"),
        _OWN_TIME,
        ("due_seconds", REAL, lambda r, _: r.due),
    ),
    "exposures": (
        *_SHOWN,
        *_plain(REAL, "propensity"),
        ("window_seconds", REAL, lambda r, _: r.window),
        _OWN_TIME,
    ),
    "rewards": (
        *_plain(TEXT, "reward_id"),
        *_SHOWN,
        ("exposed_at", TIME, lambda r, _: micros(r.exposed_at)),
        ("exposed_at_seconds", REAL, lambda r, _: r.exposed_at),
        *_plain(TEXT, "event_id"),
        *_plain(WHOLE, "conversions", "value", "square"),
        *_plain(FLAG, "shared"),
        _OWN_TIME,
    ),
    "events": (
        *_SUBJECT,
        *_plain(TEXT, "event_id", "type", "source"),
        _OF_DECISION,
        ("fields", NAMED, lambda r, _: _texts(r.fields)),
        ("fields_json", TEXT, lambda r, _: _json(r.fields)),
        _OWN_TIME,
    ),
    "marks": (
        *_SUBJECT,
        *_plain(TEXT, "type"),
        ("fields", NAMED, lambda r, _: _texts(r.fields)),
        ("fields_json", TEXT, lambda r, _: _json(r.fields)),
        _OWN_TIME,
    ),
}
_PLACE: Final = (("partition", pa.int32()), ("position", WHOLE), ("logged_at", TIME), ("at", TIME))


def _schema(table: str) -> pa.Schema:
    own = [("decision_id", TEXT)] if table == "decisions" else []
    named = [(name, kind) for name, kind, _ in COLUMNS[table]]
    return pa.schema([*_PLACE, *own, *named])


SCHEMAS: Final[Mapping[str, pa.Schema]] = {table: _schema(table) for table in COLUMNS}
"""The schema of each table, without `date`, which is in the path of its files."""


def rows(entries: Iterable[Entry], seal: Seal) -> dict[str, pa.Table]:
    """Entries as rows of their tables, in the order given; tables without rows are left out.

    Raises:
        CorruptRecordError: a record holds what its table cannot (a number beyond 64 bits, a time
            that is none, a mark's field that is no JSON).
    """
    parts: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        parts[TABLE_OF[entry.record.kind]].append(entry)
    return {table: _table(table, part, seal) for table, part in parts.items()}


def _table(table: str, entries: Sequence[Entry], seal: Seal) -> pa.Table:
    try:
        return pa.table(_arrays(table, entries, seal), schema=SCHEMAS[table])
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        first, last = entries[0], entries[-1]
        between = f"{first.partition}/{first.position} and {last.partition}/{last.position}"
        raise CorruptRecordError(f"no row of {table} (between {between}): {error}") from error


def _arrays(table: str, entries: Sequence[Entry], seal: Seal) -> list[pa.Array]:
    columns: list[list[object]] = [
        [entry.partition for entry in entries],
        [entry.position for entry in entries],
        [micros(entry.stamp) for entry in entries],
        [micros(entry.at) for entry in entries],
    ]
    if table == "decisions":
        columns.append([seal(entry.ref) for entry in entries])
    records = [entry.record for entry in entries]
    columns += [[take(record, seal) for record in records] for _, _, take in COLUMNS[table]]
    kinds = SCHEMAS[table].types
    return [pa.array(values, kind) for values, kind in zip(columns, kinds, strict=True)]
