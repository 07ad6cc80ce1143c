"""Counts that teach and are no exposures: logs of which nobody knows how their variants were drawn.

They travel in a mark (docs/decisions/0005-import.md). `learn` books them in its buckets, and in its
totals under a reason of their own; nothing that evaluates, compares or tests reads either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from bandits.units import HOUR
from nudge.domain.credit.log_import import (
    LogImport,
    Row,
    RowError,
    known_columns,
    reason_of,
    seconds_of,
    worth,
)
from nudge.domain.credit.tally import NOTHING, Tally, plus
from nudge.domain.journal.records import DecisionReason, Mark, Record

TYPE: Final = "imported_counts"
REASON: Final = "imported"
"""Under which the totals have them; no decision has it."""
BLOCK: Final = 200
"""Rows of the log in one mark."""


@dataclass(frozen=True, slots=True)
class ImportedCount:
    """Some outcomes of one variant.

    Attributes:
        slot: name of the slot.
        revision: of the slot.
        at: seconds, the hour in which they lie.
        cell: of their contexts.
        variant: shown.
        sums: of them.
    """

    slot: str
    revision: int
    at: int
    cell: str
    variant: str
    sums: Tally


def imported_counts(record: Record) -> Iterator[ImportedCount]:
    """What a record teaches besides exposures and rewards: only a mark of this kind does."""
    if not isinstance(record, Mark) or record.type != TYPE:
        return
    slot, revision = str(record.fields["slot"]), cast("int", record.fields["revision"])
    for at, cell, variant, *sums in cast("Iterable[Any]", record.fields["rows"]):
        yield ImportedCount(slot, revision, at, cell, variant, cast("Tally", tuple(sums)))


@dataclass(frozen=True)
class CountImport:
    """An import of a log without propensities.

    Attributes:
        of: how its rows are read, and into which slot.
    """

    of: LogImport

    @property
    def name(self) -> str:
        """Of the import."""
        return self.of.name

    def records(self, row: Row, number: int) -> tuple[int, list[Record]]:
        """A row's partition and mark; rows that were not drawn by a policy teach nothing.

        Args:
            row: column -> value.
            number: of the row in its file, from 1.

        Raises:
            RowError: the row cannot be counted.
        """
        partition = (number - 1) // BLOCK % self.of.partitions
        known = known_columns(self.of, row)
        slot = self.of.slot
        variant = str(known["variant"])
        if variant not in slot.names:
            cure = "apply a slot that has it, disabled if need be"
            raise RowError(f"{variant!r} is no variant of slot {slot.name}; {cure}")
        shown = known["exposed_at"] if known["exposed_at"] not in (None, "") else known["at"]
        at = int(seconds_of(shown, "at") // HOUR) * HOUR
        conversions, value = worth(known, slot.terms.objective)
        if conversions is None or reason_of(known["reason"]) != DecisionReason.POLICY:
            return partition, []
        revision = int(known["slot_revision"] or slot.revision)
        cell = self.of.cells.cell(known["context"])
        sums = (1, conversions, value, value * value)
        return partition, [_mark(self.name, slot.name, revision, [(at, cell, variant, *sums)])]

    def packed(self, records: Iterable[Record]) -> list[Record]:
        """The marks of some rows as few: one for each revision."""
        sums: defaultdict[int, dict[tuple[int, str, str], Tally]] = defaultdict(dict)
        for one in (one for record in records for one in imported_counts(record)):
            key, rows = (one.at, one.cell, one.variant), sums[one.revision]
            rows[key] = plus(rows.get(key, NOTHING), one.sums)
        slot = self.of.slot.name
        return [
            _mark(self.name, slot, revision, [(*key, *of) for key, of in sorted(rows.items())])
            for revision, rows in sorted(sums.items())
        ]


def _mark(name: str, slot: str, revision: int, rows: list[tuple[object, ...]]) -> Mark:
    fields: Mapping[str, object] = {
        "import": name,
        "slot": slot,
        "revision": revision,
        "rows": [list(row) for row in rows],
    }
    return Mark(TYPE, fields)
