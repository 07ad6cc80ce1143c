"""A walk through the pages of a running demonstration, as a marketer and an operator take it."""

from __future__ import annotations

import json
import urllib.request
from typing import Any, Final
from urllib.parse import quote

import pytest
from child_processes import eventually
from demo_site import SAID, Demo
from e2e_service import ADMIN_KEY, PAGE_KEY
from playwright.sync_api import Page
from screen_checks import tab_of

from nudge.client.api import Api, ServiceTarget

TITLE: Final = "杭州专享"
pytestmark = pytest.mark.soak
"""Its demonstration takes three minutes of a core."""
VISITS: Final = 20
"""Visitors of whom each sees it by one chance in two: that none does is one case in a million."""
EVEN: Final = {
    "holdout": 0,
    "policy": {"kind": "uniform", "half_life": None},
    "variants": {name: {"enabled": False} for name in ("triple_gift", "coffee", "video")},
}


def change_banner(demo: Demo, change: dict[str, Any]) -> None:
    """Change the banner by the API, whatever its revision is."""
    url = f"{demo.service.url}/v1/slots/banner"
    revision = demo.service.api.get("/v1/slots/banner")["revision"]
    headers = {"Authorization": f"Bearer {ADMIN_KEY}", "Content-Type": "application/json"}
    headers["If-Match"] = f'"{revision}"'
    body = json.dumps(change).encode()
    asked = urllib.request.Request(url, body, headers, method="PATCH")  # noqa: S310 - our own
    with urllib.request.urlopen(asked) as answer:  # noqa: S310 - our own
        assert answer.status == 200


def confirm(page: Page, why: str) -> None:
    """Give the reason of an action, and do it."""
    page.fill("[name=why]", why)
    page.click("form.confirm button")


def banner_of(demo: Demo, city: str) -> str:
    """The banner that a new visitor of a city sees in the example shop."""
    context = demo.browser.new_context()
    with tab_of(context, demo.service.url) as screen:
        screen.open(f"/example?lang=zh&city={quote(city)}")
        answered = "performance.getEntriesByName('answered').length > 0"
        assert eventually(lambda: bool(screen.page.evaluate(answered)))
        return str(screen.page.text_content("#banner b"))


def test_the_language_is_switched(demo: Demo) -> None:
    """The overview is there in both languages, and a click leads from one to the other."""
    with demo.tab() as screen:
        for title, lang in (("Overview", "en"), ("总览", "zh")):
            screen.page.click(".choices [hreflang]")
            screen.page.wait_for_selector(f"h1 >> text={title}")
            screen.page.wait_for_selector("#live .pending", state="detached")
            assert screen.foreign_words(lang) == []


def test_a_variant_is_stopped_and_its_share_is_gone(demo: Demo) -> None:
    """From the overview to the slot, through preview and reason; nobody sees it any more."""
    with demo.tab() as screen:
        page = screen.page
        page.click("main tbody a[href='/slots/banner']")
        page.click("#variant-video >> text=停用")
        page.wait_for_selector(".verdict >> text=/%/")
        confirm(page, "预算用完")
        page.wait_for_selector("#variant-video >> text=已停用")
        assert "0.0%" in page.inner_text("#variant-video")
        assert "预算用完" in page.inner_text(".changes")


def test_a_city_promotion_shows_in_its_city(demo: Demo) -> None:
    """A form adds it, the list has its card, and the shop shows it to visitors of that city."""
    change_banner(demo, EVEN)
    with demo.tab() as screen:
        page = screen.page
        page.click("nav.menu a[href='/promotions']")
        page.click("text=新建活动")
        page.fill("#f-title_zh", TITLE)
        page.fill("#f-text_zh", "仅限杭州用户")
        page.check("[name=same_text]")
        page.fill("#f-name", "hangzhou")
        page.select_option("#row-attribute-1", "city")
        page.fill("#row-value-1", "杭州")
        page.fill("#f-why", "杭州周年庆")
        page.press("#f-why", "Enter")
        page.wait_for_url("**/promotions?slot=banner#p-hangzhou")
        assert "杭州" in page.inner_text("#p-hangzhou dl")
    assert any(banner_of(demo, "杭州") == TITLE for _ in range(VISITS))
    assert banner_of(demo, "南京") != TITLE


def test_an_alarm_is_acknowledged_and_its_quarantine_released(demo: Demo) -> None:
    """From the counter of the overview to the alarm; each step stands in its history."""
    with demo.tab() as screen:
        page = screen.page
        page.click("ul.counters a[href='/alarms']")
        page.click("text=查看这条告警")
        assert SAID in page.inner_text(".verdict")
        for step, why in (("acknowledge", "网关在处理"), ("release", "可用于对账")):
            page.click(f"main a[href$='/actions/{step}']")
            confirm(page, why)
            page.wait_for_selector("#notes .note")
            page.wait_for_selector(f"#live tbody >> text={why}")
        assert "重新计入" in page.inner_text("#held")
        screen.open("/?lang=zh")
        assert "支付宝" not in page.inner_text(".verdict")


def test_a_winback_case_is_followed_to_its_outcome(demo: Demo) -> None:
    """An agent's outcome closes the case, which stands among the closed ones with it."""
    with demo.tab() as screen:
        page = screen.page
        screen.open("/work?whose=all&kind=winback")
        case = str(page.get_attribute("li.case", "id")).removeprefix("case-")
        screen.open(f"/work?whose=all&kind=winback&case={case}")
        page.select_option("#outcome", "stays")
        page.fill("#outcome-note", "已解释到账时间")
        page.click("button[name=close][value=true]")
        page.wait_for_selector("#notes >> text=工单已关闭")

        def closed() -> bool:
            screen.open(f"/work?whose=all&state=closed&case={case}")
            return "已关闭。" in page.inner_text("#panel")

        assert eventually(closed)
        assert "已解释到账时间" in page.inner_text("#panel")


def test_a_decision_is_explained(demo: Demo) -> None:
    """Its id, as the page got it, leads to the whole story of the draw."""
    api = Api(ServiceTarget(demo.service.url, PAGE_KEY))
    body = {"visitor_id": "walker", "channel": "wap", "page": "home", "slots": ["denomination"]}
    made = api.post("/v1/decisions", body)["decisions"]["denomination"]["decision_id"]
    with demo.tab() as screen:
        page = screen.page
        page.click("nav.menu a[href='/explain']")
        page.fill("#f-decision", made)
        page.press("#f-decision", "Enter")
        page.wait_for_selector("#story h2 >> nth=4")
        assert made in str(page.text_content("#story details"))
        assert page.locator("#story p .pill.ok").count() == 1


def test_what_if_is_answered_by_the_log(demo: Demo) -> None:
    """The answer, or its refusal, is a sentence, with what the log is worth for the question."""
    with demo.tab() as screen:
        page = screen.page
        page.click("main tbody a[href='/slots/banner']")
        page.click("main a[href$='/what-if']")
        page.select_option("[name=if0]", "channel:wap")
        page.select_option("[name=show0]", "coffee")
        page.select_option("[name=rest]", "data_draw")
        page.click("form.sentence button")
        page.wait_for_selector("#answer >> text=有效样本")
        assert "。" in page.inner_text("#answer .verdict")
