"""Takers of the fold `care`: an entry by its type changes the visitor's watch and the cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from nudge.domain.alarms.visit_counts import is_act
from nudge.domain.care.case import case_of, is_of_case, partition_of, with_record
from nudge.domain.care.case_tally import HEARD as HEARD_TEXTS
from nudge.domain.care.case_tally import TEXTS, opened_name
from nudge.domain.care.grants import grant_events
from nudge.domain.care.moves import (
    leaving_watch,
    moved_signal,
    moved_signal_event,
    moved_step_event,
    moved_watch,
    moved_watch_event,
    returning_watch,
)
from nudge.domain.care.person_facts import FACT_TYPES
from nudge.domain.care.signal import (
    FEEDBACK,
    HAS_TEXT,
    SIGNAL_TYPES,
    Signal,
    heard_signal,
    joined_parts,
    parts_of,
    signal_of,
)
from nudge.domain.care.trail import act_signal
from nudge.domain.care.trail_plan import TrailPlan
from nudge.domain.care.watch import GONE, NOTHING, PastWarning, Watch
from nudge.domain.care.watcher import Watcher, arriving_watch
from nudge.domain.journal.care_events import (
    CASES,
    CASES_ERASED,
    FOLLOWED,
    HEARD,
    OWN_TYPES,
    SIGNAL_MOVED,
    WARNED,
    WATCH_MOVED,
)
from nudge.domain.journal.event import ERASED, IDENTIFIED
from nudge.domain.journal.records import (
    Decision,
    DecisionReason,
    Event,
    Exposure,
    JournalEntry,
)
from nudge.domain.people.merging import INTO, LEFT, PARTITION
from nudge.domain.people.parting import INTO_OTHER, OTHER, PARTED
from nudge.flows.folds.care_batch import CareBatch

TAKEN: Final = frozenset({*SIGNAL_TYPES, *FACT_TYPES, *OWN_TYPES, LEFT, ERASED})
"""Types of events that the fold reads; all others only move the watermark."""
_UNSEEN: Final = frozenset({"sms"})
"""Channels of decisions that are no part of a visit."""


def taken(entry: JournalEntry, plan: TrailPlan | None = None) -> bool:
    """Return True for an entry that the fold reads.

    Args:
        entry: of the journal.
        plan: of trails; without one, acts and offers say nothing.
    """
    record = entry.record
    if isinstance(record, Event):
        return record.type in TAKEN or (plan is not None and is_act(record))
    if plan is None or not isinstance(record, Decision | Exposure):
        return False
    if record.slot not in plan.offers or record.reason == DecisionReason.FORCED:
        return False
    return isinstance(record, Exposure) or record.channel not in _UNSEEN


def take_entry(batch: CareBatch, entry: JournalEntry) -> None:
    """Take one entry that the fold reads, after what was due before it for its visitor."""
    record: Any = entry.record
    watcher = batch.advanced(record.subject)
    if isinstance(record, Decision | Exposure):
        _take_offer(batch, watcher, entry)
        return
    if watcher.watch.into == GONE and record.type != WATCH_MOVED:
        return  # what was on its way when the visitor was forgotten
    if record.type == FEEDBACK and record.fields.get(HAS_TEXT):
        batch.counts[TEXTS] += 1
    _TAKERS.get(record.type, _take_event)(batch, watcher, entry)
    batch.gather(watcher)


def _take_event(batch: CareBatch, watcher: Watcher, entry: JournalEntry) -> None:
    record: Any = entry.record
    if watcher.watch.into is None:
        watcher.take_event(record, entry.at, entry.stamp)
    elif (signal := _said(batch, record, entry.at)) is not None:
        # Facts follow by `attribute`, which sends the state on.
        _pass_on(batch, watcher.watch.into, entry, signal)


def _said(batch: CareBatch, event: Event, at: float) -> Signal | None:
    """Return what an event says that follows the visitor: a signal, or a step of the path."""
    signal, plan = signal_of(event, at), batch.book.trails
    if signal is not None or plan is None:
        return signal
    reaches = plan.place(event.type, event.source, event.fields) is not None
    return act_signal(event, at) if reaches or "amount" in event.fields else None


def _take_offer(batch: CareBatch, watcher: Watcher, entry: JournalEntry) -> None:
    """Take a decision of a slot with offers, or its exposure."""
    record, plan = entry.record, batch.book.trails
    if plan is None or watcher.watch.into is not None:
        return
    if isinstance(record, Decision):
        city = record.context.get(plan.city) if plan.city else None
        page = record.channel, "" if city is None else str(city)
        watcher.take_page(page, entry.at, entry.stamp)
    elif isinstance(record, Exposure):
        watcher.take_offer((record.slot, record.variant), entry.at, entry.stamp)


def _take_heard(batch: CareBatch, watcher: Watcher, entry: JournalEntry) -> None:
    record: Any = entry.record
    batch.counts[HEARD_TEXTS] += 1
    _take_signal(batch, watcher, entry, heard_signal(record, entry.at))


def _take_moved(batch: CareBatch, watcher: Watcher, entry: JournalEntry) -> None:
    record: Any = entry.record
    _take_signal(batch, watcher, entry, moved_signal(record))


def _take_signal(batch: CareBatch, watcher: Watcher, entry: JournalEntry, signal: Signal) -> None:
    if watcher.watch.into is None:
        watcher.take_signal(signal, entry.stamp)
    else:
        _pass_on(batch, watcher.watch.into, entry, signal)


def _pass_on(batch: CareBatch, into: tuple[str, int], entry: JournalEntry, signal: Signal) -> None:
    """Send a signal that came for one id to whom the visitor turned out to be."""
    batch.sends.append((into[1], moved_signal_event(entry, into[0], signal)))


def _take_warned(batch: CareBatch, watcher: Watcher, entry: JournalEntry) -> None:
    record: Any = entry.record
    if watcher.watch.into is None:
        watcher.take_warned(record, entry.at)
    name = str(record.fields["case"])
    case = batch.cases.get(name)
    if case is not None:
        batch.cases[name] = with_record(case, record, entry.at)
    elif "topic" in record.fields:
        opened = batch.cases[name] = case_of(batch.partition, record, entry.at)
        batch.counts[opened_name(opened.kind, opened.level)] += 1


def _take_step(batch: CareBatch, watcher: Watcher, entry: JournalEntry) -> None:
    record: Any = entry.record
    watcher.take_step(record, entry.at, entry.stamp)
    name = str(record.fields["case"])
    case = batch.cases.get(name)
    if case is not None and is_of_case(record, case):  # and not a step's move
        after = batch.cases[name] = with_record(case, record, entry.at)
        if after.grant is not None and case.grant is None:
            _carry_out(batch, watcher, grant_events(after, after.grant))
    if watcher.watch.into is not None:
        # Whom the visitor turned out to be must know that the case is closed.
        to, partition = watcher.watch.into
        batch.sends.append((partition, moved_step_event(record, to)))


def _carry_out(batch: CareBatch, watcher: Watcher, events: Iterable[Event]) -> None:
    """Write what a grant makes true of whom the visitor turned out to be."""
    into = watcher.watch.into
    if into is None:
        batch.records += events
    else:
        batch.sends += [(into[1], replace(one, subject=into[0])) for one in events]


def _identify(batch: CareBatch, watcher: Watcher, entry: JournalEntry) -> None:
    """Take what makes a person known by two ids: one of them leaves.

    `attribute` writes `left` behind it, but not for somebody of whom it knows nothing.
    """
    record: Any = entry.record
    if INTO in record.fields:
        _leave(batch, watcher, entry)
    else:
        _take_event(batch, watcher, entry)


def _leave(batch: CareBatch, watcher: Watcher, entry: JournalEntry) -> None:
    """Send the watch to whom the visitor turned out to be."""
    record: Any = entry.record
    to, partition = str(record.fields[INTO]), int(str(record.fields[PARTITION]))
    moved = leaving_watch(watcher.watch, record.subject)
    touched = max(watcher.watch.touched, entry.stamp)
    watcher.watch = NOTHING._replace(touched=touched, into=(to, partition))
    _send_watch(batch, (to, partition), entry, moved)


def _send_watch(batch: CareBatch, into: tuple[str, int], entry: JournalEntry, watch: Watch) -> None:
    if watch._replace(touched=0.0) != NOTHING:
        batch.sends.append((into[1], moved_watch_event(entry, into[0], watch)))


def _arrive(batch: CareBatch, watcher: Watcher, entry: JournalEntry) -> None:
    """Take the watch of an earlier id; where this one left meanwhile, send it on."""
    record: Any = entry.record
    moved, into = moved_watch(record), watcher.watch.into
    if into == GONE:
        _erase_past(batch, entry, moved.past)
    elif into is None:
        watcher.watch = arriving_watch(watcher.watch, moved)
    else:
        _send_watch(batch, into, entry, moved)


def _part(batch: CareBatch, watcher: Watcher, entry: JournalEntry) -> None:
    """Take a visitor apart who had been taken for another: signals and cases are of each again."""
    record: Any = entry.record
    if OTHER in record.fields:
        other = str(record.fields[INTO_OTHER]), int(str(record.fields[PARTITION]))
        watcher.watch, back = returning_watch(watcher.watch, other[0])
        _send_watch(batch, other, entry, back)
    else:
        watcher.watch = watcher.watch._replace(into=None)
    _take_event(batch, watcher, entry)


def _erase(batch: CareBatch, watcher: Watcher, entry: JournalEntry) -> None:
    """Forget the visitor with all cases."""
    _erase_past(batch, entry, watcher.watch.past)
    watcher.watch = NOTHING._replace(touched=entry.stamp, into=GONE)


def _erase_past(batch: CareBatch, entry: JournalEntry, past: Iterable[PastWarning]) -> None:
    """Forget cases, those in other partitions by a record of their own."""
    elsewhere: dict[int, list[str]] = {}
    for one in past:
        partition = partition_of(one.case)
        if partition == batch.partition:
            batch.drop(one.case)
        elif partition is not None:
            elsewhere.setdefault(partition, []).append(one.case)
    for partition, names in sorted(elsewhere.items()):
        name = f"{CASES_ERASED}:{entry.partition}:{entry.position}"
        fields = {CASES: joined_parts(tuple(names))}
        subject = entry.record.subject
        event = Event(subject, name, CASES_ERASED, "server", None, fields)
        batch.sends.append((partition, event))


def _erase_cases(batch: CareBatch, _: Watcher, entry: JournalEntry) -> None:
    record: Any = entry.record
    for name in parts_of(record.fields[CASES]):
        batch.drop(name)


_Take = Callable[[CareBatch, Watcher, JournalEntry], None]
_TAKERS: Final[Mapping[str, _Take]] = {
    HEARD: _take_heard,
    WARNED: _take_warned,
    FOLLOWED: _take_step,
    SIGNAL_MOVED: _take_moved,
    IDENTIFIED: _identify,
    LEFT: _leave,
    PARTED: _part,
    WATCH_MOVED: _arrive,
    ERASED: _erase,
    CASES_ERASED: _erase_cases,
}
