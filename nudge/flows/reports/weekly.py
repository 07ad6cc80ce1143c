"""The weekly summary of all slots, made from the lake and the store; for a command."""

from __future__ import annotations

from typing import Any, Final

from nudge.config.documents.configuration import Configuration
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.local_time import date_of
from nudge.domain.credit import page_word
from nudge.domain.funnel.funnel import FunnelQuestion, VisitPeriod
from nudge.domain.reports import harm_guard
from nudge.domain.reports.questions import PerformanceQuestion, Period
from nudge.domain.slots.slot import SlotMode
from nudge.domain.summaries.weekly import slot_summary
from nudge.flows.reports.care_week import warnings_of_week
from nudge.flows.reports.funnel import funnel
from nudge.flows.reports.performance import Reports
from nudge.store.store import Store

GUARDS: Final = (harm_guard.WHO, page_word.WHO)
"""Names in the audit of what freezes a slot by itself."""


def weekly_summary(
    reports: Reports, configuration: Configuration, monday: int, calendar: OperatorCalendar
) -> dict[str, Any]:
    """Return the summary of a week as plain JSON.

    Args:
        reports: of the installation.
        configuration: of now: the funnel, and titles of warnings.
        monday: day of the calendar on which the week begins.
        calendar: the operator's.

    Raises:
        StoreAwayError: the store does not answer.
        LakeError: the lake cannot be read.
    """
    start, end = calendar.start_of_day(monday), calendar.start_of_day(monday + 7)
    zone, slots, told, marks = calendar.zone.key, [], reports.store.slots.current(), []
    for name in sorted(told):
        week = PerformanceQuestion(name, Period(start, end), zone=zone, compare="week")
        made = reports.make(week)
        slots.append(slot_summary(told[name].title, made.report))
        marks.append(made.as_of)
    asked = FunnelQuestion(VisitPeriod(start, end), "", "week", zone)
    leaks: dict[str, Any] = funnel(reports.lake, configuration.funnel, asked, reports.engine)
    as_of, period = min(marks, default=None), Period(start, end)
    return {
        "from": date_of(monday).isoformat(),
        "to": date_of(monday + 6).isoformat(),
        "as_of": None if as_of is None else calendar.label(as_of // 1),
        "over": as_of is None or as_of >= end,
        "slots": slots,
        "funnel": leaks["headline"],
        "freezes": _freezes(reports.store, list(told), period, calendar),
        "warnings": warnings_of_week(
            reports.store, reports.lake, configuration, period, reports.engine
        ),
    }


def _freezes(
    store: Store, slots: list[str], week: Period, calendar: OperatorCalendar
) -> list[dict[str, Any]]:
    start, end = week.start or 0.0, week.end or 0.0
    found = [
        (float(str(entry["at"])), name, str(entry.get("why", "")))
        for name in slots
        for entry in store.slots.audits(name)
        if entry.get("who") in GUARDS and start <= float(str(entry["at"])) < end
        if _froze(store, name, int(str(entry["revision"])))
    ]
    return [{"slot": name, "at": calendar.label(at), "why": why} for at, name, why in sorted(found)]


def _froze(store: Store, name: str, revision: int) -> bool:
    slot = store.slots.revision(name, revision)
    return slot is not None and slot.mode == SlotMode.FROZEN
