"""The screens of funnel, alarms, explain and visitor in a browser: no finding, no foreign word."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from funnel_visits import answering, archive, settled, visit
from page_site import PageSite
from playwright.sync_api import Browser
from screen_checks import WIDTHS, Screen, screen_of
from test_alarms import PATH, alarmed
from test_visitor_page import HOSTILE, known

__all__ = ["alarmed"]
WAYS = (("zh", WIDTHS[0], True), ("en", WIDTHS[1], False))


@pytest.fixture
def busy(alarmed: PageSite) -> Iterator[tuple[PageSite, list[str]]]:
    """An alarm, visits in the lake, a visitor who wrote something hostile, and a worker."""
    known(alarmed)
    made = visit(alarmed.web)
    archive(alarmed.web)
    paths = ["/funnel?compare=", "/funnel", f"/explain?decision={made[0]}"]
    paths += ["/alarms", PATH, "/explain", "/explain?decision=abc", "/visitor"]
    actions = ("acknowledge", "silence", "resolve", "release", "discard")
    paths += [f"{PATH}/actions/{action}" for action in actions]
    with answering(alarmed.web):
        for path in paths:
            settled(alarmed, path)
        yield alarmed, paths


@pytest.mark.parametrize(("lang", "width", "dark"), WAYS)
def test_screens_are_accessible_in_one_language(
    browser: Browser,
    busy: tuple[PageSite, list[str]],
    lang: str,
    width: int,
    *,
    dark: bool,
) -> None:
    """Axe finds nothing on any of them, no word is of the other language, and Tab reaches all."""
    site, paths = busy
    with (
        site.listening() as url,
        screen_of(browser, url, lang=lang, width=width, dark=dark) as screen,
    ):
        problems = []
        for path in paths:
            screen.open(path)
            problems += _problems(screen, path, lang)
        for action in ("/explain/next", "/visitor", "/visitor/erase"):
            screen.open("/explain" if action == "/explain/next" else "/visitor")
            page = screen.page
            page.fill(f"form[action='{action.removesuffix('/erase')}'] [name=visitor_id]", "v-0")
            page.press(f"form[action='{action.removesuffix('/erase')}'] [name=visitor_id]", "Enter")
            page.wait_for_selector("form[action='/visitor/erase'], #story h2")
            if action == "/visitor/erase":
                page.click("form[action='/visitor/erase'] button")
                page.wait_for_selector("#f-typed")
            problems += _problems(screen, action, lang)
            assert HOSTILE not in page.content()
        assert "\n".join(problems) == ""


def _problems(screen: Screen, path: str, lang: str) -> list[str]:
    found = [*screen.findings(), *screen.foreign_words(lang), *screen.unreachable()]
    return [f"{path}: {one}" for one in found]
