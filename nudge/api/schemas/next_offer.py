"""Schemas of a visitor's next offer, for the OpenAPI document."""

from __future__ import annotations

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api.schemas.figure_fields import definition_field
from nudge.domain.offers.offer_reasons import OfferReason


def _words(text: str) -> ma.Dict:
    return ma.Dict(
        keys=ma.String(), values=ma.String(), required=True, metadata={"description": text}
    )


def _expected() -> ma.Float:
    text = "that the slot's policy expects, in its own unit; null before it has learned"
    return ma.Float(required=True, allow_none=True, metadata={"description": text})


class OfferSchema(Schema):
    """An offer by one channel."""

    slot = ma.String(required=True)
    variant = ma.String(required=True)
    title = _words("the variant's name by language; empty where it has none")
    channel = ma.String(
        required=True, metadata={"description": "`page`, or a channel of the contact policy"}
    )
    expected = _expected()
    sentence = _words("in words: `zh`, `en`")


class OfferPolicySchema(Schema):
    """The policy that an expected value comes from."""

    kind = ma.String(required=True)
    version = ma.Integer(required=True, metadata={"description": "0: nothing is learned yet"})


class ChosenOfferSchema(OfferSchema):
    """The offer that is next."""

    value = ma.Raw(
        required=True, allow_none=True, metadata={"description": "what the variant stands for"}
    )
    purpose = ma.String(required=True)
    priority = ma.Integer(required=True)
    policy = ma.Nested(OfferPolicySchema, required=True)
    start = ma.String(
        required=True,
        allow_none=True,
        data_key="from",
        metadata={"description": "first moment at which it may go out, today"},
    )


class OtherOfferSchema(OfferSchema):
    """An offer that is not the next one."""

    reason = ma.String(required=True, validate=validate.OneOf([str(one) for one in OfferReason]))
    detail = ma.String(
        required=True,
        metadata={
            "description": "code of the rule that keeps it back, or `slot:variant` of the offer "
            "that it lost to; empty for none"
        },
    )


class StandingOfferSchema(Schema):
    """An offer that binds all slots and channels."""

    group = ma.String(required=True, metadata={"description": "of benefits"})
    benefit = ma.String(required=True)
    until = ma.String(required=True, metadata={"format": "date-time"})


class NextOfferSchema(Schema):
    """The next offer of a visitor, and why it is not another one."""

    visitor_id = ma.String(required=True)
    at = ma.String(required=True, metadata={"format": "date-time"})
    definition = definition_field()
    next = ma.Nested(ChosenOfferSchema, required=True, allow_none=True)
    others = ma.List(ma.Nested(OtherOfferSchema), required=True)
    standing = ma.List(ma.Nested(StandingOfferSchema), required=True)
