"""The part of the overview that is counted from the lake. For a worker."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bandits.units import HOUR
from nudge.domain.alarms.quarantine import Quarantine
from nudge.domain.funnel.funnel import Funnel
from nudge.domain.overview.conversion_view import conversion_view
from nudge.domain.overview.money_sentences import holdout_sentence, usual_sentence
from nudge.domain.overview.overview_question import OverviewQuestion
from nudge.domain.overview.usual_days import DAYS, HOURS, HourCount
from nudge.lake.engine.query import Backend
from nudge.lake.overview.group_payments import RecentLifts, recent_lifts
from nudge.lake.overview.hour_visits import hour_visits


def overview_answer(
    backend: Backend,
    question: OverviewQuestion,
    path: Funnel,
    quarantines: Iterable[Quarantine],
    share: float,
    until: float,
) -> dict[str, Any]:
    """Return conversion and lift up to a moment, as plain JSON.

    Args:
        backend: from `connect`.
        question: whose calendar.
        path: the funnel's definition.
        quarantines: whose hours are no usual ones.
        share: of the holdout of all slots.
        until: seconds, until which the lake is complete.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    calendar = question.calendar
    hours = _hours(backend, path, quarantines, calendar.start_of_hour(until))
    start = question.start(until)
    lifts = recent_lifts(backend, start, until, share)
    return {
        "from": calendar.label(start),
        "conversion": conversion_view(hours, until, path.gap, calendar),
        "lift": _lift_view(lifts),
    }


def _hours(
    backend: Backend, path: Funnel, quarantines: Iterable[Quarantine], last: float
) -> list[HourCount]:
    """Return the hours of the days that are compared, up to the one that goes on."""
    several = (DAYS + 1) * HOURS
    start = last - (several - 1) * HOUR
    found = hour_visits(backend, path, start, several)
    out = [one for one in quarantines if one.leaves_out]
    counts = []
    for number in range(several):
        begins = start + number * HOUR
        left = any(one.touches(begins, begins + HOUR) for one in out)
        counts.append(HourCount(begins, *found.get(number, (0, 0)), left))
    return counts


def _lift_view(lifts: RecentLifts) -> dict[str, Any]:
    usual = [
        {"slot": name, **one.plain, **usual_sentence(one)} for name, one in lifts.usual.items()
    ]
    held = lifts.holdout if lifts.holdout.other.visitors else None
    return {
        "holdout": None if held is None else held.plain,
        "usual": usual,
        **holdout_sentence(held),
    }
