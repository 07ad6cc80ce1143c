"""Promotions in a real browser: both languages, two widths, light and dark, by keyboard."""

from __future__ import annotations

import itertools

import pytest
from child_processes import eventually
from page_site import PageSite
from playwright.sync_api import Browser
from promotion_site import add_promotions, add_visitors, counting
from screen_checks import WIDTHS, screen_of

WAYS = list(itertools.product(("zh", "en"), WIDTHS, (False, True)))
FORMS = ("/promotions/new?slot=banner", "/promotions/banner/city")
PATHS = ("/promotions", *FORMS, "/promotions/banner/coffee/stop")
COUNTED = "30 位（50.0%）符合条件"


@pytest.mark.parametrize(("lang", "width", "dark"), WAYS)
def test_the_screens_are_accessible(
    browser: Browser, site: PageSite, lang: str, width: int, *, dark: bool
) -> None:
    """Axe finds nothing on the list, both forms and the question, and the keyboard reaches all."""
    add_promotions(site)
    add_visitors(site)
    with (
        counting(site),
        site.listening() as url,
        screen_of(browser, url, lang=lang, width=width, dark=dark) as screen,
    ):
        for path in PATHS:
            screen.open(path)
            if path in FORMS:
                screen.page.wait_for_selector("#count")
            assert screen.findings() == [], path
            assert screen.foreign_words(lang) == [], path
            if (width, dark) == (1440, False):
                assert screen.unreachable() == [], path


def test_a_rule_is_counted_while_it_is_typed(browser: Browser, site: PageSite) -> None:
    """By keyboard alone: a row is filled in, the count follows, and nothing typed is lost."""
    add_visitors(site)
    with counting(site), site.listening() as url, screen_of(browser, url) as screen:
        page = screen.page
        screen.open("/promotions/new?slot=banner")
        page.focus("#f-title_zh")
        page.keyboard.type("二级城市")
        assert eventually(lambda: "二级城市" in page.inner_text("#preview .offer"))
        page.focus("#row-attribute-1")
        page.select_option("#row-attribute-1", "city_tier")
        page.focus("#row-value-1")
        page.keyboard.type("2")
        assert eventually(lambda: COUNTED in page.inner_text("#preview"), 30.0)
        assert page.evaluate("document.activeElement.id") == "row-value-1"
        assert page.input_value("#f-title_zh") == "二级城市"
        page.focus("text=添加条件")
        page.keyboard.press("Enter")
        page.wait_for_selector("#row-value-2")
        assert page.input_value("#f-title_zh") == "二级城市"
        assert page.input_value("#row-value-1") == "2"


def test_a_promotion_is_added_and_stopped_in_the_browser(browser: Browser, site: PageSite) -> None:
    """The form saves, the list shows the card, and stopping asks for a reason."""
    with site.listening() as url, screen_of(browser, url) as screen:
        page = screen.page
        screen.open("/promotions")
        page.click("text=新建活动")
        page.fill("#f-title_zh", "杭州专享")
        page.fill("#f-text_zh", "仅限杭州用户")
        page.check("[name=same_text]")
        page.fill("#f-name", "hangzhou")
        page.fill("#f-why", "春季活动")
        page.keyboard.press("Enter")
        page.wait_for_url("**/promotions?slot=banner#p-hangzhou")
        assert "已保存" in page.inner_text("#notes")
        page.click("#p-hangzhou >> text=停用")
        page.fill("#f-why", "发错了")
        page.click("text=确认停用")
        page.wait_for_url("**/promotions?slot=banner#p-hangzhou")
        assert "已停用" in page.inner_text("#p-hangzhou")
