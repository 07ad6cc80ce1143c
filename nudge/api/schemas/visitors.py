"""The form of what is known of a person, for the OpenAPI document."""

from __future__ import annotations

from marshmallow import Schema
from marshmallow import fields as ma


class MemberSchema(Schema):
    """A segment that the visitor belongs to, and why."""

    name = ma.String(required=True)
    title = ma.Dict(keys=ma.String(), values=ma.String(), required=True)
    rule = ma.Dict(required=True, metadata={"description": "the one that holds"})
    because = ma.Dict(required=True, metadata={"description": "what it looked at -> value"})


class PaymentSchema(Schema):
    """A payment."""

    at = ma.String(required=True, metadata={"description": "ISO 8601, UTC"})
    amount = ma.Float(required=True, metadata={"description": "yuan"})


class StandingDecisionSchema(Schema):
    """A decision that sticks."""

    decision_id = ma.String(required=True)
    variant = ma.String(required=True)


class OwnNumberSchema(Schema):
    """A number, as anybody but the device that typed it may see it."""

    masked = ma.String(
        required=True, allow_none=True, metadata={"description": "null: its key is gone"}
    )
    own = ma.Boolean(required=True, metadata={"description": "the visitor's; a server told"})
    times = ma.Integer(required=True, metadata={"description": "recharged on its device"})
    last_at = ma.String(required=True, allow_none=True)


class ContactSchema(Schema):
    """A contact, whoever made it."""

    at = ma.String(required=True)
    channel = ma.String(required=True)
    purpose = ma.String(required=True)


class ConsentSchema(Schema):
    """The last word on a channel."""

    at = ma.String(required=True)
    channel = ma.String(required=True)
    given = ma.Boolean(required=True)


class FailureSchema(Schema):
    """A payment that failed and was not made good since."""

    at = ma.String(required=True)
    reason = ma.String(required=True)
    method = ma.String(required=True)


class ErasureSchema(Schema):
    """What was forgotten."""

    found = ma.Boolean(required=True, metadata={"description": "false: nobody of this id is known"})
    subjects = ma.Integer(required=True)
    ids = ma.Integer(required=True)
    numbers = ma.Integer(required=True)
    texts = ma.Integer(required=True)
    folded = ma.Boolean(
        required=True, metadata={"description": "false: the state will be empty in a moment"}
    )


class VisitorViewSchema(Schema):
    """What is known of a person."""

    visitor_id = ma.String(required=True)
    subject = ma.String(required=True, metadata={"description": "under which the lake knows them"})
    attributes = ma.Dict(
        required=True, metadata={"description": "what rules and policies see; amounts in yuan"}
    )
    segments = ma.Dict(keys=ma.String(), values=ma.Nested(MemberSchema), required=True)
    channels = ma.List(ma.String(), required=True)
    benefits = ma.List(ma.String(), required=True)
    payments = ma.List(ma.Nested(PaymentSchema), required=True)
    assigned = ma.Dict(keys=ma.String(), values=ma.Nested(StandingDecisionSchema), required=True)
    open_exposures = ma.Integer(required=True)
    numbers = ma.List(ma.Nested(OwnNumberSchema), required=True)
    contacts = ma.List(ma.Nested(ContactSchema), required=True)
    consents = ma.List(ma.Nested(ConsentSchema), required=True)
    failures = ma.List(ma.Nested(FailureSchema), required=True)
    texts = ma.Dict(
        keys=ma.String(),
        values=ma.String(allow_none=True),
        required=True,
        metadata={"description": "event -> what the visitor wrote"},
    )
