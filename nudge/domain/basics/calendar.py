"""The operator's calendar: days, weeks, months and labels in one time zone, for all reports.

A day is a number, days since 1970-01-01, and begins when the clock shows its date for the first
time. So days follow each other without a gap, whatever the clock does: one has 23 or 25 hours where
summer time begins or ends, and a date that a zone has left out has none. Boundaries are computed
here and not by a database: engines with other zone tables give equal answers.
"""

from __future__ import annotations

import math
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from bandits.units import DAY, HOUR
from nudge.domain.basics.local_time import UTC, Piece, date_of, find_zone, iso, local, pieces

ZONE: Final = "Asia/Shanghai"
"""The zone where none is set: the default of the setting `zone`."""
Unit = Literal["day", "week", "month"]
_EPOCH: Final = date(1970, 1, 1).toordinal()
_GRAINS: Final = (HOUR, HOUR // 2, HOUR // 4, 1)
_YEAR: Final = 12
_WEEK: Final = 7
_FIRST: Final = (date.min.toordinal() + _WEEK - _EPOCH) * float(DAY)
_LAST: Final = (date.max.toordinal() - _WEEK - _EPOCH) * float(DAY)
"""First and last second of which every zone's calendar has the days around."""


@dataclass(frozen=True)
class OperatorCalendar:
    """The calendar of a time zone.

    Attributes:
        zone: the operator's.
    """

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo(ZONE))

    @classmethod
    def named(cls, name: str) -> OperatorCalendar:
        """Return the calendar of a zone by its IANA name.

        Raises:
            ValueError: there is no such zone.
        """
        zone = find_zone(name)
        if zone is None:
            raise ValueError(f"{name!r} is not a time zone; name one such as {ZONE}")
        return cls(zone)

    def label(self, at: float) -> str:
        """Format a moment as local time with its offset from UTC, in ISO 8601."""
        return iso(self.zone, _bounded(at))

    def label_or_none(self, at: float | None) -> str | None:
        """Format a moment that may be unknown."""
        return None if at is None else self.label(at)

    def day_of(self, at: float) -> int:
        """Return the day in which a moment lies."""
        at = _bounded(at)
        day, _ = local(self.zone, at)
        # Where the clock goes back over midnight, the day that has begun goes on.
        while self.start_of_day(day + 1) <= at:
            day += 1
        return day

    def start_of_day(self, day: int) -> float:
        """Return the first moment of a day; of the next one, where the zone left the day out."""
        return self._moment(day, 0)

    def has_clock_change(self, day: int) -> bool:
        """Return whether the clock is changed within a day, as where summer time begins or ends."""
        return self.end_of_day(day) - self.start_of_day(day) != DAY

    def end_of_day(self, day: int) -> float:
        """Return the first moment behind a day."""
        return self.start_of_day(day + 1)

    def moment(self, day: int, second: int) -> float:
        """Return the first moment at which the clock shows a second of a day, or a later one."""
        return self._moment(day, second)

    def start_of_hour(self, at: float) -> float:
        """Return the moment at which the local hour of a moment began."""
        at = _bounded(at)
        _, second = local(self.zone, at)
        return math.floor(at) - second % HOUR

    def earlier(self, at: float, *, weeks: int = 0, months: int = 0) -> float:
        """Return the moment some weeks or calendar months earlier, at the same local time.

        The 31st of March is followed back to the last day of February. A local time that the clock
        leaves out is taken for the next one that it shows.
        """
        day, second = local(self.zone, at)
        there, _ = _earlier_day(day, weeks, months)
        return self._moment(there, second) + at - math.floor(at)

    def earlier_end(self, at: float, *, weeks: int = 0, months: int = 0) -> float:
        """Return the end of a period's counterpart some weeks or calendar months earlier.

        As `earlier`, but of a day that the month lacks it is that month's end: a period up to the
        end of the 28th of March ends with the last day of February, and does not lose it.
        """
        day, _ = local(self.zone, at)
        there, lacks = _earlier_day(day, weeks, months)
        return self.end_of_day(there) if lacks else self.earlier(at, weeks=weeks, months=months)

    def shifts(self, start: float, end: float) -> tuple[Piece, ...]:
        """Cut a time span into parts, in each of which a constant leads to the calendar's day.

        Returns:
            Start, end and seconds: in a part, `(at + seconds) // 86,400` is the day of `at`. The
            seconds are the zone's offset, but where the clock goes back over midnight: there the
            former offset holds until the clock shows midnight again.
        """
        return _shifts(self.zone, start, end)

    def grain(self, start: float, end: float) -> int:
        """Return the widest bucket in seconds, aligned to the epoch, that no hour or day cuts."""
        offsets = [offset for *_, offset in pieces(self.zone, start, end)]
        return next(one for one in _GRAINS if not any(offset % one for offset in offsets))

    def _moment(self, day: int, second: int) -> float:
        return _moment(self.zone, day, second)


RECORD: Final = OperatorCalendar(UTC)
"""Calendar of single records: explanations and views of a visitor are shown as stored, in UTC."""


def parse_date(text: str) -> int | None:
    """Return the day of a date such as 2026-11-27; None for any other text."""
    try:
        found = datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 (a day has no zone)
    except ValueError:
        return None
    return found.toordinal() - _EPOCH if text == found.date().isoformat() else None


def _earlier_day(day: int, weeks: int, months: int) -> tuple[int, bool]:
    """Return the day some weeks or months earlier, and whether the month lacks it."""
    found = date_of(day - _WEEK * weeks)
    number = found.year * _YEAR + found.month - 1 - months
    year, month = number // _YEAR, number % _YEAR + 1
    _, last = monthrange(year, month)
    there = date(year, month, min(found.day, last))
    return there.toordinal() - _EPOCH, found.day > last


def _bounded(at: float) -> float:
    """Return a moment, or the nearest that every calendar has: an earlier version took others."""
    return min(max(at, _FIRST), _LAST)


@lru_cache(maxsize=4096)
def _moment(zone: ZoneInfo, day: int, second: int) -> float:
    """Return the first moment at which the clock shows a local time or a later one."""
    wanted = day * DAY + second
    for start, end, offset in pieces(zone, (day - 2) * DAY, (day + 3) * DAY):
        if wanted - offset < end:
            return float(max(start, wanted - offset))
    raise ValueError(f"day {day} has no moment")  # no zone is two days away from UTC


@lru_cache(maxsize=256)
def _shifts(zone: ZoneInfo, start: float, end: float) -> tuple[Piece, ...]:
    found: list[Piece] = []
    # From a day before: its last change may hold until a while behind the start.
    for low, high, offset in pieces(zone, start - DAY, end):
        begun = low
        if found:
            first, _, before = found[-1]
            midnight = (low - 1 + before) // DAY * DAY
            begun = max(low, midnight - offset)
            found[-1] = (first, min(begun, end), before)
        if begun < high:
            found.append((begun, high, offset))
    return tuple((max(low, start), high, offset) for low, high, offset in found if high > start)
