"""Dates of the operator's calendar as the engines compute them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import ibis
import pytest

from nudge.domain.basics.calendar import OperatorCalendar, Unit
from nudge.domain.basics.local_time import date_of, local, month_range, week_range, weekday_of
from nudge.lake.reports.local_dates import FIRST, LAST, calendar_values, first_dates

ZONES = ("Asia/Shanghai", "Asia/Kathmandu", "America/New_York", "America/St_Johns", "Pacific/Apia")


def by_hand(calendar: OperatorCalendar, at: float, unit: Unit) -> date:
    """The first date of the day, week or month of a moment, by the calendar itself."""
    day = calendar.day_of(at)
    return date_of({"day": day, "week": week_range(day)[0], "month": month_range(day)[0]}[unit])


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("unit", ["day", "week", "month"])
def test_f15_the_engine_has_the_calendar_s_dates(zone: str, unit: Unit) -> None:
    """The engine's date of a moment is the calendar's, beside each change of the clock too."""
    calendar = OperatorCalendar.named(zone)
    cut = [start for start, *_ in calendar.shifts(FIRST, LAST)[1:]]
    moments = [FIRST, LAST - 1, *(at + beside for at in cut for beside in (-3600, -1, 0, 1800))]
    moments += [calendar.start_of_day(d) + x for d in range(20_783, 20_800) for x in (-1, 0)]
    naive = [datetime.fromtimestamp(at, UTC).replace(tzinfo=None) for at in moments]
    table = ibis.memtable({"n": range(len(naive)), "moment": naive})
    table = table.mutate(moment=table.moment.cast("timestamp(6)"))
    dates = first_dates(table.moment, unit, calendar).cast("string")
    rows = ibis.duckdb.connect().to_pyarrow(table.select("n", day=dates)).to_pylist()
    found = {row["n"]: row["day"] for row in rows}
    assert [found[n] for n in range(len(moments))] == [
        by_hand(calendar, at, unit).isoformat() for at in moments
    ]


@pytest.mark.parametrize("zone", ZONES)
def test_q4_hours_are_the_clock_s_and_weekdays_the_calendar_s(zone: str) -> None:
    """Beside each change of the clock too; an hour has two digits, a Monday is 1."""
    calendar = OperatorCalendar.named(zone)
    cut = [start for start, *_ in calendar.shifts(FIRST, LAST)[1:20]]
    moments = [at + beside for at in cut for beside in (-3600, -1, 0, 1800)]
    moments += [1_795_651_200.0 + 3600.0 * hour for hour in range(200)]
    naive = [datetime.fromtimestamp(at, UTC).replace(tzinfo=None) for at in moments]
    table = ibis.memtable({"n": range(len(naive)), "moment": naive})
    table = table.mutate(moment=table.moment.cast("timestamp(6)"))
    told = {name: calendar_values(table.moment, name, calendar) for name in ("hour", "weekday")}
    rows = ibis.duckdb.connect().to_pyarrow(table.select("n", **told)).to_pylist()
    found = {row["n"]: (row["hour"], row["weekday"]) for row in rows}
    assert [found[n] for n in range(len(moments))] == [
        (
            f"{local(calendar.zone, at)[1] // 3600:02}",
            str(weekday_of(calendar.day_of(at)) + 1),
        )
        for at in moments
    ]


@pytest.mark.parametrize("zone", ZONES)
def test_f15_no_engine_s_zones_are_asked(zone: str) -> None:
    """Both dialects get sums of seconds: an engine's own zone table plays no part."""
    table = ibis.table({"at": "timestamp(6)"}, name="t")
    calendar = OperatorCalendar.named(zone)
    start = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    end = start + timedelta(days=365).total_seconds()
    dates = first_dates(table["at"], "day", calendar, start, end)
    for dialect in ("duckdb", "pyspark"):
        text = str(ibis.to_sql(table.select(day=dates), dialect=dialect)).lower()
        assert "interval" in text
        assert not any(word in text for word in ("zone", "utc", zone.lower()))
