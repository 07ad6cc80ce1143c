"""The calendar of the monitors: kinds of days, and days of a clock change."""

from __future__ import annotations

from datetime import date

import pytest

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.flows.alarms.judged_time import JudgedTime


def day_of(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


@pytest.mark.parametrize(
    ("zone", "day", "shifted"),
    [
        ("Europe/Berlin", "2026-03-28", False),
        ("Europe/Berlin", "2026-03-29", True),
        ("Europe/Berlin", "2026-03-30", True),
        ("Europe/Berlin", "2026-03-31", False),
        ("Europe/Berlin", "2026-10-25", True),
        ("America/Sao_Paulo", "2018-11-04", True),
        ("Asia/Shanghai", "2026-03-29", False),
    ],
)
def test_habits_shift_on_the_day_of_a_clock_change_and_the_next(
    zone: str, day: str, *, shifted: bool
) -> None:
    """Both changes of a year count, at midnight too; a zone without summer time has none."""
    time = JudgedTime(OperatorCalendar.named(zone))
    assert time.kind_of(day_of(day)).shifted is shifted
