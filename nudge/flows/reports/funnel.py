"""The funnel report: at which step and why visitors leave, and what changed. For a worker."""

from __future__ import annotations

from nudge.domain.funnel.funnel import Funnel, FunnelQuestion, VisitPeriod
from nudge.domain.funnel.funnel_comparison import ComparedCounts, compared_periods
from nudge.domain.funnel.funnel_counts import FunnelCounts
from nudge.domain.funnel.funnel_report import report
from nudge.domain.reports.report_time import lake_of
from nudge.lake.engine.query import DUCKDB, Backend, connect_contents
from nudge.lake.files.reader import Lake
from nudge.lake.reports.funnel import count


def funnel(
    lake: Lake, path: Funnel, question: FunnelQuestion, engine: str = DUCKDB
) -> dict[str, object]:
    """Return the funnel report, as plain JSON, from the lake as it is now.

    Args:
        lake: of the installation.
        path: the funnel's definition.
        question: what is asked.
        engine: that counts; see `connect`.

    Raises:
        InvalidRequestError: the question names no dimension.
        BrokenLakeError: the lake cannot be read.
        EngineMissingError: the engine is not installed.
    """
    contents = lake.contents()
    until, calendar = min(contents.watermarks().values(), default=0.0), question.calendar
    newest = max(contents.watermarks().values(), default=0.0)
    found = funnel_answer(connect_contents(contents, engine), path, question, newest)
    head = {"as_of": calendar.label_or_none(until or None)}
    return head | lake_of(contents.since(), calendar) | found


def funnel_answer(
    backend: Backend, path: Funnel, question: FunnelQuestion, newest: float
) -> dict[str, object]:
    """Return the funnel report of the lake that a backend holds.

    Args:
        backend: from `connect`.
        path: the funnel's definition.
        question: what is asked.
        newest: seconds; time of the lake's newest record. A partition may be idle for days, so that
            its own newest record tells nothing of what is known.

    Raises:
        InvalidRequestError: the question names no dimension.
        BrokenLakeError: the lake cannot be read.
    """

    def counts(period: VisitPeriod) -> FunnelCounts:
        return count(backend, path, period, question.by, question.calendar, question.where)

    now, periods = counts(question.period), compared_periods(question, newest, path.late)
    if periods is None:
        return report(path, question, now, None)
    if periods.before is None:
        return report(path, question, now, ComparedCounts(periods))
    part = now if periods.until is None else counts(periods.now)
    return report(path, question, now, ComparedCounts(periods, part, counts(periods.before)))
