"""The system as a page: states in words, and a runbook behind each that is not well."""

from __future__ import annotations

import re

import pytest
from page_site import PageSite
from playwright.sync_api import Browser
from screen_checks import screen_of

from nudge.domain.system.system_row import Part
from nudge.pages.screens.system import lag_share, part_rows, part_titles


def test_every_row_that_is_not_well_leads_to_its_part_of_the_runbook(site: PageSite) -> None:
    """Each link's anchor is a heading of the runbook's page."""
    text = site.text("/system")
    links = set(re.findall(r'href="/system/runbook#([\w-]+)"', text))
    assert "system-folds" in links
    there = set(re.findall(r'<h2 id="([\w-]+)"', site.text("/system/runbook")))
    assert links <= there == {f"system-{part}" for part in Part}


def test_parts_have_titles_in_the_order_of_the_page(site: PageSite) -> None:
    """No part of the API lacks its title; parts without rows are left out."""
    with site.app.test_request_context("/"):
        assert list(part_titles()) == [str(part) for part in Part]
        (only,) = part_rows([{"part": "lake", "name": ""}])
    assert (only.part, len(only.rows)) == ("lake", 1)


def test_a_bar_of_a_lag_is_full_at_a_quarter_of_an_hour() -> None:
    """Only folds and the lake have one."""
    assert lag_share({"part": "folds", "figures": {"seconds": 450.0}}) == 0.5
    assert lag_share({"part": "lake", "figures": {"seconds": 9_000.0}}) == 1.0
    assert lag_share({"part": "policies", "figures": {"seconds": 9_000.0}}) is None


def test_tables_are_there_as_csv(site: PageSite) -> None:
    """Rows and keys; without a secret. Another table is not found."""
    client = site.client()
    assert "处理进程" not in client.get("/system?format=csv&table=keys").text
    assert "folds" in client.get("/system?format=csv&table=rows").text
    assert client.get("/system?format=csv&table=x").status_code == 404
    for secret in site.web.secrets.values():
        assert secret not in client.get("/system?format=csv&table=keys").text


def test_keys_are_for_admins(site: PageSite) -> None:
    """A viewer's page has no table of keys, and no CSV of them."""
    assert "API 密钥" in site.text("/system")
    assert "API 密钥" not in site.text("/system", "viewer")
    assert site.client("viewer").get("/system?format=csv&table=keys").status_code == 404


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_screen_is_clean_in_a_browser(site: PageSite, browser: Browser, lang: str) -> None:
    """Nothing for axe, no word of the other language, all by keyboard, at two widths."""
    with site.listening() as url:
        for path in ("/system", "/system/runbook"):
            for width, dark in ((1440, False), (360, True)):
                with screen_of(browser, url, "admin", lang, width, dark=dark) as screen:
                    screen.open(path)
                    assert screen.findings() == []
                    assert screen.foreign_words(lang) == []
                    if width == 1440:
                        assert screen.unreachable() == []
