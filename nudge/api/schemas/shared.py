"""Schema of the report of shared payments, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema
from marshmallow import fields as ma

from nudge.api.operation import query_parameter
from nudge.api.schemas.figure_fields import (
    TIME,
    LakeSchema,
    TranslatedSchema,
    definition_field,
    hidden_field,
)
from nudge.domain.reports.questions import FORMATS


def _payments() -> ma.Integer:
    return ma.Integer(required=True, allow_none=True, metadata={"description": "each once"})


def _revenue() -> ma.Float:
    about = "yuan, less what was refunded"
    return ma.Float(required=True, allow_none=True, metadata={"description": about})


class PaymentCountSchema(Schema):
    """A number of payments."""

    hidden = hidden_field()
    payments = _payments()
    revenue = _revenue()


class CreditSchema(PaymentCountSchema):
    """The credit of a slot's decisions of one reason."""

    conversions = ma.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "exposures whose first reward came in the period"},
    )


class SlotCreditSchema(CreditSchema):
    """The credit of a slot, and how much of it others have, too."""

    slot = ma.String(required=True)
    shared_payments = ma.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "payments that another slot was credited with, too"},
    )
    shared_share = ma.Float(
        required=True, allow_none=True, metadata={"description": "of its payments"}
    )
    by_reason = ma.Dict(
        keys=ma.String(),
        values=ma.Nested(CreditSchema),
        required=True,
        metadata={"description": "reason of the decisions -> the same"},
    )


class SlotPairSchema(PaymentCountSchema):
    """The payments that both of two slots were credited with."""

    slots: ma.List[Any] = ma.List(ma.String(), required=True)
    share_of = ma.Dict(
        keys=ma.String(),
        values=ma.Float(allow_none=True),
        required=True,
        metadata={"description": "slot -> the share of its payments that the other one has, too"},
    )


class SlotNumberSchema(PaymentCountSchema):
    """The payments that so many slots were credited with."""

    slots = ma.Integer(required=True, metadata={"description": "how many; 0: none"})


class SharedSchema(Schema):
    """The payments of a period by the slots that were credited with them."""

    as_of = ma.String(
        required=True,
        metadata={"format": "date-time", "description": "time until which the log is included"},
    )
    lake = ma.Nested(LakeSchema, required=True)
    definition = definition_field()
    start = ma.String(required=True, data_key="from", metadata={"format": "date-time"})
    end = ma.String(required=True, data_key="to", metadata={"format": "date-time"})
    headline = ma.Nested(
        TranslatedSchema,
        required=True,
        metadata={
            "description": "what a sum over the slots would make of the payments, in a sentence"
        },
    )
    total = ma.Nested(
        PaymentCountSchema,
        required=True,
        metadata={"description": "all payments of the period that servers reported"},
    )
    credited = ma.Nested(
        PaymentCountSchema,
        required=True,
        metadata={"description": "those that any slot was credited with, each once"},
    )
    sum = ma.Nested(
        PaymentCountSchema,
        required=True,
        metadata={"description": "of the slots: a shared payment is in it more than once"},
    )
    slots = ma.List(ma.Nested(SlotCreditSchema), required=True)
    pairs = ma.List(ma.Nested(SlotPairSchema), required=True)
    by_number_of_slots = ma.List(ma.Nested(SlotNumberSchema), required=True)


PARAMETERS: Final = (
    query_parameter(
        "month",
        "month of the payments, such as 2026-10, by the operator's calendar; by default the last "
        "full one",
    ),
    query_parameter("from", f"in place of a month: only payments then or later; {TIME}"),
    query_parameter("to", f"only payments before; {TIME}"),
    query_parameter("format", "json, or csv for spreadsheets", enum=list(FORMATS[:2])),
)
