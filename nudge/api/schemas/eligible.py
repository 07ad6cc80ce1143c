"""Schema of the count of eligible visitors, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema
from marshmallow import fields as ma

from nudge.api.schemas.figure_fields import LakeSchema, TranslatedSchema, definition_field


class KnownShareSchema(Schema):
    """The share of the visitors of whom an attribute is known."""

    attribute = ma.String(required=True)
    share = ma.Float(required=True)


class ValueVisitorsSchema(Schema):
    """The visitors who have a value of an attribute."""

    value = ma.Raw(required=True, metadata={"description": "text, a number, true or false"})
    visitors = ma.Integer(required=True)


class KnownAttributeSchema(KnownShareSchema):
    """An attribute that is known of visitors, with the values that many of them have."""

    values = ma.List(
        ma.Nested(ValueVisitorsSchema),
        required=True,
        metadata={"description": "the most frequent ones; none that hardly anybody has"},
    )


class EligibleSchema(Schema):
    """The visitors whom a slot saw lately and who would be eligible for a variant."""

    as_of = ma.String(
        required=True,
        metadata={"format": "date-time", "description": "time until which the log is included"},
    )
    lake = ma.Nested(LakeSchema, required=True)
    definition = definition_field()
    slot = ma.String(required=True)
    days = ma.Integer(required=True)
    visitors = ma.Integer(
        required=True, metadata={"description": "whom the slot saw in these days"}
    )
    sampled = ma.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "visitors of a random sample; null where all were looked at"},
    )
    exposures_a_day = ma.Float(
        required=True, metadata={"description": "of the slot, that its policy drew"}
    )
    hidden = ma.Boolean(
        required=True,
        metadata={"description": "fewer than 20 are eligible: the number might tell of a person"},
    )
    decidable = ma.Boolean(
        required=True,
        metadata={"description": "false where an attribute of the rule is known of no visitor"},
    )
    eligible = ma.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "null where it is hidden, and where nobody can say"},
    )
    share = ma.Float(
        required=True, allow_none=True, metadata={"description": "of the visitors, eligible"}
    )
    interval: ma.List[Any] = ma.List(
        ma.Float(),
        required=True,
        allow_none=True,
        metadata={"description": "of `share`, 95 %; null where all visitors were looked at"},
    )
    undecided = ma.Integer(
        required=True,
        metadata={"description": "visitors of whom an attribute of the rule is not known"},
    )
    known = ma.List(
        ma.Nested(KnownShareSchema),
        required=True,
        metadata={"description": "each attribute that the limits ask for"},
    )
    attributes = ma.List(
        ma.Nested(KnownAttributeSchema),
        required=True,
        metadata={"description": "all attributes that are known of visitors, for forms"},
    )
    headline = ma.Nested(
        TranslatedSchema, required=True, metadata={"description": "the count in a sentence"}
    )
    remarks = ma.List(
        ma.Nested(TranslatedSchema),
        required=True,
        metadata={"description": "a sentence for each attribute that is not known of everybody"},
    )
