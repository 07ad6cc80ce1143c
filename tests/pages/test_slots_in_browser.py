"""The pages of a slot in a real browser: accessible, in one language, live."""

from __future__ import annotations

import itertools

import pytest
from page_site import PageSite
from playwright.sync_api import Browser
from screen_checks import WIDTHS, screen_of
from slot_site import visit, working

PAGES = (
    "/slots",
    "/slots/banner",
    "/slots/banner/segments?by=channel",
    "/slots/banner/actions/stop?variant=coffee",
    "/slots/banner/what-if?way=rule&if0=channel:wap&show0=triple_gift&rest=data_draw",
)


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_is_accessible(browser: Browser, site: PageSite, width: int) -> None:
    """Axe finds nothing in light and dark, no word is of the other language, all keys lead on."""
    visit(site.web)
    with working(site.web), site.listening() as url:
        for lang, dark in itertools.product(("zh", "en"), (False, True)):
            with screen_of(browser, url, lang=lang, width=width, dark=dark) as screen:
                for path in PAGES:
                    screen.open(path)
                    screen.page.wait_for_load_state("networkidle")
                    screen.page.wait_for_selector(".pending", state="detached")
                    assert screen.findings() == [], path
                    assert screen.foreign_words(lang) == [], path
                    if lang == "en" and dark:
                        assert screen.unreachable() == [], path


def test_a_variant_is_stopped_and_its_share_is_gone(browser: Browser, site: PageSite) -> None:
    """From the page through preview and reason, and back; parts of the page come by themselves."""
    visit(site.web)
    with working(site.web), site.listening() as url, screen_of(browser, url, lang="en") as screen:
        screen.open("/slots/banner")
        page = screen.page
        page.wait_for_selector("#segments td.heat")
        page.wait_for_timeout(2_500)  # whatever asked for the part asks no more
        assert page.locator("#segments").count() == page.locator("#segments h2").count() == 1
        page.click("#segments >> text=Lifecycle stage")
        page.wait_for_selector("#segments th >> text=Stable")
        assert page.url.endswith("/slots/banner?by=context.stage")
        page.click("#variant-coffee >> text=Stop")
        page.wait_for_selector("text=of visitors would see something else")
        page.fill("[name=why]", "too dear")
        page.click("text=Stop it")
        page.wait_for_selector("#variant-coffee >> text=Stopped")
        assert "0.0%" in page.inner_text("#variant-coffee")
        assert "too dear" in page.inner_text(".changes")
