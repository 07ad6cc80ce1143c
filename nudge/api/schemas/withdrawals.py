"""Schemas of withdrawals of plans, and of their acknowledgement."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.config.slot_fields import StrictTable, field_texts

SCHEDULER: Final = r"[a-z][a-z0-9_-]{0,63}"
NAME_CURE: Final = "begin with a-z; use a-z, 0-9, _ - only, at most 64 characters"


class WithdrawalSchema(Schema):
    """A plan that must not be sent."""

    decision_id = ma.String(required=True, metadata={"description": "id of the plan"})
    at = ma.String(
        required=True, metadata={"format": "date-time", "description": "when it was withdrawn"}
    )
    send_at = ma.String(
        required=True, metadata={"format": "date-time", "description": "when it was to be sent"}
    )
    channel = ma.String(required=True)
    purpose = ma.String(required=True)
    reason = ma.String(
        required=True,
        metadata={
            "description": "`merged`: another plan of the same visitor stands; `erased`; or the "
            "code of the contact policy"
        },
    )


class WithdrawalsSchema(Schema):
    """A page of withdrawals, in order of time."""

    withdrawals = ma.List(ma.Nested(WithdrawalSchema), required=True)
    next = ma.String(
        required=True,
        allow_none=True,
        metadata={"description": "`cursor` of the next page; null behind the last"},
    )
    until = ma.String(
        required=True,
        metadata={
            "format": "date-time",
            "description": "`since` of the next look, once `next` is null",
        },
    )
    acknowledge = ma.String(
        allow_none=True,
        metadata={
            "description": "with `scheduler`: what to acknowledge once the page is worked through; "
            "null where there is nothing"
        },
    )


class AcknowledgementSchema(StrictTable):
    """The acknowledgement of a page of withdrawals."""

    scheduler = ma.String(
        required=True,
        validate=validate.Regexp(SCHEDULER, error=NAME_CURE),
        **field_texts(NAME_CURE),
    )
    acknowledge = ma.String(
        required=True, **field_texts("give `acknowledge` of the page that was worked through")
    )


class AcknowledgedSchema(Schema):
    """The state of a scheduler behind an acknowledgement."""

    scheduler = ma.String(required=True)
    more = ma.Boolean(required=True, metadata={"description": "there is more to read"})
