"""Schemas of users, for requests and for the OpenAPI document."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api.forms import text
from nudge.config.slot_fields import OneOf, StrictTable, field_texts
from nudge.domain.users.roles import Role
from nudge.domain.users.user import LANGUAGES

MAX_WHY: Final = 500
ROLES: Final = tuple(one.value for one in Role)
_WHY: Final = f"give at most {MAX_WHY} characters"


class NewUserSchema(StrictTable):
    """A user to be added, who signs in by a link and then chooses a password."""

    name = ma.String(required=True, **field_texts("give a name such as li_na"))
    role = ma.String(required=True, validate=OneOf(*ROLES), **field_texts(f"use {ROLES}"))
    language = ma.String(
        load_default=LANGUAGES[0], validate=OneOf(*LANGUAGES), **field_texts("use zh or en")
    )
    why = text(_WHY, MAX_WHY)


class UserChangeSchema(StrictTable):
    """A change of a user: another role, or whether the user may sign in."""

    role = ma.String(validate=OneOf(*ROLES), **field_texts(f"use {ROLES}"))
    disabled = ma.Boolean(truthy={True}, falsy={False}, **field_texts("give true or false"))
    why = text(_WHY, MAX_WHY)


class UserReasonSchema(StrictTable):
    """The reason of a step about a user."""

    why = text(_WHY, MAX_WHY)


class UserSessionSchema(Schema):
    """A session of a user that is open."""

    created = ma.String(required=True, metadata={"format": "date-time"})
    seen = ma.String(required=True, metadata={"format": "date-time"})


class SignInLinkSchema(Schema):
    """A link by which a user signs in once; it can not be shown again."""

    user = ma.String(required=True)
    path = ma.String(required=True, metadata={"description": "behind the address of the pages"})
    until = ma.String(required=True, metadata={"format": "date-time"})


class UserSchema(Schema):
    """A user of the pages."""

    name = ma.String(required=True)
    role = ma.String(required=True, validate=validate.OneOf(ROLES))
    language = ma.String(required=True, validate=validate.OneOf(LANGUAGES))
    disabled = ma.Boolean(required=True)
    has_password = ma.Boolean(required=True)
    created = ma.String(required=True, metadata={"format": "date-time"})
    link_until = ma.String(
        required=True,
        allow_none=True,
        metadata={"format": "date-time", "description": "end of the user's link; null without one"},
    )
    sessions = ma.List(ma.Nested(UserSessionSchema), required=True)


class AddedUserSchema(Schema):
    """A user who was added, and the link for the first time."""

    user = ma.Nested(UserSchema, required=True)
    link = ma.Nested(SignInLinkSchema, required=True)


class UsersSchema(Schema):
    """All users of the pages, the oldest first."""

    users = ma.List(ma.Nested(UserSchema), required=True)
