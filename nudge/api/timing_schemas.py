"""What a scheduler asks and what it gets: the schemas that load, and that the document shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import Schema, ValidationError, validate
from marshmallow import fields as ma

from nudge.api import forms
from nudge.api.decision_schemas import MAX_SLOTS, GivenSchema
from nudge.domain.contact_schema import a_zone
from nudge.domain.planning import REMINDER, SMS, Wish
from nudge.domain.slot_fields import Items, StrictTable, told
from nudge.domain.window import SLOT
from nudge.errors import InvalidRequestError

MAX_CUSTOMERS: Final = 1000


def _others(names: list[str]) -> None:
    if SLOT in names or len(set(names)) < len(names):
        raise ValidationError(f"name each slot once; {SLOT} is always answered")


def _name(default: str, right: str) -> ma.String:
    field = forms.name(right)
    field.load_default = default
    return field


class WishSchema(StrictTable):
    """When to write to this customer?"""

    visitor_id = forms.visitor_id()
    slots = Items(
        forms.name("name a slot: a-z, 0-9, _ . - only, at most 64 characters"),
        load_default=list,
        validate=[validate.Length(max=MAX_SLOTS, error=f"list at most {MAX_SLOTS} slots"), _others],
        **told("list what else goes into the SMS, or leave it out"),
    )
    context = forms.context()
    purpose = _name(REMINDER, 'name a purpose of the contact policy, such as "reminder"')
    channel = _name(SMS, 'name a channel of the contact policy, such as "sms"')
    zone = ma.String(validate=a_zone, **told("name a time zone such as Asia/Shanghai"))


class WishesSchema(StrictTable):
    """The same for many."""

    customers = Items(
        ma.Nested(WishSchema),
        required=True,
        validate=validate.Length(1, MAX_CUSTOMERS, error=f"list 1 to {MAX_CUSTOMERS} customers"),
        **told(f"list 1 to {MAX_CUSTOMERS} customers"),
    )


class TimingSchema(Schema):
    """When to write, or why not."""

    visitor_id = ma.String(required=True)
    send_at = ma.String(
        required=True,
        allow_none=True,
        metadata={"format": "date-time", "description": "by the customer's clock; null: never"},
    )
    decision_id = ma.String(
        required=True, allow_none=True, metadata={"description": "send it with sms_sent"}
    )
    window = ma.String(required=True, allow_none=True, metadata={"description": "the variant"})
    propensity = ma.Float(required=True, allow_none=True, validate=validate.Range(0, 1))
    link_token = ma.String(
        required=True, allow_none=True, metadata={"description": "for the link in the SMS"}
    )
    reason = ma.String(
        required=True, metadata={"description": "of the decision; without one, what blocks most"}
    )
    blocked = ma.Dict(
        keys=ma.String(),
        values=ma.String(),
        required=True,
        metadata={"description": "window -> why it was not possible"},
    )
    sticky = ma.Boolean(required=True, metadata={"description": "the plan that there was before"})
    decisions = ma.Dict(
        keys=ma.String(),
        values=ma.Nested(GivenSchema),
        required=True,
        metadata={"description": "slot -> what else goes into the SMS"},
    )
    displaces = ma.List(
        ma.String(),
        required=True,
        metadata={"description": "decision ids of plans that must be withdrawn"},
    )


class TimingsSchema(Schema):
    """The answers for many customers, in their order."""

    results = ma.List(ma.Nested(TimingSchema), required=True)


ONE: Final = WishSchema()
MANY: Final = WishesSchema()


def wishes_of(body: Mapping[str, Any]) -> list[Wish]:
    """The questions of a request.

    Raises:
        InvalidRequestError: with the messages of every field that is wrong.
    """
    try:
        many = MANY.load(body)["customers"] if "customers" in body else [ONE.load(body)]
    except ValidationError as error:
        message = "the request does not fit; errors says where"
        raise InvalidRequestError(message, error.messages) from error
    return [Wish(**one | {"slots": tuple(one["slots"])}) for one in many]
