"""Drain: what was spooled while the store was away goes to the journal, in order, each once.

A crash at any point repeats a file from its beginning; the visitor's memory of ids makes that
harmless.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import structlog

from nudge import faults
from nudge.domain.choosing.choice import PUBLIC
from nudge.domain.identity.sealing import Home
from nudge.domain.journal.records import Decision
from nudge.spool.spool import Spool
from nudge.store.journal.appends import Append
from nudge.store.keeping.spooled_append import SpooledAppend, unpack
from nudge.store.store import Store

BATCH = 500

log = structlog.get_logger()


def drain(store: Store, spool: Spool) -> int:
    """Append everything that can be drained, and remove the files that held it.

    Returns:
        How many records were new to the journal; 0 where another process drains.

    Raises:
        StoreAwayError: the store is away again; what is left is kept.
    """
    fresh = 0
    with spool.draining() as mine:
        for path, contents in spool.ready() if mine else ():
            for batch in _batches(map(unpack, contents)):
                fresh += _append(store, batch)
                faults.point("drain.after_batch")
            faults.point("drain.before_unlink")
            path.unlink()
    return fresh


def _batches(items: Iterator[SpooledAppend]) -> Iterator[list[SpooledAppend]]:
    while batch := list(islice(items, BATCH)):
        yield batch


def _append(store: Store, batch: Sequence[SpooledAppend]) -> int:
    # Decisions of pages, then what servers sent, then pages' events: who answers comes behind.
    groups: dict[tuple[bool, bool], dict[int, list[Append]]] = {
        (True, False): {},
        (True, True): {},
        (False, True): {},
    }
    for one in batch:
        arrival = _completed(store, one)
        if arrival is not None:
            group = groups[one.closes, one.lasting or not one.closes]
            group.setdefault(one.partition, []).append(arrival)
    arrivals = (one for by in groups.values() for group in by.values() for one in group)
    store.stock.confirm_elsewhere(arrivals)
    fresh = sum(
        store.people.append_people(group, closes=closes, lasting=lasting)
        for (closes, lasting), group in groups.items()
    )
    for one in batch:
        _stick(store, one)
    return fresh


def _stick(store: Store, one: SpooledAppend) -> None:
    """Let a decision stick from now on, as if the store had been there; idempotent.

    One that was made for whoever has the id, without a token, is found by whoever has it. One whose
    visitor went to another partition meanwhile is left: its place is of this one.
    """
    record, hashed = one.arrival.record, one.arrival.visitor_hash
    if not (isinstance(record, Decision) and record.unit and one.keep_for):
        return
    subject = store.visitors.subject_of(Home(hashed, one.partition)) if hashed else record.subject
    if subject is None:
        return
    root = store.visitors.root_of(Home(subject, one.partition))
    if root.partition == one.partition:
        unit = record.unit if not hashed else record.unit.removesuffix(PUBLIC) + PUBLIC
        store.visitors.stick(root, record, unit, one.keep_for)


def _completed(store: Store, one: SpooledAppend) -> Append | None:
    """The arrival with what only the store knew when it was spooled."""
    record = one.arrival.record
    if isinstance(record, Decision):
        if one.arrival.visitor_hash:
            return one.arrival  # of a subject that was only proposed: it has nothing yet
        return replace(one.arrival, record=_paired(store, one.partition, record))
    if record.subject or record.decision is None:
        return one.arrival
    entry = store.journal.read_one(record.decision)
    if entry is None:
        log.warning("spooled_event_without_visitor", type=record.type)
        return None
    return replace(one.arrival, record=replace(record, subject=entry.record.subject))


def _paired(store: Store, partition: int, decision: Decision) -> Decision:
    """The decision with its twin: its first writing may have arrived, only the answer not."""
    kept = store.visitors.assigned(partition, decision.subject, decision.unit)
    if kept is None or kept.ref == decision.ref:
        return decision
    same = kept.period == decision.period and kept.decision.u == decision.u
    return replace(decision, twin=kept.ref) if same else decision
