"""Schema of the forecast of sends, for the OpenAPI document."""

from __future__ import annotations

from marshmallow import Schema
from marshmallow import fields as ma

from nudge.api.schemas.figure_fields import TranslatedSchema, definition_field


def _count(about: str) -> ma.Integer:
    return ma.Integer(required=True, allow_none=True, metadata={"description": about})


def _planned() -> ma.Integer:
    return _count("places that plans have taken; null: the channel has no capacity")


def _closed() -> ma.String:
    about = "reason for which nothing goes out in all of it; null: some of it is open"
    return ma.String(required=True, allow_none=True, metadata={"description": about})


class ForecastHourSchema(Schema):
    """An hour of the forecast."""

    at = ma.String(required=True, metadata={"format": "date-time"})
    planned = _planned()
    closed = _closed()


class ForecastDaySchema(Schema):
    """A day of the forecast."""

    date = ma.String(required=True, metadata={"format": "date"})
    closed = _closed()
    planned = _planned()
    capacity = _count("that its open hours have together; null: no limit")
    hours = ma.List(ma.Nested(ForecastHourSchema), required=True)


class ForecastPurposeSchema(Schema):
    """A purpose, and the hours that are full for it."""

    name = ma.String(required=True)
    most = _count("contacts in an hour from which on it finds no room; null: no limit")


class SendForecastSchema(Schema):
    """The plans of the next days, hour by hour."""

    as_of = ma.String(required=True, metadata={"format": "date-time"})
    definition = definition_field()
    channel = ma.String(required=True)
    zone = ma.String(required=True, metadata={"description": "whose days and hours are told"})
    capacity = _count("contacts that the gateway takes in an hour; null: no limit")
    planned = _planned()
    purposes = ma.List(ma.Nested(ForecastPurposeSchema), required=True)
    days = ma.List(ma.Nested(ForecastDaySchema), required=True)
    headline = ma.Nested(TranslatedSchema, required=True)
