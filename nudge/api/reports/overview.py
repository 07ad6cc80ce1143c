"""Endpoint GET /v1/overview: how the channel does now, in one answer, from the store alone."""

from __future__ import annotations

import contextlib
from typing import Any, Final

import orjson
from flask import Response

from bandits.units import DAY, MINUTE
from nudge import clock
from nudge.api.operation import operation, resource
from nudge.api.provider import answer
from nudge.api.replies import defined, plain_job
from nudge.api.schemas.overview import OverviewSchema
from nudge.api.service import Service, current
from nudge.domain.overview.change_lines import MOST, alarm_lines, changed_lines, update_line
from nudge.domain.overview.overview_question import OverviewQuestion
from nudge.domain.overview.overview_view import live_line, overview_view
from nudge.errors import InvalidConfigError
from nudge.flows.audit.audit_history import document_lines, slot_lines
from nudge.flows.reports.slot_totals import shares_now
from nudge.flows.serving.questions import QuestionStatus
from nudge.flows.worklist.work_summary import count_due
from nudge.store.jobs.jobs import TooManyJobsError

blueprint = resource("overview", "The overview: how the channel does now")

KIND: Final = "overview"
FRESH: Final = 2.0 * MINUTE
"""Seconds that the lake's part is given as it is: pages ask all the time."""


@operation(
    blueprint,
    "GET /v1/overview",
    name="getOverview",
    scopes=("read",),
    answers={200: OverviewSchema},
)
def overview() -> Response:
    """Tell how the channel does now: conversion, lift, what waits, each slot, what changed.

    Counts, shares and changes are of this second. What a report has to make is as the newest one
    has it, with its `as_of`: null, with the `job` that makes it, until there is one.
    """
    service, at = current(), clock.now()
    reply = _report(service)
    found: dict[str, Any] = {} if reply.body is None else orjson.loads(reply.body)
    counts = _counts(service, at)
    changes = _changes(service, at)
    known = {one["slot"]: one for one in found.get("slots", ())}
    failing = service.held.catalogue.failing
    slots = [
        live_line(one.slot, shares_now(one), known.get(name), failing=name in failing)
        for name, one in sorted(service.catalogue().slots.items())
    ]
    label = service.calendar.label_or_none
    head = {
        "at": label(at),
        "as_of": label(reply.as_of) if reply.body is not None else None,
        "job": None if reply.job is None else plain_job(reply.job),
        **defined(KIND),
    }
    return answer(head | overview_view(found, counts, slots, changes))


def _report(service: Service) -> QuestionStatus:
    """Return the newest report of the lake; nobody waits for a newer one."""
    desk, question = service.questions, OverviewQuestion(service.settings.zone)
    inquiry = desk.inquiry(KIND, question.plain)
    try:
        return desk.newest(inquiry, FRESH)
    except TooManyJobsError:
        return QuestionStatus(None, 0.0, None)


def _counts(service: Service, at: float) -> dict[str, int | None]:
    """Return what waits for people; null where the document of work lists is wrong."""
    store, calendar = service.patient, service.calendar
    alarms = len(store.alarms.unresolved())
    due: dict[str, int] = {}
    with contextlib.suppress(InvalidConfigError):  # `nudge check` says what is wrong with it
        end = calendar.end_of_day(calendar.day_of(at))
        due = count_due(store, service.configuration.worklist, end)
        return {
            "alarms": alarms,
            **{name: due[name] for name in ("warnings", "warnings_due", "winback", "winback_due")},
        }
    return {"alarms": alarms} | dict.fromkeys(
        ("warnings", "warnings_due", "winback", "winback_due")
    )


def _changes(service: Service, at: float) -> list[dict[str, Any]]:
    """Return what changed since the midnight before the last one, the newest first."""
    store, calendar, catalogue = service.patient, service.calendar, service.catalogue()
    since = calendar.start_of_day(calendar.day_of(at - DAY))
    lines = [*slot_lines(store, catalogue.slots), *document_lines(store, catalogue.documents)]
    found = list(changed_lines((one for one in lines if one.entry.at >= since), calendar))
    alarms = [one.alarm for one in store.alarms.recent(since)]
    found += alarm_lines(alarms, since, calendar)
    for name in catalogue.slots:
        times, last = store.snapshots.count_since(name, since)
        if times:
            found.append((last, update_line(name, times, last, calendar)))
    found.sort(key=lambda one: one[0], reverse=True)
    return [line for _, line in found[:MOST]]
