"""Attribution: from a visitor's decisions and events to exposures and rewards. Pure.

`step` takes one entry of the journal. Windows run on the watermark, the largest stamp seen.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Mapping
from typing import Final

from bandits.units import DAY
from nudge.domain.basics.money import fen_of
from nudge.domain.credit.closing import advance
from nudge.domain.credit.crowding import fit_events, fit_open
from nudge.domain.journal.event import CAPPED, MAX_AGE, SURPLUS, reward_type, rewards
from nudge.domain.journal.records import (
    Decision,
    DecisionReason,
    Event,
    Exposure,
    JournalEntry,
    Ref,
    Reward,
)
from nudge.domain.people.credit import names, slots_of
from nudge.domain.people.facts import REFUNDABLE, refund_of, state_with_event
from nudge.domain.people.merging import JOINED, content_of, merge_states
from nudge.domain.people.parting import PARTED, other_of
from nudge.domain.people.refunds import Receipt, with_receipts
from nudge.domain.people.reward import all_changes, all_credits, changes
from nudge.domain.people.visitor import (
    EarlyShown,
    OpenExposure,
    RewardEvent,
    VisitorState,
    fit_early,
    fit_waiting,
    with_channel,
)
from nudge.domain.slots.reward_event import PAID

GRACE: Final = 600.0
"""Seconds that an exposure stays open after its arrival in the journal.

Records spooled while the store was away come back in any order, perhaps after their window.
"""

REFUNDED: Final = "refunded"
"""Type of event by which a payment is taken back."""
MOST_CLAIMS: Final = 5
"""Most events of a page that may reward: of one visitor, type, slot and day (UTC)."""
SENT: Final = "sms_sent"
"""Type of event that shows the decision it names, as `shown` does."""

Step = tuple[VisitorState, tuple[Exposure, ...], tuple[Reward, ...]]


def step(state: VisitorState, entry: JournalEntry) -> Step:
    """Take one entry of the visitor's journal.

    Args:
        state: of the visitor, up to the entry before.
        entry: of the same subject. A record that is neither decision nor event changes nothing.

    Returns:
        The new state, the exposures that began, and the changes of rewards.
    """
    state = advance(state, entry.stamp)
    record = entry.record
    if isinstance(record, Decision):
        return _take_decision(state, entry, record)
    if isinstance(record, Event):
        return _take_event(state, entry, record)
    return state, (), ()


def _take_decision(state: VisitorState, entry: JournalEntry, decision: Decision) -> Step:
    if decision.channel not in state.channels:
        state = state.having(channels=with_channel(state.channels, decision.channel))
    known = (x.is_of(entry.ref) for x in (*state.waiting, *state.open))
    if decision.reason == DecisionReason.SHADOW or any(known):
        return state, (), ()
    if decision.twin is not None:
        return _join_twin(state, entry, decision.twin)
    one = _open(entry, decision)
    if decision.terms.on == "decision":
        return _begin(state, entry, one, entry.at)
    early = next((x for x in state.early if x.decision == one.decision), None)
    if early is None:
        return fit_waiting(state.having(waiting=(*state.waiting, one))), (), ()
    state = state.having(early=tuple(x for x in state.early if x != early))
    return _begin(state, entry, one, max(one.at, early.at))


def _join_twin(state: VisitorState, entry: JournalEntry, twin: Ref) -> Step:
    """Join two records of one decision, which counts from the earlier.

    The store may have taken the first record much later: a frozen one does so when it wakes up. Or
    the page was answered by the first one, and a process spooled the other and died before it could
    answer. So `shown` may name either, and the one that it names was exposed.
    """
    exposed = next((x for x in state.open if x.is_of(twin)), None)
    if exposed is not None:
        return _backdate(state, entry, exposed)
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
    return _begin(state, entry, _rename(one, entry.ref), max(one.at, early.at))


def _rename(one: OpenExposure, ref: Ref) -> OpenExposure:
    """Return a decision under the reference that the page received."""
    if ref == one.decision:
        return one
    others = tuple(x for x in (one.decision, *one.aliases) if x != ref)
    return one._replace(decision=ref, aliases=others)


def _backdate(state: VisitorState, entry: JournalEntry, one: OpenExposure) -> Step:
    """Move the start of an exposure back to the time at which its decision was answered.

    Only a slot whose exposure is the decision itself is concerned.
    """
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
        by_page=decision.by_page,
    )


def _take_event(state: VisitorState, entry: JournalEntry, event: Event) -> Step:
    if event.type == "shown":
        return _take_shown(state, entry, event)
    take = _TAKERS.get(event.type)
    if take is not None:
        return take(state, entry, event)
    if event.type == PAID and any(x.event_id == event.event_id for x in state.receipts):
        return _take_copy(state, entry, event)
    return _take_act(state, entry, event)


def _take_act(state: VisitorState, entry: JournalEntry, event: Event) -> Step:
    kind = reward_type(event) if rewards(event.type, event.source) else None
    known = kind is not None and _is_known(state, kind, event)
    if not known:
        state = state_with_event(state, entry.at, event)
    if event.type == SENT:
        return _take_shown(state, entry, event)
    if kind is None or known:
        return state, (), ()
    happened = _happened(entry, event, kind)
    if event.source == "page" and _is_surplus(state, event, happened):
        return state, (), ()
    after = fit_events(state.having(events=_insert(state.events, happened)), happened)
    if after.events == state.events:
        return after, (), ()
    return after, (), tuple(changes(state, after, tuple(slots_of(after)), entry))


def _take_refund(state: VisitorState, entry: JournalEntry, event: Event) -> Step:
    """Take back a payment, or a part of it; also one that has not come yet."""
    refund = refund_of(entry.at, event)
    if refund is None:
        return state, (), ()
    if all(x.event_id != refund.refund_of for x in state.receipts):
        state = _with_old_receipt(state, refund.refund_of)
    news = VisitorState(watermark=state.watermark, refunds=(refund,))
    after = merge_states(state, news).having(into=state.into)
    return after, (), tuple(all_changes(all_credits(state), after, entry, refund))


def _with_old_receipt(state: VisitorState, event_id: str) -> VisitorState:
    """Add the receipt that a payment of an earlier version lacks."""
    found = (x for x in state.events if x.type == PAID and x.event_id == event_id)
    # What is spent was not remembered with its exposure: nothing of it can be taken back.
    old = [Receipt(x.event_id, x.at, x.value) for x in found if x.value and not x.spent]
    return state.having(receipts=with_receipts(state.receipts, old)) if old else state


def _take_copy(state: VisitorState, entry: JournalEntry, event: Event) -> Step:
    """Take a payment that was reported before, perhaps under another id of the visitor."""
    if event.source != "server" or not event.fields.get(REFUNDABLE):
        return state, (), ()
    alone = state_with_event(VisitorState(watermark=state.watermark), entry.at, event)
    copies = tuple(_happened(entry, event, x.type) for x in state.events if _is_of(x, event))
    after = merge_states(state, alone.having(events=copies)).having(into=state.into)
    return after, (), tuple(all_changes(all_credits(state), after, entry))


def _is_known(state: VisitorState, kind: str, event: Event) -> bool:
    same = (x for x in state.events if x.event_id == event.event_id and x.type == kind)
    return any(x.source in {event.source, ""} for x in same)


def _is_surplus(state: VisitorState, event: Event, one: RewardEvent) -> bool:
    """Return True for a page's event that is one too many to reward."""
    if event.fields.get(SURPLUS):
        return True
    if not event.fields.get(CAPPED):
        return False
    slot, day = _slot_named(state, one), one.at // DAY
    alike = (x for x in state.events if (x.type, x.source) == (one.type, one.source))
    same = sum(x.at // DAY == day and _slot_named(state, x) == slot for x in alike)
    return same >= MOST_CLAIMS


def _slot_named(state: VisitorState, one: RewardEvent) -> str:
    """Return the slot of the decision that an event answers; empty where it answers them all."""
    if not names(one):
        return ""
    known = (x.slot for x in (*state.open, *state.waiting) if x.decision == one.decision)
    return next(known, "")


def _skew(entry: JournalEntry, event: Event) -> float | None:
    """Return the seconds that the event's clock may be behind: it came after it happened."""
    return min(event.skew or 0.0, entry.stamp - entry.at) or None


def _take_arrival(state: VisitorState, entry: JournalEntry, event: Event) -> Step:
    """Take the state of a visitor under another id: open exposures and their events."""
    content = advance(content_of(event), state.watermark)
    after = fit_events(fit_open(merge_states(state, content).having(into=state.into)))
    # Credits of both states exist already: by this fold, or by the one that sent the state.
    before = {**all_credits(state), **all_credits(content)}
    rewards = tuple(all_changes(before, after, entry))
    after, exposures, more = _begin_early(after, entry)
    return after, exposures, (*rewards, *more)


def _take_part(state: VisitorState, entry: JournalEntry, event: Event) -> Step:
    """Take the state that a visitor has without another one, who had been taken for the same.

    The record of the side that stays has the other side's state as well: what their exposures were
    credited with while they were one is corrected here, for both.
    """
    mine = advance(content_of(event), state.watermark).having(into=None)
    other = other_of(event)
    if other is None:
        return mine, (), ()
    rewards = (
        *_corrections(state, mine, entry),
        *_corrections(state, advance(other, state.watermark), entry),
    )
    return mine, (), rewards


def _corrections(both: VisitorState, one: VisitorState, entry: JournalEntry) -> tuple[Reward, ...]:
    """Return the changes of rewards of one side's exposures that both knew."""
    known = {x.decision for x in both.open} | {x.decision for x in both.closed}
    unknown = {ref: events for ref, events in all_credits(one).items() if ref not in known}
    return tuple(all_changes({**all_credits(both), **unknown}, one, entry))


def _begin_early(state: VisitorState, entry: JournalEntry) -> Step:
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
            named = _rename(one, early.decision)
            state, exposures, more = _begin(state, entry, named, max(one.at, early.at))
            begun, rewards = (*begun, *exposures), (*rewards, *more)
    return state, begun, rewards


def _take_shown(state: VisitorState, entry: JournalEntry, event: Event) -> Step:
    ref = event.decision
    if ref is None:
        return state, (), ()
    one = next((x for x in state.waiting if x.is_of(ref)), None)
    if one is not None:
        state = state.having(waiting=tuple(x for x in state.waiting if x != one))
        return _begin(state, entry, _rename(one, ref), max(one.at, entry.at))
    known = any(x.is_of(ref) for x in state.open) or any(x.decision == ref for x in state.early)
    if known:
        return state, (), ()
    # A decision that was spooled can come behind its `shown`; so can one that was made for the
    # visitor under another subject, whose state is on its way.
    early = EarlyShown(ref, entry.at, event.source)
    return fit_early(state.having(early=(*state.early, early))), (), ()


def _begin(state: VisitorState, entry: JournalEntry, one: OpenExposure, at: float) -> Step:
    """Begin an exposure; it may take credit from the one before."""
    state = fit_open(state, one.slot)
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
        one.by_page,
    )


def _happened(entry: JournalEntry, event: Event, kind: str) -> RewardEvent:
    # Only what was paid is worth money: a step's amount is a choice.
    value = fen_of(event.fields.get("amount")) if kind == PAID else 0
    own = (event.event_id, kind, entry.at, value, event.decision)
    return RewardEvent(*own, source=event.source, skew=_skew(entry, event))


def _is_of(one: RewardEvent, event: Event) -> bool:
    return (one.type, one.event_id) == (event.type, event.event_id)


def _insert(events: tuple[RewardEvent, ...], one: RewardEvent) -> tuple[RewardEvent, ...]:
    return tuple(sorted((*events, one), key=lambda x: (x.at, x.event_id, x.type, x.source)))


_TAKERS: Final[Mapping[str, Callable[[VisitorState, JournalEntry, Event], Step]]] = {
    JOINED: _take_arrival,
    PARTED: _take_part,
    REFUNDED: _take_refund,
}
"""Type of an event -> function that takes it, where it is no act of the visitor."""
