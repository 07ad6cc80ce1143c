"""The application of the pages: screens, language, access, and the headers that protect them."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, Response, abort, current_app, redirect, request, session
from flask_login import current_user
from flask_wtf.csrf import CSRFProtect, generate_csrf
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as Redirect

from nudge.flows.accounts.accounts import Accounts
from nudge.limits.client_address import AddressRules
from nudge.pages.access import EXTENSION, may, open_page, register_access
from nudge.pages.failures import register_failures
from nudge.pages.formats import register_formats
from nudge.pages.navigation import SCREENS, first_path, menu
from nudge.pages.page_sessions import PageSessions
from nudge.pages.screens import BLUEPRINTS
from nudge.pages.translation import LANGUAGES, TAGS, language, register_translation
from nudge.pages.words import register_words

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HERE: Final = Path(__file__).parent
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content security policy: no inline script or style, and nothing from other hosts."""
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
STATIC: Final = "/pages/static"
YEAR: Final = 365 * 24 * 3600
OK: Final = 200
LEAST: Final = 1_000
"""Bytes from which an answer is compressed."""
LIFE: Final = timedelta(days=7)
"""The longest that a browser keeps its session; tickets end earlier on the server."""


@dataclass(frozen=True)
class PageParts:
    """The parts that the pages are made of.

    Attributes:
        api: WSGI application of the API.
        accounts: who may sign in.
        secret: key that seals the browsers' sessions.
        zone: the operator's.
        addresses: which proxies are believed when they tell a client's address.
    """

    api: WSGIApplication
    accounts: Accounts
    secret: bytes
    zone: ZoneInfo
    addresses: AddressRules = field(default_factory=AddressRules)


def create_pages(parts: PageParts, blueprints: Sequence[Blueprint] = BLUEPRINTS) -> Flask:
    """Create the application of the pages.

    Args:
        parts: what they are made of.
        blueprints: of the screens.
    """
    app = Flask("nudge.pages", static_folder=str(HERE / "static"), static_url_path=STATIC)
    app.secret_key = parts.secret
    app.session_interface = PageSessions()
    app.config.update(
        SESSION_COOKIE_NAME="nudge_pages",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=LIFE,
        SEND_FILE_MAX_AGE_DEFAULT=YEAR,
        WTF_CSRF_TIME_LIMIT=None,  # a page may lie open for a day; the session ends it
        WTF_CSRF_SSL_STRICT=False,  # proxies end TLS; SameSite and the token hold
        MAX_CONTENT_LENGTH=8 * 1024 * 1024,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions[EXTENSION] = parts
    CSRFProtect(app)
    register_access(app, parts.accounts)
    register_translation(app)
    register_formats(app)
    register_words(app)
    register_failures(app)
    app.view_functions["static"] = open_page(app.view_functions["static"])
    for one in blueprints:
        app.register_blueprint(one)
    app.before_request(_keep_out)
    app.context_processor(_words)
    app.after_request(_protect)
    app.after_request(_compress)
    return app


def _keep_out() -> Redirect | None:
    """Refuse a screen that the role does not see; from the overview it leads to the first one.

    The API refuses as well, once it is asked: a page with an empty form asks nothing.
    """
    if not current_user.is_authenticated:
        return None
    home = first_path(current_user.caller.operations or ())
    if request.path == "/" and home != "/":
        return redirect(home, 303)
    if any(one.path == request.path and not may(one.operation) for one in SCREENS):
        abort(403)
    return None


def _words() -> dict[str, Any]:
    """Return what every template may use."""
    return {
        "menu": menu,
        "may": may,
        "csrf": _csrf,
        "asset": asset,
        "url_with": url_with,
        "language": language(),
        "tag": TAGS[language()],
        "other": LANGUAGES[1 - LANGUAGES.index(language())],
        "theme": session.get("theme", "auto"),
        "zone": current_app.extensions[EXTENSION].zone.key,
    }


def asset(name: str) -> str:
    """Return the address of a static file; it changes with the file, which browsers keep a year."""
    return f"{STATIC}/{name}?v={_digest(name)}"


def url_with(**changes: str | None) -> str:
    """Return this page's address with some parameters changed; None leaves one out."""
    query = MultiDict(request.args)
    for name in ("lang", "theme", *changes):
        query.poplist(name)
    told = [*query.items(multi=True), *((k, v) for k, v in changes.items() if v is not None)]
    return f"{request.path}?{urlencode(told)}" if told else request.path


_digests: dict[str, str] = {}


def _digest(name: str) -> str:
    if name not in _digests:
        _digests[name] = sha256((HERE / "static" / name).read_bytes()).hexdigest()[:10]
    return _digests[name]


def _csrf() -> Markup:
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())


def _protect(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
        response.vary.update(("Cookie", "HX-Request"))
    return response


def _compress(response: Response) -> Response:
    """Compress what browsers take compressed.

    The token of forms is masked anew in each answer, so that its length and place tell nothing.
    """
    taken = "gzip" in request.headers.get("Accept-Encoding", "")
    kind = response.mimetype or ""
    text = kind.startswith("text/") or kind.endswith("javascript")
    whole = response.status_code == OK and "Content-Encoding" not in response.headers
    if not (taken and text and whole):
        return response
    response.direct_passthrough = False
    content = response.get_data()
    if len(content) >= LEAST:
        response.set_data(gzip.compress(content, 6))
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    return response
