"""Credit for an event: in each slot, only the latest exposure at or before it.

Where there is none, the first one behind it, as far as the event's clock may be behind (decision
0016).

Everything here is a function of a visitor's exposures, events and refunds, so the order of their
arrival cannot matter. Credit is recomputed when any of them grows; the change is the reward.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nudge.domain.journal.records import Ref
from nudge.domain.people.refunds import left_of
from nudge.domain.people.visitor import (
    MAX_CLOSED,
    ClosedExposure,
    OpenExposure,
    RewardEvent,
    VisitorState,
)
from nudge.domain.slots.reward_event import PAID, PAY_TAPPED, reward_rule

JOINED_BY_TIME: Final = frozenset({PAID, PAY_TAPPED})
"""Types that are joined to exposures by time even where they name a decision.

A visitor who pays, or means to, answers everything that was shown.
"""

NOBODY: Final = ClosedExposure(Ref(-1, -1), "", 0, "", "", "", "", 0.0, ())
"""Owner of a payment that no closed exposure has."""

Credits = Mapping[Ref, tuple[RewardEvent, ...]]
"""Exposure -> the events credited to it, by time and id.

An exposure that still lacks an event of its terms is credited with none.
"""

Spent = dict[RewardEvent, set[str]]
"""Event -> slots in which it belongs to an exposure that leaves."""


@dataclass(frozen=True, slots=True)
class Worth:
    """The worth of an exposure's credit.

    Attributes:
        conversions: 0 or 1.
        value: fen.
        claims: of the conversions; 1 where pages alone speak of it.
    """

    conversions: int
    value: int
    claims: int = 0

    @classmethod
    def of(cls, events: Sequence[RewardEvent]) -> Worth:
        """Compute the worth of some events."""
        told = bool(events) and all(event.source == "page" for event in events)
        return cls(int(bool(events)), sum(event.value for event in events), int(told))


def holder(
    event: RewardEvent, exposures: Sequence[OpenExposure], watermark: float
) -> OpenExposure | None:
    """Return the one exposure that may be credited with an event.

    Args:
        event: of the visitor.
        exposures: the visitor's in one slot, by time and reference, closed ones included where an
            earlier one is still open: they keep it from being credited in their place.
        watermark: seconds; a closed exposure's reward does not change any more.

    Returns:
        One exposure, or None where the event rewards nothing in this slot.
    """
    latest = _named(event, exposures) if names(event) else _latest(event, exposures)
    if latest is None or latest.closes < watermark:
        return None
    if event.type not in reward_rule(latest.terms.event).types:
        return None
    return latest if event.at <= latest.until else None


def names(event: RewardEvent) -> bool:
    """Return True where the event can credit only the exposure of the decision that it names."""
    return event.decision is not None and event.type not in JOINED_BY_TIME


def _named(event: RewardEvent, exposures: Sequence[OpenExposure]) -> OpenExposure | None:
    # No lower bound: who names a decision has seen it, whenever its `shown` was sent.
    return next((x for x in exposures if x.decision == event.decision), None)


def _latest(event: RewardEvent, exposures: Sequence[OpenExposure]) -> OpenExposure | None:
    before = _before(event, exposures)
    if not event.skew or (before is not None and event.at <= before.until):
        return before
    # What was shown just behind a payment, on its own page of thanks, must not take the credit
    # from what was shown before it.
    return next((x for x in exposures if event.at < x.at <= event.reach), before)


def _before(event: RewardEvent, exposures: Sequence[OpenExposure]) -> OpenExposure | None:
    return next((x for x in reversed(exposures) if x.at <= event.at), None)


def credits_of(state: VisitorState, slot: str) -> Credits:
    """Return the credit of the open exposures in one slot; those without any are left out."""
    held = ((one.decision, one.terms.event, events) for one, events in held_events(state, slot))
    return _enough(state, held)


def closed_credits(state: VisitorState) -> Credits:
    """Return the credit of the closed exposures that are remembered.

    Of several that hold one payment, each under another id of the visitor, the latest before it
    has the credit; also where that one is still open.
    """
    owner = _owners(state)
    held = (
        (
            one.decision,
            one.event,
            tuple(x for x in one.events if owner.get((one.slot, x.event_id)) in (None, one)),
        )
        for one in state.closed
    )
    return _enough(state, held)


def _owners(state: VisitorState) -> dict[tuple[str, str], ClosedExposure]:
    """Return the exposure that owns a payment, by slot and id, where several hold it."""
    first = {one.event_id: one.at for one in state.receipts}
    free = {x.event_id: x.spent for x in state.events if x.type == PAID}
    owner: dict[tuple[str, str], ClosedExposure] = {}
    for one in state.closed:
        for x in one.events:
            if x.type != PAID:
                continue
            if one.slot not in free.get(x.event_id, (one.slot,)):
                # An open exposure under another id was shown later.
                owner[one.slot, x.event_id] = NOBODY
                continue
            # They are in the order of their times.
            if one.at <= first.get(x.event_id, x.at) or (one.slot, x.event_id) not in owner:
                owner[one.slot, x.event_id] = one
    return owner


def _enough(
    state: VisitorState, held: Iterable[tuple[Ref, str, tuple[RewardEvent, ...]]]
) -> dict[Ref, tuple[RewardEvent, ...]]:
    """Return the events of the exposures that have all that their terms want, without refunds."""
    found = {}
    for decision, terms, events in held:
        left = tuple(_left(state, events)) if state.refunds else events
        if is_enough(terms, left):
            found[decision] = left
    return found


def _left(state: VisitorState, events: Iterable[RewardEvent]) -> Iterator[RewardEvent]:
    for one in events:
        left = left_of(one.event_id, one.value, state.refunds) if one.type == PAID else None
        if left != 0:
            yield one if left is None else one._replace(value=left)


def held_events(
    state: VisitorState, slot: str
) -> list[tuple[OpenExposure, tuple[RewardEvent, ...]]]:
    """Return the open exposures in one slot that hold events, with these events."""
    exposures = in_slot(state.open, slot)
    found: dict[Ref, tuple[OpenExposure, tuple[RewardEvent, ...]]] = {}
    for event in state.events:
        if slot in event.spent:
            continue
        exposure = holder(event, exposures, state.watermark)
        if exposure is not None:
            _, before = found.get(exposure.decision, (exposure, ()))
            found[exposure.decision] = exposure, (*before, event)
    return list(found.values())


def is_enough(terms: str, events: Iterable[RewardEvent]) -> bool:
    """Return True where the events are all that the text of the terms wants."""
    return reward_rule(terms).met(event.type for event in events)


def in_slot(exposures: Iterable[OpenExposure], slot: str) -> list[OpenExposure]:
    """Return the exposures of one slot, in their order."""
    return [exposure for exposure in exposures if exposure.slot == slot]


def slots_of(state: VisitorState) -> Iterator[str]:
    """Return the slots with exposures, each once."""
    return iter(dict.fromkeys(exposure.slot for exposure in state.open))


def is_shared(state: VisitorState, event: RewardEvent) -> bool:
    """Return True where the event is credited in more than one slot, before any refund."""
    gross, name = state.having(refunds=()), (event.type, event.event_id)
    slots = set(event.spent)
    slots |= {x.slot for x in state.closed if any((y.type, y.event_id) == name for y in x.events)}
    for slot in slots_of(state):
        credited = credits_of(gross, slot).values()
        if any((x.type, x.event_id) == name for events in credited for x in events):
            slots.add(slot)
    return len(slots) > 1


def settle_credits(state: VisitorState, closing: Sequence[OpenExposure]) -> VisitorState:
    """Mark the events that closing exposures hold as spent in their slots.

    An event that belonged to an exposure at its close stays there, whatever comes later: also where
    the exposure's terms wanted more, so that no other exposure inherits it. Exposures with the
    credit of a payment that can be refunded are remembered.
    """
    spent: Spent = {}
    kept: list[ClosedExposure] = []
    ending = {exposure.decision for exposure in closing}
    refundable = {one.event_id for one in state.receipts}
    for slot in dict.fromkeys(exposure.slot for exposure in closing):
        for exposure, events in held_events(state, slot):
            if exposure.decision not in ending:
                continue
            for event in events:
                spent.setdefault(event, set()).add(slot)
            paid = any(x.type == PAID and x.event_id in refundable for x in events)
            if paid and is_enough(exposure.terms.event, events):
                kept.append(_closed(exposure, events))
    if kept:
        closed = sorted((*state.closed, *kept), key=lambda x: (x.at, x.decision))
        state = state.having(closed=tuple(closed[-MAX_CLOSED:]))
    return _spent(state, spent)


def _closed(one: OpenExposure, events: tuple[RewardEvent, ...]) -> ClosedExposure:
    return ClosedExposure(
        one.decision,
        one.slot,
        one.revision,
        one.variant,
        one.cell,
        one.reason,
        one.terms.event,
        one.at,
        tuple(x._replace(spent=()) for x in events),
    )


def drop_exposures(state: VisitorState, kept: Sequence[OpenExposure]) -> VisitorState:
    """Drop all exposures but these from a state.

    An event that happened in the window of one that goes credits none behind it: its clock was not
    so far behind.
    """
    if any(event.skew for event in state.events):
        state = _settle_skewed(state, {exposure.decision for exposure in kept})
    return state.having(open=tuple(kept))


def _settle_skewed(state: VisitorState, kept: Collection[Ref]) -> VisitorState:
    spent: Spent = {}
    for slot in slots_of(state):
        exposures = in_slot(state.open, slot)
        for event in state.events:
            one = _before(event, exposures) if event.skew and not names(event) else None
            if one is not None and one.decision not in kept and event.at <= one.until:
                spent.setdefault(event, set()).add(slot)
    return _spent(state, spent)


def _spent(state: VisitorState, spent: Spent) -> VisitorState:
    if not spent:
        return state
    return state.having(events=tuple(_spend(x, spent.get(x)) for x in state.events))


def _spend(event: RewardEvent, slots: set[str] | None) -> RewardEvent:
    if not slots:
        return event
    return event._replace(spent=tuple(sorted({*event.spent, *slots})))
