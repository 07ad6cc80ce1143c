"""Credit for an event: in each slot, only the latest exposure at or before it.

Where there is none, the first one behind it, as far as the event's clock may be behind (decision
0016).

Everything here is a function of a visitor's exposures and events, so the order of their arrival
cannot matter. Credit is recomputed when either side grows; the change is the reward.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nudge.domain.journal.records import Ref
from nudge.domain.people.visitor import OpenExposure, RewardEvent, VisitorState
from nudge.domain.slots.reward_event import PAID, PAY_TAPPED, reward_rule

JOINED_BY_TIME: Final = frozenset({PAID, PAY_TAPPED})
"""Types that are joined to exposures by time even where they name a decision.

A visitor who pays, or means to, answers everything that was shown.
"""

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
    """

    conversions: int
    value: int

    @classmethod
    def of(cls, events: Sequence[RewardEvent]) -> Worth:
        """Compute the worth of some events."""
        return cls(int(bool(events)), sum(event.value for event in events))


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
    return {
        one.decision: events for one, events in held_events(state, slot) if _is_enough(one, events)
    }


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


def _is_enough(exposure: OpenExposure, events: Iterable[RewardEvent]) -> bool:
    return reward_rule(exposure.terms.event).met(event.type for event in events)


def in_slot(exposures: Iterable[OpenExposure], slot: str) -> list[OpenExposure]:
    """Return the exposures of one slot, in their order."""
    return [exposure for exposure in exposures if exposure.slot == slot]


def slots_of(state: VisitorState) -> Iterator[str]:
    """Return the slots with exposures, each once."""
    return iter(dict.fromkeys(exposure.slot for exposure in state.open))


def is_shared(state: VisitorState, event: RewardEvent) -> bool:
    """Return True where the event is credited in more than one slot."""
    credited = (
        any(event in events for events in credits_of(state, slot).values())
        for slot in slots_of(state)
    )
    return len(event.spent) + sum(credited) > 1


def settle_credits(state: VisitorState, closing: Sequence[OpenExposure]) -> VisitorState:
    """Mark the events that closing exposures hold as spent in their slots.

    An event that belonged to an exposure at its close stays there, whatever comes later: also where
    the exposure's terms wanted more, so that no other exposure inherits it.
    """
    spent: Spent = {}
    ending = {exposure.decision for exposure in closing}
    for slot in dict.fromkeys(exposure.slot for exposure in closing):
        for exposure, events in held_events(state, slot):
            for event in events if exposure.decision in ending else ():
                spent.setdefault(event, set()).add(slot)
    return _spent(state, spent)


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
