"""Schemas of lifecycle measures, for requests and for the OpenAPI document."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api.forms import text
from nudge.api.schemas.figure_fields import TranslatedSchema
from nudge.api.schemas.warnings import LEVELS, MAX_ID, MAX_NOTE
from nudge.config.slot_fields import StrictTable, field_texts
from nudge.domain.measures.measure_reasons import MeasureReason

_TIME: Final = {"format": "date-time"}

GrantSchema: Final = StrictTable.from_dict(
    {
        "action_id": text("an id of your own: a repeated call changes nothing", MAX_ID),
        "by": text("a name of agents in warnings.toml: who grants; else the key", MAX_ID),
        "revision": ma.Integer(
            strict=True,
            validate=validate.Range(0, 10_000, error="is out of range; give that of the case"),
            **field_texts("give the revision of the case that you saw: 412 if somebody acted"),
        ),
        "note": text(f"give at most {MAX_NOTE} characters", MAX_NOTE),
    },
    name="Grant",
)
"""The order to grant the measure of a case."""


def _words(text: str) -> ma.Dict:
    return ma.Dict(
        keys=ma.String(), values=ma.String(), required=True, metadata={"description": text}
    )


class MeasureVariantSchema(Schema):
    """A variant of a measure's slot, as this visitor may be granted it."""

    variant = ma.String(required=True)
    title = _words("by language; empty where it has none")
    group = ma.String(
        required=True, allow_none=True, metadata={"description": "of benefits; null: no benefit"}
    )
    cost = ma.Float(required=True, metadata={"description": "yuan that granting it costs"})
    expected = ma.Float(
        required=True,
        allow_none=True,
        metadata={"description": "reward that the policy expects; null before it has learned"},
    )
    may = ma.Boolean(required=True)
    reason = ma.String(
        required=True, allow_none=True, metadata={"description": "code of what keeps it back"}
    )
    why = ma.Nested(TranslatedSchema, required=True, allow_none=True)


class GrantedMeasureSchema(Schema):
    """A measure that was granted."""

    at = ma.String(required=True, metadata=_TIME)
    who = ma.String(required=True, metadata={"description": "a person, or a key"})
    measure = ma.String(required=True)
    slot = ma.String(required=True)
    variant = ma.String(required=True)
    group = ma.String(
        required=True, allow_none=True, metadata={"description": "of benefits; null: no benefit"}
    )
    amount = ma.Float(required=True, metadata={"description": "yuan that it costs"})
    decision_id = ma.String(required=True)


class DueMeasureSchema(Schema):
    """The measure that is due for a case."""

    measure = ma.String(
        required=True, allow_none=True, metadata={"description": "null: none is due"}
    )
    title = _words("by language")
    due = ma.String(required=True, allow_none=True, metadata=_TIME)
    priority = ma.Integer(required=True)
    purpose = ma.String(
        required=True, allow_none=True, metadata={"description": "of the contact policy"}
    )
    channel = ma.String(
        required=True,
        allow_none=True,
        metadata={"description": "by which the visitor may be contacted now; null: by none"},
    )
    may = ma.Boolean(required=True, metadata={"description": "it may be granted now"})
    reason = ma.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf([one.value for one in MeasureReason]),
    )
    why = ma.Nested(TranslatedSchema, required=True, allow_none=True)


class CaseMeasureSchema(DueMeasureSchema):
    """The measure of a case: what is due, and what may be granted now."""

    case = ma.String(required=True)
    variants = ma.List(ma.Nested(MeasureVariantSchema), required=True)
    granted = ma.Nested(GrantedMeasureSchema, required=True, allow_none=True)


class MeasureSchema(Schema):
    """A measure as it is configured."""

    measure = ma.String(required=True)
    title = _words("by language; empty where it has none")
    when = ma.Dict(
        keys=ma.String(), values=ma.Raw(), required=True, metadata={"description": "its rule"}
    )
    within = ma.Float(
        required=True, allow_none=True, metadata={"description": "seconds in which it is due"}
    )
    once = ma.Float(required=True, metadata={"description": "seconds in which it is due once"})
    slot = ma.String(
        required=True, allow_none=True, metadata={"description": "null: it has no benefit"}
    )
    group = ma.String(
        required=True, allow_none=True, metadata={"description": "of its benefits, if named"}
    )
    channels = ma.List(ma.String(), required=True)
    purpose = ma.String(required=True, metadata={"description": "of the contact policy"})
    held_share = ma.Float(required=True, metadata={"description": "share that is held out"})
    level = ma.String(required=True, validate=validate.OneOf(LEVELS))
    priority = ma.Integer(required=True)


class MeasuresSchema(Schema):
    """The measures in the order of their file."""

    measures = ma.List(ma.Nested(MeasureSchema), required=True)
