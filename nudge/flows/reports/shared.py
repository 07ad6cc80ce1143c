"""The report of the payments that several slots were credited with. For a worker."""

from __future__ import annotations

from nudge.domain.figures.definitions import definitions
from nudge.domain.reports.report_time import lake_of
from nudge.domain.sharing.month_question import MonthQuestion
from nudge.domain.sharing.sharing_report import sharing_report
from nudge.lake.engine.query import DUCKDB, Backend, connect_contents
from nudge.lake.files.reader import Lake
from nudge.lake.sharing.shared_payments import shared_payments


def shared(lake: Lake, question: MonthQuestion, engine: str = DUCKDB) -> dict[str, object]:
    """Return the report of shared payments, as plain JSON, from the lake as it is now.

    Args:
        lake: of the installation.
        question: what is asked.
        engine: that counts; see `connect`.

    Raises:
        BrokenLakeError: the lake cannot be read.
        EngineMissingError: the engine is not installed.
    """
    contents = lake.contents()
    found = shared_answer(connect_contents(contents, engine), question)
    until, calendar = min(contents.watermarks().values(), default=0.0), question.calendar
    head = {"as_of": calendar.label_or_none(until or None)}
    told = {"definition": definitions("shared")}
    return head | told | lake_of(contents.since(), calendar) | found


def shared_answer(backend: Backend, question: MonthQuestion) -> dict[str, object]:
    """Return the report of shared payments of the lake that a backend holds.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    return sharing_report(question, shared_payments(backend, question.start, question.end))
