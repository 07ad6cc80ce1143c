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


class KeptDecisionSchema(Schema):
    """A decision that sticks."""

    decision_id = ma.String(required=True)
    variant = ma.String(required=True)


class PersonSchema(Schema):
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
    assigned = ma.Dict(keys=ma.String(), values=ma.Nested(KeptDecisionSchema), required=True)
    open_exposures = ma.Integer(required=True)
