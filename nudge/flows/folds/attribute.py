"""Attribute: from decisions and events to exposures, rewards and the visitors' states.

A fold. It reads its own exposures and rewards too, and passes them by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import structlog

from nudge.domain.credit.attribution import REFUNDED
from nudge.domain.credit.attribution_replay import Visitors, fold, is_attributed
from nudge.domain.credit.closing import advance
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.journal.records import Event, JournalEntry
from nudge.domain.people.facts import REFUND_OF
from nudge.domain.people.merging import LEFT, arriving
from nudge.domain.people.parting import PARTED, late_arrival
from nudge.domain.people.room import Dropped, dropped_of, dropped_text, with_dropped
from nudge.domain.people.spending import knows_payment
from nudge.domain.people.visitor import VisitorState, recall
from nudge.flows.folds.proof_writes import proof_writes
from nudge.store.folds.folds import DROPPED, GENERATION, Commit, FoldWrite
from nudge.store.store import Store

log = structlog.get_logger()

DUE: Final = 250
"""Most visitors whose exposures are closed with one batch, besides those that the batch touches."""
WATERMARK: Final = "watermark"


class PlanReviewer(Protocol):
    """A reviewer of visitors' plans: `PlanReview`, or one that follows the contact policy."""

    def review(
        self, partition: int, entries: Iterable[JournalEntry], states: Mapping[str, VisitorState]
    ) -> None:
        """Withdraw what must not be sent any more; idempotent."""
        ...


@dataclass(frozen=True)
class AttributeState:
    """The state of the fold `attribute` in one partition.

    Attributes:
        watermark: the largest stamp, in seconds.
        generation: of the visitors' states.
        dropped: counts of what left them for lack of room.
    """

    watermark: float
    generation: int = 0
    dropped: tuple[Dropped, ...] = ()


@dataclass(frozen=True)
class AttributeFold:
    """The fold `attribute`: credits rewards to exposures and keeps the visitors' states.

    Attributes:
        batch: most entries of one commit.
        name: in its keys; another one while a new generation is built.
        plan_review: withdraws plans that a batch makes obsolete; None where a state is built anew,
            since that is done once.
    """

    store: Store
    batch: int = 500
    name: str = FoldName.ATTRIBUTE
    plan_review: PlanReviewer | None = None

    def prepare(self, partition: int) -> AttributeState:
        """Read the watermark and the generation as of the committed position."""
        names = (WATERMARK, GENERATION, DROPPED)
        mark, number, gone = self.store.folds.read_fields(partition, self.name, *names)
        return AttributeState(float(mark or 0.0), int(number or 0), dropped_of(gone or ""))

    def handle(
        self, partition: int, state: AttributeState, entries: Sequence[JournalEntry]
    ) -> tuple[AttributeState, Commit]:
        """Return the state behind a batch, and the commit that it makes.

        Args:
            partition: of the journal.
            state: before the batch.
            entries: in order, at least one.

        Returns:
            The state behind the batch, and what is to be committed.
        """
        after = replace(state, watermark=max(state.watermark, *(e.stamp for e in entries)))
        due = self._due(partition, after)
        loaded = self._load(partition, state, dict.fromkeys((*_subjects(entries), *due)))
        gone: list[Dropped] = []
        visitors, records = fold(loaded, state.watermark, entries, gone.extend)
        after = replace(after, dropped=with_dropped(state.dropped, gone))
        mark = after.watermark
        visitors = {s: advance(recall(one, mark), mark) for s, one in visitors.items()}
        if self.plan_review:
            self.plan_review.review(partition, entries, visitors)
        if self.name == FoldName.ATTRIBUTE:
            _tell_unknown(entries, visitors)
        writes = self._writes(partition, after.generation, loaded, visitors, due)
        fields = {WATERMARK: repr(mark)} | ({DROPPED: dropped_text(after.dropped)} if gone else {})
        writes.append(self.store.folds.put_fields(partition, self.name, fields))
        writes += proof_writes(self.store, partition, entries)
        sends = [sent for e in entries if (sent := sent_by(e))]
        return after, Commit(entries[-1].position, records, writes, sends)

    def _due(self, partition: int, state: AttributeState) -> list[str]:
        """List subjects with an exposure that has closed, those that wait longest first."""
        return self.store.visitor_states.due(partition, state.watermark, DUE, state.generation)

    def _load(self, partition: int, state: AttributeState, subjects: Iterable[str]) -> Visitors:
        blobs = self.store.visitor_states.read_each(partition, list(subjects), state.generation)
        # What cannot be read is new: one visitor's bytes must not stop the partition.
        read = self.store.state_reader.state
        found = {subject: read(blob) for subject, blob in blobs.items()}
        # The store forgets by its clock. A rebuild, which is faster than time, must forget as well.
        return {subject: recall(one, state.watermark) for subject, one in found.items()}

    def _writes(
        self,
        partition: int,
        generation: int,
        before: Visitors,
        after: Visitors,
        due: Sequence[str],
    ) -> list[FoldWrite]:
        writes: list[FoldWrite] = []
        states, waiting = self.store.visitor_states, set(due)
        for subject, state in after.items():
            if state == before[subject]:
                continue
            writes.append(states.put(partition, subject, state, generation))
            closes = state.next_close()
            listed = subject in waiting or bool(before[subject].open)
            moved = subject in waiting or closes != before[subject].next_close()
            if listed if closes is None else moved:
                writes.append(states.schedule(partition, subject, closes, generation))
        return writes


def sent_by(entry: JournalEntry) -> tuple[int, Event] | None:
    """Return the record that an entry makes for another partition, and which; None for most."""
    record = entry.record
    if isinstance(record, Event) and record.type == LEFT:
        return arriving(entry, record)
    if isinstance(record, Event) and record.type == PARTED:
        return late_arrival(entry, record)
    return None


def _subjects(entries: Sequence[JournalEntry]) -> list[str]:
    return [entry.record.subject for entry in entries if is_attributed(entry)]


def _tell_unknown(entries: Iterable[JournalEntry], visitors: Visitors) -> None:
    """Log refunds that take nothing back: their payment has not come, or is too long ago."""
    for entry in entries:
        record = entry.record
        if isinstance(record, Event) and record.type == REFUNDED:
            state = visitors[record.subject]
            gone = state.into is not None
            if not gone and not knows_payment(state, str(record.fields.get(REFUND_OF))):
                log.warning("refund_of_unknown_payment", event_id=record.event_id)
