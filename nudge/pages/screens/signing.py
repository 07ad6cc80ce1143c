"""Signing in by password or link, signing out, and a user's own account."""

from __future__ import annotations

from typing import Final

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import current_user
from werkzeug.wrappers import Response as Redirect

from nudge.domain.users.credentials import SHORTEST
from nudge.domain.users.roles import OPERATIONS
from nudge.errors import InvalidRequestError
from nudge.flows.accounts.accounts import (
    Accounts,
    RefusalReason,
    SessionTicket,
    SignedInUser,
    SignInRefusal,
)
from nudge.flows.accounts.first_admin import NAME
from nudge.logs.access import PATH
from nudge.pages.access import EXTENSION, TICKET, local_path, open_page, sign_in, sign_out
from nudge.pages.navigation import first_path
from nudge.pages.translation import gettext as _
from nudge.pages.translation import ngettext

blueprint = Blueprint("signing", __name__)

WRONG: Final = 401
TOO_MANY: Final = 429
GONE: Final = 410
UNFIT: Final = 422
LOGGED: Final = "/welcome/<token>"
"""The path of a link in logs: who reads them must not sign in by it."""
LONGEST_FIELD: Final = 400
"""Characters of a field that are looked at."""


@blueprint.get("/login")
@open_page
def login() -> Response | Redirect:
    """Return the page of the sign-in; who is signed in goes on."""
    target = local_path(request.args.get("next", "/"))
    if current_user.is_authenticated:
        return redirect(target, 303)
    return _login_page(target)


@blueprint.post("/login")
@open_page
def enter() -> Response | Redirect:
    """Sign a user in by password; the session begins anew."""
    name, target = _field("name"), local_path(_field("next") or "/")
    found = accounts().sign_in(name, request.form.get("password", ""), address())
    if isinstance(found, SignInRefusal):
        return _login_page(target, name, found)
    sign_in(found.secret)
    return redirect(_first(target, found), 303)


@blueprint.post("/logout")
@open_page
def leave() -> Redirect:
    """Sign the user out, here and in the store."""
    accounts().sign_out(session.get(TICKET, ""))
    sign_out()
    return redirect(url_for("signing.login"), 303)


@blueprint.get("/welcome/<token>")
@open_page
def welcome(token: str) -> Response:
    """Return a page with a button that signs in: a preview, which only looks, uses no link up."""
    request.environ[PATH] = LOGGED
    user = accounts().link_user(token)
    page = render_template("welcome.html", user=user, token=token)
    return make_response(page, GONE if user is None else 200)


@blueprint.post("/welcome/<token>")
@open_page
def use_link(token: str) -> Response | Redirect:
    """Sign a user in by a link, which works once, and ask for a password."""
    request.environ[PATH] = LOGGED
    found = accounts().open_link(token)
    if found is None:
        return make_response(render_template("welcome.html", user=None, token=""), GONE)
    sign_in(found.secret)
    return redirect(url_for("signing.account"), 303)


@blueprint.get("/account")
def account() -> Response:
    """Return the page of one's own account."""
    return _account_page({})


@blueprint.post("/account/password")
def change_password() -> Response | Redirect:
    """Change one's own password; all sessions end, and this browser has a new one."""
    signed, new = _signed(), request.form.get("new", "")
    if new != request.form.get("again", ""):
        return _account_page({"again": _("The two new passwords differ. Type them once more.")})
    try:
        old, wanted = request.form.get("old", ""), ""
        if names_itself(signed):
            wanted = _field("name") or signed.name
        found = accounts().change_password(signed, old, new, address(), wanted)
    except InvalidRequestError as error:
        return _account_page(_form_errors(error))
    if isinstance(found, SignInRefusal):
        return _account_page({"old": _refusal(found)})
    sign_in(found.secret)
    flash(_("The password is set. Other sessions of this account have ended."))
    return redirect(_first("/", found), 303)


@blueprint.post("/account/language")
def change_language() -> Redirect:
    """Change the language of one's own pages."""
    language = "en" if _field("language") == "en" else "zh"
    accounts().set_language(_signed(), language)
    session["language"] = language
    return redirect(url_for("signing.account"), 303)


def accounts() -> Accounts:
    """Return the accounts behind these pages."""
    found: Accounts = current_app.extensions[EXTENSION].accounts
    return found


def address() -> str:
    """Return what counts as the address of the browser, through proxies that are believed."""
    rules, headers = current_app.extensions[EXTENSION].addresses, request.headers
    told = headers.get("X-Forwarded-For"), headers.get("Forwarded")
    return str(rules.find(request.remote_addr or "", *told).unit.hex())


def names_itself(signed: SignedInUser) -> bool:
    """Return whether the user is the first admin, who may choose a name with the password."""
    return signed.session.by_link and not signed.user.password and signed.name == NAME


def _signed() -> SignedInUser:
    found: SignedInUser = current_user.signed
    return found


def _field(name: str) -> str:
    return request.form.get(name, "")[:LONGEST_FIELD].strip()


def _first(target: str, ticket: SessionTicket) -> str:
    """Return where a user goes on: to where the user was going, or the first page of the menu."""
    if not ticket.user.password:
        return url_for("signing.account")
    return target if target != "/" else first_path(OPERATIONS[ticket.user.role])


def _login_page(target: str, name: str = "", refusal: SignInRefusal | None = None) -> Response:
    told = "" if refusal is None else _refusal(refusal)
    ruled = accounts().is_ruled()
    text = render_template("login.html", next=target, name=name, told=told, ruled=ruled)
    page = make_response(text)
    if refusal is not None:
        page.status_code = WRONG if refusal.reason is RefusalReason.WRONG else TOO_MANY
        if refusal.seconds:
            page.headers["Retry-After"] = str(refusal.seconds)
    return page


def _refusal(refusal: SignInRefusal) -> str:
    if refusal.reason is RefusalReason.BUSY:
        return _("Several people are signing in right now. Try again in a few seconds.")
    if refusal.reason is RefusalReason.LOCKED:
        return ngettext(
            "Too many attempts failed. Try again in one minute.",
            "Too many attempts failed. Try again in %(num)s minutes.",
            -(-refusal.seconds // 60),
        )
    return _("The name or the password is wrong.")


def _account_page(errors: dict[str, str]) -> Response:
    signed = _signed()
    page = render_template(
        "account.html",
        signed=signed,
        errors=errors,
        names_itself=names_itself(signed),
        name=_field("name"),
        shortest=SHORTEST,
    )
    return make_response(page, UNFIT if errors else 200)


def _form_errors(error: InvalidRequestError) -> dict[str, str]:
    """Return the errors of the form in the reader's words, by field."""
    fields = error.errors if isinstance(error.errors, dict) else {}
    if "name" in fields:
        told = _(
            "This name cannot be used. Take 2 to 40 of a-z, 0-9, dots, hyphens and underscores,"
            " a letter first, that nobody else has."
        )
        return {"name": told}
    told = _(
        "This password cannot be used. Take at least %(num)s characters that are not your name.",
        num=SHORTEST,
    )
    return {"new": told}
