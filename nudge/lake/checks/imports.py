"""Imports as the lake has them: their marks, and the rows of one."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import ibis
from ibis.backends.duckdb import Backend
from ibis.expr.types import Table

from bandits.buckets import FINE
from nudge.domain.credit.booking import BookingKey, bookings
from nudge.domain.credit.count_import import TYPE as COUNTS
from nudge.domain.credit.import_marks import ROWS, TYPES, UNDONE, Place
from nudge.domain.credit.tally import NOTHING, Tally, plus
from nudge.domain.journal.records import Decision, Mark, Record
from nudge.lake.engine.dialects import batches
from nudge.lake.engine.query import answer
from nudge.lake.evaluation.log_file import BATCH
from nudge.lake.files.import_balance import SOURCE

Home = tuple[str, int]
"""Slot and partition."""
WANTED: Final = (
    *("partition", "position", "slot", "decision_id", "slot_revision", "reason", "variant"),
    *("cell", "time", "conversions", "value", "square"),
)


def import_marks(backend: Backend, slot: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield partition, type, import and digests (of `ROWS` alone) of a slot's marks, in order.

    Raises:
        BrokenLakeError: a file is missing or unreadable.
    """
    marks = backend.table("marks")
    found = marks.filter(marks.type.isin(TYPES), marks.fields.get("slot") == slot)
    rows = ibis.ifelse(found.type == ROWS, found.fields.get("rows"), "")
    told = found.select(
        "partition", "position", "type", name=found.fields.get("import"), rows=rows
    ).order_by("partition", "position")
    for row in answer(backend, told):
        yield row["partition"], row["type"], row["name"], row["rows"]


def import_names(backend: Backend, slot: str) -> set[str]:
    """Return the names of all imports of a slot, those of earlier versions too.

    Raises:
        BrokenLakeError: a file is missing or unreadable.
    """
    decisions, marks = backend.table("decisions"), backend.table("marks")
    drawn = decisions.filter(decisions.slot == slot, decisions.source.startswith(SOURCE))
    names = drawn.select(name=drawn.source).distinct()
    taught = marks.filter(marks.type == COUNTS, marks.fields.get("slot") == slot)
    others = taught.select(name=taught.fields.get("import")).distinct()
    found = {row["name"].removeprefix(SOURCE) for row in answer(backend, names)}
    return found | {row["name"] for row in answer(backend, others)}


@dataclass
class ImportTrace:
    """The trace of an import: all that its records come to, by slot and partition.

    Attributes:
        sums: what it still counts; what was taken back has taken its part of them.
        content: position of its last record.
        undone: position of the mark behind which nothing of it counts.
        decisions: that count.
    """

    sums: defaultdict[Home, dict[Place, Tally]] = field(default_factory=lambda: defaultdict(dict))
    content: dict[Home, int] = field(default_factory=dict)
    undone: dict[Home, int] = field(default_factory=dict)
    decisions: Counter[Home] = field(default_factory=Counter)

    @property
    def slots(self) -> list[str]:
        """Slots that it has taught, or did once."""
        return sorted({slot for slot, _ in self.content | self.undone})

    def left(self, home: Home) -> dict[Place, Tally]:
        """Return the sums that are not nothing."""
        return {place: sums for place, sums in self.sums[home].items() if sums != NOTHING}

    def counts(self, home: Home) -> bool:
        """Return whether something of it counts: rows without reward leave no sums."""
        return self.content.get(home, 0) > self.undone.get(home, 0)

    def still(self, row: Mapping[str, Any]) -> bool:
        """Return whether a row of the lake came in behind all that was taken back."""
        return bool(row["position"] > self.undone.get((row["slot"], row["partition"]), 0))

    def take(self, partition: int, position: int, record: Record) -> None:
        """Take one of its records, in the order of the journal."""
        if isinstance(record, Mark) and record.type == UNDONE:
            home = (str(record.fields["slot"]), partition)
            self.undone[home] = position
            self.decisions.pop(home, None)
            self.sums.pop(home, None)  # they come to nothing; the lake may have removed a part
            return
        of = record.fields["slot"] if isinstance(record, Mark) else getattr(record, "slot", "")
        slot = str(of)
        self.content[slot, partition] = position
        self.decisions[slot, partition] += isinstance(record, Decision)
        for key, tally in bookings(record):
            self.book(partition, key, tally)

    def book(self, partition: int, key: BookingKey, tally: Tally) -> None:
        """Add a sum."""
        sums = self.sums[key.slot, partition]
        place = (key.revision, key.reason, key.variant, key.cell, key.bucket)
        sums[place] = plus(sums.get(place, NOTHING), tally)


def trace_import(backend: Backend, name: str) -> ImportTrace:
    """Return the trace of an import in the lake.

    Args:
        backend: over the whole lake, see `connect_contents`.
        name: of the import.

    Raises:
        BrokenLakeError: a file is missing or unreadable.
    """
    trace, marks = ImportTrace(), backend.table("marks")
    own = marks.filter(marks.type.isin((*TYPES, COUNTS)), marks.fields.get("import") == name)
    told = own.select("partition", "position", "type", "fields_json")
    for row in answer(backend, told.order_by("partition", "position")):
        record = Mark(row["type"], json.loads(row["fields_json"]))
        trace.take(row["partition"], row["position"], record)
    decisions = _decisions(backend, name)
    _count(backend, decisions, trace)
    shown = backend.table("exposures").semi_join(decisions, "decision_id")
    for row in _rows(backend, shown.mutate(time=shown.at_seconds)):
        if trace.still(row):
            trace.book(row["partition"], _key(row), (1, 0, 0, 0))
    paid = backend.table("rewards").semi_join(decisions, "decision_id")
    for row in _rows(backend, paid.mutate(time=paid.exposed_at_seconds)):
        if trace.still(row):
            sums = (0, row["conversions"], row["value"], row["square"])
            trace.book(row["partition"], _key(row), sums)
    return trace


def belonging(backend: Backend, name: str, ids: Collection[str]) -> set[str]:
    """Return those of some decision ids that an import has brought.

    Raises:
        BrokenLakeError: a file is missing or unreadable.
    """
    if not ids:
        return set()
    decisions = _decisions(backend, name)
    found = decisions.filter(decisions.decision_id.isin(sorted(ids)))
    return {row["decision_id"] for row in answer(backend, found.select("decision_id"))}


def _decisions(backend: Backend, name: str) -> Table:
    decisions = backend.table("decisions")
    found = decisions.filter(decisions.source == SOURCE + name)
    return found.select("partition", "position", "slot", "decision_id")


def _count(backend: Backend, decisions: Table, trace: ImportTrace) -> None:
    for row in _rows(backend, decisions):
        home = (row["slot"], row["partition"])
        trace.content[home] = max(trace.content.get(home, 0), row["position"])
        trace.decisions[home] += trace.still(row)


def _rows(backend: Backend, table: Table) -> Iterator[dict[str, Any]]:
    names = [name for name in WANTED if name in table.columns]
    for batch in batches(backend, table, names, BATCH):
        yield from batch.to_pylist()


def _key(row: Mapping[str, Any]) -> BookingKey:
    bucket = int(row["time"] // FINE) * FINE
    own = (row["slot"], row["slot_revision"], row["reason"], row["variant"], row["cell"])
    return BookingKey(*own, bucket)
