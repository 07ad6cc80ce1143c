"""The calendar strip: bars from beginning to end, by the operator's calendar."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from nudge.pages.screens.promotions.calendar_strip import make_strip
from nudge.pages.screens.promotions.promotion import Promotion, read_promotions

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 28, 12, tzinfo=ZONE).timestamp()


def promotion(starts: str | None, ends: str | None) -> Promotion:
    """A promotion between two times."""
    told = {"starts": starts, "ends": ends}
    available = {name: value for name, value in told.items() if value}
    one = {"name": "a", "value": {}, "enabled": True, "available": available}
    return read_promotions({"slot": "banner", "fallback": {"default": "b"}, "variants": [one]})[0]


def test_a_bar_goes_from_the_beginning_to_the_end() -> None:
    """Its place is in days of the operator's zone, from the month's first midnight."""
    one = promotion("2026-11-10T00:00:00+08:00", "2026-11-12T04:00:00+00:00")
    (bar,) = make_strip([one], "2026-11", NOW, ZONE).bars
    assert (bar.left, bar.width, bar.opens, bar.goes_on) == (9.0, 2.5, False, False)


def test_a_bar_ends_with_the_month() -> None:
    """A promotion that goes on fills the month's rest; one of another month has no bar."""
    one = promotion("2026-10-10T00:00:00+08:00", None)
    (bar,) = make_strip([one], None, NOW, ZONE).bars
    assert (bar.left, bar.width, bar.opens, bar.goes_on) == (0.0, 30.0, True, True)
    assert make_strip([one], "2026-09", NOW, ZONE).bars == ()
    over = promotion(None, "2026-11-01T00:00:00+08:00")
    assert make_strip([over], "2026-11", NOW, ZONE).bars == ()


@pytest.mark.parametrize("text", [None, "", "x", "2026-13", "2026-00", "9999-01", "２０２６-11"])
def test_what_is_no_month_is_the_present_one(text: str | None) -> None:
    """An address that names no month shows today's, with a line for now."""
    strip = make_strip([], text, NOW, ZONE)
    assert (strip.year, strip.month, strip.days, strip.today) == (2026, 11, 30, 27.5)


def test_months_follow_each_other() -> None:
    """The links lead over the year's end, and another month has no line for now."""
    strip = make_strip([], "2026-12", NOW, ZONE)
    assert (strip.beside(1), strip.beside(-1), strip.today) == ("2027-01", "2026-11", None)
