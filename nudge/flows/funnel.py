"""Funnel: where visitors leave the path, for what reason, and what changed. For a worker."""

from __future__ import annotations

from datetime import UTC, datetime

from nudge.domain.funnel import Funnel, Question
from nudge.domain.funnel_report import report
from nudge.lake.funnel import count
from nudge.lake.query import answer, connect
from nudge.lake.reader import Lake


def funnel(lake: Lake, path: Funnel, question: Question) -> dict[str, object]:
    """The report, as plain JSON, from the lake as it is now.

    Args:
        lake: of the installation.
        path: the funnel's definition.
        question: what is asked.

    Raises:
        InvalidRequestError: the question names no dimension.
        BrokenLakeError: the lake cannot be read.
    """
    backend = connect(lake)
    now = count(backend, path, question.period, question.by)
    earlier = question.before(path)
    before = None if earlier is None else count(backend, path, earlier, question.by)
    (mark,) = answer(backend, backend.table("watermarks").watermark.min().name("until").as_table())
    until = mark["until"] or None
    as_of = None if until is None else datetime.fromtimestamp(until, UTC).isoformat()
    return {"as_of": as_of, **report(path, question, now, before)}
