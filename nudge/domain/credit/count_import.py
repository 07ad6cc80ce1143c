"""Counts that teach but are not exposures: logs whose propensities are unknown.

They travel in a mark (docs/decisions/0005-import.md). `learn` books them in its buckets, and in its
totals under a reason of their own; nothing that evaluates, compares or tests reads either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from bandits.units import HOUR
from nudge.domain.credit.import_values import (
    Row,
    RowError,
    is_absent,
    reason_of,
    seconds_of,
    worth,
)
from nudge.domain.credit.log_import import LogImport, revision_of
from nudge.domain.credit.tally import NOTHING, Tally, plus
from nudge.domain.journal.records import DecisionReason, Mark, Record

TYPE: Final = "imported_counts"
REASON: Final = "imported"
"""Reason of these counts in the totals; no decision has it."""
BLOCK: Final = 200
"""Rows of the log in one mark."""
ANY: Final = -1
"""Partition of a row that may go to any."""


@dataclass(frozen=True, slots=True)
class ImportedCount:
    """Outcomes of one variant in one hour of an imported log.

    Attributes:
        at: seconds, the start of the hour.
        cell: of their contexts.
    """

    slot: str
    revision: int
    at: int
    cell: str
    variant: str
    sums: Tally


def imported_counts(record: Record) -> Iterator[ImportedCount]:
    """Yield the imported counts of a record; only a mark of this type has any."""
    if not isinstance(record, Mark) or record.type != TYPE:
        return
    slot, revision = str(record.fields["slot"]), cast("int", record.fields["revision"])
    for at, cell, variant, *sums in cast("Iterable[Any]", record.fields["rows"]):
        yield ImportedCount(slot, revision, at, cell, variant, cast("Tally", tuple(sums)))


@dataclass(frozen=True)
class CountImport:
    """An import of a log without propensities.

    Attributes:
        of: the columns of its rows, and the slot.
    """

    of: LogImport

    @property
    def name(self) -> str:
        """The name of the import."""
        return self.of.name

    def known(self, row: Row) -> dict[str, Any]:
        """Return the values of a row by the columns of the joined form."""
        return self.of.known(row)

    def records(self, known: Row, _: bytes) -> tuple[int, list[Record]]:
        """Return a row's mark; rows that no policy drew teach nothing.

        It belongs to nobody, so that any partition will do; see `BLOCK`.

        Raises:
            RowError: the row cannot be counted.
        """
        slot = self.of.slot
        variant = str(known["variant"])
        if variant not in slot.names:
            cure = "apply a slot that has it, disabled if need be"
            raise RowError(f"unknown variant of slot {slot.name}; {cure}")
        shown = known["at"] if is_absent(known["exposed_at"]) else known["exposed_at"]
        at = int(seconds_of(shown, "at", self.of.now) // HOUR) * HOUR
        conversions, value = worth(known, slot.terms.objective)
        if conversions is None or reason_of(known["reason"]) != DecisionReason.POLICY:
            return ANY, []
        revision = revision_of(known, slot)
        cell = self.of.cells.cell(self.of.context(known))
        sums = (1, conversions, value, value * value)
        return ANY, [_mark(self.name, slot.name, revision, [(at, cell, variant, *sums)])]

    def digest(self, known: Row) -> bytes:
        """Return what a row is known by.

        Raises:
            RowError: a value cannot be read, or the id is missing.
        """
        return self.of.digest(known)

    def packed(self, records: Iterable[Record]) -> list[Record]:
        """Pack the marks of some rows into one for each revision."""
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
