"""Schema of the report of what sends brought, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api.operation import query_parameter
from nudge.api.schemas.figure_fields import (
    TIME,
    LakeSchema,
    TranslatedSchema,
    definition_field,
    hidden_field,
)
from nudge.domain.sms.effect_question import DIMENSIONS, EARLIEST, LATEST

_DAY: Final = f"1 to 31, or {LATEST} to {EARLIEST} days before the expected recharge"


def _real(about: str) -> ma.Float:
    return ma.Float(required=True, allow_none=True, metadata={"description": about})


def _count(about: str) -> ma.Integer:
    return ma.Integer(required=True, metadata={"description": about})


class SendFiguresSchema(Schema):
    """The figures of a group of sends."""

    exposures = _count("sends whose window has closed")
    hidden = hidden_field()
    thin = ma.Boolean(
        required=True, metadata={"description": "too few effective sends to be compared"}
    )
    missing = _count("sends that are missing until the group is not thin; 0: none")
    people = ma.Integer(required=True, allow_none=True)
    conversions = ma.Integer(required=True, allow_none=True)
    rate = _real("share that led to a recharge, weighted by the inverse propensity")
    interval: ma.List[Any] = ma.List(
        ma.Float(),
        required=True,
        allow_none=True,
        metadata={"description": "low and high end; null: cannot be told"},
    )
    effective = _real("effective sends: those of equal weight that would tell as much")


class SendDaySchema(SendFiguresSchema):
    """The sends of a day, over all hours."""

    day = _count(_DAY)


class SendHourSchema(SendFiguresSchema):
    """The sends of an hour, over all days."""

    hour = _count("0 to 23, by the operator's clock")


class SendCellSchema(SendDaySchema):
    """The sends of an hour of a day."""

    hour = _count("0 to 23, by the operator's clock")


class SendLeftOutSchema(Schema):
    """The matured sends that stand in no cell."""

    undated = _count("no recharge was expected of the visitor")
    outside = _count("their day is not told")


class SendEffectsSchema(Schema):
    """The effect of sends by hour and day."""

    as_of = ma.String(
        required=True,
        metadata={"format": "date-time", "description": "time until which the log is included"},
    )
    definition = definition_field()
    lake = ma.Nested(LakeSchema, required=True)
    start = ma.String(
        required=True, allow_none=True, data_key="from", metadata={"format": "date-time"}
    )
    end = ma.String(required=True, allow_none=True, data_key="to", metadata={"format": "date-time"})
    by = ma.String(required=True, validate=validate.OneOf(DIMENSIONS))
    purpose = ma.String(required=True)
    channel = ma.String(required=True)
    zone = ma.String(required=True, metadata={"description": "whose days and hours are told"})
    interval_level = ma.Float(required=True)
    enough = ma.Float(
        required=True, metadata={"description": "effective sends from which on none is thin"}
    )
    headline = ma.Nested(TranslatedSchema, required=True)
    total = ma.Nested(SendFiguresSchema, required=True)
    cells = ma.List(
        ma.Nested(SendCellSchema), required=True, metadata={"description": "that have a send"}
    )
    days = ma.List(ma.Nested(SendDaySchema), required=True)
    hours = ma.List(ma.Nested(SendHourSchema), required=True)
    waiting = _count("sends whose window is still open: they do not count yet")
    sampled = ma.Boolean(
        required=True, metadata={"description": "of many people a part was taken, by chance"}
    )
    left_out = ma.Nested(SendLeftOutSchema, required=True)


PARAMETERS: Final = (
    query_parameter(
        "by",
        "the day beside the hour: of the month, or before the expected recharge",
        enum=list(DIMENSIONS),
    ),
    query_parameter("purpose", "of the contact policy; reminder if left out"),
    query_parameter("channel", "of the contact policy; sms if left out"),
    query_parameter("from", f"only sends then or later; {TIME}"),
    query_parameter("to", f"only sends before; {TIME}"),
)
