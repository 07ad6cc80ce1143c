"""The audit as a page: filters, pages, and words for what was done."""

from __future__ import annotations

import pytest
from api_web import bearer
from page_site import PageSite
from playwright.sync_api import Browser
from screen_checks import screen_of

from nudge.clock import now
from nudge.domain.users.audit_entry import AuditAction, AuditEntry
from nudge.pages.screens.audit import action_words, path_of


@pytest.fixture
def changed(site: PageSite) -> PageSite:
    """A slot that somebody froze for a reason with tags, and a user who signed in."""
    web = site.web
    admin = bearer(web.secrets["admin"]) | {"If-Match": "*"}
    web.http.patch("/v1/slots/banner?why=<b>x</b>", json={"mode": "frozen"}, headers=admin)
    trail = web.service.patient.audit
    trail.add(AuditEntry(now(), "user:li_na", AuditAction.SIGN_IN, "user:li_na"))
    trail.add(AuditEntry(now(), "user:li_na", "makeGrant", "/v1/measures"))
    return site


def test_lines_have_words_reasons_and_links(changed: PageSite) -> None:
    """Actions stand in words, a call by its name; reasons are text, and slots are links."""
    text = changed.text("/audit")
    assert "修改决策位" in text
    assert "&lt;b&gt;x&lt;/b&gt;" in text
    assert 'href="/slots/banner"' in text
    assert '<code class="data">makeGrant</code>' in text
    assert "mode: live -&gt; frozen" in text


def test_filters_stand_in_the_address(changed: PageSite) -> None:
    """The form shows what is filtered, the CSV has the same lines, and nothing found is told."""
    text = changed.text("/audit?who=user:li_na")
    assert 'value="user:li_na"' in text
    assert "/slots/banner" not in text.partition('id="live"')[2]
    client = changed.client()
    assert len(client.get("/audit?who=user:li_na&format=csv").text.strip().splitlines()) == 3
    assert "没有符合条件的记录" in changed.text("/audit?who=nobody")


def test_a_wrong_day_is_told_at_its_field(changed: PageSite) -> None:
    """The page stays, with the field marked."""
    text = changed.text("/audit?from=soon")
    assert 'id="f-from"' in text
    assert 'aria-invalid="true"' in text


def test_pages_go_on(site: PageSite) -> None:
    """Beyond a hundred lines a link leads to the next page, and from there to the beginning."""
    for number in range(120):
        entry = AuditEntry(now() + number, "user:x", "signed_out", f"user:{number}")
        site.web.service.patient.audit.add(entry)
    first = site.text("/audit?who=user:x")
    assert first.count("<tr>") == 101
    link = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    second = site.text(link.replace("&amp;", "&"))
    assert second.count("<tr>") == 21
    assert 'rel="next"' not in second


@pytest.mark.parametrize(
    ("named", "path"),
    [
        ("slot:banner", "/slots/banner"),
        ("alarm:a-1", "/alarms/a-1"),
        ("document:funnel.toml", ""),
        ("slot:../users", ""),
        ("slot:", ""),
        ("/v1/slots", ""),
    ],
)
def test_objects_lead_to_their_pages(named: str, path: str) -> None:
    """Only plain names of what has a page are links."""
    assert path_of(named) == path


def test_every_action_on_users_has_words(site: PageSite) -> None:
    """No code stands where a word is known."""
    with site.app.test_request_context("/"):
        words = action_words()
    assert {str(one) for one in AuditAction} <= words.keys()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_screen_is_clean_in_a_browser(changed: PageSite, browser: Browser, lang: str) -> None:
    """Nothing for axe, no word of the other language, all by keyboard, at two widths."""
    with changed.listening() as url:
        for width, dark in ((1440, True), (360, False)):
            with screen_of(browser, url, "admin", lang, width, dark=dark) as screen:
                screen.open("/audit")
                assert screen.findings() == []
                assert screen.foreign_words(lang) == []
                if width == 1440:
                    assert screen.unreachable() == []
