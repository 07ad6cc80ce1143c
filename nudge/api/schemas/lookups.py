"""Schemas of what came of a decision, and of the exposures of a quarantine."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema
from marshmallow import fields as ma

from nudge.api.schemas.explanation import ExplanationSchema

_TIME: Final[dict[str, Any]] = {"format": "date-time"}
_AS_OF: Final = _TIME | {"description": "time until which the log is included"}


class OutcomeSchema(Schema):
    """The outcome of a decision: its exposure, and what was credited to it so far."""

    shown_at = ma.String(
        required=True,
        allow_none=True,
        metadata=_TIME | {"description": "of the exposure; null: it was not shown"},
    )
    matures_at = ma.String(
        required=True,
        allow_none=True,
        metadata=_TIME | {"description": "until when an event rewards it; null: not shown"},
    )
    matured = ma.Boolean(
        required=True, metadata={"description": "true: nothing more can be credited"}
    )
    quarantined = ma.Boolean(
        required=True, metadata={"description": "true: it lies in an interval that teaches nothing"}
    )
    conversions = ma.Integer(required=True, metadata={"description": "0 or 1, so far"})
    revenue = ma.Float(required=True, metadata={"description": "yuan, so far"})
    rewarded_at = ma.String(
        required=True, allow_none=True, metadata=_TIME | {"description": "null: not rewarded"}
    )


class DecisionOutcomeSchema(Schema):
    """A decision as the lake holds it, and its outcome; both null where the lake lacks it."""

    as_of = ma.String(required=True, metadata=_AS_OF)
    decision_id = ma.String(required=True)
    decision = ma.Nested(
        ExplanationSchema,
        required=True,
        allow_none=True,
        metadata={"description": "as `GET /v1/decisions/{id}`, also once it left the journal"},
    )
    outcome = ma.Nested(OutcomeSchema, required=True, allow_none=True)


class SlotExposuresSchema(Schema):
    """The exposures of a slot in an interval."""

    slot = ma.String(required=True)
    exposures = ma.Integer(required=True)


class QuarantineExposuresSchema(Schema):
    """The exposures that a quarantine keeps from teaching, or did before it was released."""

    as_of = ma.String(required=True, metadata=_AS_OF)
    id = ma.String(required=True)
    exposures = ma.Integer(required=True, metadata={"description": "of all slots"})
    slots = ma.List(ma.Nested(SlotExposuresSchema), required=True)
