"""A batch of the fold `care` while it is read: watches, cases, and what is written of them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from nudge.domain.care.case import Case, case_of, partition_of, with_record
from nudge.domain.care.person_facts import FACT_TYPES
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.care.signal import FEEDBACK, HAS_TEXT, SIGNAL_TYPES, joined_parts, parts_of
from nudge.domain.care.watch import GONE, NOTHING, Watch, decode_watch, encode_watch
from nudge.domain.care.watcher import Watcher, arriving_watch
from nudge.domain.journal.care_events import (
    CASES_ERASED,
    FOLLOWED,
    HEARD,
    OWN_TYPES,
    WARNED,
    WATCH_MOVED,
)
from nudge.domain.journal.records import Event, JournalEntry
from nudge.domain.people.merging import INTO, LEFT, PARTITION

ERASED: Final = "erased"
_WATCH: Final = "watch"
_CASES: Final = "cases"
TAKEN: Final = frozenset({*SIGNAL_TYPES, *FACT_TYPES, *OWN_TYPES, LEFT, ERASED})
"""Types of events that the fold reads; all others only move the watermark."""


def taken(entry: JournalEntry) -> bool:
    """Return True for an entry that the fold reads."""
    return isinstance(entry.record, Event) and entry.record.type in TAKEN


@dataclass
class CareBatch:
    """A batch while it is read.

    Attributes:
        partition: of the journal.
        mark: watermark so far, in seconds.
        before: the watches of all subjects that come, as they were.
        known: the cases that the batch's records name, as they were.
        sends: records for other partitions.
        dropped: ids of cases that were forgotten.
    """

    book: RuleBook
    partition: int
    mark: float
    before: Mapping[str, Watch]
    known: Mapping[str, Case]
    watchers: dict[str, Watcher] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    records: list[Event] = field(default_factory=list)
    sends: list[tuple[int, Event]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with the cases as they were."""
        self.cases.update(self.known)

    def take(self, entry: JournalEntry) -> None:
        """Take one entry, after what was due before it for its visitor."""
        self.mark = max(self.mark, entry.stamp)
        if not taken(entry):
            return
        record: Any = entry.record
        watcher = self._advanced(record.subject)
        if watcher.watch.into == GONE:
            return  # what was on its way when the visitor was forgotten
        take = _TAKERS.get(record.type)
        if take is None:
            watcher.take_event(record, entry.at, entry.stamp)
        else:
            take(self, watcher, entry)
        self._gather(watcher)

    def finish(self, due: Iterable[str]) -> None:
        """Fire what is due by the batch's end, for all who came and for these subjects."""
        for subject in (*self.before, *due):
            self._gather(self._advanced(subject))

    def changed(self) -> Iterator[tuple[str, Watch, Watch]]:
        """Yield each subject whose watch changed, with its watch before and after."""
        for subject, watcher in self.watchers.items():
            if watcher.watch != self.before[subject]:
                yield subject, self.before[subject], watcher.watch

    def changed_cases(self) -> Iterator[Case]:
        """Yield the cases that are new or changed."""
        for name, case in self.cases.items():
            if case is not self.known.get(name):
                yield case

    def _advanced(self, subject: str) -> Watcher:
        watcher = self.watchers.get(subject)
        if watcher is None:
            watcher = Watcher(self.book, self.partition, subject, self.before[subject])
            self.watchers[subject] = watcher
        watcher.advance(self.mark)
        return watcher

    def _gather(self, watcher: Watcher) -> None:
        if watcher.records:
            self.records += watcher.records
            watcher.records.clear()

    def _take_heard(self, watcher: Watcher, entry: JournalEntry) -> None:
        record: Any = entry.record
        watcher.take_heard(record, entry.at, entry.stamp)

    def _take_warned(self, watcher: Watcher, entry: JournalEntry) -> None:
        record: Any = entry.record
        watcher.take_warned(record, entry.at)
        name = str(record.fields["case"])
        case = self.cases.get(name)
        if case is not None:
            self.cases[name] = with_record(case, record, entry.at)
        elif "topic" in record.fields:
            self.cases[name] = case_of(self.partition, record, entry.at)

    def _take_step(self, watcher: Watcher, entry: JournalEntry) -> None:
        record: Any = entry.record
        watcher.take_step(record, entry.at, entry.stamp)
        name = str(record.fields["case"])
        if name in self.cases:
            self.cases[name] = with_record(self.cases[name], record, entry.at)
        if watcher.watch.into is not None and partition_of(name) == self.partition:
            # Whom the visitor turned out to be must know that the case is closed.
            subject, partition = watcher.watch.into
            again = Event(
                subject, f"{record.event_id}:{name}", FOLLOWED, "server", None, record.fields
            )
            self.sends.append((partition, again))

    def _leave(self, watcher: Watcher, entry: JournalEntry) -> None:
        """Send the watch to whom the visitor turned out to be, under an id made of its place."""
        record: Any = entry.record
        to, partition = str(record.fields[INTO]), int(str(record.fields[PARTITION]))
        moved = watcher.watch._replace(facts=b"", look=None, into=None)
        watcher.watch = NOTHING._replace(touched=watcher.watch.touched, into=(to, partition))
        if moved._replace(touched=0.0) == NOTHING:
            return
        name = f"{WATCH_MOVED}:{entry.partition}:{entry.position}"
        content = base64.b85encode(encode_watch(moved)).decode()
        self.sends.append(
            (partition, Event(to, name, WATCH_MOVED, "server", None, {_WATCH: content}))
        )

    def _arrive(self, watcher: Watcher, entry: JournalEntry) -> None:
        record: Any = entry.record
        moved = decode_watch(base64.b85decode(str(record.fields[_WATCH])))
        watcher.watch = arriving_watch(watcher.watch, moved)

    def _erase(self, watcher: Watcher, entry: JournalEntry) -> None:
        """Forget the visitor and the cases, those in other partitions by a record of their own."""
        elsewhere: dict[int, list[str]] = {}
        for one in watcher.watch.past:
            partition = partition_of(one.case)
            if partition == self.partition:
                self._drop(one.case)
            elif partition is not None:
                elsewhere.setdefault(partition, []).append(one.case)
        for partition, names in sorted(elsewhere.items()):
            name = f"{CASES_ERASED}:{entry.partition}:{entry.position}"
            fields = {_CASES: joined_parts(tuple(names))}
            subject = entry.record.subject
            event = Event(subject, name, CASES_ERASED, "server", None, fields)
            self.sends.append((partition, event))
        watcher.watch = NOTHING._replace(touched=entry.stamp, into=GONE)

    def _erase_cases(self, _: Watcher, entry: JournalEntry) -> None:
        record: Any = entry.record
        for name in parts_of(record.fields[_CASES]):
            self._drop(name)

    def _drop(self, name: str) -> None:
        self.cases.pop(name, None)
        self.dropped.append(name)


_Take = Callable[[CareBatch, Watcher, JournalEntry], None]
_TAKERS: Final[Mapping[str, _Take]] = {
    HEARD: CareBatch._take_heard,  # noqa: SLF001 - the table of the class's own steps
    WARNED: CareBatch._take_warned,  # noqa: SLF001
    FOLLOWED: CareBatch._take_step,  # noqa: SLF001
    LEFT: CareBatch._leave,  # noqa: SLF001
    WATCH_MOVED: CareBatch._arrive,  # noqa: SLF001
    ERASED: CareBatch._erase,  # noqa: SLF001
    CASES_ERASED: CareBatch._erase_cases,  # noqa: SLF001
}


def named_cases(entries: Sequence[JournalEntry]) -> list[str]:
    """Return the ids of the cases that entries name, each once."""
    found: dict[str, None] = {}
    for entry in entries:
        record = entry.record
        if isinstance(record, Event) and record.type in (WARNED, FOLLOWED):
            found[str(record.fields["case"])] = None
    return list(found)


def texts_to_read(entries: Sequence[JournalEntry]) -> list[JournalEntry]:
    """Return the entries of feedback with a text."""
    return [
        entry
        for entry in entries
        if isinstance(entry.record, Event)
        and entry.record.type == FEEDBACK
        and entry.record.fields.get(HAS_TEXT)
    ]
