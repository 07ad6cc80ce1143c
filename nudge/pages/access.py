"""Access to the pages: who is signed in, and what the role allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user

from nudge.domain.journal.caller import Caller
from nudge.pages.api_door import ApiDoor

TICKET: Final = "ticket"
"""Key of the browser's session with the ticket of the sign-in."""
View = TypeVar("View", bound=Callable[..., object])
OPEN: Final = "_open_page"
"""Attribute of the views that need nobody signed in."""
EXTENSION: Final = "nudge.pages"


@dataclass(frozen=True)
class PageUser(UserMixin):  # type: ignore[misc]  # flask-login publishes no types
    """The user who is signed in.

    Attributes:
        name: of the account.
        role: of the account, such as `viewer`.
        caller: as which the API knows the user; its `operations` are what the role allows.
        language: that the user reads, `zh` or `en`; "" as the browser's choice says.
    """

    name: str
    role: str
    caller: Caller
    language: str = ""

    def get_id(self) -> str:
        """The ticket of the sign-in, which flask-login keeps."""
        return str(session.get(TICKET, ""))


class Accounts(Protocol):
    """The accounts behind the pages."""

    def find(self, ticket: str) -> PageUser | None:
        """Return who has signed in with a ticket; None where it has ended.

        Raises:
            StoreAwayError: the store does not answer.
        """


def register_access(app: Flask, accounts: Accounts) -> None:
    """Have every page but the open ones ask for somebody who is signed in."""
    manager = LoginManager()
    manager.session_protection = None  # tickets end on the server; addresses of phones change
    manager.init_app(app)
    manager.user_loader(accounts.find)
    app.before_request(_ask_for_user)


def open_page(view: View) -> View:
    """Mark a view for which nobody has to be signed in."""
    setattr(view, OPEN, True)
    return view


def sign_in(ticket: str) -> None:
    """Begin the browser's session anew, with the ticket of a sign-in: nothing of before stays."""
    language = session.get("language")
    session.clear()
    session["_user_id"] = session[TICKET] = ticket
    session["_fresh"] = True
    if language:
        session["language"] = language


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


def _ask_for_user() -> Response | None:
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or hasattr(view, OPEN) or current_user.is_authenticated:
        return None
    here = request.full_path.rstrip("?") if request.method == "GET" else "/"
    target = url_for("signing.login", next=here if here != "/" else None)
    if "HX-Request" in request.headers:
        # A part of a page that lies open: the whole page goes to the sign-in.
        return Response(status=401, headers={"HX-Redirect": target})
    return redirect(target, 303)  # type: ignore[return-value]  # werkzeug's Response is Flask's here
