"""The operator's calendar, in every zone of the world and over all changes of its clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bandits.units import DAY, HOUR
from nudge.domain.basics.calendar import OperatorCalendar, parse_date

ZONES = sorted(available_timezones() - {"localtime"})
ODD = (
    *("Asia/Shanghai", "UTC", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"),
    *("America/St_Johns", "Pacific/Apia", "Africa/Cairo", "America/Sao_Paulo", "Europe/Berlin"),
    *("Asia/Tehran", "Pacific/Chatham", "America/Asuncion", "Africa/Casablanca", "Asia/Gaza"),
)
"""Zones with odd offsets, and clocks that change at midnight, by half an hour or by a day."""
EVERY = [*ODD, *(pytest.param(one, marks=pytest.mark.soak) for one in ZONES if one not in ODD)]
FIRST, LAST = 946_684_800, 4_102_444_800
"""Seconds: the years 2000 to 2100."""
LONG = [30, pytest.param(10_000, marks=pytest.mark.soak)]
names, moments = st.sampled_from(ZONES), st.integers(FIRST * 4, LAST * 4).map(lambda n: n / 4)


def calendar(name: str) -> OperatorCalendar:
    return OperatorCalendar.named(name)


def at(text: str) -> float:
    """Seconds of a date and time with its zone."""
    return datetime.fromisoformat(text).timestamp()


def day(text: str) -> int:
    """A date as a day."""
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def near_changes(name: str) -> list[float]:
    """Moments around each change of a zone's offset."""
    cut = calendar(name).shifts(FIRST, LAST)
    return [start + beside for start, *_ in cut[1:] for beside in (-HOUR, -1, 0, 1, 1800, HOUR)]


def test_f15_half_past_seven_in_beijing_is_that_day() -> None:
    """The operator's clock tells the day, although UTC still has the day before."""
    assert OperatorCalendar().day_of(at("2026-11-27T07:30:00+08:00")) == day("2026-11-27")
    assert OperatorCalendar().label(at("2026-11-26T23:30:00Z")) == "2026-11-27T07:30:00+08:00"


@pytest.mark.parametrize("examples", LONG, ids=["short", "soak"])
def test_f15_days_cover_time_without_gap_or_overlap(examples: int) -> None:
    """In every zone each moment lies in one day, from its start up to the start of the next."""

    @settings(max_examples=examples, deadline=None)
    @given(names, moments)
    def check(name: str, moment: float) -> None:
        one = calendar(name)
        found = one.day_of(moment)
        assert one.start_of_day(found) <= moment < one.end_of_day(found)
        assert one.end_of_day(found) == one.start_of_day(found + 1)
        assert one.day_of(one.start_of_day(found)) == found
        assert one.day_of(one.end_of_day(found) - 0.25) == found

    check()


@pytest.mark.parametrize("examples", LONG, ids=["short", "soak"])
def test_f15_shifts_lead_to_the_same_day(examples: int) -> None:
    """The offset that a database adds to a moment is right for each moment, in every zone."""

    @settings(max_examples=examples, deadline=None)
    @given(names, st.data())
    def check(name: str, data: st.DataObject) -> None:
        one = calendar(name)
        moment = data.draw(st.one_of(moments, st.sampled_from(near_changes(name) or [FIRST])))
        for span in ((FIRST, LAST), (moment // 1, moment // 1 + 1)):
            for low, high, shift in one.shifts(*span):
                if low <= moment < high:
                    assert (moment + shift) // DAY == one.day_of(moment)

    check()


@pytest.mark.parametrize("name", EVERY)
def test_f15_a_day_is_the_date_on_the_clock(name: str) -> None:
    """The day is the clock's date, but while a clock that went back shows a date that is over."""
    one, zone = calendar(name), ZoneInfo(name)
    for moment in [*near_changes(name)[:60], FIRST, LAST - 1]:
        shown = day(datetime.fromtimestamp(moment, zone).date().isoformat())
        found = one.day_of(moment)
        assert found in {shown, shown + 1}
        if found != shown:
            assert one.start_of_day(found) < moment < one.start_of_day(found) + 4 * HOUR
        assert one.label(moment) == datetime.fromtimestamp(moment, zone).isoformat()


@pytest.mark.parametrize("name", EVERY)
def test_f15_no_bucket_of_the_grain_is_cut(name: str) -> None:
    """Hours and days begin on multiples of the grain, which is at least a quarter of an hour."""
    one = calendar(name)
    grain = one.grain(FIRST, LAST)
    assert grain in {900, 1800, 3600}
    for moment in [*near_changes(name)[:60], FIRST + 12_345]:
        starts = (one.start_of_day(one.day_of(moment)), one.start_of_hour(moment))
        assert [start % grain for start in starts] == [0, 0]
        assert 0 <= moment - starts[1] < HOUR


@pytest.mark.parametrize(
    ("zone", "text", "hours"),
    [
        ("Asia/Shanghai", "2026-03-29", 24),
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/Havana", "2026-11-01", 25),  # the clock goes back from 01:00 to midnight
        ("America/Santiago", "2026-09-06", 23),  # and forward at midnight: the day begins at 01:00
        ("America/St_Johns", "2006-10-29", 25),  # back at 00:01, over midnight
        ("Pacific/Apia", "2011-12-30", 0),  # left out
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
    ],
)
def test_f15_days_of_other_lengths(zone: str, text: str, hours: float) -> None:
    """A day ends where the next one begins, however long that takes."""
    one = calendar(zone)
    assert one.end_of_day(day(text)) - one.start_of_day(day(text)) == hours * HOUR


@pytest.mark.parametrize(
    ("weeks", "months", "start", "earlier"),
    [
        (1, 0, "2026-03-31T00:00:00+02:00", "2026-03-24T00:00:00+01:00"),
        (0, 1, "2026-03-31T09:30:00+02:00", "2026-02-28T09:30:00+01:00"),
        (0, 3, "2026-01-31T00:00:00+01:00", "2025-10-31T00:00:00+01:00"),
        (1, 0, "2026-04-05T02:30:00+02:00", "2026-03-29T03:00:00+02:00"),  # 02:30 was left out
    ],
)
def test_f15_earlier_is_the_same_time_of_the_clock(
    weeks: int, months: int, start: str, earlier: str
) -> None:
    """A week or a month earlier the clock shows the same, whatever the hours between."""
    found = calendar("Europe/Berlin").earlier(at(start), weeks=weeks, months=months)
    assert found == at(earlier)


def test_a_date_is_written_in_one_way() -> None:
    """A date has four, two and two digits; anything else is no date."""
    assert parse_date("2026-11-27") == day("2026-11-27")
    wrong = ("2026-1-27", "20261127", "2026-02-30", "2026-11-27T00:00", "2026-W48-5", "", " ")
    assert [parse_date(text) for text in wrong] == [None] * len(wrong)
    one = datetime(2026, 11, 27, tzinfo=UTC) + timedelta(days=1)
    assert parse_date(one.date().isoformat()) == day("2026-11-28")
