"""The screen of users: an admin adds, changes, disables and signs out."""

from __future__ import annotations

import re

import pytest
from account_visits import WORD, Visit, accounts_of, add_user
from page_site import PageSite

from nudge.domain.users.roles import Role
from nudge.pages.screens.users import TAKES, UserRow, action_words, user_row


@pytest.fixture
def admin(site: PageSite) -> Visit:
    """An admin who is signed in."""
    add_user(site, "wang", Role.ADMIN)
    visit = Visit(site)
    visit.enter("wang")
    return visit


def test_a_row_counts_sessions_and_tells_the_last_call() -> None:
    """A user without a session was not seen."""
    told = {"name": "a1", "role": "agent", "disabled": False, "has_password": True, "created": "c"}
    seen = [{"created": "1", "seen": "3"}, {"created": "2", "seen": "5"}]
    assert user_row(told | {"sessions": seen}) == UserRow("a1", "agent", False, True, "c", 2, "5")
    assert user_row(told | {"sessions": []}).seen is None


def test_a_user_is_added_and_comes_by_the_link(site: PageSite, admin: Visit) -> None:
    """The link is shown once; who opens it is the new user."""
    sent = {"name": "Zhao_Min", "role": "agent", "language": "zh", "why": "new"}
    answer = admin.send("/users", **sent)
    found = re.search(r"http://localhost(/welcome/[\w-]+)", answer.text)
    assert found is not None
    assert found[1] not in admin.client.get("/users").text
    other = Visit(site)
    other.send(found[1])
    assert "zhao_min" in other.client.get("/account").text
    again = admin.send("/users", **sent)
    assert (again.status_code, "不能使用" in again.text) == (422, True)


def test_actions_say_what_they_change_before_they_do(site: PageSite, admin: Visit) -> None:
    """GET shows the effect and changes nothing; POST does it, and the audit has the reason."""
    add_user(site, "zhao_min", Role.AGENT)
    store = accounts_of(site).store
    path = "/users/zhao_min/actions/role"
    before = store.users.read()
    assert "下次登录后按新角色生效" in admin.client.get(path).text
    assert store.users.read() == before
    done = admin.send(path, role="marketer", why="换岗")
    assert done.location == "/users/zhao_min"
    assert "操作完成" in admin.client.get("/users/zhao_min").text
    assert store.users.read().find("zhao_min").role is Role.MARKETER
    entry = store.audit.page(1).entries[0]
    assert (entry.who, entry.action, entry.why) == ("user:wang", "role_set", "换岗")
    for action in ("disable", "enable", "sessions"):
        assert admin.send(f"/users/zhao_min/actions/{action}", why="x").status_code == 303
    assert "/welcome/" in admin.send("/users/zhao_min/actions/link", why="x").text


def test_every_action_has_words(site: PageSite) -> None:
    """An action says what it changes, and names whom; there is no other."""
    with site.app.test_request_context("/"):
        for action in TAKES:
            words = action_words(action, "zhao_min")
            assert words is not None
            assert "zhao_min" in words.title
            assert words.effect
        assert action_words("nothing", "zhao_min") is None


def test_the_last_admin_is_told_why_not(admin: Visit) -> None:
    """The page says it in words; nothing changes."""
    answer = admin.send("/users/wang/actions/disable", why="x")
    assert (answer.status_code, "至少要保留一位" in answer.text) == (422, True)
    assert Visit(admin.site).enter("wang", WORD).status_code == 303


def test_the_list_is_a_csv_file(admin: Visit) -> None:
    """Each row has a user; no secret is in it."""
    answer = admin.client.get("/users?format=csv")
    assert answer.mimetype == "text/csv"
    lines = answer.text.lstrip("\ufeff").splitlines()
    assert lines[0].startswith("name,role,disabled")
    assert lines[1].startswith("wang,admin,False,True")
    assert "argon2" not in answer.text


def test_what_is_not_there_is_a_404(admin: Visit) -> None:
    """Unknown users and actions have the page of nothing."""
    for path in ("/users/nobody", "/users/nobody/actions/role", "/users/wang/actions/x"):
        assert admin.client.get(path).status_code == 404
    assert admin.send("/users/wang/actions/x", form="/account").status_code == 404
