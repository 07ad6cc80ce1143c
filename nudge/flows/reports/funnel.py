"""The funnel report: at which step and why visitors leave, and what changed. For a worker."""

from __future__ import annotations

from nudge.domain.funnel.funnel import Funnel, FunnelQuestion
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
    found = funnel_answer(connect_contents(contents, engine), path, question)
    until, calendar = min(contents.watermarks().values(), default=0.0), question.calendar
    head = {"as_of": calendar.label_or_none(until or None)}
    return head | lake_of(contents.since(), calendar) | found


def funnel_answer(backend: Backend, path: Funnel, question: FunnelQuestion) -> dict[str, object]:
    """Return the funnel report of the lake that a backend holds.

    Raises:
        InvalidRequestError: the question names no dimension.
        BrokenLakeError: the lake cannot be read.
    """
    by, calendar = question.by, question.calendar
    now = count(backend, path, question.period, by, calendar)
    earlier = question.before()
    before = None if earlier is None else count(backend, path, earlier, by, calendar)
    return report(path, question, now, before)
