"""The two questions of a comparison: about a period or revision, and about the one before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.local_time import date_of, month_range, week_range
from nudge.domain.reports.filters import ValueRange, in_order
from nudge.domain.reports.questions import EVER, PerformanceQuestion, Period
from nudge.errors import InvalidRequestError

COMPARES: Final = ("week", "month", "quarter", "revision")
REVISION: Final = "revision"
_MONTHS: Final = {"month": 1, "quarter": 3}


@dataclass(frozen=True)
class ComparedQuestions:
    """The questions about a period, or a revision, and about the one before.

    Attributes:
        now: with the period's ends.
        before: its counterpart; None where there is none yet.
        until: seconds; exposures of `now` from then on are not compared, as their reward may still
            come; None where all are compared.
    """

    now: PerformanceQuestion
    before: PerformanceQuestion | None
    until: float | None = None


def check_compare(asked: PerformanceQuestion, now: float, revision: int) -> None:
    """Check that a question can be compared with the period or revision before.

    Args:
        asked: the question.
        now: seconds.
        revision: the slot's newest.

    Raises:
        InvalidRequestError: the word is unknown, the two periods would overlap, or there is no
            revision before.
    """
    if not asked.compare:
        return
    if asked.compare not in COMPARES:
        raise _wrong(f"unknown period {asked.compare!r}; use {', '.join(COMPARES)}")
    if asked.compare == REVISION:
        _check_revision(asked, revision)
        return
    start, end = _period(asked, now)
    if start >= now:
        raise _wrong("the period lies ahead; give an earlier `from`")
    if _earlier_end(asked, min(end, now)) > start:
        raise _wrong(
            f"the period is longer than a {asked.compare}, so that the one before overlaps it; "
            "give a later `from`, or an earlier `to`"
        )


def compared_questions(
    asked: PerformanceQuestion, as_of: float, window: float, revision: int
) -> ComparedQuestions:
    """Return a question with its counterpart before.

    A period without `from` is the week, month or quarter of the operator's calendar in which it
    ends. Of one that is not over, or whose rewards may still come, only the same part of the period
    before is its counterpart.

    Args:
        asked: a question that `check_compare` let pass.
        as_of: seconds; all that had happened by then is known.
        window: seconds in which an exposure is rewarded.
        revision: the slot's newest.
    """
    if asked.compare == REVISION:
        number = _revision(asked, revision)
        before = _at(asked, number - 1) if number > 1 else None
        return ComparedQuestions(_at(asked, number), before)
    start, end = _period(asked, as_of)
    now = replace(asked, period=Period(start, asked.period.end))
    final = as_of - window
    until = min(end, final)
    if until <= start:
        return ComparedQuestions(now, None, until)
    # Behind a shorter month's last day nothing is compared: it ends where this one begins.
    there = Period(_earlier(asked, start), min(_earlier_end(asked, until), start))
    return ComparedQuestions(now, replace(asked, period=there), until if until < end else None)


def _period(asked: PerformanceQuestion, now: float) -> tuple[float, float]:
    start, end = asked.period.start, asked.period.end
    # Without an end the whole of the calendar's period is meant, which is not over.
    calendar, last = asked.calendar, now if end is None else end
    if start is None:
        first, behind = _days(asked.compare, calendar.day_of(last - 1.0))
        start = calendar.start_of_day(first)
        return start, calendar.start_of_day(behind) if end is None else end
    return start, float("inf") if end is None else end


def _days(unit: str, day: int) -> tuple[int, int]:
    """Return the first day of the calendar's period that has a day, and the first behind it."""
    if unit == "week":
        return week_range(day)
    first, behind = month_range(day)
    if unit == "quarter":
        for _ in range((date_of(day).month - 1) % 3):
            first, _ = month_range(first - 1)
        _, behind = month_range(first)
        for _ in range(2):
            _, behind = month_range(behind)
    return first, behind


def week_of(calendar: OperatorCalendar, at: float) -> Period:
    """Return the calendar week, from Monday on, in which a moment lies."""
    first, behind = week_range(calendar.day_of(at))
    return Period(calendar.start_of_day(first), calendar.start_of_day(behind))


def _earlier(asked: PerformanceQuestion, at: float) -> float:
    if asked.compare == "week":
        return asked.calendar.earlier(at, weeks=1)
    return asked.calendar.earlier(at, months=_MONTHS[asked.compare])


def _earlier_end(asked: PerformanceQuestion, at: float) -> float:
    if asked.compare == "week":
        return asked.calendar.earlier_end(at, weeks=1)
    return asked.calendar.earlier_end(at, months=_MONTHS[asked.compare])


def _revision(asked: PerformanceQuestion, newest: int) -> int:
    named = [value for name, value in asked.where if name == REVISION]
    return int(named[0]) if named and isinstance(named[0], str) and named[0] else newest


def _at(asked: PerformanceQuestion, number: int) -> PerformanceQuestion:
    others = [pair for pair in asked.where if pair[0] != REVISION]
    return replace(asked, where=in_order([*others, (REVISION, str(number))]))


def _check_revision(asked: PerformanceQuestion, newest: int) -> None:
    if asked.period != EVER:
        raise _wrong("a revision has its own period; leave `from` and `to` out")
    named = [value for name, value in asked.where if name == REVISION]
    if len(named) > 1 or any(isinstance(value, ValueRange) for value in named):
        raise _wrong("`where` names several revisions; name one, which is compared")
    if _revision(asked, newest) <= 1:
        raise _wrong("there is no revision before; compare with week, month or quarter")


def _wrong(what: str) -> InvalidRequestError:
    return InvalidRequestError(f"compare: {what}", {"compare": [what]})
