"""Care: from what visitors say and do to warnings, and from people's actions to their cases.

A fold. It reads its own records, too: a case is a function of them (docs/decisions/0041).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from bandits.units import DAY
from nudge.domain.care.case import Case
from nudge.domain.care.case_tally import (
    CaseTally,
    added_tallies,
    tally_of,
    tally_text,
    unclosed_change,
)
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.care.signal import heard_event
from nudge.domain.care.text_reading import TextReader
from nudge.domain.care.warning_rule import CaseKind
from nudge.domain.journal.event import text_name
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.journal.records import Event, JournalEntry
from nudge.errors import CorruptRecordError
from nudge.flows.folds.care_batch import CareBatch, named_cases, texts_to_read
from nudge.flows.folds.care_takers import take_entry, taken
from nudge.store.folds.folds import GENERATION, TALLY, Commit, FoldWrite
from nudge.store.store import Store
from nudge.store.vault.text_book import TextPlace

WATERMARK: Final = "watermark"
DUE: Final = 500
"""Most visitors with something due whom one commit takes."""


class TextSeal(Protocol):
    """The seal of texts: `VaultSeal`."""

    def open(self, sealed: bytes, about: str) -> str:
        """Return a text; a `CorruptRecordError` where it cannot be read."""
        ...


@dataclass(frozen=True)
class TextDesk:
    """The desk at which texts are read, in the live fold alone.

    Attributes:
        seal: opens texts.
        reader: of words and complaints, as it is configured now.
    """

    seal: TextSeal
    reader: Callable[[], TextReader]


@dataclass(frozen=True)
class CareState:
    """The state of the fold `care` in one partition.

    Attributes:
        watermark: the largest stamp, in seconds; of what is due, everything before is done.
        generation: of watches and cases.
        tally: counts of cases and texts so far.
    """

    watermark: float
    generation: int = 0
    tally: CaseTally = field(default_factory=dict)


@dataclass(frozen=True)
class CareFold:
    """The fold `care`: warns by rules, and keeps the cases.

    Attributes:
        book: returns the rules as they are configured now.
        texts: None where a state is built anew: what was found is in the journal.
        batch: most entries of one commit.
        name: in its keys; another one while a new generation is built.
    """

    store: Store
    book: Callable[[], RuleBook]
    texts: TextDesk | None = None
    batch: int = 1000
    name: str = FoldName.CARE

    def prepare(self, partition: int) -> CareState:
        """Read watermark, generation and tally as of the committed position."""
        names = (WATERMARK, GENERATION, TALLY)
        mark, number, tally = self.store.folds.read_fields(partition, self.name, *names)
        return CareState(float(mark or 0.0), int(number or 0), tally_of(tally or ""))

    def handle(
        self, partition: int, state: CareState, entries: Sequence[JournalEntry]
    ) -> tuple[CareState, Commit]:
        """Return the state behind a batch, and the commit that it makes.

        Where more is due than one commit takes, it takes a part of that and none of the entries.

        Args:
            partition: of the journal.
            state: before the batch.
            entries: in order, at least one.
        """
        mark = max(state.watermark, *(e.stamp for e in entries))
        due = self.store.watches.due(partition, mark, DUE, state.generation)
        if len(due) == DUE:
            mark = max(state.watermark, min(mark, math.nextafter(due[-1][1], math.inf)))
            late = entries[0].position - 1
            return self._handled(partition, state, (), [s for s, _ in due], mark, late)
        subjects = [subject for subject, _ in due]
        return self._handled(partition, state, entries, subjects, mark, entries[-1].position)

    def _handled(
        self,
        partition: int,
        state: CareState,
        entries: Sequence[JournalEntry],
        due: Sequence[str],
        mark: float,
        position: int,
    ) -> tuple[CareState, Commit]:
        book = self.book()
        asked = [(entry, taken(entry, book.trails)) for entry in entries]
        mine = [entry for entry, is_taken in asked if is_taken]
        names = dict.fromkeys((*(entry.record.subject for entry in mine), *due))
        before = self.store.watches.read_each(partition, list(names), state.generation)
        known = self.store.cases.read_each(partition, named_cases(mine), state.generation)
        batch = CareBatch(book, partition, state.watermark, before, known)
        for entry, is_taken in asked:
            batch.mark = max(batch.mark, entry.stamp)
            if is_taken:
                take_entry(batch, entry)
        batch.mark = max(batch.mark, mark)
        batch.finish(due)
        gone = [*batch.dropped, *self._old(partition, state, batch.mark)]
        lost = self._lost(partition, state, batch, gone)
        tally = self._tally(state, batch, lost)
        after = replace(state, watermark=batch.mark, tally=tally)
        records = [*batch.records, *self._heard(partition, mine)]
        writes = [*self._writes(partition, state, batch, due)]
        writes += self.store.cases.drop(partition, gone, lost, state.generation)
        fields = {WATERMARK: repr(after.watermark), TALLY: tally_text(tally)}
        writes.append(self.store.folds.put_fields(partition, self.name, fields))
        return after, Commit(position, records, writes, batch.sends)

    def _lost(
        self, partition: int, before: CareState, batch: CareBatch, gone: Sequence[str]
    ) -> dict[str, Case]:
        """Return the cases that are forgotten, as the store has them."""
        unread = [name for name in gone if name not in batch.known]
        known = self.store.cases.read_each(partition, unread, before.generation)
        return {**known, **{name: batch.known[name] for name in gone if name in batch.known}}

    def _tally(self, before: CareState, batch: CareBatch, lost: Mapping[str, Case]) -> CaseTally:
        """Return the tally behind a batch."""
        changes = [unclosed_change(case, None) for case in lost.values()]
        changes += [unclosed_change(*one) for one in batch.changed_cases()]
        return added_tallies((before.tally, batch.counts, *changes))

    def _heard(self, partition: int, entries: Sequence[JournalEntry]) -> Iterator[Event]:
        """Yield the records of what was found in the texts of a batch."""
        spoken = texts_to_read(entries) if self.texts else []
        if self.texts is None or not spoken:
            return
        places = [TextPlace(partition, e.record.subject, _name_of(e.record)) for e in spoken]
        seal = self.texts.seal
        sealed = zip(self.store.texts.read(places), places, strict=True)
        said = [_opened(seal, one, place.name) for one, place in sealed]
        readings = self.texts.reader().read_each(said)
        for entry, reading in zip(spoken, readings, strict=True):
            if reading is not None and isinstance(entry.record, Event):
                yield heard_event(entry.record, entry.at, reading)

    def _writes(
        self, partition: int, state: CareState, batch: CareBatch, due: Iterable[str]
    ) -> Iterator[FoldWrite]:
        watches, generation, waiting = self.store.watches, state.generation, set(due)
        for subject, before, after in batch.changed():
            yield watches.put(partition, subject, after, generation)
            if after.due != before.due:
                waiting.discard(subject)
                yield watches.schedule(partition, subject, after.due, generation)
        for subject in waiting:
            # It was forgotten, or looked at in vain: it must not be listed for the same again.
            yield watches.schedule(
                partition, subject, batch.watchers[subject].watch.due, generation
            )
        changed = list(batch.changed_cases())
        yield from self.store.cases.put_each(partition, changed, generation)
        for _, case in changed:
            if case.kind == CaseKind.WINBACK:
                yield self.store.winback_order.stale(partition, case.id)

    def _old(self, partition: int, before: CareState, mark: float) -> list[str]:
        """Return the ids of old cases to forget, once a day of the watermark."""
        if before.watermark // DAY == mark // DAY:
            return []
        return self.store.cases.old(partition, mark, before.generation)


def _name_of(record: object) -> str:
    assert isinstance(record, Event)  # noqa: S101 - `texts_to_read` gives no other
    return text_name(record.source, record.type, record.event_id)


def _opened(seal: TextSeal, sealed: bytes | None, name: str) -> str:
    """Return a text; an empty one where it is gone, or cannot be read any more."""
    if sealed is None:
        return ""
    try:
        return seal.open(sealed, name)
    except CorruptRecordError:
        return ""
