"""Days off of a year: the shipped file has all of 2026; a year that is missing is told."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from places import CONFIG

from nudge.config.documents.contact_file import load_contact, load_holiday_years
from nudge.domain.contact.contact import Consent, ContactFacts
from nudge.domain.contact.contact_policy import Holidays
from nudge.domain.contact.contact_rules import forbidden
from nudge.domain.contact.holiday_years import HolidayYears

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFF = {
    "New Year": ("2026-01-01", 3),
    "Spring Festival": ("2026-02-15", 9),
    "Qingming": ("2026-04-04", 3),
    "Labour Day": ("2026-05-01", 5),
    "Dragon Boat": ("2026-06-19", 3),
    "Mid-Autumn": ("2026-09-25", 3),
    "National Day": ("2026-10-01", 7),
}
"""Holiday -> first day off and number of days, by the State Council's notice."""
WORKED = ("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp()


def test_f22_every_day_off_of_2026_is_closed_and_no_other() -> None:
    """33 days, the weekends inside them too; days that are worked are open."""
    policy = load_contact(CONFIG)
    agreed = ContactFacts(consents=(Consent("sms", 0.0, given=True),))
    off = {
        date.fromisoformat(first) + timedelta(days=n)
        for first, days in OFF.values()
        for n in range(days)
    }
    assert len(off) == 33
    year = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    closed = {
        day
        for day in year
        if forbidden(policy, agreed, "reminder", "sms", at(f"{day}T10:00:00")) == "holiday"
    }
    assert closed == off
    assert policy.holidays.allowed >= {date.fromisoformat(day) for day in WORKED}


@pytest.mark.parametrize(
    ("now", "missing"),
    [
        ("2026-01-01T00:00:00", ()),
        ("2026-09-30T23:59:59", ()),
        ("2026-10-01T00:00:00", (2027,)),
        ("2026-12-31T23:59:59", (2027,)),
        ("2027-01-01T00:00:00", (2027,)),
        ("2027-11-01T00:00:00", (2027, 2028)),
    ],
)
def test_f22_the_next_year_is_missed_from_october_on(now: str, missing: tuple[int, ...]) -> None:
    """And the year itself, if nobody added it in time."""
    years = load_holiday_years(CONFIG)
    assert years.find_missing(at(now)) == missing
    told = years.describe_missing(at(now))
    assert bool(told) == bool(missing)
    assert all(str(year) in told for year in missing)


def test_f22_a_year_is_there_with_its_first_date() -> None:
    """Forbidden or allowed: somebody has looked at the announcement."""
    dates = frozenset({date(2026, 1, 1), date(2027, 1, 1)})
    for holidays in (Holidays("CN", forbidden=dates), Holidays("CN", allowed=dates)):
        assert HolidayYears(holidays, SHANGHAI, "x").find_missing(at("2026-11-28T12:00:00")) == ()


def test_f22_who_needs_no_announcement_is_not_warned() -> None:
    """A country whose holidays follow from a rule, and an operator without holidays."""
    for country in ("DE", None):
        years = HolidayYears(Holidays(country), SHANGHAI, "x")
        assert years.find_missing(at("2026-11-28T12:00:00")) == ()
    own = Holidays("DE", forbidden=frozenset({date(2026, 12, 24)}))
    assert HolidayYears(own, SHANGHAI, "x").find_missing(at("2026-11-28T12:00:00")) == (2027,)
