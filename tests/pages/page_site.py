"""The pages before a real API and store, with users who are signed in, for the tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from api_web import Quiet, Web
from chart_samples import add_page
from flask import Blueprint, Flask, redirect
from flask.testing import FlaskClient
from werkzeug.serving import make_server
from werkzeug.wrappers import Response as Redirect

from nudge.clock import now
from nudge.domain.users.roles import Role
from nudge.domain.users.session import Session
from nudge.domain.users.user import User
from nudge.flows.accounts.accounts import Accounts, SignedInUser
from nudge.flows.accounts.passwords import PasswordHasher
from nudge.pages.access import open_page, sign_in
from nudge.pages.app import PageParts, create_pages
from nudge.pages.mount import PageMount
from nudge.pages.screens import BLUEPRINTS
from nudge.workers.runner import Runner

DOOR: Final = "/pages/test/"
"""Path that signs a browser in by the name of a role: of the tests alone."""


class RoleAccounts(Accounts):
    """Accounts among which each role has a user of its name, besides those of the store."""

    def session(self, secret: str) -> SignedInUser | None:
        """Return the user of a role, by the role's name as the ticket."""
        if secret in tuple(Role):
            return SignedInUser(User(secret, Role(secret)), Session(secret, 0, now(), now()))
        return super().session(secret)


@dataclass
class PageSite:
    """The running pages.

    Attributes:
        web: the API that feeds them.
        app: the application of the pages.
    """

    web: Web
    app: Flask

    def client(self, role: str = "admin", language: str = "zh") -> FlaskClient:
        """A client that is signed in by a role."""
        client = self.app.test_client()
        client.get(f"{DOOR}{role}?lang={language}")
        return client

    def text(self, path: str, role: str = "admin", language: str = "zh") -> str:
        """The page at a path, which must be there."""
        response = self.client(role, language).get(path)
        assert response.status_code == 200, response.text
        return response.text

    def fold(self, *folds: Any) -> None:
        """Have folds follow the journal to its end, as the worker does all the time."""
        for one in folds:
            runner = Runner(self.web.service.store, one, f"test-{type(one).__name__}")
            while runner.turn():
                pass

    @contextmanager
    def listening(self) -> Iterator[str]:
        """The address of pages and API on loopback, for browsers."""
        both = PageMount(self.web.app, lambda _api: self.app)
        server = make_server("127.0.0.1", 0, both, threaded=True, request_handler=Quiet)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def open_site(web: Web) -> PageSite:
    """The pages before an API."""
    service = web.service
    api = web.app.wsgi_app
    accounts = RoleAccounts(service.patient, PasswordHasher(), service.sealer.limits_key)
    parts = PageParts(api, accounts, service.sealer.pages_key, service.calendar.zone)
    app = create_pages(parts, (*BLUEPRINTS, _door()))
    app.testing = True
    app.config["WTF_CSRF_ENABLED"] = False
    return PageSite(web, app)


def _door() -> Blueprint:
    made = Blueprint("test_door", __name__)

    @made.get(f"{DOOR}<role>")
    @open_page
    def enter(role: str) -> Redirect:
        sign_in(role)
        return redirect("/", 303)

    add_page(made)
    return made
