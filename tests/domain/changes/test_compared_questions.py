"""The period before, by the operator's calendar."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.changes.compared_questions import check_compare, compared_questions
from nudge.domain.reports.questions import EVER, PerformanceQuestion, period_of, where_of
from nudge.errors import InvalidRequestError

CALENDAR = OperatorCalendar()


def at(text: str) -> float:
    """A moment of Beijing."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()


def asked(compare: str, start: str | None = None, end: str | None = None) -> PerformanceQuestion:
    period = period_of(start, end, CALENDAR) if start or end else EVER
    return PerformanceQuestion("banner", period, compare=compare)


CASES: dict[str, tuple[Any, ...]] = {
    "a week that is over": (
        asked("week", "2026-11-16", "2026-11-22"), "2026-11-09", "2026-11-16", None,
    ),
    "this week so far, but for the last day's window": (
        asked("week"), "2026-11-16", "2026-11-20", "2026-11-27",
    ),
    "this month so far": (asked("month"), "2026-10-01", "2026-10-27", "2026-11-27"),
    "this quarter so far": (asked("quarter"), "2026-07-01", "2026-08-27", "2026-11-27"),
    "the quarter in which a day lies": (
        asked("quarter", None, "2026-09-30"), "2026-04-01", "2026-07-01", None,
    ),
    "the last full month, a day longer than the one before": (
        asked("month", "2026-10-01", "2026-10-31"), "2026-09-01", "2026-10-01", None,
    ),
    "the last day that a shorter month has": (
        asked("month", "2026-03-28", "2026-03-28"), "2026-02-28", "2026-03-01", None,
    ),
    "up to a day that the month before lacks": (
        asked("month", "2026-03-01", "2026-03-30"), "2026-02-01", "2026-03-01", None,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("question", "start", "end", "until"), CASES.values(), ids=list(CASES))
def test_q4_like_is_compared_with_like(
    question: PerformanceQuestion, start: str, end: str, until: str | None
) -> None:
    """A period not over, or not rewarded yet, is compared with the same part of the one before."""
    found = compared_questions(question, at("2026-11-28"), 86_400.0, 1)
    assert found.before is not None
    assert (found.before.period.start, found.before.period.end) == (at(start), at(end))
    assert found.until == (None if until is None else at(until))


def test_q4_a_period_that_has_just_begun_has_no_counterpart_yet() -> None:
    """No reward of Monday is final on Monday."""
    found = compared_questions(asked("week"), at("2026-11-23T10:00"), 86_400.0, 1)
    assert found.before is None
    assert found.until == at("2026-11-22T10:00")


def test_q4_revisions_and_questions_keep_the_word() -> None:
    """The revision before is the newest but one, or that before the one in `where`."""
    plain = asked("revision").plain
    question = PerformanceQuestion.read(plain)
    assert question.compare == "revision"
    found = compared_questions(question, 0.0, 0.0, 3)
    assert found.before is not None
    assert (found.now.where, found.before.where) == ((("revision", "3"),), (("revision", "2"),))
    assert "compare" not in PerformanceQuestion("banner").plain


WRONG = [
    (asked("year"), "week, month, quarter, revision"),
    (asked("week", "2026-11-01", "2026-11-20"), "overlaps"),
    (asked("revision"), "no revision before"),
    (asked("revision", "2026-11-01", "2026-11-20"), "leave `from` and `to` out"),
    (asked("week", "2027-01-01"), "lies ahead"),
    (
        PerformanceQuestion("banner", where=where_of("revision:1..3"), compare="revision"),
        "several revisions",
    ),
]


@pytest.mark.parametrize(("question", "cure"), WRONG)
def test_q4_what_cannot_be_compared_is_refused(question: PerformanceQuestion, cure: str) -> None:
    """The message has the cure."""
    with pytest.raises(InvalidRequestError, match=cure):
        check_compare(question, at("2026-11-28"), 1)
