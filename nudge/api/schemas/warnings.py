"""Schemas of churn warnings, for requests and for the OpenAPI document."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api.forms import text
from nudge.api.schemas.alarms import AlarmNoticeSchema
from nudge.api.schemas.figure_fields import TranslatedSchema
from nudge.config.slot_fields import OneOf, StrictTable, field_texts
from nudge.domain.care.case import ACTIONS, CaseAction, CaseState
from nudge.domain.care.warning_rule import CaseKind, CaseLevel

MAX_NOTE: Final = 500
MAX_ID: Final = 64
MOST: Final = 1000
"""Warnings of one page."""
STATES: Final = tuple(one.value for one in CaseState)
LEVELS: Final = tuple(one.value for one in CaseLevel)
_OTHERS: Final = (CaseAction.GRANT, CaseAction.EXPORT)
"""Actions with operations of their own."""
_WORDS: Final = tuple(one.value for one in ACTIONS if one not in _OTHERS)
"""Actions that are only a step; a measure is decided when it is granted (`makeGrant`)."""
_TIME: Final = {"format": "date-time"}

WarningActionSchema: Final = StrictTable.from_dict(
    {
        "action": ma.String(
            required=True, validate=OneOf(*_WORDS), **field_texts(f"use {', '.join(_WORDS)}")
        ),
        "action_id": text("an id of your own: a repeated call changes nothing", MAX_ID),
        "to": text("only to assign: a name of agents in warnings.toml", MAX_ID),
        "outcome": text("name one of [[outcomes]] in warnings.toml", MAX_ID),
        "by": text("a name of agents in warnings.toml: who acts; else the key", MAX_ID),
        "revision": ma.Integer(
            strict=True,
            validate=validate.Range(0, 10_000, error="is out of range; give that of the answer"),
            **field_texts("give the revision that you saw: 412 if somebody acted since"),
        ),
        "note": text(f"give at most {MAX_NOTE} characters", MAX_NOTE),
    },
    name="WarningAction",
)
"""A step that a person takes."""


class WarningStepSchema(Schema):
    """A step of a warning's history."""

    at = ma.String(required=True, metadata=_TIME)
    action = ma.String(required=True, validate=validate.OneOf([one.value for one in CaseAction]))
    who = ma.String(required=True, metadata={"description": "a person, a key, or `nudge`"})
    to = ma.String(required=True, metadata={"description": "to whom it was assigned"})
    outcome = ma.String(required=True)
    action_id = ma.String(required=True)
    facts = ma.Dict(
        keys=ma.String(), values=ma.Raw(), required=True, metadata={"description": "of the step"}
    )
    note = ma.String(metadata={"description": "of one warning only, with the scope admin"})


class TookSchema(Schema):
    """Seconds from the opening of a warning to the first step of each kind."""

    assigned = ma.Float()
    contacted = ma.Float()
    outcome = ma.Float()
    closed = ma.Float()


class WarningSchema(Schema):
    """A churn warning: a person who may leave, why, and what was done about it."""

    id = ma.String(required=True)
    subject = ma.String(required=True, metadata={"description": "as `GET /v1/visitors/{id}` has"})
    kind = ma.String(required=True, validate=validate.OneOf([one.value for one in CaseKind]))
    held = ma.Boolean(required=True, metadata={"description": "held out: nobody acts on it"})
    facts = ma.Dict(
        keys=ma.String(),
        values=ma.Raw(),
        required=True,
        metadata={"description": "that a case of its kind tells beside"},
    )
    state = ma.String(required=True, validate=validate.OneOf(STATES))
    level = ma.String(required=True, validate=validate.OneOf(LEVELS))
    rule = ma.String(required=True, metadata={"description": "`proposal` is the model's"})
    sentence = ma.Nested(TranslatedSchema, required=True)
    scene = ma.String(required=True, metadata={"description": "empty where there is none"})
    score = ma.Float(required=True, allow_none=True)
    words = ma.List(
        ma.String(), required=True, metadata={"description": "of the lexicon, or of the model"}
    )
    groups = ma.List(ma.String(), required=True, metadata={"description": "of the lexicon"})
    complaint = ma.Float(
        required=True, allow_none=True, metadata={"description": "the model's probability"}
    )
    event_id = ma.String(required=True, metadata={"description": "that began it, if one did"})
    event_type = ma.String(required=True)
    began = ma.String(required=True, metadata=_TIME)
    opened = ma.String(required=True, metadata=_TIME)
    changed = ma.String(required=True, metadata=_TIME)
    signals = ma.Integer(required=True, metadata={"description": "that it stands for"})
    assignee = ma.String(required=True)
    outcome = ma.String(required=True)
    revision = ma.Integer(required=True, metadata={"description": "steps that people took"})
    took = ma.Nested(TookSchema, required=True)
    steps = ma.List(ma.Nested(WarningStepSchema), required=True)
    notices = ma.List(
        ma.Nested(AlarmNoticeSchema), metadata={"description": "who was told; of one only"}
    )
    text = ma.String(
        metadata={"description": "what was written, numbers masked; of one, with scope admin"}
    )
    numbers = ma.List(
        ma.String(),
        metadata={"description": "masked, as the visitor's page has; of one, with scope admin"},
    )


class WarningsSchema(Schema):
    """A page of warnings, those opened last first."""

    warnings = ma.List(ma.Nested(WarningSchema), required=True)
    cursor = ma.String(required=True, metadata={"description": "of the next page; empty: none"})
