"""Local time: days, hours, weeks and months on the customer's wall, over every change of clocks."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from contact_strategies import ZONES, around, bases, some
from hypothesis import given, settings
from hypothesis import strategies as st

from nudge.domain.basics.intervals import Intervals
from nudge.domain.basics.local_time import (
    date_of,
    day_range,
    find_zone,
    iso,
    local,
    moments,
    month_range,
    pieces,
    week_range,
    weekday_of,
)
from nudge.domain.contact.contact import ContactFacts
from nudge.domain.contact.contact_calendar import calendar_intervals
from nudge.domain.contact.contact_policy import Channel, ContactPolicy, Holidays, Purpose
from nudge.domain.contact.contact_rules import forbidden

forms = pytest.mark.parametrize(
    "examples", [300, pytest.param(10_000, marks=pytest.mark.soak)], ids=["short", "soak"]
)
EPOCH = date(1970, 1, 1)


@forms
def test_the_local_clock_is_that_of_the_zone_database(examples: int) -> None:
    """Day and second of any moment are those that a clock in the zone shows."""

    @settings(max_examples=examples, deadline=None)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        zone = ZoneInfo(data.draw(st.sampled_from(ZONES)))
        at = data.draw(around(data.draw(bases), 400))
        shown = datetime.fromtimestamp(math.floor(at), zone)
        second = shown.hour * 3600 + shown.minute * 60 + shown.second
        assert local(zone, at) == ((shown.date() - EPOCH).days, second)

    law()


@forms
def test_a_moment_is_written_as_its_zone_writes_it(examples: int) -> None:
    """Clock and offset of any moment, on days of a change as well, are those of the library."""

    @settings(max_examples=examples, deadline=None)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        zone = ZoneInfo(data.draw(st.sampled_from(ZONES)))
        at = data.draw(around(data.draw(bases), 400))
        for moment in (at, float(math.floor(at))):
            assert iso(zone, moment) == datetime.fromtimestamp(moment, zone).isoformat()

    law()


@pytest.mark.parametrize("at", [63_593_070.0, 63_593_069.0, -2_776_979_812.0, 63_593_100.5])
def test_an_offset_of_odd_seconds_is_written_too(at: float) -> None:
    """Liberia was 44:30 behind until 1972."""
    zone = ZoneInfo("Africa/Monrovia")
    assert iso(zone, at) == datetime.fromtimestamp(at, zone).isoformat()


@forms
def test_the_moments_of_a_day_week_or_month_are_those_whose_date_is_in_it(examples: int) -> None:
    """Whether a day has 23, 24 or 25 hours, comes in two parts, or never comes."""

    @settings(max_examples=examples, deadline=None)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        zone = ZoneInfo(data.draw(st.sampled_from(ZONES)))
        base = data.draw(bases)
        day, _ = local(zone, base)
        days = data.draw(st.sampled_from((day_range, week_range, month_range)))(day)
        start, end = base - 3 * 86_400, base + 3 * 86_400
        found = list(moments(pieces(zone, start, end), days))
        for at in data.draw(some(base, 3, 15)):
            here = datetime.fromtimestamp(math.floor(at), zone).date()
            inside = days[0] <= (here - EPOCH).days < days[1] and start <= at < end
            assert any(low <= at < high for low, high in found) == inside

    law()


@given(st.dates(date(1, 1, 2), date(9999, 12, 30)))
def test_days_weeks_and_months_are_those_of_the_calendar(day: date) -> None:
    """In leap years, at the ends of years, in week 53."""
    number = (day - EPOCH).days
    assert date_of(number) == day
    assert weekday_of(number) == day.weekday()
    monday, sunday = week_range(number)[0], week_range(number)[1] - 1
    assert monday <= number <= sunday == monday + 6
    assert weekday_of(monday) == 0
    first, last = month_range(number)[0], month_range(number)[1] - 1
    assert date_of(first) == day.replace(day=1)
    assert (date_of(last).year, date_of(last).month) == (day.year, day.month)
    assert day.month == 12 or (date_of(last) + timedelta(1)).month == day.month + 1


@pytest.mark.parametrize(
    "name", [None, "", "No/Where", "Europe", "../Berlin", "/etc/passwd", "a\0b"]
)
def test_what_is_no_zone_is_none(name: str | None) -> None:
    """A customer's data may hold anything: it costs no error, and the policy's zone is taken."""
    assert find_zone(name) is None


def utc(text: str) -> float:
    """Seconds."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def quiet_in(zone: str, hours: tuple[int, int], start: str, end: str) -> Intervals:
    """The part that quiet hours, in minutes of the day, leave of a window given in UTC."""
    span = hours[0] * 60, hours[1] * 60
    policy = ContactPolicy(
        ZoneInfo(zone), {"sms": Channel("sms", "required", (span,))}, {"offer": Purpose("offer")}
    )
    return calendar_intervals(policy, policy.zone, "offer", "sms", utc(start), utc(end))


@pytest.mark.parametrize(
    ("zone", "hours", "window", "allowed"),
    [
        # Spring in Berlin: 02:00 to 03:00 is left out, so that quiet from 02:30 to 03:30 is half
        # an hour from 01:00 UTC on.
        (
            "Europe/Berlin",
            (150, 210),
            ("2026-03-29T00:00", "2026-03-29T04:00"),
            [("2026-03-29T00:00", "2026-03-29T01:00"), ("2026-03-29T01:30", "2026-03-29T04:00")],
        ),
        # Autumn: 02:00 to 03:00 comes twice, and so do quiet hours in it.
        (
            "Europe/Berlin",
            (120, 150),
            ("2026-10-24T23:00", "2026-10-25T04:00"),
            [
                ("2026-10-24T23:00", "2026-10-25T00:00"),
                ("2026-10-25T00:30", "2026-10-25T01:00"),
                ("2026-10-25T01:30", "2026-10-25T04:00"),
            ],
        ),
        # Lord Howe Island goes back from 02:00 to 01:30.
        (
            "Australia/Lord_Howe",
            (90, 120),
            ("2026-04-04T14:00", "2026-04-04T17:00"),
            [("2026-04-04T14:00", "2026-04-04T14:30"), ("2026-04-04T15:30", "2026-04-04T17:00")],
        ),
        # St. John's went back from 00:01 to 23:01: midnight came twice.
        (
            "America/St_Johns",
            (1380, 1440),
            ("2006-10-29T01:00", "2006-10-29T05:00"),
            [
                ("2006-10-29T01:00", "2006-10-29T01:30"),
                ("2006-10-29T02:30", "2006-10-29T02:31"),
                ("2006-10-29T03:30", "2006-10-29T05:00"),
            ],
        ),
        # Over midnight, in a zone of 5:45, in a year that nobody has a calendar for.
        (
            "Asia/Kathmandu",
            (1260, 480),
            ("2050-06-01T00:00", "2050-06-02T00:00"),
            [("2050-06-01T02:15", "2050-06-01T15:15")],
        ),
        # In 1900 Shanghai had its own noon: 8:05:43.
        (
            "Asia/Shanghai",
            (1260, 480),
            ("1900-06-01T00:00", "1900-06-02T00:00"),
            [
                ("1900-06-01T00:00", "1900-06-01T12:54:17"),
                ("1900-06-01T23:54:17", "1900-06-02T00:00"),
            ],
        ),
    ],
)
def test_quiet_hours_are_what_the_local_clock_shows(
    zone: str, hours: tuple[int, int], window: tuple[str, str], allowed: list[tuple[str, str]]
) -> None:
    """A question about the clock at the moment, when it is put forward or back, too."""
    expected = tuple((utc(start), utc(end)) for start, end in allowed)
    assert quiet_in(zone, hours, *window) == expected


def test_a_day_that_never_was_blocks_nothing() -> None:
    """Samoa left 2011-12-30 out: that holiday never came, and the days beside it are open."""
    policy = ContactPolicy(
        ZoneInfo("Pacific/Apia"),
        {"sms": Channel("sms", "unless_refused")},
        {"offer": Purpose("offer")},
        holidays=Holidays(forbidden=frozenset({date(2011, 12, 30)})),
    )
    start, end = utc("2011-12-28T00:00"), utc("2012-01-02T00:00")
    assert calendar_intervals(policy, policy.zone, "offer", "sms", start, end) == ((start, end),)
    for hour in range(5 * 24):
        assert forbidden(policy, ContactFacts(), "offer", "sms", start + hour * 3600) is None
