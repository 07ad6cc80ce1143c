"""Public holidays: known ones are, unknown years are no error, and nobody pays who does not ask."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import holidays
import pytest

from nudge.domain.contact.contact import ContactFacts
from nudge.domain.contact.contact_policy import Channel, ContactPolicy, Holidays, Purpose
from nudge.domain.contact.contact_rules import allowed_intervals, forbidden
from nudge.domain.contact.public_holidays import public_holidays, regions


def on(day: date, **holidays: object) -> str | None:
    """The reason at noon in Shanghai."""
    policy = ContactPolicy(
        ZoneInfo("Asia/Shanghai"),
        {"sms": Channel("sms", "unless_refused")},
        {"offer": Purpose("offer")},
        weekdays=frozenset(range(5)),
        holidays=Holidays(**holidays),  # type: ignore[arg-type]
    )
    noon = datetime(day.year, day.month, day.day, 4, tzinfo=UTC).timestamp()
    return forbidden(policy, ContactFacts(), "offer", "sms", noon)


SPRING_FESTIVAL = date(2026, 2, 17)
MONDAY, SATURDAY = date(2026, 3, 2), date(2026, 3, 7)


def test_public_holidays_and_dates_of_ones_own_are_forbidden() -> None:
    """The country's days, the operator's own, and what is neither."""
    assert on(SPRING_FESTIVAL, country="CN") == "holiday"
    assert on(SPRING_FESTIVAL) is None
    assert on(MONDAY, country="CN") is None
    assert on(MONDAY, forbidden=frozenset({MONDAY})) == "holiday"
    assert on(SATURDAY) == "weekday"


def test_an_allowed_date_is_open_whatever_it_is() -> None:
    """It lifts a public holiday and a weekday, and gives way to a date that is forbidden."""
    assert on(SPRING_FESTIVAL, country="CN", allowed=frozenset({SPRING_FESTIVAL})) is None
    assert on(SATURDAY, allowed=frozenset({SATURDAY})) is None
    both = frozenset({SATURDAY})
    assert on(SATURDAY, allowed=both, forbidden=both) == "holiday"


def test_a_region_has_holidays_of_its_own() -> None:
    """Corpus Christi is a day off in Bavaria, not in Berlin."""
    corpus_christi = date(2026, 6, 4)
    assert on(corpus_christi, country="DE", region="BY") == "holiday"
    assert on(corpus_christi, country="DE", region="BE") is None


@pytest.mark.parametrize("year", [-1, 0, 1, 1900, 2050, 9999, 10_000, 10**9])
@pytest.mark.parametrize("country", ["CN", "IN", "SA", "DE", "ZZ"])
def test_no_year_and_no_country_is_an_error(country: str, year: int) -> None:
    """A year that is not known has no holidays, or those that follow from a rule."""
    assert all(day.year == year for day in public_holidays(country, None, year))


@pytest.mark.parametrize("year", [1900, 2050, 2100, 9998])
def test_windows_over_unknown_years_are_answered(year: int) -> None:
    """From one such year into the next."""
    policy = ContactPolicy(
        ZoneInfo("Asia/Shanghai"),
        {"sms": Channel("sms", "unless_refused", ((75_600, 28_800),))},
        {"offer": Purpose("offer")},
        holidays=Holidays("CN"),
    )
    start = datetime(year, 12, 25, tzinfo=UTC).timestamp()
    assert allowed_intervals(policy, ContactFacts(), "offer", "sms", start, start + 14 * 86_400)


def test_regions_are_told_by_country() -> None:
    """For messages about a mistake."""
    for country, parts in holidays.list_supported_countries(include_aliases=False).items():
        assert regions(country) == tuple(parts)


@pytest.mark.parametrize("name", ["ZZ", "CHN", "China", "cn", "", "__class__", "utils"])
def test_what_is_no_code_of_a_country_is_none(name: str) -> None:
    """Whatever else the package calls by that name."""
    assert regions(name) is None


def test_the_package_is_imported_by_who_asks_only() -> None:
    """Reading and applying a policy without a country, and the web process, do without it."""
    code = (
        "import sys, nudge.wiring.web, nudge.domain.contact.contact_rules;"
        "import nudge.config.documents.contact_file; "
        "sys.exit('holidays' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
