"""The time of a minute as monitors see it: its day, its hour, and what kind of day it is."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache

from bandits.monitoring import PROMOTION, CalendarDay, month_place
from bandits.units import HOUR, MINUTE
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.local_time import date_of, local

_WEEKEND = 5
_PLAIN, _HOLIDAY, _MADE_UP, _AFTER = range(4)


@dataclass(frozen=True)
class JudgedTime:
    """The calendar of the monitors.

    Attributes:
        calendar: of the operator.
        holidays: days off, weekends apart.
        workdays: weekends that are worked.
        promotions: days of promotions that are known; they come before all others.
    """

    calendar: OperatorCalendar
    holidays: Collection[date] = field(default_factory=frozenset)
    workdays: Collection[date] = field(default_factory=frozenset)
    promotions: Collection[date] = field(default_factory=frozenset)

    def day_of(self, minute: int) -> int:
        """Return the day of a minute, in days since the epoch."""
        return self.calendar.day_of(minute * MINUTE)

    def hour_of(self, minute: int) -> int:
        """Return the hour of the day that the clock shows."""
        _, second = local(self.calendar.zone, minute * MINUTE)
        return int(second // HOUR)

    def kind_of(self, day: int) -> CalendarDay:
        """Return a day as a season sees it."""
        kinds = frozenset(self.holidays), frozenset(self.workdays), frozenset(self.promotions)
        shifted = any(self.calendar.has_clock_change(one) for one in (day - 1, day))
        return replace(_kind(date_of(day), *kinds), shifted=shifted)


@lru_cache(maxsize=64)
def _kind(
    day: date, holidays: frozenset[date], workdays: frozenset[date], promotions: frozenset[date]
) -> CalendarDay:
    place = month_place(day.day, monthrange(day.year, day.month)[1])
    if day in promotions:
        kind = PROMOTION
    elif day in holidays:
        kind = _HOLIDAY
    elif day in workdays and day.weekday() >= _WEEKEND:
        kind = _MADE_UP
    elif day - timedelta(days=1) in holidays:
        kind = _AFTER
    else:
        kind = _PLAIN
    return CalendarDay(day.weekday(), place, kind)
