"""The overview as a page: the verdict first, figures with their doubt, and the first day."""

from __future__ import annotations

from html import unescape
from typing import Any

import orjson
import pytest
from overview_samples import busy_overview
from page_site import PageSite
from playwright.sync_api import Browser
from screen_checks import screen_of

from nudge.pages.api_door import ApiAnswer, ApiDoor
from nudge.pages.screens.overview import hour_chart, is_empty, lift_scale


@pytest.fixture
def busy(site: PageSite, monkeypatch: pytest.MonkeyPatch) -> PageSite:
    """A site on which the API tells of a busy day."""
    get = ApiDoor.get

    def told(self: ApiDoor, path: str, **more: Any) -> ApiAnswer:
        if path == "/v1/overview":
            return ApiAnswer(200, {}, orjson.dumps(busy_overview()))
        return get(self, path, **more)

    monkeypatch.setattr(ApiDoor, "get", told)
    return site


def test_the_verdict_comes_first(busy: PageSite) -> None:
    """Behind the heading stands the API's sentence, in the reader's language."""
    for language in ("zh", "en"):
        text = busy.text("/", language=language)
        verdict = text.partition("</h1>")[2].partition("</p>")[0]
        assert busy_overview()[language] in unescape(verdict)
        assert 'class="verdict"' in verdict


def test_counters_lead_to_their_lists(busy: PageSite) -> None:
    """Alarms, warnings and win-back of today are links."""
    text = busy.text("/")
    for path, number in (("/alarms", "1"), ("/warnings", "12"), ("/winback", "40")):
        assert f'class="counter" href="{path}"' in text
        assert f"<b>{number}</b>" in text


def test_each_slot_has_its_line(busy: PageSite) -> None:
    """Title, sentence, shares with names behind them, the lift with its interval, the state."""
    text = busy.text("/", language="en")
    assert "+7.4%" in text
    assert "+5.7% to +9.1%" in text
    assert "as has been clear since 9 November" in text
    assert "Recharge and have a coffee" in text
    assert "Settled" in text
    assert "Too little data" in text


def test_words_of_people_are_text(busy: PageSite) -> None:
    """A reason with tags is shown as it was written; in the CSV it is no formula."""
    assert "=投诉 &lt;b&gt;" in busy.text("/")
    client = busy.client()
    response = client.get("/?format=csv&table=changes")
    assert response.mimetype == "text/csv"
    assert "'=投诉 <b>" in response.text


@pytest.mark.parametrize(
    ("table", "rows"), [("slots", 3), ("hours", 24), ("usual", 1), ("changes", 3)]
)
def test_every_table_is_there_as_csv(busy: PageSite, table: str, rows: int) -> None:
    """Each has a header and a line for each row; another table is not found."""
    client = busy.client()
    text = client.get(f"/?format=csv&table={table}").text
    assert len(text.strip().splitlines()) == rows + 1
    assert client.get("/?format=csv&table=x").status_code == 404


def test_hours_that_may_still_rise_are_a_line_of_their_own() -> None:
    """The chart's first line ends where the second begins; marks are of these 24 hours alone."""
    found = busy_overview()
    with_chart = hour_chart(found["conversion"], found["changes"])
    now, still = (one["values"] for one in with_chart["series"])
    assert now[-2:] == [None, None]
    assert all(one is not None for one in now[:-2])
    assert [one is not None for one in still] == [False] * 21 + [True] * 3
    assert {one["kind"] for one in with_chart["marks"]} == {"alarm", "revision"}
    late = [one | {"at": "2026-11-27T00:00:00+08:00"} for one in found["changes"]]
    assert hour_chart(found["conversion"], late)["marks"] == []


def test_one_hour_alone_is_told_and_not_drawn(
    site: PageSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the first day the table stands there, with the sentence, and no empty chart."""
    found = busy_overview()
    first = found["conversion"]["hours"][-1:]
    rest = [one | {"rate": None} for one in found["conversion"]["hours"][:-1]]
    young = found | {"conversion": found["conversion"] | {"hours": rest + first}}
    answer = ApiAnswer(200, {}, orjson.dumps(young))
    monkeypatch.setattr(ApiDoor, "get", lambda *_, **__: answer)
    text = site.text("/")
    assert "data-chart" not in text
    assert text.count("<tr") > 24


def test_one_wild_interval_does_not_hide_the_others() -> None:
    """The scale of the lifts ends at minus and plus 100 %, and has 0 in it."""
    wild = {"lift": {"value": 0.2, "low": -3.0, "high": 40.0}}
    small = {"lift": {"value": 0.2, "low": 0.1, "high": 0.3}}
    assert lift_scale([wild, small, {"lift": None}]) == (-1.0, 1.0)
    assert lift_scale([small]) == (-0.05, 0.3)
    assert lift_scale([]) == (-0.05, 0.05)


def test_before_the_first_report_the_page_waits_for_it(site: PageSite) -> None:
    """Slots and counts are there; a part says that a worker computes, and asks again by itself."""
    text = site.text("/")
    assert 'hx-trigger="every 2s"' in text
    assert "报告生成中" in text
    assert "/slots/banner" in text


def test_a_role_begins_where_it_may(site: PageSite) -> None:
    """A viewer sees the overview; an agent, who may not ask for it, is led to the work list."""
    assert site.client("viewer").get("/").status_code == 200
    response = site.client("agent").get("/")
    assert (response.status_code, response.location) == (303, "/work")


def test_an_installation_without_decisions_says_what_to_do() -> None:
    """Only a report that knows of no exposure calls a day empty."""
    found = busy_overview()
    assert not is_empty(found)
    assert not is_empty(found | {"conversion": None, "slots": []})
    assert is_empty(found | {"slots": [one | {"exposures": 0} for one in found["slots"]]})


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_screen_is_clean_in_a_browser(busy: PageSite, browser: Browser, lang: str) -> None:
    """Nothing for axe, no word of the other language, all by keyboard, at two widths."""
    with busy.listening() as url:
        for width, dark in ((1440, False), (360, True)):
            with screen_of(browser, url, "admin", lang, width, dark=dark) as screen:
                screen.open("/")
                screen.page.wait_for_selector("#hours-canvas canvas")
                assert screen.findings() == []
                assert screen.foreign_words(lang) == []
                if width == 1440:
                    assert screen.unreachable() == []
