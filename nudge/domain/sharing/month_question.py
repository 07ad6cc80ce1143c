"""The question which payments of a month several slots were credited with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from nudge.domain.basics.calendar import ZONE, OperatorCalendar, parse_date
from nudge.domain.basics.local_time import date_of
from nudge.domain.reports.questions import Period, period_of
from nudge.domain.values.plain_text import trim
from nudge.errors import InvalidRequestError

FORM: Final = re.compile(r"\d{4}-\d{2}")
CURE: Final = "write a month such as 2026-10"
_YEAR: Final = 12


@dataclass(frozen=True)
class MonthQuestion:
    """The question about the payments of a month, or of another period.

    Attributes:
        period: of the payments; both ends are set.
        zone: IANA name of the zone of the labels.
    """

    period: Period
    zone: str = ZONE

    @property
    def calendar(self) -> OperatorCalendar:
        """The calendar of the question's labels."""
        return OperatorCalendar.named(self.zone)

    @property
    def start(self) -> float:
        """The period's first moment, in seconds."""
        return self.period.start or 0.0

    @property
    def end(self) -> float:
        """The first moment behind the period, in seconds."""
        return self.period.end or 0.0

    @property
    def plain(self) -> dict[str, object]:
        """The question as JSON."""
        return {"from": self.start, "to": self.end, "zone": self.zone}

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> MonthQuestion:
        """Read a question from its `plain` form."""
        return cls(Period(float(plain["from"]), float(plain["to"])), str(plain.get("zone", ZONE)))


def month_question(
    texts: Mapping[str, str], now: float, calendar: OperatorCalendar
) -> MonthQuestion:
    """Read a question from `month`, or from `from` and `to`; without any, the last full month.

    Args:
        texts: parameter -> text.
        now: seconds.
        calendar: the operator's.

    Raises:
        InvalidRequestError: a text makes no sense, or the period lies ahead.
    """
    ends = {name for name in ("from", "to") if texts.get(name) is not None}
    if "month" in texts and ends:
        raise _wrong("month", "goes without `from` and `to`; give one or the other")
    period = _between(texts, calendar) if ends else _month(texts.get("month"), now, calendar)
    if (period.start or 0.0) > now:
        raise _wrong("from" if ends else "month", "lies ahead; give an earlier one")
    return MonthQuestion(period, calendar.zone.key)


def _between(texts: Mapping[str, str], calendar: OperatorCalendar) -> Period:
    found = period_of(texts.get("from"), texts.get("to"), calendar)
    for name, value in (("from", found.start), ("to", found.end)):
        if value is None:
            raise _wrong(name, "is missing; give both ends, or a month")
    return found


def _month(text: str | None, now: float, calendar: OperatorCalendar) -> Period:
    if text is None:
        today = date_of(calendar.day_of(now))
        number = today.year * _YEAR + today.month - 2  # the month before, from 0
    else:
        name = trim(text)
        if not FORM.fullmatch(name) or parse_date(f"{name}-01") is None:
            raise _wrong("month", f"is no month; {CURE}")
        number = int(name[:4]) * _YEAR + int(name[5:]) - 1
    start, behind = (period_of(_first_day(number + more), None, calendar) for more in (0, 1))
    return Period(start.start, behind.start)


def _first_day(number: int) -> str:
    return f"{number // _YEAR:04}-{number % _YEAR + 1:02}-01"


def _wrong(name: str, what: str) -> InvalidRequestError:
    return InvalidRequestError(f"{name}: {what}", {name: [what]})
