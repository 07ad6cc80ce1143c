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


INK = """(id) => {
  const canvas = document.querySelector(`#${id} canvas`);
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return new Set(new Uint32Array(data.buffer)).size;
}"""
"""How many colours a chart has: one that draws nothing has one."""


@pytest.mark.parametrize(("lang", "width", "dark"), WAYS[::3])
def test_charts_are_drawn_and_live(
    browser: Browser, site: PageSite, lang: str, width: int, *, dark: bool
) -> None:
    """Each kind is drawn under the policy, stays through a refresh, and takes no focus away."""
    with (
        site.listening() as url,
        screen_of(browser, url, lang=lang, width=width, dark=dark) as screen,
    ):
        screen.open("/pages/test-charts")
        page = screen.page
        page.wait_for_selector("#four canvas")
        before = page.text_content("#when")
        page.evaluate("document.querySelector('#one canvas').mark = 'same'")
        page.click("#two summary")
        page.focus("#typed")
        page.keyboard.type("half a wo")
        page.wait_for_function(
            "(old) => document.querySelector('#when').textContent !== old", arg=before
        )
        assert page.input_value("#typed") == "half a wo"
        assert page.evaluate("document.activeElement.id") == "typed"
        assert page.evaluate("document.querySelector('#one canvas').mark") == "same"
        assert page.evaluate("document.querySelector('#two details').open")
        for name in ("one", "two", "three", "four"):
            assert page.evaluate(INK, name) > 8, name
        assert screen.findings() == []
        page.hover("#one canvas", position={"x": 200, "y": 100})
