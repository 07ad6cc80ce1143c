"""Visits of people with accounts: they sign in by the form, as a browser does, tokens included."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from flask.testing import FlaskClient
from page_site import PageSite
from werkzeug.test import TestResponse

from nudge.domain.users.audit_entry import Door
from nudge.domain.users.roles import Role
from nudge.flows.accounts.accounts import Accounts
from nudge.flows.accounts.user_desk import UserDesk

WORD: Final = "correct horse"
_TOKEN: Final = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Visit:
    """A browser of its own on the pages, which checks tokens of forms.

    Attributes:
        site: that is visited.
        client: with cookies of its own.
    """

    site: PageSite
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        """Begin without cookies."""
        self.site.app.config["WTF_CSRF_ENABLED"] = True
        self.client = self.site.app.test_client()

    def token(self, path: str = "/login") -> str:
        """The token of the first form of a page."""
        found = _TOKEN.search(self.client.get(path).text)
        assert found is not None, path
        return found[1]

    def send(self, path: str, *, form: str | None = None, **fields: str) -> TestResponse:
        """The answer to a form; its token is that of the page `form`."""
        token = {"csrf_token": self.token(form or path)}
        return self.client.post(path, data=token | fields)

    def enter(
        self, name: str = "li_na", word: str = WORD, then: str = "/", **more: Any
    ) -> TestResponse:
        """The answer to the form of the sign-in."""
        sent = {"csrf_token": self.token(), "name": name, "password": word, "next": then}
        return self.client.post("/login", data=sent, **more)

    @property
    def cookie(self) -> str:
        """The cookie of the pages."""
        found = self.client.get_cookie("nudge_pages")
        assert found is not None
        return found.value

    @property
    def is_signed_in(self) -> bool:
        """Whether one's own account is shown."""
        return self.client.get("/account").status_code == 200


def accounts_of(site: PageSite) -> Accounts:
    """The accounts behind the pages of a site."""
    found: Accounts = site.app.extensions["nudge.pages"].accounts
    return found


def desk_of(site: PageSite) -> UserDesk:
    """The desk of users of a site."""
    accounts = accounts_of(site)
    return UserDesk(accounts.store, accounts.passwords, "user:test", Door.API, accounts.clock)


def add_user(site: PageSite, name: str = "li_na", role: Role = Role.VIEWER) -> None:
    """Add a user with the password of all tests."""
    desk_of(site).add(name, role, "zh")
    desk_of(site).set_password(name, WORD)
