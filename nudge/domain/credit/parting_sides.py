"""The two sides of a wrong merge: whose a record is, and each side's state without the other. Pure.

The records are those of all subjects of both sides. What the folds wrote when the sides became one
(`left`, `joined`) is not read; only what such a record carried after the positions read counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from nudge.domain.credit.attribution import step
from nudge.domain.journal.event import VIA
from nudge.domain.journal.records import Decision, Event, JournalEntry, Ref
from nudge.domain.people.consents import is_refusal as is_refusal_event
from nudge.domain.people.merging import INTO, JOINED, LEFT, PARTITION
from nudge.domain.people.parting import PARTED, ReadLimits
from nudge.domain.people.visitor import VisitorState

ANSWERS: Final = frozenset(
    {"shown", "clicked", "sms_sent", "sms_delivered", "sms_failed", "sms_clicked"}
    | {"prefill_kept", "prefill_edited"}
)
"""Types of events that belong to whom their decision was made for, whoever sent them."""


class PartingPoint(NamedTuple):
    """The merging that is taken back.

    Attributes:
        leaves: the subject that had turned out to be another one.
        stamp: seconds, when; minus infinity where the lake no longer has it.
        told: since then each record says under which id it came.
    """

    leaves: str
    stamp: float
    told: bool


@dataclass
class SideRecords:
    """The records of the one side.

    Attributes:
        entries: in any order.
        refusals: of the other side's records those that count for both: nobody knows whose they
            are.
    """

    entries: list[JournalEntry] = field(default_factory=list)
    refusals: list[JournalEntry] = field(default_factory=list)


@dataclass(frozen=True)
class PartingSides:
    """The rule that gives each record of two merged visitors to one of the two.

    Attributes:
        leaving: subjects of the side that leaves.
        staying: subjects of the other side.
        root: the subject that both had become; of the side that stays.
        cut: the merging that is taken back.
    """

    leaving: frozenset[str]
    staying: frozenset[str]
    root: str
    cut: PartingPoint

    def sort(
        self, entries: Sequence[JournalEntry], limits: ReadLimits
    ) -> tuple[SideRecords, SideRecords]:
        """Sort records by side: those of the side that leaves, and of the one that stays.

        Args:
            entries: of all the subjects.
            limits: what stands behind them counts only where it has come to the root by then.
        """
        causes = _causes(entries)
        made = {e.ref for e in entries if isinstance(e.record, Decision) and self._leaves(e.record)}
        leaves, stays = SideRecords(), SideRecords()
        for entry in entries:
            if not self._counts(entry, limits, causes):
                continue
            mine = self._is_leaving(entry, made)
            (leaves if mine else stays).entries.append(entry)
            if not mine and self._is_untold(entry) and is_refusal(entry):
                leaves.refusals.append(entry)
        return leaves, stays

    def late(
        self, entries: Sequence[JournalEntry], before: ReadLimits, now: ReadLimits
    ) -> list[JournalEntry]:
        """Return what came to the root for the side that left after its own state was read."""
        leaves, _ = self.sort(entries, ReadLimits(before.upto, now.root))
        return [
            e for e in leaves.entries if e.record.subject == self.root and e.position > before.root
        ]

    def untold(self, entries: Iterable[JournalEntry]) -> int:
        """Count the records of which the journal does not tell for whom of the two they came."""
        return sum(map(self._is_untold, entries))

    def _leaves(self, record: Decision) -> bool:
        return record.subject in self.leaving

    def _counts(
        self, entry: JournalEntry, limits: ReadLimits, causes: Mapping[tuple[int, int], int]
    ) -> bool:
        record = entry.record
        if not isinstance(record, Event | Decision) or self._is_cut(entry):
            return False
        if record.subject != self.root:
            return _is_original(record) and entry.position <= limits.upto[entry.partition]
        if entry.position > limits.root:
            return False
        if isinstance(record, Event) and record.type == JOINED:
            _, p, position = record.event_id.split(":")
            if int(p) not in limits.upto or not self._is_known(str(record.fields["from"])):
                return False
            # Of what stands at or before the limits the original is read.
            return causes.get((int(p), int(position)), math.inf) > limits.upto[int(p)]
        return _is_original(record)

    def _is_cut(self, entry: JournalEntry) -> bool:
        """Return True for the word that made the two one; what it told of the visitor goes too."""
        record = entry.record
        linked = isinstance(record, Event) and INTO in record.fields
        return linked and record.subject == self.cut.leaves and entry.stamp == self.cut.stamp

    def _is_known(self, subject: str) -> bool:
        return subject != self.root and subject in self.leaving | self.staying

    def _is_leaving(self, entry: JournalEntry, made: set[Ref]) -> bool:
        record = entry.record
        if record.subject != self.root or not isinstance(record, Event):
            return record.subject in self.leaving
        if record.type == JOINED:
            return record.fields["from"] in self.leaving
        if record.decision is not None and record.type in ANSWERS:
            return record.decision in made
        return record.fields.get(VIA) in self.leaving

    def _is_untold(self, entry: JournalEntry) -> bool:
        """Return True for a record of which nobody knows for whom of the two it came."""
        record = entry.record
        return (
            not self.cut.told
            and entry.stamp >= self.cut.stamp
            and record.subject == self.root
            and isinstance(record, Event)
            and VIA not in record.fields
            and _is_original(record)
        )


def state_of(opening: VisitorState, entries: Iterable[JournalEntry]) -> VisitorState:
    """Return the state that records make of a visitor, in the order of time.

    Args:
        opening: the state before them.
        entries: of one or several subjects, in any order.
    """
    state = opening
    for entry in sorted(entries, key=lambda e: (e.stamp, e.partition, e.position, e.index)):
        if state.is_forgotten(entry.stamp):
            state = VisitorState()
        state, _, _ = step(state, _unlinked(entry))
    return state


def is_refusal(entry: JournalEntry) -> bool:
    """Return True for a refusal of a channel, or a complaint."""
    record = entry.record
    if not isinstance(record, Event):
        return False
    return is_refusal_event(record) or record.type == "complaint"


def _is_original(record: Event | Decision) -> bool:
    return not (isinstance(record, Event) and record.type in {LEFT, JOINED, PARTED})


def _unlinked(entry: JournalEntry) -> JournalEntry:
    """Return the entry without the word that its visitor turned out to be another one."""
    record = entry.record
    if not isinstance(record, Event) or INTO not in record.fields:
        return entry
    kept = {k: v for k, v in record.fields.items() if k not in {INTO, PARTITION}}
    return replace(entry, record=replace(record, fields=kept))


def _causes(entries: Iterable[JournalEntry]) -> dict[tuple[int, int], int]:
    """Return the place of each `left`, with the position of the record that caused it."""
    return dict(_caused(entries))


def _caused(entries: Iterable[JournalEntry]) -> Iterator[tuple[tuple[int, int], int]]:
    for entry in entries:
        if isinstance(entry.record, Event) and entry.record.type == LEFT:
            yield (entry.partition, entry.position), int(entry.record.event_id.split(":")[2])
