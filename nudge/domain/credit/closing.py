"""Closing: exposures whose window is over leave a visitor's state, and payments that are too old.

Pure. Windows run on the watermark, the largest stamp seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from nudge.domain.journal.event import MAX_AGE
from nudge.domain.people.credit import drop_exposures, settle_credits
from nudge.domain.people.refunds import TAKE_BACK
from nudge.domain.people.visitor import ClosedExposure, OpenExposure, RewardEvent, VisitorState
from nudge.domain.slots.reward_event import PAID, reward_rule


def advance(state: VisitorState, watermark: float) -> VisitorState:
    """Advance a visitor's state to a watermark: closed exposures leave, and what belongs to them.

    It never changes a credit, so neither the number nor the time of the calls matters.
    """
    if watermark <= state.watermark:
        return state
    state = _close(state, watermark)
    return _forget(state) if state.receipts or state.refunds or state.closed else state


def _close(state: VisitorState, watermark: float) -> VisitorState:
    if not (state.waiting or state.early or state.open or state.events):
        return state.having(watermark=watermark)
    closing = [x for x in state.open if state.watermark <= x.closes < watermark]
    state = settle_credits(state, closing) if closing else state
    exposures = _drop_closed(state.open, watermark)
    if len(exposures) < len(state.open):
        state = drop_exposures(state, exposures)
    return state.having(
        waiting=tuple(x for x in state.waiting if x.closes >= watermark),
        early=tuple(x for x in state.early if x.at + MAX_AGE >= watermark),
        events=tuple(x for x in state.events if _matters(x, exposures, watermark)),
        watermark=watermark,
    )


def _forget(state: VisitorState) -> VisitorState:
    """Forget payments that no refund takes back any more, and refunds of none that is known."""
    since = state.watermark - TAKE_BACK
    # The first ones are the oldest.
    if all(at >= since for at in _firsts(state)):
        return state
    receipts = tuple(x for x in state.receipts if x.at >= since)
    closed = tuple(x for x in state.closed if _last_paid(x) >= since)
    known = {x.event_id for one in closed for x in one.events}
    known |= {x.event_id for x in receipts} | {x.event_id for x in state.events}
    refunds = tuple(x for x in state.refunds if x.at >= since or x.refund_of in known)
    return state.having(receipts=receipts, closed=closed, refunds=refunds)


def _firsts(state: VisitorState) -> Iterator[float]:
    yield from (x.at for x in state.receipts[:1])
    yield from (x.at for x in state.refunds[:1])
    yield from (x.at for x in state.closed[:1])


def _last_paid(one: ClosedExposure) -> float:
    return max(x.at for x in one.events if x.type == PAID)


def _drop_closed(exposures: tuple[OpenExposure, ...], watermark: float) -> tuple[OpenExposure, ...]:
    """Drop closed exposures, except where an earlier one of the slot is still open.

    Windows differ between revisions: the earlier one must not inherit a later one's events.
    """
    first = {x.slot: x.at for x in reversed(exposures) if x.closes >= watermark}
    return tuple(
        x for x in exposures if x.closes >= watermark or x.at >= first.get(x.slot, math.inf)
    )


def _matters(event: RewardEvent, exposures: Sequence[OpenExposure], watermark: float) -> bool:
    """Return True while the event may reward an exposure that is open or yet to come."""
    return event.at + MAX_AGE >= watermark or any(
        event.type in reward_rule(x.terms.event).types and event.at <= x.until for x in exposures
    )
