"""The report of the closed loop: found, assigned, reached, kept, the holdout. For a worker."""

from __future__ import annotations

from nudge.domain.loop.loop_question import LoopQuestion, LoopTerms
from nudge.domain.loop.loop_report import loop_report
from nudge.domain.reports.report_time import lake_of
from nudge.lake.engine.query import DUCKDB, Backend, connect_contents
from nudge.lake.files.reader import Lake
from nudge.lake.loop.loop_rows import loop_cases


def loop(
    lake: Lake, question: LoopQuestion, terms: LoopTerms, engine: str = DUCKDB
) -> dict[str, object]:
    """Return the report of the closed loop, as plain JSON, from the lake as it is now.

    Args:
        lake: of the installation.
        question: what is asked.
        terms: of the operator.
        engine: that counts; see `connect`.

    Raises:
        BrokenLakeError: the lake cannot be read.
        EngineMissingError: the engine is not installed.
    """
    contents = lake.contents()
    until, calendar = min(contents.watermarks().values(), default=0.0), question.calendar
    found = loop_answer(connect_contents(contents, engine), question, terms, until)
    head = {"as_of": calendar.label_or_none(until or None)}
    return head | lake_of(contents.since(), calendar) | found


def loop_answer(
    backend: Backend, question: LoopQuestion, terms: LoopTerms, known_until: float
) -> dict[str, object]:
    """Return the report of the closed loop of the lake that a backend holds.

    Args:
        backend: from `connect`.
        question: what is asked.
        terms: of the operator.
        known_until: seconds; all that had happened by then is in the lake.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    return loop_report(question, loop_cases(backend, question, terms), known_until, terms)
