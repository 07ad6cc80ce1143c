"""Users by the API, and users as callers of it."""

from __future__ import annotations

from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from api_web import ASK, Web, bearer, listening

from nudge.api.auth import CALLER
from nudge.domain.journal.caller import Caller
from nudge.domain.users.roles import Role
from nudge.domain.users.user import User


def call(web: Web, role: Role, method: str, path: str, **more: Any) -> Any:
    """Return the answer to a call that a page makes for a user of a role."""
    user = User("li_na", role).caller
    return web.http.open(path, method=method, environ_overrides={CALLER: user}, **more)


def test_users_are_added_changed_and_signed_out(web: Web) -> None:
    """An admin's key does all of it; each answer shows the user as it is now."""
    key = bearer(web.secrets["admin"])
    sent = {"name": "Li_Na", "role": "agent", "why": "call 13812345678"}
    added = web.http.post("/v1/users", json=sent, headers=key).json
    assert (added["user"]["name"], added["user"]["has_password"]) == ("li_na", False)
    assert added["link"]["path"].startswith("/welcome/")
    path = "/v1/users/li_na"
    changed = web.http.patch(path, json={"role": "viewer"}, headers=key).json
    assert changed["role"] == "viewer"
    gone = web.http.patch(path, json={"disabled": True}, headers=key).json
    assert (gone["disabled"], gone["link_until"]) == (True, None)
    assert web.http.post(f"{path}/links", json={}, headers=key).status_code == 422
    assert web.http.delete(f"{path}/sessions?why=x", headers=key).json["sessions"] == []
    listed = web.http.get("/v1/users", headers=key)
    assert [one["name"] for one in listed.json["users"]] == ["li_na"]
    assert "password" not in listed.json["users"][0]
    why = {one.why for one in web.service.store.audit.page(9).entries}
    assert not any("13812345678" in one for one in why)


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/v1/users", {"name": "1", "role": "agent"}, "name"),
        ("POST", "/v1/users", {"name": "li_na", "role": "boss"}, "role"),
        ("POST", "/v1/users", {"role": "agent"}, "name"),
        ("POST", "/v1/users", {"name": "li_na", "role": "agent", "password": "x"}, "password"),
        ("PATCH", "/v1/users/x1", {}, "role"),
        ("PATCH", "/v1/users/x1", {"disabled": "yes"}, "disabled"),
    ],
)
def test_what_does_not_fit_is_told_by_field(
    web: Web, method: str, path: str, body: object, field: str
) -> None:
    """A bad value is a 422 that names its field."""
    key = bearer(web.secrets["admin"])
    answer = web.http.open(path, method=method, json=body, headers=key)
    assert answer.status_code == 422
    assert field in answer.json["errors"]


def test_the_last_admin_stays_by_the_api_too(web: Web) -> None:
    """A 422 names the cure."""
    store = web.service.store
    user = User("wang", Role.ADMIN, "h")
    entry = store.audit.page(1)
    assert entry.entries == []
    key = bearer(web.secrets["admin"])
    web.http.post("/v1/users", json={"name": "wang", "role": "admin"}, headers=key)
    book = store.users.read()
    assert store.users.write(book, user, store.audit.page(1).entries[0])
    answer = web.http.patch("/v1/users/wang", json={"role": "viewer"}, headers=key)
    assert (answer.status_code, "another admin" in answer.json["message"]) == (422, True)


def test_no_client_is_a_user_by_its_headers(web: Web) -> None:
    """Whatever a socket carries arrives under names that begin with HTTP_."""
    names = (CALLER, "Nudge-Caller", "nudge_caller", f"HTTP_{CALLER}", "X-Nudge-Caller")
    with listening(web) as url:
        for name in names:
            connection = HTTPConnection(urlsplit(url).netloc)
            connection.request("GET", "/v1/users", headers={name: "user:admin"})
            assert connection.getresponse().status == 401, name
            connection.close()
    told = web.http.get("/v1/users", environ_overrides={CALLER: "user:admin"})
    assert told.status_code == 401


def test_the_role_decides_instead_of_scopes(web: Web) -> None:
    """A user's scopes open nothing: what the role does not list is a 403, also with an admin's."""
    assert call(web, Role.VIEWER, "GET", "/v1/slots").status_code == 200
    assert call(web, Role.AGENT, "GET", "/v1/slots").status_code == 403
    assert call(web, Role.VIEWER, "GET", "/v1/users").status_code == 403
    bare = Caller("user:x", frozenset({"read", "admin"}), operations=frozenset())
    told = web.http.get("/v1/slots", environ_overrides={CALLER: bare})
    assert (told.status_code, told.json["code"]) == (403, "forbidden")


def test_a_user_acts_under_the_own_name(web: Web) -> None:
    """An agent takes no case, and writes no outcome, as somebody else; an admin may."""
    body, other = {"agent": "agent1"}, "user:li_na"
    assert call(web, Role.AGENT, "POST", "/v1/worklist/next", json=body).status_code == 403
    rows = {"rows": [{"case": "c", "outcome": "stays", "agent": "agent1"}]}
    assert call(web, Role.AGENT, "POST", "/v1/worklist/outcomes", json=rows).status_code == 403
    step = {"action": "contact", "by": "agent1"}
    assert call(web, Role.AGENT, "POST", "/v1/worklist/c/actions", json=step).status_code == 403
    assert call(web, Role.ADMIN, "POST", "/v1/worklist/next", json=body).status_code == 200
    own = {"rows": [{"case": "c", "outcome": "stays"}]}
    assert call(web, Role.AGENT, "POST", "/v1/worklist/outcomes", json=own).status_code == 200
    assert [one.who for one in web.service.store.audit.page(9).entries] == [other, other]


def test_a_users_change_is_in_the_audit_once(web: Web) -> None:
    """A call without a history of its own has an entry; a slot's change has its own audit."""
    entries = web.service.store.audit.page
    web.decide()
    call(web, Role.ADMIN, "DELETE", "/v1/visitors/v-1?")
    (entry,) = entries(9).entries
    assert (entry.who, entry.action) == ("user:li_na", "eraseVisitor")
    assert entry.object == "/v1/visitors/<visitor_id>"
    tag = call(web, Role.MARKETER, "GET", "/v1/slots/banner").headers["ETag"]
    sent = {"mode": "shadow"}
    path = "/v1/slots/banner?why=quiet"
    answer = call(web, Role.MARKETER, "PATCH", path, json=sent, headers={"If-Match": tag})
    assert answer.status_code == 200, answer.text
    assert len(entries(9).entries) == 1
    (revision, *_) = web.service.store.slots.audits("banner")
    assert (revision["who"], revision["why"]) == ("user:li_na", "quiet")


def test_a_refused_call_is_no_entry(web: Web) -> None:
    """The audit tells what happened."""
    call(web, Role.VIEWER, "DELETE", "/v1/visitors/v-1")
    call(web, Role.ADMIN, "POST", "/v1/worklist/next", json={})
    assert web.service.store.audit.page(9).entries == []


def test_decisions_of_pages_are_as_before(web: Web) -> None:
    """A page's key decides, whatever users there are."""
    assert web.decide()["decisions"].keys() == set(ASK["slots"])
