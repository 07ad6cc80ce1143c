"""Restoration of journal entries from rows of the tables, for rebuilding folds."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import pyarrow as pa

from nudge.domain.journal.records import (
    Decision,
    Event,
    Exposure,
    JournalEntry,
    Mark,
    Record,
    Ref,
    Reward,
)
from nudge.domain.slots.slot import RewardTerms
from nudge.errors import CorruptRecordError

Unseal = Callable[[str], Ref | None]
"""Function that finds the reference behind a decision id: `Sealer.unseal`."""
Row = Mapping[str, Any]

_RENAMED: Final = {
    "slot_revision": "revision",
    "at_seconds": "at",
    "due_seconds": "due",
    "skew_seconds": "skew",
}
_SAME: Final[Mapping[str, tuple[str, ...]]] = {
    "decisions": (
        *("subject", "slot", "slot_revision", "channel", "page", "cell", "variant", "reason"),
        *("policy", "unit", "source", "u", "propensity", "policy_version", "period"),
        *("degraded", "at_seconds", "due_seconds", "floor"),
    ),
    "exposures": (
        *("subject", "slot", "slot_revision", "variant", "cell", "reason", "propensity"),
        "at_seconds",
    ),
    "rewards": (
        *("reward_id", "subject", "slot", "slot_revision", "variant", "cell", "reason"),
        *("event_id", "conversions", "value", "square", "shared", "at_seconds"),
    ),
    "events": ("subject", "event_id", "type", "source", "at_seconds", "skew_seconds"),
    "marks": ("subject", "type", "at_seconds"),
}


def entries(tables: Mapping[str, pa.Table], unseal: Unseal) -> list[JournalEntry]:
    """Restore the entries from which `rows` made these tables, by partition, position and index.

    Raises:
        CorruptRecordError: a decision id was sealed with another secret.
    """
    found = [_entry(table, row, unseal) for table in tables for row in _rows(tables[table])]
    return sorted(found, key=lambda one: (one.partition, one.position, one.index))


def _rows(table: pa.Table) -> list[Row]:
    # Timestamps as numbers: Python's datetime would only be turned back at once.
    number = table.schema.get_field_index("logged_at")
    plain = table.set_column(number, "logged_at", table["logged_at"].cast(pa.int64()))
    timestamps = {field.name for field in plain.schema if pa.types.is_timestamp(field.type)}
    rows: list[Row] = plain.drop_columns(sorted(timestamps)).to_pylist()
    return rows


def _entry(table: str, row: Row, unseal: Unseal) -> JournalEntry:
    partition, position, stamp = row["partition"], row["position"], row["logged_at"] / 1e6
    if table != "decisions":
        record = _MAKE[table](row, _same(table, row), unseal)
        return JournalEntry(partition, position, stamp, record)
    ref = _ref(row["decision_id"], unseal)
    # Only a reference that is not the entry's own place was given with the record.
    own = (ref.partition, ref.position) == (partition, position)
    decision = _decision(row, None if own else ref, unseal)
    return JournalEntry(partition, position, stamp, decision, ref.index if own else 0)


def _same(table: str, row: Row) -> dict[str, Any]:
    return {_RENAMED.get(name, name): row[name] for name in _SAME[table]}


def _ref(decision_id: str, unseal: Unseal) -> Ref:
    found = unseal(decision_id)
    if found is None:
        raise CorruptRecordError(f"decision id {decision_id} was sealed with another secret key")
    return found


def _decision(row: Row, ref: Ref | None, unseal: Unseal) -> Decision:
    on, objective = row["exposed_on"], row["objective"]
    return Decision(
        **_same("decisions", row),
        context=json.loads(row["context_json"]),
        eligible=tuple(row["eligible"]),
        removed=dict(row["removed"]),
        pmf=tuple(row["pmf"]),
        terms=RewardTerms(on, row["reward_event"], objective, row["window_seconds"]),
        supersedes=None if row["supersedes"] is None else _ref(row["supersedes"], unseal),
        twin=None if row["twin"] is None else _ref(row["twin"], unseal),
        ref=ref,
        by_page=bool(row["by_page"]),  # versions before wrote none
    )


def _exposure(row: Row, same: dict[str, Any], unseal: Unseal) -> Record:
    ref, by_page = _ref(row["decision_id"], unseal), bool(row["by_page"])
    return Exposure(**same, decision=ref, window=row["window_seconds"], by_page=by_page)


def _reward(row: Row, same: dict[str, Any], unseal: Unseal) -> Record:
    exposed_at = row["exposed_at_seconds"]
    ref, told = _ref(row["decision_id"], unseal), (row["claims"] or 0, bool(row["by_page"]))
    return Reward(**same, decision=ref, exposed_at=exposed_at, claims=told[0], by_page=told[1])


def _event(row: Row, same: dict[str, Any], unseal: Unseal) -> Record:
    decision = None if row["decision_id"] is None else _ref(row["decision_id"], unseal)
    return Event(**same, decision=decision, fields=json.loads(row["fields_json"]))


def _mark(row: Row, same: dict[str, Any], _: Unseal) -> Record:
    return Mark(**same, fields=json.loads(row["fields_json"]))


_MAKE: Final[Mapping[str, Callable[[Row, dict[str, Any], Unseal], Record]]] = {
    "exposures": _exposure,
    "rewards": _reward,
    "events": _event,
    "marks": _mark,
}
