"""Schemas of a visitor's stored data and of its erasure, for the OpenAPI document."""

from __future__ import annotations

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api.schemas.figure_fields import definition_field


class MemberSchema(Schema):
    """A segment that the visitor belongs to, with the rule that holds."""

    name = ma.String(required=True)
    title = ma.Dict(keys=ma.String(), values=ma.String(), required=True)
    rule = ma.Dict(required=True, metadata={"description": "rule that holds"})
    because = ma.Dict(required=True, metadata={"description": "attribute of the rule -> value"})


class PaymentSchema(Schema):
    """A payment of the visitor."""

    at = ma.String(required=True, metadata={"description": "ISO 8601, UTC"})
    amount = ma.Float(required=True, metadata={"description": "yuan"})


class ExpectedRechargeSchema(Schema):
    """The next recharge that is expected of the visitor, and whether it comes at all."""

    at = ma.String(
        required=True,
        metadata={"description": "ISO 8601, UTC: the median, of a visitor who stays"},
    )
    low = ma.String(required=True, metadata={"description": "lower end of the interval of 95 %"})
    high = ma.String(required=True, metadata={"description": "upper end"})
    alive = ma.Float(
        required=True,
        allow_none=True,
        metadata={"description": "probability that the visitor has not left; null: no rhythm yet"},
    )
    left = ma.Boolean(
        required=True, metadata={"description": "true: has probably left, nothing is expected"}
    )
    source = ma.String(
        required=True,
        metadata={"description": "rhythm: of all people; median: the visitor's own intervals"},
    )
    sentence = ma.Dict(keys=ma.String(), values=ma.String(), required=True)


class StandingDecisionSchema(Schema):
    """A standing decision, which is repeated during its stickiness period."""

    decision_id = ma.String(required=True)
    variant = ma.String(required=True)


class OwnNumberSchema(Schema):
    """A phone number, masked for all but the device that typed it."""

    masked = ma.String(
        required=True, allow_none=True, metadata={"description": "null: its key is not configured"}
    )
    own = ma.Boolean(
        required=True, metadata={"description": "true: the visitor's own, reported by a server"}
    )
    times = ma.Integer(required=True, metadata={"description": "recharges on its device"})
    last_at = ma.String(required=True, allow_none=True)


class ContactSchema(Schema):
    """A contact with the visitor over a channel, by any system."""

    at = ma.String(required=True)
    channel = ma.String(required=True)
    purpose = ma.String(required=True)
    content = ma.String(metadata={"description": "tag of what it said; left out where not told"})
    receipt = ma.String(
        validate=validate.OneOf(("failed", "delivered")),
        metadata={"description": "the gateway's word; left out where none came"},
    )


class ReachSchema(Schema):
    """A contact that may reach the visitor until the end of their day, or why it may not."""

    purpose = ma.String(required=True)
    channel = ma.String(required=True)
    start = ma.String(
        required=True,
        allow_none=True,
        data_key="from",
        metadata={"description": "first moment that is allowed, ISO 8601, UTC; null: none today"},
    )
    reason = ma.String(
        required=True,
        allow_none=True,
        metadata={"description": "code of the contact policy; null where it is allowed"},
    )
    sentence = ma.Dict(
        keys=ma.String(),
        values=ma.String(),
        required=True,
        allow_none=True,
        metadata={"description": "the reason in words: `zh`, `en`"},
    )


class ConsentSchema(Schema):
    """The visitor's last consent, or its withdrawal, for a channel."""

    at = ma.String(
        required=True,
        allow_none=True,
        metadata={"description": "null where a file gave it without a time"},
    )
    channel = ma.String(required=True)
    given = ma.Boolean(required=True)


class ConsentProofSchema(Schema):
    """A proof of consent, or of its withdrawal: the last word on its channel until `ended`."""

    at = ma.String(required=True, metadata={"description": "ISO 8601, UTC"})
    channel = ma.String(required=True)
    given = ma.Boolean(required=True)
    text_version = ma.String(
        required=True, allow_none=True, metadata={"description": "null where nobody told it"}
    )
    source = ma.String(
        required=True,
        metadata={"description": "as its sender named it; `file`, `reply`, or else `event`"},
    )
    word = ma.String(
        required=True, allow_none=True, metadata={"description": "by which a reply refused"}
    )
    event = ma.String(
        required=True, metadata={"description": "class of the sender, type and id of the event"}
    )
    ended = ma.String(
        required=True,
        allow_none=True,
        metadata={"description": "from when on it is no longer the last word; null while it is"},
    )


class FailureSchema(Schema):
    """A failed payment that no later payment made good."""

    at = ma.String(required=True)
    reason = ma.String(required=True)
    method = ma.String(required=True)


class RefundSchema(Schema):
    """A refund of the last 90 days."""

    at = ma.String(required=True)
    refund_of = ma.String(required=True, metadata={"description": "event_id of the payment"})
    amount = ma.Float(
        required=True, allow_none=True, metadata={"description": "yuan; null: all that was left"}
    )
    payment_known = ma.Boolean(
        required=True,
        metadata={"description": "false: the payment has not come, or is too long ago"},
    )


class ErasureSchema(Schema):
    """The result of an erasure: counts of erased data."""

    found = ma.Boolean(required=True, metadata={"description": "false: the id is unknown"})
    subjects = ma.Integer(required=True)
    ids = ma.Integer(required=True)
    numbers = ma.Integer(required=True)
    texts = ma.Integer(required=True)
    folded = ma.Boolean(
        required=True, metadata={"description": "false: a worker has yet to empty the state"}
    )


class VisitorViewSchema(Schema):
    """The stored data about a visitor."""

    visitor_id = ma.String(required=True)
    subject = ma.String(
        required=True, metadata={"description": "random id of the visitor in journal and lake"}
    )
    attributes = ma.Dict(
        required=True, metadata={"description": "input of rules and policies; amounts in yuan"}
    )
    segments = ma.Dict(keys=ma.String(), values=ma.Nested(MemberSchema), required=True)
    channels = ma.List(ma.String(), required=True)
    benefits = ma.List(ma.String(), required=True)
    expected_recharge = ma.Nested(
        ExpectedRechargeSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null: too few payments to tell"},
    )
    definition = definition_field()
    payments = ma.List(ma.Nested(PaymentSchema), required=True)
    assigned = ma.Dict(keys=ma.String(), values=ma.Nested(StandingDecisionSchema), required=True)
    open_exposures = ma.Integer(required=True)
    numbers = ma.List(ma.Nested(OwnNumberSchema), required=True)
    contacts = ma.List(ma.Nested(ContactSchema), required=True)
    reach = ma.List(
        ma.Nested(ReachSchema),
        required=True,
        metadata={"description": "by purpose and channel; empty without a contact policy"},
    )
    consents = ma.List(ma.Nested(ConsentSchema), required=True)
    proofs = ma.List(
        ma.Nested(ConsentProofSchema),
        required=True,
        metadata={"description": "of consents and refusals, in order of time"},
    )
    failures = ma.List(ma.Nested(FailureSchema), required=True)
    refunds = ma.List(
        ma.Nested(RefundSchema), metadata={"description": "left out where there is none"}
    )
    texts = ma.Dict(
        keys=ma.String(),
        values=ma.String(allow_none=True),
        required=True,
        metadata={"description": "event id -> text that the visitor wrote"},
    )
    dropped = ma.Dict(
        keys=ma.String(),
        values=ma.Dict(keys=ma.String(), values=ma.Integer()),
        required=True,
        metadata={
            "description": "event type, `exposure`, `waiting` or `amount` -> `page` or `server` -> "
            "how many were forgotten because there were too many"
        },
    )


class CaseVisitorSchema(VisitorViewSchema):
    """The stored data about the visitor of a case; an id of yours stands in no case."""

    class Meta:
        """Fields that the visitor's own answer has besides."""

        exclude = ("visitor_id",)
