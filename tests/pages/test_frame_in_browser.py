"""The frame of the pages in a real browser: both languages, two widths, light and dark."""

from __future__ import annotations

import itertools

import pytest
from page_site import PageSite
from playwright.sync_api import Browser
from screen_checks import WIDTHS, screen_of

WAYS = list(itertools.product(("zh", "en"), WIDTHS, (False, True)))


@pytest.mark.parametrize(("lang", "width", "dark"), WAYS)
def test_the_frame_is_accessible(
    browser: Browser, site: PageSite, lang: str, width: int, *, dark: bool
) -> None:
    """Axe finds nothing, and no policy is broken."""
    with (
        site.listening() as url,
        screen_of(browser, url, lang=lang, width=width, dark=dark) as screen,
    ):
        screen.open("/")
        assert screen.findings() == []
