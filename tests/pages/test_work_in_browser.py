"""The work list in a real browser: the keys, the refresh, and what axe says of each page."""

from __future__ import annotations

import pytest
from page_site import PageSite
from playwright.sync_api import Browser, Page
from screen_checks import Screen, screen_of
from work_site import cases, fold, leave, open_warnings, set_up, settle, spend_less

WAYS = [("zh", 1440, False), ("en", 360, False), ("zh", 360, True), ("en", 1440, True)]


@pytest.fixture
def work(site: PageSite) -> PageSite:
    """A site with cases of each kind."""
    set_up(site)
    open_warnings(site, 4)
    leave(site, "w-1")
    settle(site)
    spend_less(site, "ada")
    return site


def focused(page: Page) -> str:
    """The id of the row in which the focus is."""
    found = page.evaluate("(document.activeElement.closest('.case') || {}).id || ''")
    return str(found).removeprefix("case-")


@pytest.mark.parametrize(("lang", "width", "dark"), WAYS)
def test_the_pages_of_work_are_accessible(
    browser: Browser, work: PageSite, lang: str, width: int, *, dark: bool
) -> None:
    """No finding of axe, nothing wider than the window, no word of the other language."""
    due, left = (cases(work, f"?kind={kind}")[0]["id"] for kind in ("measure", "winback"))
    own = (
        *(f"/work?whose=all&case={due}", f"/winback?case={left}", "/winback/causes"),
        *(f"/work/cases/{due}/grant", f"/work/many/close?pick={due}", "/work/outcomes"),
    )
    leading = (
        *("/winback/causes", f"/work/many/assign?to=care&pick={due}", "/work/loop"),
        *("/work/handover?from=agent&to=bo", "/winback/effect", "/warnings/factors"),
        "/segments/stage.warning",
    )
    for role, paths in (("agent", own), ("admin", leading)):
        with work.listening() as url, screen_of(browser, url, role, lang, width, dark=dark) as tab:
            for path in paths:
                tab.open(path)
                assert (path, tab.findings()) == (path, [])
                assert (path, tab.foreign_words(lang)) == (path, [])


def test_the_list_is_worked_by_keys(browser: Browser, work: PageSite) -> None:
    """The keys move, open, choose and jump to the fields; in a field they are letters."""
    ids = [one["id"] for one in cases(work)]
    with work.listening() as url, screen_of(browser, url, "agent", "en") as tab:
        tab.open("/work?whose=all")
        page = tab.page
        # The first key goes to the row of the case that stands beside the list.
        for key, place in (("j", 1), ("j", 2), ("k", 1), ("k", 0), ("k", 0), ("j", 1)):
            page.keyboard.press(key)
            assert focused(page) == ids[place]
        page.keyboard.press("x")
        assert page.is_checked(f"#case-{ids[1]} input")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/work?whose=all&case={ids[2]}")
        page.wait_for_selector(f"#case-{ids[2]} a[aria-current]")
        assert page.is_checked(f"#case-{ids[1]} input")
        page.keyboard.press("a")
        assert page.evaluate("document.activeElement.id") == "assign-to"
        page.keyboard.press("Escape")
        page.keyboard.press("o")
        assert page.evaluate("document.activeElement.id") == "outcome"
        page.focus("#outcome-note")
        page.keyboard.type("jaxon?")
        assert page.input_value("#outcome-note") == "jaxon?"
        assert not page.evaluate("document.getElementById('keys').open")


def test_single_keys_can_be_switched_off(browser: Browser, work: PageSite) -> None:
    """The window of the keys has the switch; it holds on the next page, too."""
    with work.listening() as url, screen_of(browser, url, "agent", "en") as tab:
        tab.open("/work?whose=all")
        page = tab.page
        page.keyboard.press("?")
        page.wait_for_selector("#keys[open]")
        assert tab.findings() == []
        page.uncheck("#keys-on")
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        assert focused(page) == ""
        tab.open("/warnings")
        page.keyboard.press("j")
        assert focused(page) == ""
        page.click("#keys-button")
        page.check("#keys-on")
        page.keyboard.press("Escape")
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("j")
        assert focused(page)


def test_a_refresh_keeps_what_is_chosen_and_typed(browser: Browser, work: PageSite) -> None:
    """Another agent's step comes into the list; the ticks, the note and the case stay."""
    ids = [one["id"] for one in cases(work)]
    with work.listening() as url, screen_of(browser, url, "agent", "en") as tab:
        tab.open(f"/work?whose=all&case={ids[1]}")
        page = tab.page
        page.check(f"#case-{ids[2]} input")
        page.fill("#outcome-note", "half a wo")
        path = f"/v1/worklist/{ids[1]}/actions"
        work.web.post(path, {"action": "assign", "to": "bo"}, work.web.secrets["admin"])
        fold(work)
        refreshed(tab)
        page.wait_for_selector(f"#case-{ids[1]} >> text=Agent two")
        assert page.is_checked(f"#case-{ids[2]} input")
        assert page.input_value("#outcome-note") == "half a wo"


def refreshed(tab: Screen) -> None:
    """Ask for the list at once, as the page does each twenty seconds."""
    tab.page.evaluate(
        "htmx.ajax('GET', location.pathname + location.search,"
        " {source: '#live', target: '#live', select: '#live', swap: 'morph:outerHTML'})"
    )


def test_a_step_shows_as_soon_as_it_is_read(browser: Browser, work: PageSite) -> None:
    """The panel looks again by itself until the case has the step, and keeps what is typed."""
    name = cases(work)[1]["id"]
    with work.listening() as url, screen_of(browser, url, "agent", "en") as tab:
        tab.open(f"/work?whose=all&case={name}")
        page = tab.page
        page.click("button:has-text('Not reached')")
        page.wait_for_selector(".note")
        page.fill("#outcome-note", "call again at six")
        page.wait_for_timeout(2_500)
        assert "not reached." not in page.inner_text("#panel")
        fold(work)
        page.wait_for_selector("#panel >> text=Tried (call), not reached.")
        assert page.input_value("#outcome-note") == "call again at six"
        assert page.get_attribute("#outcome-note", "value") == ""
        page.select_option("#outcome", "unreachable")
        page.click("text=Save only")
        page.wait_for_selector("text=The outcome is written down.")


def test_an_outcome_is_reached_by_keyboard_alone(browser: Browser, work: PageSite) -> None:
    """From the list to the saved outcome without a mouse."""
    name = cases(work)[1]["id"]
    with work.listening() as url, screen_of(browser, url, "agent", "en") as tab:
        tab.open(f"/work?whose=all&case={name}")
        page = tab.page
        page.keyboard.press("o")
        page.keyboard.press("s")
        assert page.input_value("#outcome") == "stays"
        page.keyboard.press("Tab")
        page.keyboard.type("will stay")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector(".note")
        assert "The case is closed." in page.inner_text("#notes")
        assert tab.unreachable() == []
    fold(work)
    (closed,) = cases(work, "?state=closed")
    assert (closed["id"], closed["outcome"]) == (name, "stays")
