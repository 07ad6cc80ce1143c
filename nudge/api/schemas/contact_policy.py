"""Schema of the contact policy in words and values, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api.schemas.figure_fields import TranslatedSchema
from nudge.domain.contact.contact_words import RULES

CODES: Final = (*RULES, "consent")


def _cap(period: str) -> ma.Integer:
    about = f"most contacts in a {period} over all channels; null: no limit"
    return ma.Integer(required=True, allow_none=True, metadata={"description": about})


class PolicyRuleSchema(Schema):
    """A rule of the contact policy in words."""

    code = ma.String(
        required=True, validate=validate.OneOf(CODES), metadata={"description": "kind of the rule"}
    )
    sentence = ma.Nested(TranslatedSchema, required=True)


class ContactChannelSchema(Schema):
    """A channel of the contact policy."""

    name = ma.String(required=True)
    consent = ma.String(required=True, validate=validate.OneOf(("required", "unless_refused")))
    quiet: ma.List[Any] = ma.List(
        ma.String(),
        required=True,
        metadata={"description": "hours without contacts, such as 21:00-08:00"},
    )
    capacity = ma.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "contacts in each hour; null: no limit"},
    )


class ContactPurposeSchema(Schema):
    """A purpose of the contact policy."""

    name = ma.String(required=True)
    priority = ma.Integer(
        required=True, metadata={"description": "a higher one displaces plans of a lower one"}
    )
    exempt = ma.Boolean(required=True, metadata={"description": "no rule applies, and no offers"})
    share = ma.Float(
        required=True, metadata={"description": "of an hour's capacity that it may find used"}
    )


class ContactCapsSchema(Schema):
    """The most contacts with one visitor by the calendar."""

    day = _cap("day")
    week = _cap("week")
    month = _cap("month")


class ClosedDaySchema(Schema):
    """A day on which no contact is made."""

    date = ma.String(required=True, metadata={"format": "date"})
    reason = ma.String(required=True, metadata={"description": "holiday or weekday"})
    sentence = ma.Nested(TranslatedSchema, required=True)


class ContactPolicySchema(Schema):
    """The contact policy in force."""

    as_of = ma.String(required=True, metadata={"format": "date-time"})
    zone = ma.String(
        required=True, metadata={"description": "of visitors whose own zone is unknown"}
    )
    rules = ma.List(ma.Nested(PolicyRuleSchema), required=True)
    channels = ma.List(ma.Nested(ContactChannelSchema), required=True)
    purposes = ma.List(ma.Nested(ContactPurposeSchema), required=True)
    caps = ma.Nested(ContactCapsSchema, required=True)
    spacing = ma.Float(
        required=True, metadata={"description": "least seconds between two contacts"}
    )
    complaint_pause = ma.Float(
        required=True,
        allow_none=True,
        metadata={"description": "seconds without contacts after a complaint; null: for ever"},
    )
    closed_days = ma.List(
        ma.Nested(ClosedDaySchema),
        required=True,
        metadata={"description": "of this month and the next 31 days"},
    )
