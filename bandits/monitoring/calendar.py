"""Calendar of a season: places of the week, the month and the holidays, without a clock."""

from dataclasses import dataclass
from typing import Final

WEEKDAYS: Final = 7
MONTH_PLACES: Final = 31
"""Places of a month: 25 days from its start, then its last six days."""
SHORTEST: Final = 28
FROM_START: Final = 25
HOLIDAYS: Final = 5
"""Kinds of days: plain, public holiday, workday made up for one, day after a holiday, promotion."""
PROMOTION: Final = 4
"""Kind of the days of a promotion that is known."""


@dataclass(frozen=True)
class CalendarDay:
    """Calendar day as a season sees it.

    Attributes:
        weekday: 0 for Monday to 6 for Sunday.
        month_place: place in the month (`month_place`).
        holiday: 0 plain, 1 public holiday, 2 workday made up for one, 3 day after a holiday,
            4 promotion.
        shifted: habits may be an hour off: the clock was changed on this day or the day before.
    """

    weekday: int
    month_place: int = 10
    holiday: int = 0
    shifted: bool = False

    def __post_init__(self) -> None:
        """Refuse places that the calendar does not have.

        Raises:
            ValueError: a place is outside its range.
        """
        places = (
            (self.weekday, WEEKDAYS, "weekday"),
            (self.month_place, MONTH_PLACES, "month_place"),
            (self.holiday, HOLIDAYS, "holiday"),
        )
        for value, count, name in places:
            if not 0 <= value < count:
                raise ValueError(f"{name} must be between 0 and {count - 1}, not {value}")


def month_place(day: int, days_in_month: int) -> int:
    """Return the place of a day in its month: the last six days count from the end.

    Raises:
        ValueError: the month has no such day.
    """
    if not (SHORTEST <= days_in_month <= MONTH_PLACES and 1 <= day <= days_in_month):
        raise ValueError(f"no day {day} in a month of {days_in_month} days")
    last = days_in_month - day
    if last < MONTH_PLACES - FROM_START:
        return MONTH_PLACES - 1 - last
    return min(day, FROM_START) - 1
