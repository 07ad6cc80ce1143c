"""Counts of a visit: the arrivals, successes and failures that an event adds. Pure.

A stage's success is that a later stage is reached. It is counted under the attributes with which
the visit arrived, in the minute in which it happens. Attributes are those of the latest decision.
"""

from __future__ import annotations

from typing import Final

from nudge.domain.alarms.beside_counts import BESIDE_COUNTS
from nudge.domain.alarms.minute_counts import ARRIVED, FAILED, field_of, leaf_with, value_text
from nudge.domain.alarms.visit_trace import Arrival, Count, VisitTrace, count_success
from nudge.domain.alarms.watch_plan import CLAIM, METHOD, REASON, SMS, WatchPlan
from nudge.domain.journal.event import SURPLUS
from nudge.domain.journal.records import Event

REPORTED: Final = frozenset({"paid", "payment_failed"})
"""Types that neither begin a visit nor prolong it (see docs/funnel.md)."""


def is_act(event: Event) -> bool:
    """Return whether an event is an act of the visitor, which begins or prolongs a visit."""
    return event.type not in REPORTED and (event.source == "page" or event.type == "step")


def count_event(
    trace: VisitTrace, event: Event, at: float, minute: int, plan: WatchPlan, count: Count
) -> VisitTrace:
    """Return the trace behind an event; `count` is told what it adds to the minute.

    Args:
        trace: before it.
        event: of the trace's subject.
        at: seconds.
        minute: in which it is counted.
        plan: what is watched.
        count: told each field that rises by one.
    """
    beside = BESIDE_COUNTS.get(event.type)
    if beside:
        trace = beside(trace, event, minute, plan, count)
    own = is_act(event)
    away = at - trace.acted
    if away >= plan.gap if own else trace.acted and away > plan.gap:
        trace = _ended(trace)
    changed, acted = max(trace.changed, at), max(trace.acted, at) if own else trace.acted
    trace = trace._replace(changed=changed, acted=acted)
    if event.type == "payment_failed":
        return _failed(trace, event, minute, plan, count)
    if event.type == "paid" and event.source == "page":
        return _claimed(trace, minute, count)
    return _reached(trace, event, minute, plan, count)


def _ended(trace: VisitTrace) -> VisitTrace:
    """Return the trace without its visit: what waits beside the funnel goes on waiting."""
    waiting = {SMS: trace.waiting[SMS]} if SMS in trace.waiting else {}
    return VisitTrace(
        trace.changed, trace.acted, trace.attributes, waiting=waiting, drawn=trace.drawn
    )


def _reached(
    trace: VisitTrace, event: Event, minute: int, plan: WatchPlan, count: Count
) -> VisitTrace:
    step = str(event.fields.get("step", "")) if event.type == "step" else ""
    place = plan.places.get((event.type, step, event.source))
    if place is None:
        return trace
    number, bit = place
    name = plan.stages[number].name
    before = trace.seen.get(name, 0)
    method = value_text(event.fields.get(METHOD) or "") or trace.method
    another = method != trace.method and step == METHOD
    bits, full = before | bit, plan.full[number]
    is_there = bits == full if full else True
    was_there = before == full if full else bool(before)
    if number == plan.aim:
        return _paid(trace._replace(method=method), minute, plan, count)
    waiting = trace.waiting
    if is_there and (another or not was_there):
        leaf = leaf_with(name, trace.attributes, (METHOD, method))
        waiting = _succeeded(trace, number, minute, plan, count)
        waiting[name] = Arrival(minute, leaf)
        count(field_of(leaf, ARRIVED))
    return trace._replace(method=method, seen={**trace.seen, name: bits}, waiting=waiting)


def _succeeded(
    trace: VisitTrace, number: int, minute: int, plan: WatchPlan, count: Count
) -> dict[str, Arrival]:
    """Count a success of each earlier stage that waits; return what still waits."""
    waiting = dict(trace.waiting)
    for stage in plan.stages[:number]:
        if stage.name in waiting:
            count_success(stage.name, waiting.pop(stage.name), minute, count)
    return waiting


def _paid(trace: VisitTrace, minute: int, plan: WatchPlan, count: Count) -> VisitTrace:
    name = plan.stages[plan.aim].name
    count(field_of(leaf_with(name, trace.attributes, (METHOD, trace.method)), ARRIVED))
    waiting = _succeeded(trace, plan.aim, minute, plan, count)
    if CLAIM in waiting:
        count_success(CLAIM, waiting.pop(CLAIM), minute, count)
    # A second payment of the same visit begins at the choice of a method again.
    said = {CLAIM: 1} if CLAIM in trace.seen else {}
    return trace._replace(waiting=waiting, seen=said, paid=True)


def _failed(
    trace: VisitTrace, event: Event, minute: int, plan: WatchPlan, count: Count
) -> VisitTrace:
    """Count a failed payment: at most one of a visit, a method and a minute, whatever pages say."""
    method = value_text(event.fields.get(METHOD) or "") or trace.method
    if trace.failed == (minute, method) or SURPLUS in event.fields:
        return trace
    reason = value_text(event.fields.get(REASON) or "")
    name = plan.stages[max(plan.aim - 1, 0)].name
    leaf = leaf_with(name, trace.attributes, (METHOD, method), (REASON, reason))
    count(field_of(leaf, FAILED))
    return trace._replace(failed=(minute, method))


def _claimed(trace: VisitTrace, minute: int, count: Count) -> VisitTrace:
    if CLAIM in trace.seen:
        return trace
    leaf = leaf_with(CLAIM, trace.attributes, (METHOD, trace.method))
    arrival = Arrival(minute, leaf)
    count(field_of(leaf, ARRIVED))
    trace = trace._replace(seen={**trace.seen, CLAIM: 1})
    if trace.paid:
        count_success(CLAIM, arrival, minute, count)
        return trace
    return trace._replace(waiting={**trace.waiting, CLAIM: arrival})
