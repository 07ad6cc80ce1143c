"""Segment: from what is known of visitors to their segments, with since, and counts by day.

A fold. It reads facts and visits and writes nothing back (docs/decisions/0044-next.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from nudge.domain.care.person_facts import FACT_TYPES
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.journal.records import Decision, Event, JournalEntry, is_imported
from nudge.domain.membership.member import Member
from nudge.domain.membership.member_watch import MemberWatch, Move
from nudge.domain.membership.segment_book import SegmentBook
from nudge.domain.people.merging import LEFT
from nudge.domain.people.visitor import PAGES
from nudge.store.folds.folds import GENERATION, Commit, FoldWrite
from nudge.store.folds.generations import RULES
from nudge.store.store import Store

WATERMARK: Final = "watermark"
DUE: Final = 500
"""Most visitors with something due whom one commit takes, and of a walk over everybody."""
ERASED: Final = "erased"
_ENDS: Final = frozenset({LEFT, ERASED})


@dataclass(frozen=True)
class JudgedRules:
    """The rules by which members are judged.

    Attributes:
        digest: of the rules.
        since: seconds, the watermark at which the fold saw them.
        cursor: of the walk that judges everybody by them; empty once it is done.
    """

    digest: str = ""
    since: float = 0.0
    cursor: str = ""

    @classmethod
    def read(cls, text: str | None) -> JudgedRules:
        """Read the rules of a field of the fold's hash."""
        if not text:
            return cls()
        digest, since, *cursor = text.split(" ")
        return cls(digest, float(since), "".join(cursor))

    @property
    def text(self) -> str:
        """The rules as a field of the fold's hash."""
        return f"{self.digest} {self.since!r} {self.cursor}".rstrip()


@dataclass(frozen=True)
class SegmentState:
    """The state of the fold `segment` in one partition.

    Attributes:
        watermark: the largest stamp, in seconds; of what is due, everything before is done.
        generation: of records and counts.
        rules: by which members are judged.
    """

    watermark: float
    generation: int = 0
    rules: JudgedRules = field(default_factory=JudgedRules)


@dataclass(frozen=True)
class SegmentFold:
    """The fold `segment`: who belongs to which segment, since when, and how many did each day.

    Attributes:
        book: returns the segments as they are configured now.
        batch: most entries of one commit.
        name: in its keys; another one while a new generation is built.
    """

    store: Store
    book: Callable[[], SegmentBook]
    batch: int = 1000
    name: str = FoldName.SEGMENT

    def prepare(self, partition: int) -> SegmentState:
        """Read watermark, generation and rules as of the committed position."""
        names = (WATERMARK, GENERATION, RULES)
        mark, number, rules = self.store.folds.read_fields(partition, self.name, *names)
        return SegmentState(float(mark or 0.0), int(number or 0), JudgedRules.read(rules))

    def handle(
        self, partition: int, state: SegmentState, entries: Sequence[JournalEntry]
    ) -> tuple[SegmentState, Commit]:
        """Return the state behind a batch, and the commit that it makes.

        While everybody is judged by new rules, and where more is due than one commit takes, it
        takes a part of that and none of the entries.

        Args:
            partition: of the journal.
            state: before the batch.
            entries: in order, at least one.
        """
        book, late = self.book(), entries[0].position - 1
        state = _with_rules(state, book)
        if state.rules.cursor:
            return self._walked(partition, state, book, late)
        mark = max(state.watermark, *(entry.stamp for entry in entries))
        due = self.store.members.due(partition, mark, DUE, state.generation)
        subjects = [subject for subject, _ in due]
        if len(due) == DUE:
            mark = max(state.watermark, min(mark, math.nextafter(due[-1][1], math.inf)))
            return self._handled(partition, state, book, _Batch((), subjects, mark, late))
        last = entries[-1].position
        return self._handled(partition, state, book, _Batch(entries, subjects, mark, last))

    def _walked(
        self, partition: int, state: SegmentState, book: SegmentBook, position: int
    ) -> tuple[SegmentState, Commit]:
        """Judge a part of everybody by new rules."""
        rules = state.rules
        cursor, found = self.store.members.walk(partition, rules.cursor, DUE, state.generation)
        state = replace(state, rules=replace(rules, cursor="" if cursor == "0" else cursor))
        subjects = list(dict.fromkeys(found))
        return self._handled(
            partition, state, book, _Batch((), subjects, state.watermark, position)
        )

    def _handled(
        self, partition: int, state: SegmentState, book: SegmentBook, batch: _Batch
    ) -> tuple[SegmentState, Commit]:
        mine = [entry for entry in batch.entries if _is_taken(entry, book)]
        names = dict.fromkeys((*(entry.record.subject for entry in mine), *batch.due))
        before = self.store.members.read_each(partition, list(names), state.generation)
        since = state.rules.since
        watches = {name: MemberWatch(book, since, one) for name, one in before.items()}
        mark = state.watermark
        for entry in batch.entries:
            mark = max(mark, entry.stamp)
            if _is_taken(entry, book):
                _take(watches[entry.record.subject], entry, mark)
        mark = max(mark, batch.mark)
        for watch in watches.values():
            watch.advance(mark)
        after = replace(state, watermark=mark)
        writes = [*self._writes(partition, state.generation, before, watches, book)]
        fields = {WATERMARK: repr(mark), RULES: after.rules.text}
        writes.append(self.store.folds.put_fields(partition, self.name, fields))
        return after, Commit(batch.position, writes=writes)

    def _writes(
        self,
        partition: int,
        generation: int,
        before: Mapping[str, Member],
        watches: Mapping[str, MemberWatch],
        book: SegmentBook,
    ) -> Iterator[FoldWrite]:
        members, moves = self.store.members, list[tuple[str, Move]]()
        for subject, watch in watches.items():
            if watch.member != before[subject]:
                yield from members.put(
                    partition, subject, before[subject], watch.member, generation
                )
            moves += [(book.day(one.at), one) for one in watch.moves]
        yield from members.count(partition, moves, generation)


@dataclass(frozen=True)
class _Batch:
    """A part of the work of the fold.

    Attributes:
        entries: of the journal.
        due: subjects for whom something is due.
        mark: seconds up to which everything is done.
        position: that is committed.
    """

    entries: Sequence[JournalEntry]
    due: Sequence[str]
    mark: float
    position: int


def _with_rules(state: SegmentState, book: SegmentBook) -> SegmentState:
    """Return the state with the rules of now; who was judged by others is judged anew."""
    if state.rules.digest == book.digest:
        return state
    cursor = "0" if state.rules.digest else ""
    return replace(state, rules=JudgedRules(book.digest, state.watermark, cursor))


def _is_taken(entry: JournalEntry, book: SegmentBook) -> bool:
    """Return True for a fact, the end of a subject, and a visit where rules ask for visits."""
    record = entry.record
    if isinstance(record, Event):
        return record.type in FACT_TYPES or record.type in _ENDS
    is_visit = isinstance(record, Decision) and record.channel in PAGES
    return book.follows_visits and is_visit and not is_imported(entry.ref)


def _take(watch: MemberWatch, entry: JournalEntry, mark: float) -> None:
    """Take an entry, after what was due before it for its visitor."""
    record: Any = entry.record
    watch.advance(mark)
    if isinstance(record, Decision):
        watch.take_visit(record.channel, mark)
    elif record.type in _ENDS:
        watch.leave(mark)
    else:
        watch.take_fact(record, entry.at, mark)
