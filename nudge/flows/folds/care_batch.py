"""A batch of the fold `care` while it is read: watches, cases, and what is written of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from nudge.domain.care.case import Case, partition_of
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.care.signal import FEEDBACK, HAS_TEXT
from nudge.domain.care.watch import Watch
from nudge.domain.care.watcher import Watcher
from nudge.domain.journal.care_events import FOLLOWED, WARNED
from nudge.domain.journal.records import Event, JournalEntry


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
        counts: of what was taken.
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
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Begin with the cases as they were."""
        self.cases.update(self.known)

    def finish(self, due: Iterable[str]) -> None:
        """Fire what is due by the batch's end, for all who came and for these subjects."""
        for subject in (*self.before, *due):
            self.gather(self.advanced(subject))

    def changed(self) -> Iterator[tuple[str, Watch, Watch]]:
        """Yield each subject whose watch changed, with its watch before and after."""
        for subject, watcher in self.watchers.items():
            if watcher.watch != self.before[subject]:
                yield subject, self.before[subject], watcher.watch

    def changed_cases(self) -> Iterator[tuple[Case | None, Case]]:
        """Yield the cases that are new or changed, each as it was and as it is."""
        for name, case in self.cases.items():
            before = self.known.get(name)
            if case is not before:
                yield before, case

    def advanced(self, subject: str) -> Watcher:
        """Return the watcher of a subject, with all fired that was due by now."""
        watcher = self.watchers.get(subject)
        if watcher is None:
            watcher = Watcher(self.book, self.partition, subject, self.before[subject])
            self.watchers[subject] = watcher
        watcher.advance(self.mark)
        return watcher

    def gather(self, watcher: Watcher) -> None:
        """Take over what a watcher wrote: records of a case belong to its partition."""
        if not watcher.records:
            return
        for record in watcher.records:
            partition = partition_of(str(record.fields["case"]))
            if partition is None or partition == self.partition:
                self.records.append(record)
            else:
                self.sends.append((partition, record))
        watcher.records.clear()

    def drop(self, name: str) -> None:
        """Forget a case."""
        self.cases.pop(name, None)
        self.dropped.append(name)


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
