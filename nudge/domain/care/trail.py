"""The trail of a visit: how far it came, what was wanted and why it failed, until a payment. Pure.

Stages, gap and lateness are the funnel's (docs/funnel.md). A visit whose payment does not come in
time is told to the rules of win-back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from nudge.domain.alarms.visit_counts import is_act
from nudge.domain.care.signal import ACT, PATH_LEFT, Signal
from nudge.domain.care.trail_plan import Place, TrailPlan
from nudge.domain.journal.records import Event
from nudge.domain.slots.slot import Scalar

MOST: Final = 3
"""Visits of one visitor that wait for a payment beside the one at hand: the latest."""
UNKNOWN: Final = "unknown"
"""Reason of a failed payment that told none."""
_ASKED: Final = {"stage", "reason", "method", "amount", "offer", "channel"}
LEFT: Final = "left_"
"""Beginning of the attributes that rules of win-back may ask for, beside those of the person."""
FAILED: Final = "left_failed"


class Trail(NamedTuple):
    """The trail of one visit.

    Attributes:
        began: seconds, of its first act that is remembered.
        acted: seconds, of the visitor's last act.
        due: seconds at which rules are asked next.
        asked: how many of the plan's waits are over.
        stage: number of the farthest stage; -1 before the first.
        seen: bits of events by stage, as pairs, of stages that need several.
        amount: yuan wanted; 0 where none was chosen.
        offer: slot and variant that was seen last; empty for none.
        channel: of the visit; empty where no decision told it.
        city: group of the city, likewise.
        method: of payment, the last that was chosen or failed.
        failed_at: seconds, of the last failed payment; 0 for none.
        reason: of that failure.
        event: id of the last act.
    """

    began: float
    acted: float
    due: float = 0.0
    asked: int = 0
    stage: int = -1
    seen: tuple[tuple[int, int], ...] = ()
    amount: float = 0.0
    offer: tuple[str, str] = ("", "")
    channel: str = ""
    city: str = ""
    method: str = ""
    failed_at: float = 0.0
    reason: str = ""
    event: str = ""


Trails = tuple[Trail, ...]


def act_signal(event: Event, at: float) -> Signal | None:
    """Return a visitor's act as a signal; None for what is no act.

    Args:
        event: of the visitor.
        at: seconds.
    """
    return Signal(at, ACT, event.event_id, told=_told(event)) if is_act(event) else None


def _told(event: Event) -> tuple[tuple[str, Scalar], ...]:
    names = ("step", "amount", "method")
    known = [(name, event.fields[name]) for name in names if name in event.fields]
    return (("type", event.type), ("source", event.source), *known)


def with_act(trails: Trails, act: Signal, stamp: float, plan: TrailPlan) -> Trails:
    """Return the trails of a visitor behind an act.

    A visit is remembered from the act on that reaches a stage of which a rule asks, or tells an
    amount. An act of an earlier visit, that came late, changes nothing.

    Args:
        trails: of the visitor, the earliest visit first.
        act: of `act_signal`.
        stamp: seconds, of its arrival.
        plan: of trails.
    """
    fields = dict(act.told)
    place = plan.place(str(fields.get("type")), str(fields.get("source")), fields)
    amount = fields.get("amount")
    last = trails[-1] if trails else None
    if last is not None and act.at < last.began - plan.watch.gap:
        return trails
    if last is not None and act.at - last.acted < plan.watch.gap:
        acted = _acted(last, act, place, fields, plan)
        return (*trails[:-1], _with_due(acted, plan, stamp))
    if amount is None and (place is None or not plan.first <= place[0] < plan.watch.aim):
        return trails
    new = _acted(Trail(act.at, act.at), act, place, fields, plan)
    return _kept((*trails, _with_due(new, plan, stamp)), plan)


def _kept(trails: Trails, plan: TrailPlan) -> Trails:
    """Return the trails that have room: those that came to nothing go first, then the earliest."""
    if len(trails) <= MOST + 1:
        return trails
    *before, last = trails
    worth = [one for one in before if is_worth(one, plan)]
    return (*(worth or before)[-MOST:], last)


def _acted(
    trail: Trail,
    act: Signal,
    place: Place | None,
    fields: Mapping[str, Scalar],
    plan: TrailPlan,
) -> Trail:
    amount, method = fields.get("amount"), fields.get("method")
    trail = trail._replace(
        began=min(trail.began, act.at),
        acted=max(trail.acted, act.at),
        asked=0,
        amount=float(amount) if isinstance(amount, int | float) else trail.amount,
        method=method if isinstance(method, str) and method else trail.method,
        event=act.event_id,
    )
    return _reached(trail, place, plan) if place else trail


def _reached(trail: Trail, place: Place, plan: TrailPlan) -> Trail:
    number, bit = place
    full = plan.watch.full[number]
    if not full:
        return trail._replace(stage=max(trail.stage, number))
    seen = dict(trail.seen)
    seen[number] = seen.get(number, 0) | bit
    stage = max(trail.stage, number) if seen[number] == full else trail.stage
    return trail._replace(stage=stage, seen=tuple(sorted(seen.items())))


def with_failure(trails: Trails, signal: Signal, stamp: float, plan: TrailPlan) -> Trails:
    """Return the trails behind a failed payment, which neither begins nor prolongs a visit.

    Where no visit of the visitor is remembered, the failure itself is one, at the stage before the
    aim: a payment can fail nowhere else.

    Args:
        trails: of the visitor.
        signal: of the failure.
        stamp: seconds, of its arrival.
        plan: of trails.
    """
    last = trails[-1] if trails else None
    if last is not None and signal.at < last.began - plan.watch.gap:
        return trails
    if last is None or signal.at - last.acted > plan.late:
        last = Trail(signal.at, signal.at, stage=plan.watch.aim - 1)
        trails = (*trails, last)
    failed = last._replace(
        asked=0,
        failed_at=max(last.failed_at, signal.at),
        reason=signal.reason or UNKNOWN,
        method=signal.method or last.method,
        event=signal.event_id,
    )
    return _kept((*trails[:-1], _with_due(failed, plan, stamp)), plan)


def with_exposure(
    trails: Trails, offer: tuple[str, str], at: float, stamp: float, plan: TrailPlan
) -> Trails:
    """Return the trails behind an offer that was shown; the first thing seen begins a visit, too.

    Args:
        trails: of the visitor.
        offer: slot and variant.
        at: seconds.
        stamp: seconds, of its arrival.
        plan: of trails.
    """
    return _told_of(trails, at, stamp, plan, offer=offer)


def with_decision(
    trails: Trails, page: tuple[str, str], at: float, stamp: float, plan: TrailPlan
) -> Trails:
    """Return the trails with the channel and the city group that a decision's page told.

    Args:
        trails: of the visitor.
        page: channel, and group of the city; empty where the page did not tell it.
        at: seconds.
        stamp: seconds, of its arrival.
        plan: of trails.
    """
    channel, city = page
    known = {"channel": channel} | ({"city": city} if city else {})
    return _told_of(trails, at, stamp, plan, **known)


def _told_of(trails: Trails, at: float, stamp: float, plan: TrailPlan, **known: object) -> Trails:
    last = trails[-1] if trails else None
    if last is not None and at < last.began - plan.watch.gap:
        return trails
    if last is None or at - last.acted >= plan.watch.gap:
        last = Trail(at, at)
        trails = (*trails, last)
    told = last._replace(**known)  # type: ignore[arg-type] # fields by their names
    return _kept((*trails[:-1], _with_due(told, plan, stamp)), plan)


def without_paid(trails: Trails, at: float) -> Trails:
    """Return the trails that a server's payment at a time (seconds) does not end."""
    return tuple(one for one in trails if one.began > at)


def next_asking(trail: Trail, plan: TrailPlan) -> Trail | None:
    """Return the trail as it waits for the next rules; None where all were asked."""
    asked = trail.asked + 1
    if not is_worth(trail, plan) or asked >= len(plan.waits):
        return None
    return _with_due(trail._replace(asked=asked), plan, trail.due - plan.grace)


def is_worth(trail: Trail, plan: TrailPlan) -> bool:
    """Return whether a visit came as far as some rule asks, or a payment failed."""
    return bool(trail.failed_at) or trail.stage >= plan.first


def _with_due(trail: Trail, plan: TrailPlan, stamp: float) -> Trail:
    """Return the trail with its due time; a visit that comes to nothing is forgotten at its end."""
    waits = plan.waits
    wait = waits[trail.asked] if is_worth(trail, plan) and waits else plan.watch.gap
    due = max(trail.acted, trail.failed_at) + wait
    return trail._replace(due=max(due, stamp + plan.grace))


def trail_signal(trail: Trail, plan: TrailPlan) -> Signal:
    """Return the signal that a visitor left: its scene is the farthest stage."""
    stage = plan.stage(max(trail.stage, 0))
    return Signal(
        trail.acted, PATH_LEFT, trail.event, stage, reason=trail.reason, method=trail.method
    )


def trail_facts(trail: Trail, plan: TrailPlan) -> dict[str, Scalar]:
    """Return what a case tells of a trail; what is not known is left out."""
    slot, variant = trail.offer
    found: dict[str, Scalar] = {
        "stage": plan.stage(max(trail.stage, 0)),
        "reason": trail.reason,
        "method": trail.method,
        "amount": trail.amount,
        "offer": variant,
        "offer_slot": slot,
        "channel": trail.channel,
        "city": trail.city,
        "left_at": trail.acted,
    }
    return {name: value for name, value in found.items() if value not in ("", 0.0)}


def trail_attributes(trail: Trail, plan: TrailPlan) -> dict[str, Scalar]:
    """Return the attributes of a trail that rules of win-back may ask for."""
    facts = trail_facts(trail, plan)
    found: dict[str, Scalar] = {f"{LEFT}{name}": facts[name] for name in _ASKED & facts.keys()}
    return found | ({FAILED: True} if trail.failed_at else {})


def merged_trails(mine: Trails, other: Trails) -> Trails:
    """Return the trails of a visitor who was known as two, the earliest visit first."""
    both = {(one.began, one.event): one for one in (*other, *mine)}
    return tuple(sorted(both.values(), key=lambda one: (one.acted, one.began)))[-MOST - 1 :]
