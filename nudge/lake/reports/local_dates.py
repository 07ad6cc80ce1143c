"""Dates, weekdays and hours of the operator's calendar as columns, from shifts of Python's.

No engine's own zones are asked: DuckDB and Spark only add seconds to timestamps of UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, cast

import ibis
from ibis.expr.types import (
    DateValue,
    StringValue,
    TimestampColumn,
    TimestampScalar,
    TimestampValue,
)

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.local_time import Piece, pieces
from nudge.domain.reports.questions import HOUR, WEEKDAY

FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
"""Seconds: the service takes no earlier time."""
LAST: Final = datetime(2100, 1, 2, tzinfo=UTC).timestamp()
_UNITS: Final[Mapping[str, str]] = {"day": "D", "week": "W", "month": "M"}


def calendar_values(
    moments: TimestampColumn,
    name: str,
    calendar: OperatorCalendar,
    start: float | None = None,
    end: float | None = None,
) -> StringValue:
    """Return the value of a calendar's dimension of each moment, as text.

    Args:
        moments: timestamps of UTC, without a zone.
        name: `day`, `week`, `month`, `hour` (00 to 23, as the clock shows it) or `weekday` (1, a
            Monday, to 7).
        calendar: the operator's.
        start: seconds; no moment is earlier; None is the year 2000.
        end: seconds; no moment is later; None is the year 2100.
    """
    if name == HOUR:
        low, high = _bounds(start, end)
        shown = _shifted(moments, pieces(calendar.zone, low, high))
        return cast("StringValue", shown.hour().cast("string").lpad(2, "0"))
    if name == WEEKDAY:
        low, high = _bounds(start, end)
        days = _shifted(moments, calendar.shifts(low, high))
        return cast("StringValue", (days.day_of_week.index() + 1).cast("string"))
    return first_dates(moments, name, calendar, start, end).cast("string")


def first_dates(
    moments: TimestampColumn,
    unit: str,
    calendar: OperatorCalendar,
    start: float | None = None,
    end: float | None = None,
) -> DateValue:
    """Return the first date of the day, week (from Monday) or month of each moment.

    Args:
        moments: timestamps of UTC, without a zone.
        unit: `day`, `week` or `month`.
        calendar: the operator's.
        start: seconds; no moment is earlier; None is the year 2000.
        end: seconds; no moment is later; None is the year 2100.
    """
    shifts = calendar.shifts(*_bounds(start, end))
    return cast("DateValue", _shifted(moments, shifts).truncate(_UNITS[unit]).date())


def _bounds(start: float | None, end: float | None) -> tuple[float, float]:
    low, high = FIRST if start is None else start, LAST if end is None else end
    return float(low // 1), max(float(low // 1) + 1, high)


def timestamp(seconds: float) -> TimestampScalar:
    """Return a moment as a literal: a timestamp of UTC, without a zone."""
    return ibis.timestamp(datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None))


def _shifted(moments: TimestampColumn, shifts: Sequence[Piece]) -> TimestampValue:
    """Add its shift to each moment, found by halving: a hundred years have 200 shifts."""
    if len(shifts) == 1:
        return cast("TimestampValue", moments + ibis.interval(seconds=shifts[0][2]))
    middle = len(shifts) // 2
    early, late = (_shifted(moments, part) for part in (shifts[:middle], shifts[middle:]))
    is_early = moments < timestamp(shifts[middle][0])
    return cast("TimestampValue", ibis.ifelse(is_early, early, late))
