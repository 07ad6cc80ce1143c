"""Attribution over many entries of one partition, and the audit of the records that it wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from heapq import heappop, heappush

from nudge.domain.credit.attribution import step
from nudge.domain.credit.closing import advance
from nudge.domain.journal.care_events import OWN_TYPES
from nudge.domain.journal.records import (
    Decision,
    Event,
    Exposure,
    JournalEntry,
    Record,
    Reward,
    is_imported,
)
from nudge.domain.people.facts import is_case_contact
from nudge.domain.people.merging import (
    JOINED,
    LEFT,
    STATE,
    content_of,
    leaving,
    without_content,
)
from nudge.domain.people.parting import PARTED
from nudge.domain.people.room import Dropped, newly_dropped, with_dropped
from nudge.domain.people.visitor import VisitorState, recall, without_sources

Visitors = dict[str, VisitorState]
"""Subject -> state."""


def fold(
    visitors: Mapping[str, VisitorState],
    watermark: float,
    entries: Sequence[JournalEntry],
    note: Callable[[Sequence[Dropped]], object] = lambda _: None,
) -> tuple[Visitors, list[Record]]:
    """Return the visitors' states after the entries, and the records that attribution writes.

    Args:
        visitors: subject -> state, of every subject in the entries.
        watermark: of the partition before the entries, in seconds.
        entries: in order.
        note: is told of what left a state for lack of room.
    """
    states = dict(visitors)
    records: list[Record] = []
    for entry in entries:
        watermark = max(watermark, entry.stamp)
        if is_attributed(entry):
            subject = entry.record.subject
            before = advance(recall(states[subject], watermark), watermark)
            after, exposures, rewards = step(before, entry)
            records += exposures
            records += rewards
            if after.dropped != before.dropped:
                note(_news(before, after, entry))
            if after.into is not None and after != without_content(after):
                records.append(leaving(after, entry))
                after = without_content(after)
            states[subject] = after
    return states, records


def _news(before: VisitorState, after: VisitorState, entry: JournalEntry) -> tuple[Dropped, ...]:
    """Return what an entry made leave; what a state brought along was counted where it left."""
    record, was = entry.record, before.dropped
    if isinstance(record, Event) and record.type == PARTED:
        return ()
    if isinstance(record, Event) and record.type == JOINED:
        was = with_dropped(was, content_of(record).dropped)
    return newly_dropped(was, after.dropped)


def is_attributed(entry: JournalEntry) -> bool:
    """Return True for an entry that attribution reads; imports were credited elsewhere.

    What the fold `care` and the people who follow its cases write is no act of the visitor; a
    contact that they made is a fact for the contact policy.
    """
    record = entry.record
    if isinstance(record, Event):
        return record.type not in OWN_TYPES or is_case_contact(record)
    return isinstance(record, Decision) and not is_imported(entry.ref)


@dataclass
class AttributionReplay:
    """Visitors as `attribute` stores them: a closing exposure touches its visitor.

    Attributes:
        watermark: seconds, the largest stamp taken.
        visitors: subject -> state.
        due: (seconds, subject) of each visitor's first close; a heap, with outdated entries in it.
    """

    watermark: float = 0.0
    visitors: Visitors = field(default_factory=dict)
    due: list[tuple[float, str]] = field(default_factory=list)

    def know(self, states: Visitors) -> None:
        """Set the states of some visitors."""
        self.visitors |= states
        for subject, state in states.items():
            closes = state.next_close()
            if closes is not None:
                heappush(self.due, (closes, subject))

    def take(self, batch: Sequence[JournalEntry], mine: Sequence[JournalEntry]) -> None:
        """Take a batch of entries.

        Args:
            batch: in order, at least one.
            mine: the entries of the batch that attribution reads, of the visitors under review.
        """
        after = max(self.watermark, *(entry.stamp for entry in batch))
        touched = {entry.record.subject for entry in mine} | set(self._closed_by(after))
        before = {subject: self._state(subject) for subject in touched}
        states, _ = fold(before, self.watermark, mine)
        self.know({s: advance(recall(state, after), after) for s, state in states.items()})
        self.watermark = after

    def _closed_by(self, watermark: float) -> Iterator[str]:
        while self.due and self.due[0][0] < watermark:
            closes, subject = heappop(self.due)
            if self.visitors[subject].next_close() == closes:
                yield subject

    def _state(self, subject: str) -> VisitorState:
        return recall(self.visitors.get(subject, VisitorState()), self.watermark)


@dataclass
class AttributionAccount:
    """An audit of attribution: each record of the replay is in the journal once, and equal.

    A record follows its cause, so that a record of the replay is owed until it is found.

    Attributes:
        owed: id -> record that the journal must still show.
        differences: one line for each record that is not as it should be.
        since: seconds; causes up to then were removed, so a record up to then that no replay writes
            is not a difference.
    """

    owed: dict[str, Record] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    since: float = 0.0

    def owe(self, records: Iterable[Record]) -> None:
        """Note the records that the replay writes."""
        self.owed |= {name_of(record): record for record in records}

    def find(self, entries: Iterable[JournalEntry]) -> None:
        """Check the journal's entries; call `owe` for them first."""
        for entry in entries:
            record = entry.record
            imported = isinstance(record, Exposure | Reward) and is_imported(record.decision)
            if is_attributions(record) and not imported:
                self._found(entry, record)

    def close(self) -> list[str]:
        """Return all differences, once the journal has been read to its end."""
        missing = [f"{name}: expected in the journal, found nowhere" for name in self.owed]
        return [*self.differences, *missing]

    def _found(self, entry: JournalEntry, record: Record) -> None:
        name = name_of(record)
        place = f"{name} at position {entry.position}"
        expected = self.owed.pop(name, None)
        if expected is None and entry.at <= self.since:
            return
        if expected is None:
            self.differences.append(f"{place}: expected nowhere, or once")
        elif not _is_equal(expected, record):
            self.differences.append(f"{place}: {_unlike(expected, record)}")


def _is_equal(expected: Record, found: Record) -> bool:
    """Return True for equal records, also where a version before wrote the state that left."""
    if isinstance(expected, Reward) and isinstance(found, Reward) and not found.claims:
        # Versions before did not tell claims from facts.
        return replace(expected, claims=0) == found
    if expected == found or not (isinstance(expected, Event) and isinstance(found, Event)):
        return expected == found
    ours, theirs = content_of(expected), content_of(found)
    plain = replace(expected, fields={**expected.fields, STATE: found.fields[STATE]})
    return plain == found and without_sources(ours, theirs) == theirs


def is_attributions(record: Record) -> bool:
    """Return True for a kind of record that attribution writes."""
    return isinstance(record, Exposure | Reward) or (
        isinstance(record, Event) and record.type == LEFT
    )


def name_of(record: Record) -> str:
    """Return the identity of a record of attribution, equal for every replay."""
    if isinstance(record, Reward):
        return f"reward {record.reward_id}"
    if isinstance(record, Event):
        return f"event {record.event_id}"
    if isinstance(record, Exposure):
        of = record.decision
        return f"exposure of {of.partition}/{of.position}/{of.index}"
    raise TypeError(f"attribution writes no {record.kind}")


def _unlike(expected: Record, found: Record) -> str:
    names = [one.name for one in fields(expected)]
    pairs = [(name, getattr(expected, name), getattr(found, name)) for name in names]
    return "; ".join(f"{name} expected {x!r}, found {y!r}" for name, x, y in pairs if x != y)
