"""GET and POST /v1/users, PATCH /v1/users/{user}, its links and its sessions: the pages' users."""

from __future__ import annotations

from typing import Any, Final

from flask import Response, request
from marshmallow import Schema, ValidationError

from nudge.api.bodies import json_table
from nudge.api.operation import caller, operation, query_parameter, resource
from nudge.api.provider import MIMETYPE, answer
from nudge.api.schemas.users import (
    MAX_WHY,
    AddedUserSchema,
    NewUserSchema,
    SignInLinkSchema,
    UserChangeSchema,
    UserReasonSchema,
    UserSchema,
    UsersSchema,
)
from nudge.api.service import current
from nudge.domain.users.audit_entry import Door
from nudge.domain.users.roles import Role
from nudge.domain.users.user import User
from nudge.errors import InvalidRequestError
from nudge.flows.accounts.passwords import PasswordHasher
from nudge.flows.accounts.user_desk import ListedUser, SignInLink, UserDesk

blueprint = resource("users", "Users of the pages: their roles, links for signing in, sessions")

NAMED: Final = "/v1/users/<string(maxlength=64):user>"
_NEW: Final = NewUserSchema()
_CHANGE: Final = UserChangeSchema()
_REASON: Final = UserReasonSchema()
_HASHER: Final = PasswordHasher()


@operation(
    blueprint, "GET /v1/users", name="listUsers", scopes=("admin",), answers={200: UsersSchema}
)
def every() -> Response:
    """List the users of the pages with their open sessions, the oldest first."""
    return answer({"users": [_plain(one) for one in _desk().users()]})


@operation(
    blueprint,
    "POST /v1/users",
    name="makeUser",
    scopes=("admin",),
    answers={200: AddedUserSchema},
    body={MIMETYPE: NewUserSchema},
)
def add() -> Response:
    """Add a user, with a link by which the user signs in once and chooses a password."""
    asked, desk = _loaded(_NEW), _desk()
    why = asked.get("why", "")
    user = desk.add(asked["name"], Role(asked["role"]), asked["language"], why)
    link = desk.make_link(user.name, why)
    return answer({"user": _found(desk, user), "link": _link(link)})


@operation(
    blueprint,
    f"PATCH {NAMED}",
    name="patchUser",
    scopes=("admin",),
    answers={200: UserSchema},
    body={MIMETYPE: UserChangeSchema},
)
def change(user: str) -> Response:
    """Give a user another role, or disable or enable the user; the user's sessions end.

    A repeated call changes nothing else. The last admin stays one.
    """
    asked, desk = _loaded(_CHANGE), _desk()
    why = asked.get("why", "")
    if "role" not in asked and "disabled" not in asked:
        raise InvalidRequestError("role: is missing; give role or disabled", {"role": ["missing"]})
    if "role" in asked:
        found = desk.set_role(user, Role(asked["role"]), why)
    if "disabled" in asked:
        found = desk.enable(user, enabled=not asked["disabled"], why=why)
    return answer(_found(desk, found))


@operation(
    blueprint,
    f"POST {NAMED}/links",
    name="makeSignInLink",
    scopes=("admin",),
    answers={200: SignInLinkSchema},
    body={MIMETYPE: UserReasonSchema},
)
def link(user: str) -> Response:
    """Make a link by which a user signs in once within 24 hours; the one before ends."""
    return answer(_link(_desk().make_link(user, _loaded(_REASON).get("why", ""))))


@operation(
    blueprint,
    f"DELETE {NAMED}/sessions",
    name="eraseSessions",
    scopes=("admin",),
    answers={200: UserSchema},
    parameters=(query_parameter("why", f"reason, for the audit; cut to {MAX_WHY} characters"),),
)
def end(user: str) -> Response:
    """End all sessions of a user, who has to sign in again; idempotent."""
    desk = _desk()
    why = request.args.get("why", "")[:MAX_WHY]
    return answer(_found(desk, desk.end_sessions(user, why)))


def _desk() -> UserDesk:
    who = caller()
    return UserDesk(current().patient, _HASHER, who.key_id, Door.PAGE if who.user else Door.API)


def _loaded(schema: Schema) -> dict[str, Any]:
    try:
        found: dict[str, Any] = schema.load(json_table(current().settings.max_body))
    except ValidationError as error:
        raise InvalidRequestError("the request does not fit", error.messages_dict) from error
    return found


def _found(desk: UserDesk, user: User) -> dict[str, object]:
    sessions = desk.store.sessions.of_user(user, desk.clock())
    return _plain(ListedUser(user, sessions))


def _plain(listed: ListedUser) -> dict[str, object]:
    user, label = listed.user, current().calendar.label
    return {
        "name": user.name,
        "role": user.role,
        "language": user.language,
        "disabled": user.disabled,
        "has_password": bool(user.password),
        "created": label(user.created),
        "link_until": label(user.link_until) if user.link else None,
        "sessions": [
            {"created": label(one.created), "seen": label(one.seen)} for one in listed.sessions
        ],
    }


def _link(made: SignInLink) -> dict[str, object]:
    until = current().calendar.label(made.until)
    return {"user": made.user, "path": made.path, "until": until}
