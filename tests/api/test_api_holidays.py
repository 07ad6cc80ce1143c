"""A warning while the next year's days off are missing: log, metric, /readyz and `nudge check`."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
import structlog
from api_web import Web
from click.testing import CliRunner

from nudge import cli as entry
from nudge.api import health
from nudge.api.holiday_watch import HolidayWatch
from nudge.cli import slots
from nudge.domain.contact.contact_policy import Holidays
from nudge.domain.contact.holiday_years import HolidayYears

NOVEMBER, JUNE = 1_795_910_400.0, 1_781_000_000.0
YEAR = HolidayYears(
    Holidays("CN", forbidden=frozenset({date(2026, 1, 1)})), ZoneInfo("Asia/Shanghai"), "the file"
)


@pytest.mark.parametrize(("at", "count"), [(NOVEMBER, 1), (JUNE, 0)])
def test_f22_readyz_and_metrics_warn(
    web: Web, monkeypatch: pytest.MonkeyPatch, at: float, count: int
) -> None:
    """The service is as ready as before; the warning has the year and the cure."""
    monkeypatch.setattr(health, "now", lambda: at)
    told = web.http.get("/readyz").json
    assert told["status"] == "ready"
    assert len(told["warnings"]) == count
    assert all("2027" in text and "add the announced" in text for text in told["warnings"])
    text = web.http.get("/metrics").text
    assert f"nudge_holidays_missing_years {count}.0" in text


def test_f22_the_log_says_so_once_a_day(web: Web) -> None:
    """Not with every look: there are many in a minute."""
    watch = HolidayWatch(YEAR, web.service.metrics.holidays_missing)
    with structlog.testing.capture_logs() as logs:
        for at in (NOVEMBER, NOVEMBER + 60, NOVEMBER + 86_400, JUNE):
            watch.look(at)
    assert [one["event"] for one in logs] == ["holidays_missing"] * 2
    assert logs[0]["years"] == [2027]
    assert watch.warning == ""


@pytest.mark.parametrize(("at", "warned"), [(NOVEMBER, True), (JUNE, False)])
def test_f22_check_warns(monkeypatch: pytest.MonkeyPatch, at: float, warned: bool) -> None:  # noqa: FBT001
    """A warning is no problem: the check ends with 0."""
    monkeypatch.setattr(slots, "now", lambda: at)
    done = CliRunner().invoke(entry.cli, ["check"])
    assert done.exit_code == 0, done.output
    assert ("has no day of 2027" in done.stderr) == warned
