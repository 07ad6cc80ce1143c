"""Attribution: from a visitor's decisions and events to exposures and rewards. Pure.

`step` takes one entry of the journal. Windows run on the watermark, the largest stamp seen.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Sequence
from typing import Final

from nudge.domain.basics.money import fen_of
from nudge.domain.journal.event import MAX_AGE, reward_type, rewards
from nudge.domain.journal.records import (
    Decision,
    DecisionReason,
    Event,
    Exposure,
    JournalEntry,
    Ref,
    Reward,
)
from nudge.domain.people.credit import credits_of, settle_credits, slots_of
from nudge.domain.people.facts import state_with_event
from nudge.domain.people.merging import JOINED, content_of, merge_states
from nudge.domain.people.reward import changes, reward_changes
from nudge.domain.people.visitor import (
    MAX_OPEN,
    EarlyShown,
    OpenExposure,
    RewardEvent,
    VisitorState,
    with_channel,
)
from nudge.domain.slots.reward_event import PAID, reward_rule

GRACE: Final = 600.0
"""Seconds that an exposure stays open behind its own arrival: what was spooled while the store was
away comes back in any order, perhaps after its window."""

SENT: Final = "sms_sent"
"""Shows the decision that it names, as `shown` does."""

Step = tuple[VisitorState, tuple[Exposure, ...], tuple[Reward, ...]]


def step(state: VisitorState, entry: JournalEntry) -> Step:
    """Take one entry of the visitor's journal.

    Args:
        state: of the visitor, up to the entry before.
        entry: of the same subject. One that is neither decision nor event changes nothing.

    Returns:
        The new state, the exposures that began, and the changes of rewards.
    """
    state = advance(state, entry.stamp)
    record = entry.record
    if isinstance(record, Decision):
        return _decided(state, entry, record)
    if isinstance(record, Event):
        return _happened(state, entry, record)
    return state, (), ()


def advance(state: VisitorState, watermark: float) -> VisitorState:
    """The state when the partition's watermark is at `watermark`: what has closed leaves.

    It never changes a credit, so it does not matter how often or when it is called.
    """
    if watermark <= state.watermark:
        return state
    if not (state.waiting or state.early or state.open or state.events):
        return state.having(watermark=watermark)
    closing = [x for x in state.open if state.watermark <= x.closes < watermark]
    state = settle_credits(state, closing) if closing else state
    exposures = _remaining(state.open, watermark)
    return state.having(
        waiting=tuple(x for x in state.waiting if x.closes >= watermark),
        early=tuple(x for x in state.early if x.at + MAX_AGE >= watermark),
        open=exposures,
        events=tuple(x for x in state.events if _matters(x, exposures, watermark)),
        watermark=watermark,
    )


def _remaining(exposures: tuple[OpenExposure, ...], watermark: float) -> tuple[OpenExposure, ...]:
    """Without those that have closed, except where an earlier one of the slot is still open.

    Windows differ between revisions: the earlier one must not inherit a later one's events.
    """
    first = {x.slot: x.at for x in reversed(exposures) if x.closes >= watermark}
    return tuple(
        x for x in exposures if x.closes >= watermark or x.at >= first.get(x.slot, math.inf)
    )


def _matters(event: RewardEvent, exposures: Sequence[OpenExposure], watermark: float) -> bool:
    """True while an exposure may still come that it rewards, or an open one may hold it."""
    return event.at + MAX_AGE >= watermark or any(
        event.type in reward_rule(x.terms.event).types and event.at <= x.until for x in exposures
    )


def _decided(state: VisitorState, entry: JournalEntry, decision: Decision) -> Step:
    if decision.channel not in state.channels:
        state = state.having(channels=with_channel(state.channels, decision.channel))
    known = (x.is_of(entry.ref) for x in (*state.waiting, *state.open))
    if decision.reason == DecisionReason.SHADOW or any(known):
        return state, (), ()
    if decision.twin is not None:
        return _twinned(state, entry, decision.twin)
    one = _open(entry, decision)
    if decision.terms.on == "decision":
        return _exposed(state, entry, one, entry.at)
    early = next((x for x in state.early if x.decision == one.decision), None)
    if early is None:
        return state.having(waiting=(*state.waiting, one)[-MAX_OPEN:]), (), ()
    state = state.having(early=tuple(x for x in state.early if x != early))
    return _exposed(state, entry, one, max(one.at, early.at))


def _twinned(state: VisitorState, entry: JournalEntry, twin: Ref) -> Step:
    """Two writings of one decision are one, which counts from the earlier.

    The store may have taken the first writing much later: a frozen one does so when it wakes up.
    Or the page was answered by the first one, and the other is what a process spooled that died
    before it could answer. So `shown` may name either, and what it names is what was exposed.
    """
    exposed = next((x for x in state.open if x.is_of(twin)), None)
    if exposed is not None:
        return _backdated(state, entry, exposed)
    one = next((x for x in state.waiting if x.is_of(twin)), None)
    if one is None:
        return state, (), ()
    rest = tuple(x for x in state.waiting if x != one)
    one = one._replace(at=min(one.at, entry.at), aliases=(*one.aliases, entry.ref))
    early = next((x for x in state.early if x.decision == entry.ref), None)
    if early is None:
        return state.having(waiting=(*rest, one)), (), ()
    seen = tuple(x for x in state.early if x != early)
    state = state.having(waiting=rest, early=seen)
    return _exposed(state, entry, _named(one, entry.ref), max(one.at, early.at))


def _named(one: OpenExposure, ref: Ref) -> OpenExposure:
    """The same decision, under the reference that the page was given."""
    if ref == one.decision:
        return one
    others = tuple(x for x in (one.decision, *one.aliases) if x != ref)
    return one._replace(decision=ref, aliases=others)


def _backdated(state: VisitorState, entry: JournalEntry, one: OpenExposure) -> Step:
    """An exposure that began when its decision was made is moved to when that was answered."""
    if one.terms.on != "decision":
        return state, (), ()
    rest = [x for x in state.open if x != one]
    moved = one._replace(at=min(one.at, entry.at))
    insort(rest, moved, key=lambda x: (x.at, x.decision))
    after = state.having(open=tuple(rest))
    return after, (), tuple(changes(state, after, (one.slot,), entry))


def _open(entry: JournalEntry, decision: Decision) -> OpenExposure:
    return OpenExposure(
        entry.ref,
        decision.slot,
        decision.revision,
        decision.variant,
        decision.cell,
        decision.reason,
        decision.propensity,
        decision.terms,
        at=entry.at,
        # An SMS that is planned goes out perhaps weeks after it was decided.
        closes=max(entry.at + MAX_AGE, (decision.due or 0.0) + MAX_AGE, entry.stamp + GRACE),
    )


def _happened(state: VisitorState, entry: JournalEntry, event: Event) -> Step:
    if event.type == "shown":
        return _shown(state, entry, event.decision)
    if event.type == JOINED:
        return _joined(state, entry, event)
    known = any(x.event_id == event.event_id for x in state.events)
    if not known:
        state = state_with_event(state, entry.at, event)
    if event.type == SENT:
        return _shown(state, entry, event.decision)
    kind = reward_type(event)
    if kind is None or not rewards(event.type, event.source):
        return state, (), ()
    if known or len(state.events) >= MAX_OPEN:
        # Forgetting an older event instead would take back what it was credited with.
        return state, (), ()
    # Only what was paid is worth money: a step's amount is a choice.
    value = fen_of(event.fields.get("amount")) if kind == PAID else 0
    happened = RewardEvent(event.event_id, kind, entry.at, value, event.decision)
    after = state.having(events=_sorted(state.events, happened))
    return after, (), tuple(changes(state, after, tuple(slots_of(after)), entry))


def _joined(state: VisitorState, entry: JournalEntry, event: Event) -> Step:
    """Somebody who was known as another one arrives, with open exposures and what rewards them."""
    content = advance(content_of(event), state.watermark)
    both = merge_states(state, content).having(into=state.into)
    after = _bounded(both)
    # What each of them held was credited already: by this fold, or by the one that let it go.
    before = {
        slot: {**credits_of(state, slot), **credits_of(content, slot)} for slot in slots_of(both)
    }
    rewards = tuple(reward_changes(before, after, entry))
    after, exposures, more = _overtaken(after, entry)
    return after, exposures, (*rewards, *more)


def _overtaken(state: VisitorState, entry: JournalEntry) -> Step:
    """Begin the exposures whose `shown` came before the state that knew their decision."""
    begun: tuple[Exposure, ...] = ()
    rewards: tuple[Reward, ...] = ()
    news = tuple(x for x in state.early if not any(y.is_of(x.decision) for y in state.open))
    state = state.having(early=news)
    for early in news:
        one = next((x for x in state.waiting if x.is_of(early.decision)), None)
        if one is not None:
            rest = tuple(x for x in state.waiting if x != one)
            others = tuple(x for x in state.early if x != early)
            state = state.having(waiting=rest, early=others)
            named = _named(one, early.decision)
            state, exposures, more = _exposed(state, entry, named, max(one.at, early.at))
            begun, rewards = (*begun, *exposures), (*rewards, *more)
    return state, begun, rewards


def _bounded(state: VisitorState) -> VisitorState:
    """Without the oldest exposures, where there are too many."""
    if len(state.open) <= MAX_OPEN:
        return state
    oldest = state.open[:-MAX_OPEN]
    return settle_credits(state, oldest).having(open=state.open[-MAX_OPEN:])


def _shown(state: VisitorState, entry: JournalEntry, ref: Ref | None) -> Step:
    if ref is None:
        return state, (), ()
    one = next((x for x in state.waiting if x.is_of(ref)), None)
    if one is not None:
        state = state.having(waiting=tuple(x for x in state.waiting if x != one))
        return _exposed(state, entry, _named(one, ref), max(one.at, entry.at))
    known = any(x.is_of(ref) for x in state.open) or any(x.decision == ref for x in state.early)
    if known:
        return state, (), ()
    # A decision that was spooled can come behind its `shown`; so can one that was made for the
    # visitor under another subject, whose state is on its way.
    return state.having(early=(*state.early, EarlyShown(ref, entry.at))[-MAX_OPEN:]), (), ()


def _exposed(state: VisitorState, entry: JournalEntry, one: OpenExposure, at: float) -> Step:
    """Begin an exposure; it may take credit from the one before."""
    if len(state.open) >= MAX_OPEN:
        oldest = state.open[: 1 - MAX_OPEN]
        state = settle_credits(state, oldest).having(open=state.open[1 - MAX_OPEN :])
    closes = max(at + one.terms.window, entry.stamp + GRACE)
    one = one._replace(at=at, closes=closes)
    exposures = list(state.open)
    insort(exposures, one, key=lambda x: (x.at, x.decision))
    after = state.having(open=tuple(exposures))
    return after, (_exposure(entry, one),), tuple(changes(state, after, (one.slot,), entry))


def _exposure(entry: JournalEntry, one: OpenExposure) -> Exposure:
    return Exposure(
        entry.record.subject,
        one.decision,
        one.slot,
        one.revision,
        one.variant,
        one.cell,
        one.reason,
        one.propensity,
        one.terms.window,
        one.at,
    )


def _sorted(events: tuple[RewardEvent, ...], one: RewardEvent) -> tuple[RewardEvent, ...]:
    return tuple(sorted((*events, one), key=lambda x: (x.at, x.event_id)))
