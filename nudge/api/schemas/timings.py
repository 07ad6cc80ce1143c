"""Schemas of POST /v1/sms/timings: they load requests, and the OpenAPI document shows them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from marshmallow import Schema, ValidationError, validate
from marshmallow import fields as ma

from nudge.api import forms
from nudge.api.forms import MAX_ATTRIBUTES, PAGE_NAME
from nudge.api.schemas.decisions import MAX_SLOTS, SlotAnswerSchema
from nudge.config.contact_schema import a_zone
from nudge.config.slot_fields import Items, StrictTable, field_texts
from nudge.domain.basics.local_time import find_zone
from nudge.domain.slots.window import SLOT
from nudge.domain.timing.plan_request import REMINDER, SMS, PlanRequest
from nudge.errors import InvalidRequestError

MAX_CUSTOMERS: Final = 1000
PLAIN_KEYS: Final = frozenset({"visitor_id", "context", "purpose", "zone"})
PLAIN: Final = re.compile(r"[\x20-\x7e]{1,200}\Z")
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
PURPOSE: Final = re.compile(PAGE_NAME[1:-1] + r"\Z")
MOST: Final = 2**53


def _others(names: list[str]) -> None:
    if SLOT in names or len(set(names)) < len(names):
        raise ValidationError(f"name each slot once; {SLOT} is always answered")


def _name(default: str, right: str) -> ma.String:
    field = forms.name(right)
    field.load_default = default
    return field


class PlanRequestSchema(StrictTable):
    """A request for the send time of an SMS to one visitor."""

    visitor_id = forms.visitor_id()
    slots = Items(
        forms.name("name a slot: a-z, 0-9, _ . - only, at most 64 characters"),
        load_default=list,
        validate=[validate.Length(max=MAX_SLOTS, error=f"list at most {MAX_SLOTS} slots"), _others],
        **field_texts("list the slots to fill in the SMS, or leave it out"),
    )
    context = forms.context()
    purpose = _name(REMINDER, 'name a purpose of the contact policy, such as "reminder"')
    channel = _name(SMS, 'name a channel of the contact policy, such as "sms"')
    zone = ma.String(validate=a_zone, **field_texts("name a time zone such as Asia/Shanghai"))


class PlanRequestsSchema(StrictTable):
    """A request for the send times of SMS to up to 1,000 visitors."""

    customers = Items(
        ma.Nested(PlanRequestSchema),
        required=True,
        validate=validate.Length(1, MAX_CUSTOMERS, error=f"list 1 to {MAX_CUSTOMERS} customers"),
        **field_texts(f"list 1 to {MAX_CUSTOMERS} customers"),
    )


class PlanAnswerSchema(Schema):
    """The plan for one visitor: a send time, or the reason for none."""

    visitor_id = ma.String(required=True)
    send_at = ma.String(
        required=True,
        allow_none=True,
        metadata={"format": "date-time", "description": "in the visitor's zone; null: do not send"},
    )
    decision_id = ma.String(
        required=True, allow_none=True, metadata={"description": "id to send with `sms_sent`"}
    )
    window = ma.String(
        required=True, allow_none=True, metadata={"description": "variant of the slot sms_timing"}
    )
    propensity = ma.Float(required=True, allow_none=True, validate=validate.Range(0, 1))
    link_token = ma.String(
        required=True, allow_none=True, metadata={"description": "token for the link in the SMS"}
    )
    reason = ma.String(
        required=True,
        metadata={"description": "reason of the decision; without one, the main obstacle"},
    )
    blocked = ma.Dict(
        keys=ma.String(),
        values=ma.String(),
        required=True,
        metadata={"description": "window -> reason why it was not possible"},
    )
    sticky = ma.Boolean(required=True, metadata={"description": "true: an earlier plan, repeated"})
    decisions = ma.Dict(
        keys=ma.String(),
        values=ma.Nested(SlotAnswerSchema),
        required=True,
        metadata={"description": "slot -> decision for the content of the SMS"},
    )
    displaces = ma.List(
        ma.String(),
        required=True,
        metadata={"description": "decision ids of earlier plans that must be withdrawn"},
    )


class PlanAnswersSchema(Schema):
    """The plans for many visitors, in the order of the request."""

    results = ma.List(ma.Nested(PlanAnswerSchema), required=True)


ONE: Final = PlanRequestSchema()
MANY: Final = PlanRequestsSchema()


def load_plain_request(table: Mapping[str, Any]) -> PlanRequest | None:
    """Load a plain line of a stream exactly as the schema would, only faster.

    A stream has millions of lines, almost all of them plain, and the schema takes longer for a line
    than planning does.

    Returns:
        The request; None if only the schema can load or reject the line.
    """
    if not table.keys() <= PLAIN_KEYS:
        return None
    who, context = table.get("visitor_id"), table.get("context", {})
    purpose, zone = table.get("purpose", REMINDER), table.get("zone")
    named = type(purpose) is str and PURPOSE.match(purpose)
    if not (named and type(who) is str and PLAIN.match(who) and type(context) is dict):
        return None
    if "zone" in table and not (type(zone) is str and find_zone(zone)):
        return None
    if len(context) > MAX_ATTRIBUTES or not all(map(_is_plain, context, context.values())):
        return None
    return PlanRequest(who, (), context, purpose, SMS, zone)


def _is_plain(name: str, value: object) -> bool:
    if not NAME.match(name):
        return False
    if type(value) is str:
        return PLAIN.match(value) is not None
    # No number from JSON is infinite; a whole one may be too large.
    return type(value) in (bool, float) or (type(value) is int and -MOST < value < MOST)


def load_plan_requests(body: Mapping[str, Any]) -> list[PlanRequest]:
    """Load a request's body as plan requests, one for each visitor.

    Raises:
        InvalidRequestError: some fields are invalid; it holds the messages of all of them.
    """
    try:
        many = MANY.load(body)["customers"] if "customers" in body else [ONE.load(body)]
    except ValidationError as error:
        message = "the request is invalid; see `errors` for each field"
        raise InvalidRequestError(message, error.messages) from error
    return [PlanRequest(**one | {"slots": tuple(one["slots"])}) for one in many]
