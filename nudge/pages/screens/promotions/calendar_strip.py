"""The calendar strip: a month, with a bar for each promotion from its beginning to its end."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from nudge.pages.screens.promotions.promotion import Promotion

_FORM: Final = re.compile(r"(\d{4})-(\d{2})")
_FIRST, _LAST = 2000, 2100
"""Years that may be looked at."""
_YEAR: Final = 12


@dataclass(frozen=True)
class Bar:
    """The bar of a promotion in a month.

    Attributes:
        left: first moment, in days from the month's beginning.
        width: days.
        opens: it began before the month.
        goes_on: it ends behind the month.
    """

    promotion: Promotion
    left: float
    width: float
    opens: bool
    goes_on: bool


@dataclass(frozen=True)
class CalendarStrip:
    """A month of promotions.

    Attributes:
        year: of the month.
        month: from 1.
        days: of the month.
        bars: of the promotions that have a moment in it.
        today: days from the month's beginning to now; None in another month.
    """

    year: int
    month: int
    days: int
    bars: tuple[Bar, ...]
    today: float | None

    @property
    def first(self) -> str:
        """The month's first day, as ISO 8601."""
        return f"{self.year:04}-{self.month:02}-01"

    def beside(self, months: int) -> str:
        """Return the month some months away, such as 2026-11."""
        number = self.year * _YEAR + self.month - 1 + months
        return f"{number // _YEAR:04}-{number % _YEAR + 1:02}"


def make_strip(
    promotions: Iterable[Promotion], text: str | None, now: float, zone: ZoneInfo
) -> CalendarStrip:
    """Return the strip of a month; that of today where the text names none.

    Args:
        promotions: of a slot.
        text: such as 2026-11.
        now: seconds.
        zone: the operator's.
    """
    here = datetime.fromtimestamp(now, zone)
    year, month = _month_of(text) or (here.year, here.month)
    days = calendar.monthrange(year, month)[1]
    start = datetime(year, month, 1, tzinfo=zone)
    is_now = (here.year, here.month) == (year, month)
    bars = [_bar(one, start, days) for one in promotions]
    today = _days(start, here) if is_now else None
    return CalendarStrip(year, month, days, tuple(one for one in bars if one), today)


def _month_of(text: str | None) -> tuple[int, int] | None:
    found = _FORM.fullmatch(text or "")
    year, month = (int(found[1]), int(found[2])) if found else (0, 0)
    return (year, month) if _FIRST <= year < _LAST and 1 <= month <= _YEAR else None


def _bar(one: Promotion, start: datetime, days: int) -> Bar | None:
    zone = start.tzinfo
    left = 0.0 if one.starts is None else _days(start, datetime.fromtimestamp(one.starts, zone))
    right = (
        float(days) if one.ends is None else _days(start, datetime.fromtimestamp(one.ends, zone))
    )
    if left >= days or right <= 0:
        return None
    first, last = max(left, 0.0), min(right, float(days))
    opens = one.starts is None or left < 0
    return Bar(one, first, max(last - first, 0.2), opens, one.ends is None or right > days)


def _days(start: datetime, moment: datetime) -> float:
    """Return the days between two moments by the calendar: each has 24 hours of a clock."""
    day = date(moment.year, moment.month, moment.day) - date(start.year, start.month, start.day)
    return day.days + (moment.hour + moment.minute / 60) / 24
