"""One calendar: every door has the same day for the same exposure."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from api_web import Web, served
from click.testing import CliRunner
from funnel_traffic import START, visit, written

from bandits.units import DAY
from nudge import cli as entry
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.reports.questions import PerformanceQuestion
from nudge.flows.reports.performance import Reports
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.wiring.stores import patient_store
from nudge.workers.reports.answers import Answers
from nudge.workers.reports.report_loop import ReportLoop

MORNING = START + 7.5 * 3600.0
"""07:30 in Beijing on Monday, 2026-09-21; 23:30 of Sunday in UTC."""
SLOT = "/v1/slots/banner"
PEOPLE = 60


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    """A lake of visitors who came on one morning in Beijing, and nobody else."""
    visits = (visit(number, MORNING + number) for number in range(PEOPLE))
    written(settings.lake_dir, (record for _, records in visits for record in records))
    yield from served(settings)


@pytest.fixture
def worker(web: Web) -> Iterator[None]:
    """A report worker, in threads."""
    settings = web.service.settings
    store, stop = patient_store(settings), Event()
    loops = [ReportLoop(store, kind, 5.0) for kind in Answers(store, settings).kinds]
    threads = [Thread(target=loop.run, args=(stop,)) for loop in loops]
    for thread in threads:
        thread.start()
    yield
    stop.set()
    for thread in threads:
        thread.join()
    store.close()


def told(ask: Callable[[], Any]) -> Any:
    """The answer to a question, once there is one."""
    until = time.monotonic() + 60.0
    while (response := ask()).status_code == 202:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert response.status_code == 200, response.text
    return response.json


def performance(web: Web, query: str) -> Any:
    return told(lambda: web.get(f"{SLOT}/performance?{query}"))["report"]


def funnel(web: Web, query: str) -> Any:
    return told(lambda: web.get(f"/v1/funnel?{query}"))


def evaluation(web: Web, start: str, end: str) -> Any:
    asked = {"target": "uniform", "from": start, "to": end}
    return told(lambda: web.post(f"{SLOT}/evaluations", asked, web.secrets["read"]))


def command(settings: Settings, *arguments: str) -> Any:
    found = CliRunner().invoke(entry.cli, list(arguments), env=settings.to_environ())
    assert found.exit_code == 0, found.output
    return found


@pytest.mark.usefixtures("worker")
def test_f15_performance_and_funnel_have_the_same_day(web: Web) -> None:
    """Exposures of 07:30 in Beijing are that day's in both, although UTC has another date."""
    shown = performance(web, "by=day")["segments"]
    visits = funnel(web, f"by=day&from={START - DAY}&to={START + DAY}")["groups"]
    assert [one["segment"]["day"] for one in shown] == [one["group"] for one in visits]
    assert [one["group"] for one in visits] == ["2026-09-21"]


@pytest.mark.usefixtures("worker")
def test_f15_every_door_has_the_day_of_beijing(web: Web, tmp_path: Path) -> None:
    """Exposures at 07:30 Beijing are that day's in each report, command, file and label."""
    settings, day = web.service.settings, "2026-09-21"
    one_day = f"from={day}&to={day}"
    visits = funnel(web, "by=none&from=2026-09-01&to=2026-09-30")["visits"]
    assert visits > PEOPLE / 2
    whole = performance(web, one_day)
    shown = whole["whole"]["exposures"]
    assert shown > PEOPLE / 2
    assert whole["from"] == f"{day}T00:00:00+08:00"
    assert whole["to"] == "2026-09-22T00:00:00+08:00"
    assert {one["at"] for one in whole["allocation"]["buckets"]} == {f"{day}T07:00:00+08:00"}
    for by, first in (("day", day), ("week", day), ("month", "2026-09-01")):
        for query in (f"by={by}", f"by={by}&{one_day}"):
            parts = performance(web, query)["segments"]
            assert [(one["segment"], one["exposures"]) for one in parts] == [({by: first}, shown)]
        found = funnel(web, f"by={by}&{one_day}")
        assert [one["group"] for one in found["groups"]] == [first]
        assert found["visits"] == visits
    printed = json.loads(
        command(settings, "funnel", "--from", day, "--to", day, "--by", "day", "--json").stdout
    )
    assert [one["group"] for one in printed["groups"]] == [day]
    assert (printed["from"], printed["visits"]) == (whole["from"], visits)
    rows = tmp_path / "log.csv"
    asked = ("export", "--format", "csv", "--slot", "banner", str(rows))
    command(settings, *asked, "--from", day, "--to", day)
    with rows.open(encoding="utf-8") as file:
        times = [row["at"] for row in csv.DictReader(file)]
    assert {(at[:10], at[-6:]) for at in times} == {(day, "+08:00")}
    answer = evaluation(web, day, day)
    assert answer["from"] == whole["from"]
    again = ("evaluate", "--log", "lake", "--slot", "banner", "--target", "uniform", "--json")
    for start in (day, "2026-09-01"):
        printed = json.loads(command(settings, *again, "--from", start, "--to", day).stdout)
        assert printed["left_out"] == answer["left_out"]
        assert printed["n"] == answer["n"]


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(("start", "end"), [("2026-09-22", "2026-09-22"), (None, "2026-09-20")])
def test_f15_no_door_has_them_on_another_day(web: Web, start: str | None, end: str) -> None:
    """The days before and after have none, although it was Sunday in UTC."""
    query = f"to={end}" + (f"&from={start}" if start else "&from=2026-09-19")
    assert performance(web, query)["whole"]["exposures"] == 0
    assert funnel(web, query)["visits"] == 0
    settings = web.service.settings
    more = ("--from", start) if start else ()
    asked = ("export", "--format", "csv", "--slot", "banner", "no.csv", "--to", end, *more)
    found = CliRunner().invoke(entry.cli, list(asked), env=settings.to_environ())
    assert "no decision of slot 'banner' is in this period" in str(found.exception)


@pytest.mark.usefixtures("worker")
def test_f15_dates_and_moments_are_one_question(web: Web) -> None:
    """A day, and its first moment and its end, give the same report."""
    moments = "from=2026-09-21T00:00:00%2B08:00&to=2026-09-21T16:00:00Z"
    seconds = f"from={START}&to={START + DAY}"
    found = [performance(web, q) for q in ("from=2026-09-21&to=2026-09-21", moments, seconds)]
    assert found[0] == found[1] == found[2]


def test_f15_another_zone_is_another_calendar(web: Web, tmp_path: Path) -> None:
    """By another zone the same exposures are another day's, also where sums were kept."""
    settings = web.service.settings
    reports = Reports(web.service.store, Lake(settings.lake_dir), tmp_path / "cache", 0.0)
    days = {"Asia/Shanghai": 21, "UTC": 20, "America/New_York": 20, "Pacific/Kiritimati": 21}
    for zone, day in [*days.items(), *days.items()]:
        for unit in ("day", "week"):
            asked = PerformanceQuestion("banner", by=(unit,), zone=zone)
            found: Any = reports.make(asked).report
            first = {"day": day, "week": 21 if day == 21 else 14}[unit]
            assert [one["segment"] for one in found["segments"]] == [{unit: f"2026-09-{first}"}]
            label = OperatorCalendar.named(zone).label(MORNING)
            assert {one["at"][:13] for one in found["allocation"]["buckets"]} == {label[:13]}


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("from=20261127", "date written as digits"),
        ("to=1795708800000", "milliseconds"),
        ("from=46353", "spreadsheet"),
        ("from=2026-11-27T07:30", "no time zone"),
        ("to=2026-02-30", "not a time"),
        ("from=9999-12-31", "a day such as 2026-11-27"),
        ("from=0001-01-01", "a day such as 2026-11-27"),
        ("from=2026-11-28&to=2026-11-27", "not after"),
        ("from=", "a day such as 2026-11-27"),
    ],
)
def test_f15_what_is_no_time_is_refused_with_its_cure(web: Web, query: str, hint: str) -> None:
    """Other units, dates as digits and times without a zone are never taken for a time."""
    for path in (f"{SLOT}/performance", "/v1/funnel"):
        response = web.get(f"{path}?{query}")
        assert response.status_code == 422
        assert hint in response.text
    options = [f"--{one}" for one in query.split("&")]
    settings = web.service.settings
    found = CliRunner().invoke(entry.cli, ["funnel", *options], env=settings.to_environ())
    assert found.exit_code == 2
    assert hint in " ".join(found.output.split())


def test_f15_labels_have_the_zone_s_offset(settings: Settings) -> None:
    """Labels of this moment are local time, with the offset of the operator's zone."""
    for site in served(replace(settings, zone="Asia/Kathmandu")):
        shown: Any = site.get(f"{SLOT}/performance").json
        at = shown["counted_at"]
        assert at.endswith("+05:45")
        assert abs(datetime.fromisoformat(at).timestamp() - time.time()) < 60
        changes: Any = site.get(f"{SLOT}/revisions").json
        assert all(one["at"].endswith("+05:45") for one in changes["revisions"])
