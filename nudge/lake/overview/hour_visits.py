"""Visits of the lake by the hour in which they began, and how many of them paid."""

from __future__ import annotations

from nudge.domain.funnel.funnel import Funnel, VisitPeriod
from nudge.lake.engine.query import Backend, answer, keep_rows
from nudge.lake.reports.local_dates import timestamp
from nudge.lake.reports.taken_back import drop_taken_back
from nudge.lake.reports.visits import build_visits, select_events

HOUR = 3_600.0
_MICROS = 1_000_000


def hour_visits(
    backend: Backend, funnel: Funnel, start: float, hours: int
) -> dict[int, tuple[int, int]]:
    """Count the visits of hours: number of the hour -> visits, and those that reached the aim.

    Args:
        backend: from `connect`.
        funnel: stages of the path; the last one is the aim.
        start: seconds, of the first hour.
        hours: that follow each other.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    period = VisitPeriod(start, start + hours * HOUR)
    events = drop_taken_back(backend, backend.table("events"))
    with keep_rows(backend, select_events(events, funnel, period)) as rows:
        visits = build_visits(rows, funnel, period)
        since = visits.began.delta(timestamp(start), unit="microsecond")
        placed = visits.mutate(hour=(since // round(HOUR * _MICROS)).cast("int64"))
        paid = (placed.furthest == len(funnel.stages) - 1).cast("int64")
        counted = placed.group_by("hour").aggregate(visits=placed.count(), paid=paid.sum())
        return {
            int(row["hour"]): (int(row["visits"]), int(row["paid"]))
            for row in answer(backend, counted)
        }
