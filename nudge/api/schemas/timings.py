"""Schemas of POST /v1/sms/timings: they load requests, and the OpenAPI document shows them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from marshmallow import Schema, ValidationError, validate
from marshmallow import fields as ma

from nudge.api import forms
from nudge.api.forms import MAX_ATTRIBUTES
from nudge.api.schemas.decisions import MAX_SLOTS, SlotAnswerSchema
from nudge.config.contact_schema import a_zone
from nudge.config.slot_fields import Items, StrictTable, field_texts
from nudge.domain.basics.local_time import find_zone
from nudge.domain.identity.input_rules import InputRules
from nudge.domain.slots.window import SLOT
from nudge.domain.timing.plan_request import REMINDER, SMS, PlanRequest
from nudge.domain.values.number_words import FEWEST, has_number, is_number, mask_table
from nudge.domain.values.refusal import ValueRefusedError
from nudge.errors import InvalidRequestError

MAX_CUSTOMERS: Final = 1000
PLAIN_KEYS: Final = frozenset({"visitor_id", "context", "purpose", "zone", "content"})
PLAIN: Final = re.compile(r"[\x20-\x7e]{1,200}\Z")
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
TAG: Final = re.compile(r"[A-Za-z_][A-Za-z_.:-]{0,63}\Z")
"""Tags of content that the schema leaves as they are; one with digits may hold a number."""
MOST: Final = 2**53


def _others(names: list[str]) -> None:
    if SLOT in names or len(set(names)) < len(names):
        raise ValidationError(f"name each slot once; {SLOT} is always answered")


def _word(default: str, right: str) -> ma.String:
    """Make a field for a word of the contact policy, whose list the installation has."""
    length = validate.Length(1, forms.MAX_NAME, error=right)
    return ma.String(load_default=default, validate=length, **field_texts(right))


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
    purpose = _word(REMINDER, 'name a purpose of the contact policy, such as "reminder"')
    channel = _word(SMS, 'name a channel of the contact policy, such as "sms"')
    zone = ma.String(validate=a_zone, **field_texts("name a time zone such as Asia/Shanghai"))
    content = forms.text(
        'give the tag of what the SMS says, such as "spring", or leave it out', forms.MAX_NAME
    )


CUSTOMERS: Final[Mapping[str, Any]] = {
    "title": "CustomerList",
    "type": "object",
    "required": ["customers"],
    "additionalProperties": False,
    "properties": {
        "customers": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_CUSTOMERS,
            # An invalid customer costs only itself: it is answered in its place.
            "items": {"anyOf": [PlanRequestSchema, {"description": "is answered as invalid"}]},
        }
    },
}


class PlanAnswerSchema(Schema):
    """The plan for one visitor: a send time, or the reason for none."""

    visitor_id = ma.String(
        required=True, allow_none=True, metadata={"description": "null where it could not be read"}
    )
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
    sent = ma.Boolean(
        required=True,
        metadata={"description": "true: the SMS of this plan went out; do not send it again"},
    )
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
    content = ma.String(
        metadata={"description": "tag of what the SMS says: send it with `sms_sent`; missing: none"}
    )
    numbers_masked = forms.numbers_masked()
    index = ma.Integer(metadata={"description": "place in the request; where `reason` is invalid"})
    code = ma.String(metadata={"description": "code of the error; where `reason` is invalid"})
    message = ma.String(metadata={"description": "what is wrong; where `reason` is invalid"})
    errors = ma.Raw(metadata={"description": "field -> messages; where `reason` is invalid"})


class PlanAnswersSchema(Schema):
    """The plans for many visitors, in the order of the request."""

    results = ma.List(ma.Nested(PlanAnswerSchema), required=True)


ONE: Final = PlanRequestSchema()


def load_plain_request(table: Mapping[str, Any], rules: InputRules) -> PlanRequest | None:
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
    named = type(purpose) is str and (purpose in rules.purposes.words or "purpose" not in table)
    content = table.get("content", "")
    named = named and type(content) is str and ("content" not in table or bool(TAG.match(content)))
    if not (named and type(who) is str and PLAIN.match(who) and type(context) is dict):
        return None
    if "zone" in table and not (type(zone) is str and find_zone(zone)):
        return None
    if len(context) > MAX_ATTRIBUTES or not all(map(_is_plain, context, context.values())):
        return None
    try:
        return PlanRequest(rules.visitor_id(who), (), context, purpose, SMS, zone, content=content)
    except ValueRefusedError:
        return None


def _is_plain(name: str, value: object) -> bool:
    if not NAME.match(name):
        return False
    if type(value) is str:
        return PLAIN.match(value) is not None and (len(value) < FEWEST or not has_number(value))
    if is_number(value) or (len(name) >= FEWEST and has_number(name)):
        return False  # it is masked by the longer way
    # No number from JSON is infinite; a whole one may be too large.
    return type(value) in (bool, float) or (type(value) is int and -MOST < value < MOST)


def load_plan_request(table: object, rules: InputRules) -> PlanRequest:
    """Load the request for one visitor.

    Raises:
        InvalidRequestError: some fields are invalid; it holds the messages of all of them.
    """
    if not isinstance(table, dict):
        raise InvalidRequestError("is no object; write one customer as {visitor_id, ...}")
    try:
        data: dict[str, Any] = ONE.load(table)
        doors = {"visitor_id": rules.visitor_id}
        # What the caller leaves out is not refused where the policy lacks it: nothing is sent.
        words = {"purpose": rules.purposes.parse, "channel": rules.channels.parse}
        doors |= {name: parse for name, parse in words.items() if name in table}
        data |= _through(doors, data)
    except ValidationError as error:
        message = "the request is invalid; see `errors` for each field"
        raise InvalidRequestError(message, error.messages) from error
    found = mask_table(data.get("context", {}))
    if found:
        data |= {"context": found.table, "masked": found.numbers}
    if tag := mask_table({"content": data.get("content", "")}):
        data |= {**tag.table, "masked": data.get("masked", 0) + tag.numbers}
    return PlanRequest(**data | {"slots": tuple(data["slots"])})


def _through(
    doors: Mapping[str, Callable[[object], str]], data: Mapping[str, Any]
) -> dict[str, str]:
    """Parse values by the doors of their kinds.

    Raises:
        ValidationError: some are refused; it holds the messages of all of them.
    """
    found: dict[str, str] = {}
    wrong: dict[str, list[str]] = {}
    for name, parse in doors.items():
        try:
            found[name] = parse(data[name])
        except ValueRefusedError as error:
            wrong[name] = [str(error)]
    if wrong:
        raise ValidationError(dict(wrong))
    return found


def list_customers(body: Mapping[str, Any]) -> list[object]:
    """Return the customers of a list, each still to be loaded.

    Raises:
        InvalidRequestError: there are none, too many, or something beside them.
    """
    unknown = sorted(body.keys() - {"customers"})
    if unknown:
        right = ["is unknown; send {customers: [...]} and nothing else"]
        raise InvalidRequestError("send {customers: [...]} only", dict.fromkeys(unknown, right))
    customers = body["customers"]
    if not isinstance(customers, list) or not 1 <= len(customers) <= MAX_CUSTOMERS:
        right = [f"list 1 to {MAX_CUSTOMERS} customers"]
        raise InvalidRequestError(f"customers: {right[0]}", {"customers": right})
    return customers
