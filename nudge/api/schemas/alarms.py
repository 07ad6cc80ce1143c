"""Schemas of alarms, for requests and for the OpenAPI document."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api.forms import text
from nudge.api.schemas.figure_fields import TranslatedSchema
from nudge.config.slot_fields import Instant, OneOf, StrictTable, field_texts
from nudge.domain.alarms.alarm import AlarmAction, AlarmLevel, AlarmStatus
from nudge.domain.alarms.delivery import DeliveryOutcome, NoticeKind
from nudge.flows.upkeep.alarm_actions import ACTIONS

MAX_NOTE: Final = 500
STATUSES: Final = tuple(one.value for one in AlarmStatus)
LEVELS: Final = tuple(one.value for one in AlarmLevel)
_WORDS: Final = tuple(one.value for one in ACTIONS)
_TIME: Final = {"format": "date-time"}

AlarmActionSchema: Final = StrictTable.from_dict(
    {
        "action": ma.String(
            required=True, validate=OneOf(*_WORDS), **field_texts(f"use {', '.join(_WORDS)}")
        ),
        "until": Instant(
            **field_texts("only to silence: seconds since the epoch, or a time with its zone")
        ),
        "note": text(f"give at most {MAX_NOTE} characters", MAX_NOTE),
    },
    name="AlarmAction",
)
"""A step that a person takes."""


class AlarmStepSchema(Schema):
    """A step of an alarm's history."""

    at = ma.String(required=True, metadata=_TIME)
    action = ma.String(required=True, validate=validate.OneOf([one.value for one in AlarmAction]))
    who = ma.String(required=True)
    note = ma.String(required=True)
    until = ma.String(metadata=_TIME)


class AlarmNoticeSchema(Schema):
    """A notice of an alarm to one address, and what became of it."""

    notice_id = ma.String(required=True, metadata={"description": "that the receiver sees"})
    kind = ma.String(required=True, validate=validate.OneOf([one.value for one in NoticeKind]))
    person = ma.String(required=True)
    address = ma.String(required=True, metadata={"description": "kind and host; never a secret"})
    alarms = ma.List(
        ma.String(), required=True, metadata={"description": "that it tells of together"}
    )
    attempts = ma.Integer(required=True, metadata={"description": "tries begun"})
    first_try = ma.String(required=True, metadata=_TIME)
    last_try = ma.String(required=True, metadata=_TIME)
    outcome = ma.String(
        required=True, validate=validate.OneOf([one.value for one in DeliveryOutcome])
    )
    detail = ma.String(required=True, metadata={"description": "why the last try failed"})


class AlarmPartSchema(Schema):
    """The share of one value of a searched attribute when the alarm opened, and as usual."""

    attribute = ma.String(required=True)
    value = ma.String(required=True)
    rate = ma.Float(
        required=True,
        metadata={"description": "of successes; of failures where the monitor watches failures"},
    )
    usual = ma.Float(required=True, metadata={"description": "the same before it began"})
    arrivals = ma.Integer(required=True, metadata={"description": "since it began"})


class AlarmSchema(Schema):
    """An alarm: something that needs a person, with its cause."""

    id = ma.String(required=True)
    monitor = ma.String(required=True, metadata={"description": "that found it"})
    level = ma.String(required=True, validate=validate.OneOf(LEVELS))
    status = ma.String(required=True, validate=validate.OneOf(STATUSES))
    cause = ma.Dict(
        keys=ma.String(),
        values=ma.String(),
        required=True,
        metadata={"description": "smallest set of attribute values that explains it"},
    )
    began = ma.String(required=True, metadata=_TIME | {"description": "as estimated"})
    opened = ma.String(required=True, metadata=_TIME | {"description": "when it was seen"})
    sentence = ma.Nested(TranslatedSchema, required=True)
    figures = ma.Dict(keys=ma.String(), values=ma.Float(), required=True)
    unchanged = ma.List(
        ma.String(),
        required=True,
        metadata={"description": "attributes that were searched and do not explain it"},
    )
    quarantine = ma.String(required=True, metadata={"description": "its id; empty for none"})
    steps = ma.List(ma.Nested(AlarmStepSchema), required=True)
    parts = ma.List(
        ma.Nested(AlarmPartSchema),
        required=True,
        metadata={
            "description": "the largest values of each searched attribute: what fell, what did "
            "not; empty for alarms of other kinds"
        },
    )
    notices = ma.List(
        ma.Nested(AlarmNoticeSchema),
        metadata={"description": "who was told, the latest first; of one alarm only"},
    )


class AlarmsSchema(Schema):
    """Alarms, those with the latest step first."""

    alarms = ma.List(ma.Nested(AlarmSchema), required=True)
