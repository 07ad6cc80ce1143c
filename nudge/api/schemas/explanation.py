"""Schema of an explained decision, for the OpenAPI document."""

from __future__ import annotations

from marshmallow import Schema
from marshmallow import fields as ma

from nudge.api.schemas.decisions import REASONS
from nudge.config.slot_fields import OneOf


class StickyKeySchema(Schema):
    """The stickiness of a decision: the unit and period for which it is repeated."""

    unit = ma.String(required=True, metadata={"description": "empty: the decision is not repeated"})
    period = ma.Integer(required=True)


class ExplanationSchema(Schema):
    """The explanation of a decision: context, eligible variants, distribution and draw."""

    decision_id = ma.String(required=True)
    at = ma.String(required=True, metadata={"format": "date-time"})
    due = ma.String(
        required=True,
        allow_none=True,
        metadata={"format": "date-time", "description": "send time of a planned SMS"},
    )
    slot = ma.String(required=True)
    slot_revision = ma.Integer(required=True)
    subject = ma.String(required=True, metadata={"description": "random id of the visitor"})
    channel = ma.String(required=True)
    page = ma.String(required=True)
    context = ma.Dict(required=True, metadata={"description": "attributes that the policy saw"})
    cell = ma.String(required=True, metadata={"description": "discretised context"})
    eligible = ma.List(ma.String(), required=True)
    removed = ma.Dict(
        keys=ma.String(),
        values=ma.String(),
        required=True,
        metadata={"description": "variant -> reason why it was not eligible"},
    )
    distribution = ma.Dict(keys=ma.String(), values=ma.Float(), required=True)
    u = ma.String(required=True, metadata={"description": "draw of 64 bits, in decimal digits"})
    variant = ma.String(required=True)
    propensity = ma.Float(required=True)
    floor = ma.Float(
        metadata={
            "description": "floor of the policy that drew, which may be lower than the slot's; "
            "only with the reason `policy`, and in no record of an earlier version"
        }
    )
    reason = ma.String(required=True, validate=OneOf(*REASONS))
    policy = ma.String(required=True)
    policy_version = ma.Integer(required=True)
    stickiness = ma.Nested(StickyKeySchema, required=True)
    supersedes = ma.Boolean(required=True)
    degraded = ma.Boolean(required=True)
    reproduced = ma.Boolean(
        required=True, metadata={"description": "true: the repeated draw gives the same variant"}
    )
