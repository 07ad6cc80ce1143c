"""Schemas of quarantines, for requests and for the OpenAPI document."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api.forms import PAGE_CHANNELS, DoorField, text
from nudge.api.schemas.figure_fields import TIME
from nudge.config.slot_fields import FiniteNumber, OneOf, StrictTable, field_texts
from nudge.domain.alarms.quarantine import QuarantineAction, QuarantineStatus

MAX_WHY: Final = 500
MOST_REACH: Final = 86_400.0
ACTIONS: Final = ("extend", "release", "discard")
_STATUSES: Final = tuple(one.value for one in QuarantineStatus)


class ScopeSchema(StrictTable):
    """A scope of a quarantine: all without keys, else one channel or one payment method."""

    channel = DoorField(
        PAGE_CHANNELS.parse, "name a channel", {"type": "string", "enum": list(PAGE_CHANNELS.words)}
    )
    method = text("name a payment method", 64)


AskedQuarantineSchema: Final = StrictTable.from_dict(
    {
        "from": ma.Raw(required=True, **field_texts(f"give the time of its start: {TIME}")),
        "to": ma.Raw(required=True, **field_texts(f"give the time of its end: {TIME}")),
        "scope": ma.Nested(ScopeSchema, metadata={"description": "all where it is left out"}),
        "why": text(f"tell the reason in 1 to {MAX_WHY} characters", MAX_WHY, required=True),
        "reach": FiniteNumber(
            validate=validate.Range(0.0, MOST_REACH, error=f"give 0 to {MOST_REACH:.0f} seconds"),
            metadata={
                "description": "seconds by which it reaches back: the median conversion delay; "
                "300 where it is left out"
            },
        ),
    },
    name="AskedQuarantine",
)
"""An interval that is to teach nothing."""

QuarantineActionSchema: Final = StrictTable.from_dict(
    {
        "action": ma.String(
            required=True, validate=OneOf(*ACTIONS), **field_texts(f"use {', '.join(ACTIONS)}")
        ),
        "to": ma.Raw(metadata={"description": f"only to extend: the new end; {TIME}"}),
        "note": text(f"give at most {MAX_WHY} characters", MAX_WHY),
    },
    name="QuarantineAction",
)
"""A step that a person takes."""


class QuarantineStepSchema(Schema):
    """A step of a quarantine's history."""

    action = ma.String(
        required=True, validate=validate.OneOf([one.value for one in QuarantineAction])
    )
    at = ma.String(required=True, metadata={"format": "date-time"})
    who = ma.String(required=True)
    note = ma.String(required=True)
    end = ma.String(required=True, data_key="to", metadata={"format": "date-time"})


class QuarantineSchema(Schema):
    """A quarantine: an interval that teaches nothing until it is released."""

    id = ma.String(required=True)
    start = ma.String(required=True, data_key="from", metadata={"format": "date-time"})
    end = ma.String(required=True, data_key="to", metadata={"format": "date-time"})
    scope = ma.Dict(keys=ma.String(), values=ma.String(), required=True)
    status = ma.String(required=True, validate=validate.OneOf(_STATUSES))
    why = ma.String(required=True)
    alarm = ma.String(required=True, metadata={"description": "that marked it; empty for none"})
    steps = ma.List(ma.Nested(QuarantineStepSchema), required=True)


class QuarantinesSchema(Schema):
    """All quarantines, the newest interval first."""

    quarantines = ma.List(ma.Nested(QuarantineSchema), required=True)


class HoldSchema(Schema):
    """A hold of a slot's policy: the version that is served until it is let go."""

    version = ma.Integer(required=True)
    since = ma.String(required=True, metadata={"format": "date-time"})
    who = ma.String(required=True)
    why = ma.String(required=True)


AskedPolicySchema: Final = StrictTable.from_dict(
    {
        "version": ma.Integer(
            required=True,
            allow_none=True,
            strict=True,
            validate=validate.Range(1, 2**53, error="give a version that is kept, or null"),
            **field_texts("give a version that is kept, or null to learn on"),
        )
    },
    name="AskedPolicy",
)
"""The version of a slot's policy that is to be served again; null lets go."""


class PublishedVersionSchema(Schema):
    """A version of a policy that is kept."""

    version = ma.Integer(required=True)
    at = ma.String(
        required=True,
        allow_none=True,
        metadata={"format": "date-time", "description": "null where it is not known any more"},
    )


class HeldPolicySchema(Schema):
    """The version of a slot's policy that is held, and those that are kept."""

    slot = ma.String(required=True)
    held = ma.Nested(HoldSchema, required=True, allow_none=True)
    versions = ma.List(ma.Integer(), required=True, metadata={"description": "that are kept"})
    published = ma.List(ma.Nested(PublishedVersionSchema), required=True)
