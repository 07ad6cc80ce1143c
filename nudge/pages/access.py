"""Access to the pages: who is signed in, and what the role allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user

from nudge.domain.journal.caller import Caller
from nudge.errors import StoreAwayError
from nudge.flows.accounts.accounts import Accounts, SignedInUser
from nudge.logs.access import KEY_ID
from nudge.pages.api_door import ApiDoor

TICKET: Final = "ticket"
"""Key of the browser's session with the ticket of the sign-in."""
View = TypeVar("View", bound=Callable[..., object])
OPEN: Final = "_open_page"
"""Attribute of the views that need nobody signed in."""
EXTENSION: Final = "nudge.pages"
KEPT: Final = ("language", "theme")
"""Choices of a browser that outlive signing in and out."""


@dataclass(frozen=True)
class PageUser(UserMixin):  # type: ignore[misc]  # flask-login publishes no types
    """The user who is signed in.

    Attributes:
        signed: the account and its session.
    """

    signed: SignedInUser

    @property
    def name(self) -> str:
        """The name of the account."""
        return self.signed.name

    @property
    def role(self) -> str:
        """The role of the account, such as `viewer`."""
        return str(self.signed.user.role)

    @property
    def caller(self) -> Caller:
        """The user as the API knows it; `operations` are what the role allows."""
        return self.signed.caller

    @property
    def language(self) -> str:
        """The language that the user reads."""
        return self.signed.language

    def get_id(self) -> str:
        """The ticket of the sign-in, which flask-login keeps."""
        return str(session.get(TICKET, ""))


def register_access(app: Flask, accounts: Accounts) -> None:
    """Have every page but the open ones ask for somebody who is signed in."""
    manager = LoginManager()
    manager.session_protection = None  # tickets end on the server; addresses of phones change
    manager.init_app(app)
    manager.user_loader(partial(load_user, accounts))
    app.before_request(_ask_for_user)


def open_page(view: View) -> View:
    """Mark a view for which nobody has to be signed in."""
    setattr(view, OPEN, True)
    return view


def sign_in(ticket: str) -> None:
    """Begin the browser's session anew, with the ticket of a sign-in: nothing of before stays."""
    sign_out()
    session["_user_id"] = session[TICKET] = ticket
    session["_fresh"] = True


def may(operation: str) -> bool:
    """Return whether the role of the user allows an operation of the API, by its name."""
    if not current_user.is_authenticated:
        return False
    caller: Caller = current_user.caller
    return caller.operations is not None and operation in caller.operations


def door() -> ApiDoor:
    """Return the door to the API for the user of this request."""
    if "door" not in g:
        api = current_app.extensions[EXTENSION].api
        g.door = ApiDoor(api, current_user.caller, request.remote_addr or "")
    found: ApiDoor = g.door
    return found


def local_path(text: str, default: str = "/") -> str:
    """Return a path of these pages, for what follows a sign-in; the default for any other address.

    Browsers read a backslash as a slash, and leave out tabs and ends of lines.
    """
    plain = text.replace("\\", "/")
    local = plain.startswith("/") and not plain.startswith("//") and plain.isprintable()
    parts = urlsplit(plain) if local else None
    return plain if parts and not parts.scheme and not parts.netloc else default


def sign_out() -> None:
    """End the browser's session; the choice of language and theme stays."""
    kept = {name: session[name] for name in KEPT if name in session}
    session.clear()
    session.update(kept)


def load_user(accounts: Accounts, ticket: str) -> PageUser | None:
    """Return who has signed in with a ticket; nobody once it ended, or while the store is away."""
    try:
        found = accounts.session(ticket)
    except StoreAwayError as error:
        # The page of the failure is asked for the user, too: nobody, until the store is back.
        g.accounts_away = error
        return None
    return None if found is None else PageUser(found)


def _ask_for_user() -> Response | None:
    if current_user.is_authenticated:
        request.environ[KEY_ID] = current_user.caller.key_id
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or hasattr(view, OPEN) or current_user.is_authenticated:
        return None
    if "accounts_away" in g:
        raise StoreAwayError(str(g.accounts_away))
    here = request.full_path.rstrip("?") if request.method == "GET" else "/"
    target = url_for("signing.login", next=here if here != "/" else None)
    if "HX-Request" in request.headers:
        # A part of a page that lies open: the whole page goes to the sign-in.
        return Response(status=401, headers={"HX-Redirect": target})
    return redirect(target, 303)  # type: ignore[return-value]  # werkzeug's Response is Flask's here
