"""Crowding: exposures and events leave a visitor's state where there are too many. Pure.

A page's events push out pages' events only, each type its own; what is dropped is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from nudge.domain.people.credit import drop_exposures, held_events, settle_credits, slots_of
from nudge.domain.people.room import EITHER, PAGE, SERVER, quotas, without_first
from nudge.domain.people.visitor import MAX_OPEN, OpenExposure, RewardEvent, VisitorState


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


def fit_events(state: VisitorState, coming: RewardEvent | None = None) -> VisitorState:
    """Return the state with as many events as there is room for, of pages and of servers.

    Of pages' events those of the types that have most leave, the oldest first, and before all those
    that no exposure would miss. A server's event that an exposure would miss never leaves: where
    there are nothing but such, the one that comes is not taken.

    Args:
        state: of the visitor.
        coming: the event that has just come; None where two states were merged.
    """
    if len(state.events) <= MAX_OPEN:
        return state
    for is_fact, source in ((False, PAGE), (True, SERVER)):
        crowd = [x for x in state.events if x.is_fact == is_fact]
        if len(crowd) > MAX_OPEN:
            missed = _missed(state)
            leaving = _facts(crowd, missed, coming) if is_fact else _claims(crowd, missed)
            state = _without(state, leaving, source)
    return state


def _claims(crowd: Sequence[RewardEvent], missed: Collection[RewardEvent]) -> list[RewardEvent]:
    leaving: list[RewardEvent] = []
    for kind, count in quotas((x.type for x in crowd), MAX_OPEN).items():
        rows = [x for x in crowd if x.type == kind]
        # Sorting keeps the order of time within both groups.
        leaving += sorted(rows, key=missed.__contains__)[:count]
    return leaving


def _facts(
    crowd: Sequence[RewardEvent], missed: Collection[RewardEvent], coming: RewardEvent | None
) -> list[RewardEvent]:
    over = len(crowd) - MAX_OPEN
    idle = [x for x in crowd if x not in missed]
    kept = without_first(idle, _type, quotas(map(_type, idle), max(0, len(idle) - over)))
    leaving = [x for x in idle if x not in kept]
    if len(leaving) < over and coming is not None and coming not in leaving:
        leaving.append(coming)
    return leaving


def _type(event: RewardEvent) -> str:
    return event.type


def _missed(state: VisitorState) -> set[RewardEvent]:
    """Return the events that exposures would miss: money, and the first of each other type."""
    missed: set[RewardEvent] = set()
    for slot in slots_of(state):
        for _, events in held_events(state, slot):
            seen: set[tuple[str, bool]] = set()
            for event in events:
                if event.value or (event.type, event.is_fact) not in seen:
                    missed.add(event)
                seen.add((event.type, event.is_fact))
    return missed


def _without(state: VisitorState, leaving: Collection[RewardEvent], source: str) -> VisitorState:
    gone = set(leaving)
    state = state.having(events=tuple(x for x in state.events if x not in gone))
    for kind, count in Counter(map(_type, gone)).items():
        state = state.having_dropped(kind, source, count)
    return state


def _close(state: VisitorState, kept: Sequence[OpenExposure]) -> VisitorState:
    stays = {x.decision for x in kept}
    closing = [x for x in state.open if x.decision not in stays]
    return drop_exposures(settle_credits(state, closing), kept)
