"""Promotions in a real browser: both languages, two widths, light and dark, by keyboard."""

from __future__ import annotations

import itertools
import os

import pytest
from page_site import PageSite
from playwright.sync_api import Browser
from promotion_site import add_promotions, add_visitors, counting
from screen_checks import WIDTHS, screen_of

WAYS = list(itertools.product(("zh", "en"), WIDTHS, (False, True)))
PATHS = {
    "promotions": "/promotions",
    "new": "/promotions/new?slot=banner",
    "edit": "/promotions/banner/city",
    "stop": "/promotions/banner/coffee/stop",
}


@pytest.mark.parametrize(("lang", "width", "dark"), WAYS)
def test_the_screens_are_accessible(
    browser: Browser, site: PageSite, lang: str, width: int, *, dark: bool
) -> None:
    """Axe finds nothing on the list, both forms and the question, and no policy is broken."""
    add_promotions(site)
    add_visitors(site)
    with (
        counting(site),
        site.listening() as url,
        screen_of(browser, url, lang=lang, width=width, dark=dark) as screen,
    ):
        for name, path in PATHS.items():
            screen.open(path)
            if os.environ.get("HE_SHOTS"):
                screen.page.wait_for_timeout(1500)
                screen.page.screenshot(
                    path=f"{os.environ['HE_SHOTS']}/{name}-{lang}-{width}-{'dark' if dark else 'light'}.png",
                    full_page=True,
                )
            assert screen.findings() == [], name
