"""Schemas of POST /v1/decisions: they load requests, and the OpenAPI document shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import Schema, ValidationError, validate
from marshmallow import fields as ma

from nudge.api import forms
from nudge.config.slot_fields import Items, StrictTable, field_texts
from nudge.domain.choosing.requests import DecisionRequest
from nudge.domain.identity.number import InvalidNumberError, parse_number
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
    """One visitor of a bulk request."""

    visitor_id = forms.visitor_id()
    context = forms.context()
    device_token = _token()
    msisdn = forms.msisdn()
    link_token = forms.text("send the link_token of an SMS, or leave it out", forms.MAX_TOKEN)


class BulkRequestSchema(StrictTable):
    """A bulk request: decisions in some slots of a page, for up to 100 visitors."""

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
    """A request for decisions in some slots of a page, for one visitor."""

    channel = forms.channel()
    page = forms.page()
    slots = _slots()
    force = forms.force(MAX_SLOTS)


class TypedAmountSchema(Schema):
    """Limits of an amount that the visitor may type, in yuan."""

    min = ma.Float(required=True)
    max = ma.Float(required=True)
    step = ma.Float(required=True, metadata={"description": "step between amounts, from `min` on"})


class SlotAnswerSchema(Schema):
    """A decision in one slot: the variant to show, with its propensity and reason."""

    decision_id = ma.String(
        required=True, metadata={"description": "id to send with `shown` and `clicked`"}
    )
    variant = ma.String(required=True)
    value = ma.Raw(
        required=True, allow_none=True, metadata={"description": "value of the variant in the slot"}
    )
    propensity = ma.Float(required=True, validate=validate.Range(0, 1))
    reason = ma.String(required=True, validate=validate.OneOf(REASONS))
    policy = ma.String(required=True, metadata={"description": "kind of the policy"})
    policy_version = ma.Integer(required=True, metadata={"description": "version of the snapshot"})
    sticky = ma.Boolean(
        required=True, metadata={"description": "true: an earlier decision, repeated"}
    )
    degraded = ma.Boolean(
        required=True, metadata={"description": "true: decided without the visitor's state"}
    )
    free_amount = ma.Nested(
        TypedAmountSchema,
        required=True,
        allow_none=True,
        metadata={"description": "amounts that may be typed instead; null if none may"},
    )


class PageAnswerSchema(Schema):
    """The answer for a page: a decision for each slot."""

    decisions = ma.Dict(
        keys=ma.String(),
        values=ma.Nested(SlotAnswerSchema),
        required=True,
        metadata={"description": "slot -> decision"},
    )
    device_token = ma.String(
        required=True,
        metadata={"description": "token to send with the next call from this device"},
    )


class VisitorAnswerSchema(PageAnswerSchema):
    """The answer for one visitor of a bulk request."""

    visitor_id = ma.String(required=True)


class VisitorAnswersSchema(Schema):
    """The answers of a bulk request, in the order of its visitors."""

    results = ma.List(ma.Nested(VisitorAnswerSchema), required=True)


# Making a schema costs four times as much as using it.
ONE: Final = DecisionRequestSchema()
MANY: Final = BulkRequestSchema()


def load_requests(body: Mapping[str, Any], region: str) -> list[DecisionRequest]:
    """Load a request's body as decision requests, one for each visitor.

    Args:
        body: JSON of the request.
        region: country of numbers without a country code.

    Raises:
        InvalidRequestError: some fields are invalid; it holds the messages of all of them.
    """
    try:
        if "visitors" in body:
            shared: dict[str, Any] = MANY.load(body)
            visitors = shared.pop("visitors")
            return [_ask({**shared, **visitor}, region) for visitor in visitors]
        return [_ask(ONE.load(body), region)]
    except ValidationError as error:
        message = "the request is invalid; see `errors` for each field"
        raise InvalidRequestError(message, error.messages) from error


def _ask(data: dict[str, Any], region: str) -> DecisionRequest:
    written = data.pop("msisdn", None)
    try:
        msisdn = parse_number(written, region) if written else None
    except InvalidNumberError as error:
        raise InvalidRequestError(f"msisdn: {error}", {"msisdn": [str(error)]}) from error
    return DecisionRequest(**data | {"slots": tuple(data["slots"]), "msisdn": msisdn})
