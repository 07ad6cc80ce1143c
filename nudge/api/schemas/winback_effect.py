"""Schema of the effect of win-back, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api.operation import query_parameter
from nudge.api.schemas.figure_fields import TIME, LakeSchema, TranslatedSchema, definition_field
from nudge.api.schemas.loop import HoldoutEffectSchema, count, figure
from nudge.domain.loop.loop_question import EFFECT_WORDS
from nudge.domain.winback.contact_effect import ContactVerdict, Obstacle

_VERDICTS: Final = validate.OneOf([one.value for one in ContactVerdict])
_OBSTACLES: Final = validate.OneOf([one.value for one in Obstacle])


def _interval() -> ma.List[Any]:
    return ma.List(ma.Float(), required=True)


class ContactIncrementSchema(Schema):
    """The increment of a contact for a group of people."""

    people = count()
    increment = ma.Float(required=True, metadata={"description": "for each person"})
    interval = _interval()
    next_interval = ma.List(
        ma.Float(), required=True, metadata={"description": "what a next time will measure"}
    )


class ContactEffectSchema(Schema):
    """The effect of contacts: what they added, to whom most, and whether that can be told."""

    people = count("whose horizon is over, each once")
    held_out = count()
    rate = ma.Float(required=True, metadata={"description": "of those who could be contacted"})
    held_out_rate = ma.Float(required=True)
    alpha = ma.Float(required=True)
    interval_level = ma.Float(required=True)
    verdict = ma.String(required=True, validate=_VERDICTS)
    reason = ma.String(required=True, allow_none=True, validate=_OBSTACLES)
    unlike = ma.List(ma.String(), required=True)
    needed = figure("people that would tell a fifth of the held out's rate")
    whole = ma.Nested(ContactIncrementSchema, required=True, allow_none=True)
    top_fifth = ma.Nested(ContactIncrementSchema, required=True, allow_none=True)
    rest = ma.Nested(ContactIncrementSchema, required=True, allow_none=True)
    fifths = ma.List(ma.Nested(ContactIncrementSchema), required=True)
    headline = ma.Nested(TranslatedSchema, required=True)
    sentences = ma.List(ma.Nested(TranslatedSchema), required=True)


class WinbackGroupSchema(Schema):
    """Cases of win-back against those held out: all, or those with one value."""

    value = ma.String(required=True, allow_none=True, metadata={"description": "null: all cases"})
    name = ma.Nested(TranslatedSchema, required=True)
    cases = count("that are not held out")
    people = count("of these cases")
    held_out = count("cases on which nobody acts")
    not_over = count("cases whose horizon is not over")
    holdout = ma.Nested(HoldoutEffectSchema, required=True)


class WinbackEffectSchema(Schema):
    """The effect of win-back on live cases."""

    as_of = ma.String(
        required=True,
        metadata={"format": "date-time", "description": "time until which the log is included"},
    )
    start = ma.String(required=True, data_key="from", metadata={"format": "date-time"})
    end = ma.String(required=True, data_key="to", metadata={"format": "date-time"})
    lake = ma.Nested(LakeSchema, required=True)
    definition = definition_field()
    by = ma.String(required=True)
    kept_within = ma.String(required=True)
    interval_level = ma.Float(required=True)
    effect = ma.Nested(ContactEffectSchema, required=True)
    whole = ma.Nested(WinbackGroupSchema, required=True)
    groups = ma.List(ma.Nested(WinbackGroupSchema), required=True)
    number_of_groups = count("there are; the largest 100 are told")


PARAMETERS: Final = (
    query_parameter(
        "from", f"only cases opened then or later; by default 26 weeks before `to`; {TIME}"
    ),
    query_parameter("to", f"only cases opened before; by default now; {TIME}"),
    query_parameter("by", "word by which cases are grouped", enum=list(EFFECT_WORDS)),
    query_parameter(
        "kept_within", "a payment so long behind the opening is a return: 12h, 30d (the default)"
    ),
)
