"""Crowding: exposures and events leave a visitor's state where there are too many. Pure.

A page's events push out pages' events only, each type its own; what is dropped is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from nudge.domain.people.credit import drop_exposures, held_events, settle_credits, slots_of
from nudge.domain.people.room import EITHER, PAGE, SERVER, quotas, without_first
from nudge.domain.people.visitor import MAX_OPEN, OpenExposure, RewardEvent, VisitorState

Held = dict[RewardEvent, list[OpenExposure]]
"""Event -> the open exposures that would be worth less without it."""


def fit_open(state: VisitorState, coming: str = "") -> VisitorState:
    """Return the state with room for its exposures, and for one more.

    The oldest ones of the slots that have most close: what they were credited with stays. So the
    latest exposure of each slot, which gets the credit of what comes, stays.

    Args:
        state: of the visitor.
        coming: slot of one that is about to begin; empty for none.
    """
    slots = [*(x.slot for x in state.open), *([coming] if coming else ())]
    if len(slots) <= MAX_OPEN:
        return state
    kept = without_first(state.open, lambda x: x.slot, quotas(slots, MAX_OPEN))
    return _close(state, kept).having_dropped("exposure", EITHER, len(state.open) - len(kept))


def fit_events(state: VisitorState) -> VisitorState:
    """Return the state with as many events as there is room for, of pages and of servers.

    Of the types that have most the oldest leave, first those that no exposure would miss. Where an
    exposure is credited with a server's, it closes, so that it keeps its credit.
    """
    if len(state.events) <= MAX_OPEN:
        return state
    for is_fact in (False, True):
        crowd = [x for x in state.events if x.is_fact == is_fact]
        if len(crowd) > MAX_OPEN:
            state = _without(state, _leaving(state, crowd), is_fact=is_fact)
    return state


def _leaving(state: VisitorState, crowd: Sequence[RewardEvent]) -> list[RewardEvent]:
    missed = _missed(state)
    leaving: list[RewardEvent] = []
    for kind, count in quotas((x.type for x in crowd), MAX_OPEN).items():
        rows = [x for x in crowd if x.type == kind]
        # Sorting keeps the order of time within both groups.
        leaving += sorted(rows, key=missed.__contains__)[:count]
    return leaving


def _missed(state: VisitorState) -> Held:
    """Return the events that exposures would miss: money, and the first of each other type."""
    missed: Held = {}
    for slot in slots_of(state):
        for exposure, events in held_events(state, slot):
            seen: set[tuple[str, bool]] = set()
            for event in events:
                if event.value or (event.type, event.is_fact) not in seen:
                    missed.setdefault(event, []).append(exposure)
                seen.add((event.type, event.is_fact))
    return missed


def _without(
    state: VisitorState, leaving: Collection[RewardEvent], *, is_fact: bool
) -> VisitorState:
    source = SERVER if is_fact else PAGE
    if is_fact:
        state = _close_holders(state, leaving)
    names = {_name(x) for x in leaving}
    state = state.having(events=tuple(x for x in state.events if _name(x) not in names))
    for kind, count in Counter(x.type for x in leaving).items():
        state = state.having_dropped(kind, source, count)
    return state


def _close_holders(state: VisitorState, leaving: Collection[RewardEvent]) -> VisitorState:
    """Close the exposures that are credited with events, and those before them in their slots."""
    missed = _missed(state)
    holding = [one for event in leaving for one in missed.get(event, ())]
    if not holding:
        return state
    last: dict[str, float] = {}
    for one in holding:
        last[one.slot] = max(one.at, last.get(one.slot, one.at))
    # An earlier one must not inherit what comes for the one that closes.
    return _close(state, [x for x in state.open if x.slot not in last or x.at > last[x.slot]])


def _close(state: VisitorState, kept: Sequence[OpenExposure]) -> VisitorState:
    stays = {x.decision for x in kept}
    closing = [x for x in state.open if x.decision not in stays]
    return drop_exposures(settle_credits(state, closing), kept)


def _name(event: RewardEvent) -> tuple[str, str, str, float]:
    # What closing an exposure does not change.
    return event.event_id, event.type, event.source, event.at
