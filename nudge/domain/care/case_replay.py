"""Cases of one partition made anew from their records alone, without rules and words. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from nudge.domain.care.case import Case, case_of, is_of_case, with_record
from nudge.domain.care.signal import parts_of
from nudge.domain.journal.care_events import CASES, CASES_ERASED, FOLLOWED, WARNED
from nudge.domain.journal.event import ERASED, IDENTIFIED
from nudge.domain.journal.records import Event, JournalEntry
from nudge.domain.people.merging import INTO, LEFT
from nudge.domain.people.parting import OTHER, PARTED

REPLAYED: Final = frozenset({WARNED, FOLLOWED, CASES_ERASED, ERASED})
"""Types of records by which a case changes; `identified` says besides whose it is."""


@dataclass
class CaseReplay:
    """The replay of a partition's cases.

    Attributes:
        partition: of the journal.
        cases: by id, as the records so far leave them.
    """

    partition: int
    cases: dict[str, Case] = field(default_factory=dict)
    _gone: set[str] = field(default_factory=set)
    _into: dict[str, str] = field(default_factory=dict)

    def take(self, entry: JournalEntry) -> None:
        """Take one entry of the partition; most say nothing of a case."""
        record = entry.record
        if not isinstance(record, Event):
            return
        if record.type in (IDENTIFIED, LEFT) and INTO in record.fields:
            self._into[record.subject] = str(record.fields[INTO])
        elif record.type == PARTED and OTHER not in record.fields:
            self._into.pop(record.subject, None)
        if record.type not in REPLAYED or record.subject in self._gone:
            return
        if record.type == ERASED:
            self._gone.add(record.subject)
            self._drop(name for name, case in self.cases.items() if self._root(case) in self._gone)
        elif record.type == CASES_ERASED:
            self._drop(parts_of(record.fields[CASES]))
        else:
            self._take_record(record, entry.at)

    def _take_record(self, record: Event, at: float) -> None:
        fields: Any = record.fields
        name = str(fields["case"])
        case = self.cases.get(name)
        if case is None:
            if "topic" in fields:
                self.cases[name] = case_of(self.partition, record, at)
        elif record.type == WARNED or is_of_case(record, case):
            self.cases[name] = with_record(case, record, at)

    def _root(self, case: Case) -> str:
        subject = case.subject
        while subject in self._into:
            subject = self._into[subject]
        return subject

    def _drop(self, names: Iterable[str]) -> None:
        for name in list(names):
            self.cases.pop(name, None)
