"""What a page asks and what it gets: the schemas that load, and that the document shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import Schema, ValidationError, validate
from marshmallow import fields as ma

from nudge.api import forms
from nudge.config.slot_fields import Items, StrictTable, field_texts
from nudge.domain.choosing.requests import DecisionRequest
from nudge.domain.identity.number import parse_number
from nudge.domain.journal.records import DecisionReason
from nudge.errors import InvalidRequestError

MAX_SLOTS: Final = 20
MAX_VISITORS: Final = 100
REASONS: Final = tuple(one.value for one in DecisionReason)


def _unique(names: list[str]) -> None:
    if len(set(names)) < len(names):
        raise ValidationError("name each slot once")


def _slots() -> Items:
    right = f'list 1 to {MAX_SLOTS} slots, such as ["denomination", "banner"]'
    field = Items(
        forms.name("name a slot: a-z, 0-9, _ . - only, at most 64 characters"),
        required=True,
        validate=[validate.Length(1, MAX_SLOTS, error=right), _unique],
        **field_texts(right),
    )
    field.metadata = {**field.metadata, "uniqueItems": True}
    return field


def _token() -> ma.String:
    right = "send the device_token of an earlier answer, or leave it out"
    return ma.String(
        allow_none=True,
        validate=validate.Length(max=forms.MAX_TOKEN, error=right),
        **field_texts(right),
    )


class VisitorSchema(StrictTable):
    """One of many visitors."""

    visitor_id = forms.visitor_id()
    context = forms.context()
    device_token = _token()
    msisdn = forms.msisdn()
    link_token = forms.text("send the link_token of an SMS, or leave it out", forms.MAX_TOKEN)


class BulkRequestSchema(StrictTable):
    """The same question for many visitors."""

    channel = forms.channel()
    page = forms.page()
    slots = _slots()
    visitors = Items(
        ma.Nested(VisitorSchema),
        required=True,
        validate=validate.Length(1, MAX_VISITORS, error=f"list 1 to {MAX_VISITORS} visitors"),
        **field_texts(f"list 1 to {MAX_VISITORS} visitors"),
    )


class DecisionRequestSchema(VisitorSchema):
    """A page's question: what to show this visitor in these slots."""

    channel = forms.channel()
    page = forms.page()
    slots = _slots()
    force = forms.force(MAX_SLOTS)


class TypedAmountSchema(Schema):
    """The limits of an amount that the visitor may type, in yuan."""

    min = ma.Float(required=True)
    max = ma.Float(required=True)
    step = ma.Float(required=True, metadata={"description": "counted from the least"})


class SlotAnswerSchema(Schema):
    """What to show in one slot."""

    decision_id = ma.String(required=True, metadata={"description": "send it with shown, clicked"})
    variant = ma.String(required=True)
    value = ma.Raw(required=True, allow_none=True, metadata={"description": "as configured"})
    propensity = ma.Float(required=True, validate=validate.Range(0, 1))
    reason = ma.String(required=True, validate=validate.OneOf(REASONS))
    policy = ma.String(required=True, metadata={"description": "kind of the policy"})
    policy_version = ma.Integer(required=True, metadata={"description": "of the snapshot"})
    sticky = ma.Boolean(required=True, metadata={"description": "an earlier decision, repeated"})
    degraded = ma.Boolean(required=True, metadata={"description": "without the visitor's state"})
    free_amount = ma.Nested(
        TypedAmountSchema,
        required=True,
        allow_none=True,
        metadata={"description": "what may be typed instead; null where nothing may be"},
    )


class PageAnswerSchema(Schema):
    """A page's answer."""

    decisions = ma.Dict(
        keys=ma.String(),
        values=ma.Nested(SlotAnswerSchema),
        required=True,
        metadata={"description": "slot -> what to show"},
    )
    device_token = ma.String(
        required=True,
        metadata={"description": "send it with the next call from this device"},
    )


class VisitorAnswerSchema(PageAnswerSchema):
    """The answer for one of many visitors."""

    visitor_id = ma.String(required=True)


class VisitorAnswersSchema(Schema):
    """The answers for many visitors, in their order."""

    results = ma.List(ma.Nested(VisitorAnswerSchema), required=True)


# Making a schema costs four times as much as using it.
ONE: Final = DecisionRequestSchema()
MANY: Final = BulkRequestSchema()


def asks_of(body: Mapping[str, Any], region: str) -> list[DecisionRequest]:
    """The questions of a request, one for each visitor.

    Args:
        body: of the request.
        region: of numbers that name no country.

    Raises:
        InvalidRequestError: with the messages of every field that is wrong.
    """
    try:
        if "visitors" in body:
            shared: dict[str, Any] = MANY.load(body)
            visitors = shared.pop("visitors")
            return [_ask({**shared, **visitor}, region) for visitor in visitors]
        return [_ask(ONE.load(body), region)]
    except ValidationError as error:
        message = "the request does not fit; errors says where"
        raise InvalidRequestError(message, error.messages) from error


def _ask(data: dict[str, Any], region: str) -> DecisionRequest:
    written = data.pop("msisdn", None)
    msisdn = parse_number(written, region) if written else None
    return DecisionRequest(**data | {"slots": tuple(data["slots"]), "msisdn": msisdn})
