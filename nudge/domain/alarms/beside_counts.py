"""Counts beside the funnel: SMS, complaints and scores that visitors gave. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from nudge.domain.alarms.minute_counts import ARRIVED, SUCCEEDED, field_of, leaf_with, value_text
from nudge.domain.alarms.visit_trace import Arrival, Count, VisitTrace, count_success
from nudge.domain.alarms.watch_plan import COMPLAINT, FEEDBACK, SCENE, SMS, WatchPlan
from nudge.domain.journal.records import Event


def _sms_sent(
    trace: VisitTrace, event: Event, minute: int, plan: WatchPlan, count: Count
) -> VisitTrace:
    del event, plan
    count(field_of(SMS, ARRIVED))
    return trace._replace(waiting={**trace.waiting, SMS: Arrival(minute, SMS)})


def _sms_delivered(
    trace: VisitTrace, event: Event, minute: int, plan: WatchPlan, count: Count
) -> VisitTrace:
    del event, plan
    if SMS not in trace.waiting:
        return trace
    waiting = dict(trace.waiting)
    count_success(SMS, waiting.pop(SMS), minute, count)
    return trace._replace(waiting=waiting)


def _complained(
    trace: VisitTrace, event: Event, minute: int, plan: WatchPlan, count: Count
) -> VisitTrace:
    del event, minute, plan
    count(field_of(leaf_with(COMPLAINT, trace.attributes), ARRIVED))
    return trace


def _scored(
    trace: VisitTrace, event: Event, minute: int, plan: WatchPlan, count: Count
) -> VisitTrace:
    del minute
    score = event.fields.get("score")
    if not isinstance(score, int | float):
        return trace
    scene = value_text(event.fields.get(SCENE) or "")
    leaf = leaf_with(FEEDBACK, trace.attributes, (SCENE, scene))
    count(field_of(leaf, ARRIVED))
    if score > plan.low_score:
        count(field_of(leaf, SUCCEEDED))
    return trace


BESIDE_COUNTS: Final[
    Mapping[str, Callable[[VisitTrace, Event, int, WatchPlan, Count], VisitTrace]]
] = {
    "sms_sent": _sms_sent,
    "sms_delivered": _sms_delivered,
    "complaint": _complained,
    "feedback": _scored,
}
"""Type of an event -> how it is counted beside the funnel."""
