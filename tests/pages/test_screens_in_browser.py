"""Every screen of the menu in a real browser, without any data yet: as on the first day."""

from __future__ import annotations

import pytest
from page_site import PageSite
from playwright.sync_api import Browser
from screen_checks import WIDTHS, screen_of

from nudge.pages.navigation import SCREENS

PATHS = [one.path for one in SCREENS]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", PATHS)
def test_a_screen_is_for_everybody(browser: Browser, site: PageSite, path: str, lang: str) -> None:
    """In one language only, without a finding at both widths and themes, by the keyboard alone."""
    with site.listening() as url, screen_of(browser, url, lang=lang) as screen:
        screen.open(path)
        assert screen.foreign_words(lang) == []
        assert screen.unreachable() == []
        for width in WIDTHS:
            screen.page.set_viewport_size({"width": width, "height": 900})
            for theme in ("light", "dark"):
                screen.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
                assert screen.findings() == [], (width, theme)
