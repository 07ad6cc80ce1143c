"""The screen of SMS: its values, its first day without data, its question, and its files."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from typing import Any

import orjson
import pytest
from page_site import PageSite
from playwright.sync_api import Browser
from screen_checks import PATIENCE, WIDTHS, screen_of
from sms_lake import answering, put_sends
from test_api_contacts import NUMBER, owned

from nudge import clock
from nudge.api.schemas.examples import FOLDER
from nudge.domain.contact.contact_capacity import hour_of
from nudge.pages.api_door import ApiAnswer
from nudge.pages.screens.sms_maps import closed_days, heat_maps, map_rows, quiet_hours
from nudge.pages.screens.sms_plans import send_plan

WAYS = [
    (lang, width, (lang == "zh") == (width == max(WIDTHS)))
    for lang, width in itertools.product(("zh", "en"), WIDTHS)
]
"""Each language at each width, each theme with each of them once."""


def example(name: str) -> Any:
    """The answer in the document's example of an operation."""
    return json.loads(FOLDER.joinpath(f"{name}.json").read_text("utf-8"))["answer"]


def effects(**changes: object) -> ApiAnswer:
    """An answer about the effects of sends."""
    return ApiAnswer(200, {}, orjson.dumps(example("getSmsEffects") | changes))


@pytest.fixture
def asked(site: PageSite) -> Any:
    """A request of the pages, whose reader is Chinese."""
    with site.app.test_request_context("/sms"):
        yield


@pytest.mark.usefixtures("asked")
def test_thin_cells_are_grey_and_say_what_is_missing() -> None:
    """A cell is drawn by its rate only where it may be compared; the others name what they lack."""
    maps = heat_maps(effects(), example("getContactPolicy"))
    report = example("getSmsEffects")
    thin = {(one["day"], one["hour"]) for one in report["cells"] if one["thin"]}
    drawn = {(one["x"] + 1, one["y"]) for one in maps.effect["cells"] if one["thin"]}
    assert drawn == thin != set()
    for cell, one in zip(report["cells"], maps.effect["cells"], strict=True):
        assert ("再有约" in one["text"]) == cell["thin"]
    assert [one["value"] for one in maps.sample["cells"]] == [
        one["exposures"] for one in report["cells"]
    ]
    # A place without enough sends is a gap in the line, and no zero.
    assert maps.hours["series"][0]["values"][11] is None
    assert maps.compares_cells
    assert not maps.is_empty


@pytest.mark.usefixtures("asked")
def test_days_before_run_towards_the_expected_recharge() -> None:
    """The axis goes from 21 days before to 7 behind, and marks no day of the month."""
    cell = example("getSmsEffects")["cells"][0] | {"day": 3}
    maps = heat_maps(effects(by="days_before", cells=[cell]), example("getContactPolicy"))
    assert (maps.effect["x"][0], maps.effect["x"][-1]) == ("21", "-7")
    assert maps.effect["x"][maps.effect["cells"][0]["x"]] == "3"
    assert "marks_x" not in maps.effect
    assert maps.cells[0]["name"] == "预计充值前 3 天"


@pytest.mark.parametrize(
    ("quiet", "hours"),
    [
        (["21:00-08:00"], [*range(8), 21, 22, 23]),
        (["12:00-14:00"], [12, 13]),
        (["12:30-14:30"], [13]),
        (["21:30-22:15", "22:15-23:00"], [22]),
        ([], []),
    ],
)
def test_only_whole_hours_are_quiet(quiet: list[str], hours: list[int]) -> None:
    """An hour of which a minute is open is not hatched."""
    assert quiet_hours({"channels": [{"name": "sms", "quiet": quiet}]}) == hours


def test_closed_days_are_those_of_the_month() -> None:
    """Days off of another month mark nothing."""
    dates = [{"date": one} for one in ("2026-10-31", "2026-11-01", "2026-11-30", "2026-12-01")]
    assert closed_days({"closed_days": dates}, "2026-11") == [0, 29]


@pytest.mark.usefixtures("asked")
def test_a_worker_s_answer_is_waited_for_and_its_failure_is_told() -> None:
    """202 is no data; a job that failed leaves its message."""
    policy = example("getContactPolicy")
    assert heat_maps(ApiAnswer(202, {}, b"{}"), policy).pending
    failed = ApiAnswer(503, {}, b'{"code": "broken_lake", "message": "the lake is broken"}')
    assert heat_maps(failed, policy).refusal == "the lake is broken"
    assert map_rows(heat_maps(failed, policy))[1] == []


@pytest.mark.usefixtures("asked")
def test_the_capacity_s_line_is_drawn_where_the_plans_come_near() -> None:
    """Below a tenth of it the plans would be a flat line; a channel without one counts nothing."""
    body = example("getSmsForecast")
    assert "limit" not in send_plan(body).chart
    hour = body["days"][0]["hours"][20]
    hour["planned"] = body["capacity"] // 2
    plan = send_plan(body)
    assert plan.days[0].peak == 0.5
    lines = dict(zip(plan.chart["x"], plan.chart["limit"]["values"], strict=True))
    closed = next(one for one in body["days"][0]["hours"] if one["closed"])
    assert (lines[hour["at"]], lines[closed["at"]]) == (body["capacity"], 0)
    hours = [one | {"planned": None} for one in body["days"][0]["hours"]]
    days = [body["days"][0] | {"planned": None, "capacity": None, "hours": hours}]
    free = send_plan(body | {"capacity": None, "planned": None, "days": days})
    assert free.days[0].share is free.days[0].peak is None


def test_the_first_day_says_what_to_do(site: PageSite) -> None:
    """Without sends and plans the page has a command for each, in both languages."""
    with answering(site.web):
        for language, words in (("zh", "还没有排期"), ("en", "Nothing is planned")):
            text = site.text("/sms", language=language)
            assert words in text
            assert "nudge plan" in text
    assert "Asia/Shanghai" in text


def test_the_page_lives_without_the_worker_s_part(site: PageSite) -> None:
    """The part that comes anew every minute has the plans, and begins no job."""
    page = site.text("/sms?part=plan")
    assert 'id="live"' in page
    assert 'id="effect"' not in page
    store = site.web.service.store
    assert not list(store.client.scan(f"{store.keys.config('job')}:*"))


def test_somebody_is_found_by_number_and_by_id(site: PageSite) -> None:
    """The answer is a sentence with a masked number, and the number stands nowhere on the page."""
    owned(site.web)
    for who, shown in ((NUMBER, "138****5678"), (f"+86 {NUMBER}", "138****5678"), ("ada", "ada")):
        form = {"who": who, "channel": "sms", "purpose": "transactional"}
        answer = site.client().post("/sms", data=form)
        assert answer.status_code == 200
        assert f"现在可以给 {'访客 ' if who == 'ada' else ''}{shown} 发短信" in answer.text
        assert NUMBER not in answer.text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"who": ""}, "请填写手机号或访客编号"),
        ({}, "请填写手机号或访客编号"),
        ({"who": "nobody"}, "没有找到"),
        ({"who": "13900000000"}, "没有找到"),
        ({"who": "12345"}, "没有找到"),
        ({"who": "x" * 5000}, "没有找到"),
        ({"who": "nobody", "channel": "pigeon"}, "没有这个渠道或目的"),
        ({"who": "13900000000", "purpose": "fun"}, "没有这个渠道或目的"),
    ],
)
def test_what_does_not_fit_is_told_beside_its_field(
    site: PageSite, form: dict[str, str], words: str
) -> None:
    """The page stays, with the error in words and no answer."""
    answer = site.client().post("/sms", data=form)
    assert answer.status_code == 200
    assert words in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_markup_in_an_id_is_text(site: PageSite) -> None:
    """An id from outside is never a part of the page."""
    site.web.decide(visitor_id="<script>alert(1)</script>")
    form = {"who": "<script>alert(1)</script>", "purpose": "transactional", "channel": "sms"}
    answer = site.client().post("/sms", data=form)
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text


def test_a_question_of_another_site_is_refused(site: PageSite) -> None:
    """Without the token of a form nobody is looked up."""
    site.app.config["WTF_CSRF_ENABLED"] = True
    assert site.client().post("/sms", data={"who": "ada"}).status_code == 400


def rows_of(site: PageSite, query: str) -> list[list[str]]:
    """The rows of a file of the page, its header first."""
    answer = site.client().get(f"/sms?format=csv&{query}")
    assert answer.mimetype == "text/csv"
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_every_table_is_a_file(site: PageSite) -> None:
    """Plan, policy and closed days, as the page shows them; an unknown table is the plan."""
    at = clock.now()
    site.web.service.store.capacity.reserve("sms", {hour_of(at) + 1: (200_000, 9)}, at)
    plan = rows_of(site, "table=plan")
    assert len(plan) == 8
    assert sum(int(row[1]) for row in plan[1:]) == 9
    policy = site.web.get("/v1/contact-policy").json
    rules = rows_of(site, "table=policy")[1:]
    assert [row[1] for row in rules] == [one["sentence"]["zh"] for one in policy["rules"]]
    closed = rows_of(site, "table=closed")[1:]
    assert [row[0] for row in closed] == [one["date"] for one in policy["closed_days"]]
    assert rows_of(site, "table=other") == plan


def test_the_cells_are_a_file(site: PageSite) -> None:
    """The numbers of the map, of which hidden ones are empty."""
    put_sends(site.web, 600, 100)
    with answering(site.web):
        rows: list[list[str]] = []
        for _ in range(200):
            rows = rows_of(site, "table=effects")
            if len(rows) > 1:
                break
            clock.sleep(0.1)
    report = site.web.get("/v1/sms/effects").json
    assert len(rows) == len(report["cells"]) + 1
    assert sum(int(row[2]) for row in rows[1:]) == report["total"]["exposures"] > 0
    assert all(row[5] == "" for row in rows[1:]), "each cell has fewer than 20 people"


@pytest.mark.parametrize(("lang", "width", "dark"), WAYS)
def test_the_screen_is_accessible_and_in_one_language(
    browser: Browser, site: PageSite, lang: str, width: int, *, dark: bool
) -> None:
    """Axe finds nothing, no word is of the other language, and the keyboard reaches everything.

    With maps, plans and an answer on it.
    """
    put_sends(site.web, 3_000, 300)
    owned(site.web)
    at = clock.now()
    hours = {hour_of(at) + n: (200_000, 1_000 * n) for n in range(30, 40)}
    site.web.service.store.capacity.reserve("sms", hours, at)
    with (
        answering(site.web),
        site.listening() as url,
        screen_of(browser, url, lang=lang, width=width, dark=dark) as screen,
    ):
        screen.open("/sms?by=days_before")
        page = screen.page
        page.wait_for_selector("#effect-map canvas", timeout=3 * PATIENCE)
        page.click("#effect summary")
        assert screen.findings() == []
        assert screen.foreign_words(lang) == []
        assert screen.unreachable() == []
        page.fill("#f-who", NUMBER)
        page.click("#check button.primary")
        page.wait_for_selector("#check [role=status]")
        assert "138****5678" in page.inner_text("#check")
        assert not re.search(NUMBER, page.url + page.content())
        assert screen.findings() == []
