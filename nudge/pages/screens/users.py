"""Users of the pages: added, given roles and links, disabled, signed out. For admins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as Redirect

from nudge.domain.users.roles import Role
from nudge.pages.access import door
from nudge.pages.api_door import ApiRefusal, api_path
from nudge.pages.csv_file import csv_answer
from nudge.pages.role_words import role_name, role_text
from nudge.pages.translation import gettext as _

blueprint = Blueprint("users", __name__)
blueprint.add_app_template_filter(role_name)
blueprint.add_app_template_filter(role_text)

UNFIT: Final = 422
COLUMNS: Final = ("name", "role", "disabled", "has_password", "created", "sessions", "seen")


@dataclass(frozen=True)
class UserRow:
    """A row of the list.

    Attributes:
        seen: time of the last call in a session that is open; None without one.
    """

    name: str
    role: str
    disabled: bool
    has_password: bool
    created: str
    sessions: int
    seen: str | None


@dataclass(frozen=True)
class UserAction:
    """An action on a user, in the reader's words.

    Attributes:
        title: of the page that asks for the reason.
        effect: what it will change.
        button: does it.
        danger: somebody loses access.
    """

    title: str
    effect: str
    button: str
    danger: bool = False


@blueprint.get("/users")
def every() -> Response:
    """Return the list of users with the form that adds one."""
    rows = [user_row(one) for one in door().get("/v1/users").body["users"]]
    if request.args.get("format") == "csv":
        return csv_answer("users", COLUMNS, [[getattr(r, c) for c in COLUMNS] for r in rows])
    return _list_page(rows, {})


@blueprint.post("/users")
def add() -> Response:
    """Add a user, and show the link that signs the user in for the first time."""
    form = request.form
    wanted = {name: form.get(name, "").strip() for name in ("name", "role", "language", "why")}
    answer = door().post("/v1/users", wanted, expect={UNFIT})
    if answer.status == UNFIT:
        rows = [user_row(one) for one in door().get("/v1/users").body["users"]]
        return _list_page(rows, answer.body.get("errors", {}))
    return _link_page(answer.body["link"])


@blueprint.get("/users/<name>")
def one(name: str) -> str:
    """Return the page of a user: sessions, and what may be done."""
    return render_template("user.html", user=_find(name))


@blueprint.get("/users/<name>/actions/<action>")
def ask(name: str, action: str) -> Response:
    """Return the page that says what an action will change, and asks for the reason."""
    return _ask_page(_find(name), action)


@blueprint.post("/users/<name>/actions/<action>")
def act(name: str, action: str) -> Response | Redirect:
    """Take an action on a user."""
    take, why = TAKES.get(action), request.form.get("why", "").strip()
    if take is None:
        abort(404)
    try:
        done = take(name, why)
    except ApiRefusal as refusal:
        if refusal.answer.status != UNFIT:
            raise
        return _ask_page(_find(name), action, refused=True)
    if done is not None:
        return _link_page(done)
    flash(_("Done. It stands in the audit."))
    return redirect(url_for("users.one", name=name), 303)


def user_row(user: Mapping[str, Any]) -> UserRow:
    """Return a user of the API's answer as a row."""
    sessions = user["sessions"]
    seen = max((one["seen"] for one in sessions), default=None)
    kept = ("name", "role", "disabled", "has_password", "created")
    return UserRow(**{name: user[name] for name in kept}, sessions=len(sessions), seen=seen)


def action_words(action: str, name: str) -> UserAction | None:
    """Return an action in the reader's words; None where there is no such action."""
    words = {
        "role": UserAction(
            _("Change the role of %(name)s", name=name),
            _("%(name)s is signed out, and has the new role from the next sign-in on.", name=name),
            _("Change the role"),
        ),
        "disable": UserAction(
            _("Disable %(name)s", name=name),
            _("%(name)s is signed out and cannot sign in until you enable the account.", name=name),
            _("Disable"),
            danger=True,
        ),
        "enable": UserAction(
            _("Enable %(name)s", name=name),
            _("%(name)s can sign in again with the password of before.", name=name),
            _("Enable"),
        ),
        "link": UserAction(
            _("Make a link for %(name)s", name=name),
            _(
                "Whoever has the link signs in as %(name)s, once and within 24 hours, and may"
                " choose a new password. An earlier link stops working.",
                name=name,
            ),
            _("Make the link"),
        ),
        "sessions": UserAction(
            _("Sign %(name)s out everywhere", name=name),
            _("All sessions of %(name)s end at once. The password stays.", name=name),
            _("Sign out everywhere"),
            danger=True,
        ),
    }
    return words.get(action)


def _patch(name: str, change: Mapping[str, object], why: str) -> None:
    door().change("PATCH", api_path("/v1/users/{}", name), {**change, "why": why})


def _link(name: str, why: str) -> dict[str, Any]:
    body: dict[str, Any] = door().post(api_path("/v1/users/{}/links", name), {"why": why}).body
    return body


def _end(name: str, why: str) -> None:
    door().change("DELETE", api_path("/v1/users/{}/sessions", name), None, why=why)


TAKES: Final[Mapping[str, Callable[[str, str], dict[str, Any] | None]]] = {
    "role": lambda name, why: _patch(name, {"role": request.form.get("role", "")}, why),
    "disable": lambda name, why: _patch(name, {"disabled": True}, why),
    "enable": lambda name, why: _patch(name, {"disabled": False}, why),
    "link": _link,
    "sessions": _end,
}
"""Action -> call of the API, with a user's name and the reason; a new link is given back."""


def _find(name: str) -> dict[str, Any]:
    users = door().get("/v1/users").body["users"]
    found: dict[str, Any] | None = next((one for one in users if one["name"] == name), None)
    if found is None:
        abort(404)
    return found


def _list_page(rows: list[UserRow], errors: Mapping[str, Any]) -> Response:
    told = {}
    if "name" in errors:
        told["name"] = _(
            "This name cannot be used. Take 2 to 40 of a-z, 0-9, dots, hyphens and underscores,"
            " a letter first, that nobody else has."
        )
    roles = [(one.value, role_name(one)) for one in Role]
    page = render_template(
        "users.html", rows=rows, errors=told, roles=roles, form=request.form, texts=list(Role)
    )
    return make_response(page, UNFIT if errors else 200)


def _ask_page(user: Mapping[str, Any], action: str, *, refused: bool = False) -> Response:
    words = action_words(action, user["name"])
    if words is None:
        abort(404)
    roles = [(one.value, role_name(one)) for one in Role]
    page = render_template(
        "user_action.html", user=user, action=action, words=words, roles=roles, refused=refused
    )
    return make_response(page, UNFIT if refused else 200)


def _link_page(link: Mapping[str, Any]) -> Response:
    address = request.host_url.rstrip("/") + link["path"]
    return make_response(render_template("user_link.html", link=link, address=address))
