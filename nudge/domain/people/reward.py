"""Changes of rewards by an entry of the journal, and amounts as whole fen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b

from nudge.domain.journal.records import JournalEntry, Ref, Reward
from nudge.domain.people.credit import (
    Credits,
    Worth,
    closed_credits,
    credits_of,
    is_shared,
    slots_of,
)
from nudge.domain.people.refunds import Refund
from nudge.domain.people.visitor import (
    ClosedExposure,
    OpenExposure,
    RewardEvent,
    VisitorState,
)


def changes(
    before: VisitorState, after: VisitorState, slots: Sequence[str], entry: JournalEntry
) -> Iterator[Reward]:
    """Yield the changes of rewards in these slots, one reward for each exposure concerned."""
    for slot in slots:
        old, new = credits_of(before, slot), credits_of(after, slot)
        for one in after.open:
            if one.slot == slot and old.get(one.decision) != new.get(one.decision):
                yield from _change(after, one, old, new, entry)


def all_changes(
    before: Credits, after: VisitorState, entry: JournalEntry, refund: Refund | None = None
) -> Iterator[Reward]:
    """Yield the changes of rewards in all slots, of closed exposures too.

    Args:
        before: credit of all exposures before the entry.
        after: the state after the entry.
        entry: cause of the changes.
        refund: that is the cause, if any.
    """
    new = all_credits(after)
    exposures: dict[Ref, OpenExposure | ClosedExposure] = {x.decision: x for x in after.closed}
    exposures |= {x.decision: x for x in after.open}
    for one in exposures.values():
        if before.get(one.decision) != new.get(one.decision):
            yield from _change(after, one, before, new, entry, refund)


def all_credits(state: VisitorState) -> Credits:
    """Return the credit of all exposures, open ones and those that are remembered."""
    found = dict(closed_credits(state))
    for slot in slots_of(state):
        found |= credits_of(state, slot)
    return found


def _change(
    after: VisitorState,
    one: OpenExposure | ClosedExposure,
    old: Credits,
    new: Credits,
    entry: JournalEntry,
    refund: Refund | None = None,
) -> Iterator[Reward]:
    was, now = old.get(one.decision, ()), new.get(one.decision, ())
    before, then = Worth.of(was), Worth.of(now)
    if before == then:
        return
    cause = _cause(was, now)
    named = refund or cause
    yield Reward(
        _reward_id(one.decision, named.event_id, entry),
        entry.record.subject,
        one.decision,
        one.slot,
        one.revision,
        one.variant,
        one.cell,
        one.reason,
        one.at,
        named.event_id,
        then.conversions - before.conversions,
        then.value - before.value,
        then.value**2 - before.value**2,
        is_shared(after, cause),
        named.at,
        then.claims - before.claims,
        isinstance(one, OpenExposure) and one.by_page,
    )


def _reward_id(decision: Ref, event_id: str, entry: JournalEntry) -> str:
    """Derive the id of a change: deterministic, so that computing a change again repeats its id."""
    place = (decision.partition, decision.position, decision.index, entry.partition, entry.position)
    text = f"{place} {event_id}"
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _cause(was: Sequence[RewardEvent], now: Sequence[RewardEvent]) -> RewardEvent:
    """Return the latest event that was gained or lost."""
    changed = [event for event in (*was, *now) if (event in was) != (event in now)]
    # Journals of earlier versions may have one payment under two ids, equal in everything.
    return max(changed or (*was, *now), key=lambda event: (event.at, event.event_id))
