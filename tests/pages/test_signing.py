"""Screens of signing in: by password, by link, and one's own account."""

from __future__ import annotations

import itertools

import pytest
from account_visits import WORD, Visit, accounts_of, add_user, desk_of
from api_web import Web
from page_site import PageSite
from playwright.sync_api import Browser
from screen_checks import WIDTHS, screen_of

from nudge.domain.users.roles import Role
from nudge.errors import StoreAwayError
from nudge.flows.accounts.first_admin import invite_first_admin

NEW = "battery staple"


def test_the_first_admin_chooses_a_name_and_a_password(site: PageSite) -> None:
    """The link leads to both; a short password changes nothing, and the link is used up."""
    link = invite_first_admin(accounts_of(site).store)
    assert link is not None
    visit = Visit(site)
    assert "nudge users link admin" in visit.client.get("/login").text
    assert visit.send(link.path).location == "/account"
    form = {"form": "/account", "name": "Wang_Wei"}
    short = visit.send("/account/password", **form, new="short", again="short")
    assert (short.status_code, "至少输入 10 个字符" in short.text) == (422, True)
    differs = visit.send("/account/password", **form, new=NEW, again=WORD)
    assert (differs.status_code, "不一致" in differs.text) == (422, True)
    done = visit.send("/account/password", **form, new=NEW, again=NEW)
    assert (done.status_code, done.location) == (303, "/")
    assert set(accounts_of(site).store.users.read().users) == {"wang_wei"}
    assert visit.is_signed_in
    assert "nudge users link admin" not in Visit(site).client.get("/login").text
    assert Visit(site).enter("wang_wei", NEW).status_code == 303


def test_a_taken_name_is_refused_in_words(site: PageSite) -> None:
    """The first admin does not become somebody else."""
    add_user(site)
    link = invite_first_admin(accounts_of(site).store)
    assert link is not None
    visit = Visit(site)
    visit.send(link.path)
    answer = visit.send("/account/password", form="/account", name="li_na", new=NEW, again=NEW)
    assert (answer.status_code, "不能使用" in answer.text) == (422, True)


def test_a_password_is_changed_with_the_old_one(site: PageSite) -> None:
    """A wrong old one is told beside its field; afterwards other browsers are signed out."""
    add_user(site)
    here, elsewhere = Visit(site), Visit(site)
    here.enter()
    elsewhere.enter()
    sent = {"form": "/account", "new": NEW, "again": NEW}
    wrong = here.send("/account/password", **sent, old="wrong horse")
    assert (wrong.status_code, "用户名或密码不正确" in wrong.text) == (422, True)
    assert here.send("/account/password", **sent, old=WORD).status_code == 303
    assert here.is_signed_in
    assert not elsewhere.is_signed_in


def test_a_forgotten_password_is_replaced_by_a_link(site: PageSite) -> None:
    """A user who comes by a link is not asked for the old one."""
    add_user(site)
    visit = Visit(site)
    visit.send(desk_of(site).make_link("li_na").path)
    assert 'name="old"' not in visit.client.get("/account").text
    done = visit.send("/account/password", form="/account", new=NEW, again=NEW)
    assert done.status_code == 303
    assert 'name="old"' in visit.client.get("/account").text


def test_a_user_chooses_the_language_of_the_own_pages(site: PageSite) -> None:
    """It holds in the next browser as well."""
    add_user(site)
    visit = Visit(site)
    visit.enter()
    visit.send("/account/language", form="/account", language="en")
    other = Visit(site)
    other.enter()
    assert '<html lang="en"' in other.client.get("/account").text


def test_who_is_signed_in_needs_no_form(site: PageSite) -> None:
    """The page of the sign-in leads on."""
    add_user(site)
    visit = Visit(site)
    visit.enter()
    assert visit.client.get("/login?next=/users").location == "/users"


def test_pages_say_so_while_the_store_is_away(
    site: PageSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that cannot be looked at is a 503 in words, and no sign-out."""
    add_user(site)
    visit = Visit(site)
    visit.enter()

    def away(*_: object) -> None:
        raise StoreAwayError("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(type(accounts_of(site).store.sessions), "read", away)
        answer = visit.client.get("/account")
    assert (answer.status_code, "存储暂时没有响应" in answer.text) == (503, True)
    assert visit.is_signed_in


def test_accounts_of_the_service_are_those_of_the_pages(web: Web) -> None:
    """The app that the service starts signs users of its store in."""
    client = web.http
    assert client.get("/").location == "/login"
    assert client.get("/login").status_code == 200


@pytest.mark.parametrize(
    ("lang", "width", "dark"), list(itertools.product(("zh", "en"), WIDTHS, (False, True)))
)
def test_the_screens_are_accessible(
    browser: Browser, site: PageSite, lang: str, width: int, *, dark: bool
) -> None:
    """Axe finds nothing, no word is of the other language, and the keyboard reaches all."""
    add_user(site, "zhao_min", Role.AGENT)
    link = desk_of(site).make_link("zhao_min").path
    with (
        site.listening() as url,
        screen_of(browser, url, lang=lang, width=width, dark=dark) as screen,
    ):
        paths = ("/account", "/users", "/users/zhao_min", link, "/welcome/x", "/login?next=/users")
        actions = ("role", "disable", "link", "sessions")
        for path in (*paths, *(f"/users/zhao_min/actions/{one}" for one in actions)):
            screen.page.goto(url + path)
            assert screen.findings() == [], path
            assert screen.foreign_words(lang) == [], path
            assert dark or screen.unreachable() == [], path
        screen.problems[:] = [one for one in screen.problems if "410" not in one]
