"""Schemas of win-back, for requests and for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api.forms import text
from nudge.api.schemas.figure_fields import TIME, TranslatedSchema
from nudge.api.schemas.warnings import LEVELS, STATES, WarningStepSchema
from nudge.config.slot_fields import OneOf, StrictTable, field_texts
from nudge.domain.winback.mended_cause import DIMENSIONS

MAX_WORD: Final = 100
MAX_WHY: Final = 500
MAX_ID: Final = 64
TAKE_BACK: Final = "take_back"
_TIME: Final = {"format": "date-time"}
_TITLES: Final = {
    "stage": "stage of funnel.toml at which they left",
    "reason": "reason of the failed payment",
    "method": "method of payment",
    "city": "city group, as the funnel's dimension `city` tells it",
    "channel": "channel of the visit",
}


def _said(words: str) -> dict[str, Any]:
    return {"metadata": {"description": words}}


class CallReachSchema(Schema):
    """When, and by which channel, the contact policy allows a contact."""

    channel = ma.String(required=True, **_said("of contact.toml; empty without a policy"))
    start = ma.String(
        required=True,
        allow_none=True,
        data_key="from",
        metadata=_TIME | {"description": "first moment that is allowed; null: none is"},
    )
    reason = ma.String(required=True, allow_none=True, **_said("code of what forbids it"))
    sentence = ma.Nested(TranslatedSchema, required=True, allow_none=True)


class ExpectedGainSchema(Schema):
    """The expected gain of a contact: the share of such visitors who come back because of it."""

    gain = ma.Float(required=True)
    low = ma.Float(required=True, **_said("lower end of the interval of .95"))
    high = ma.Float(required=True, **_said("upper end of it"))


class WinbackCaseSchema(Schema):
    """A visitor who left the path: where, why, what was wanted, and when to call."""

    id = ma.String(required=True)
    subject = ma.String(required=True, **_said("as `GET /v1/visitors/{id}` has"))
    state = ma.String(required=True, validate=validate.OneOf(STATES))
    level = ma.String(required=True, validate=validate.OneOf(LEVELS))
    rule = ma.String(required=True, **_said("of winback.toml that opened it"))
    held = ma.Boolean(required=True, **_said("held out: nobody acts on it"))
    sentence = ma.Nested(TranslatedSchema, required=True)
    stage = ma.String(required=True, **_said("the farthest stage of the visit"))
    reason = ma.String(required=True, **_said("of the last failed payment; empty: none failed"))
    method = ma.String(required=True, **_said("of payment, the last one"))
    offer = ma.String(required=True, **_said("variant that was seen last"))
    offer_slot = ma.String(required=True, **_said("its slot"))
    channel = ma.String(required=True, **_said("of the visit"))
    city = ma.String(required=True, **_said("group of the city"))
    amount = ma.Float(required=True, allow_none=True, **_said("yuan that were wanted"))
    left_at = ma.String(required=True, metadata=_TIME)
    left_for = ma.Float(required=True, **_said("seconds since then"))
    opened = ma.String(required=True, metadata=_TIME)
    visits = ma.Integer(required=True, **_said("that ended so while the case is open"))
    assignee = ma.String(required=True)
    outcome = ma.String(required=True, **_said("`returned` once a server reported a payment"))
    revision = ma.Integer(required=True, **_said("steps on the case"))
    contact = ma.Nested(CallReachSchema, required=True)
    due = ma.String(
        required=True,
        allow_none=True,
        metadata=_TIME | {"description": "of the call, where a known date moves it"},
    )
    due_why = ma.Nested(TranslatedSchema, required=True, allow_none=True)
    worth = ma.Float(required=True, allow_none=True, **_said("yuan that a return brings"))
    gain = ma.Nested(
        ExpectedGainSchema, required=True, allow_none=True, **_said("null: too few were contacted")
    )
    gain_text = ma.Nested(TranslatedSchema, required=True)
    mended = ma.String(required=True, **_said("id of the mended cause; empty for none"))
    mended_why = ma.Nested(TranslatedSchema, required=True, allow_none=True)
    steps = ma.List(ma.Nested(WarningStepSchema), required=True)
    reach = ma.List(ma.Nested(CallReachSchema), **_said("by each channel; of one case only"))
    numbers = ma.List(ma.String(), **_said("masked; of one case, with the scope admin"))


class WinbackListSchema(Schema):
    """A page of win-back, in the order in which to call."""

    winback = ma.List(ma.Nested(WinbackCaseSchema), required=True)
    cursor = ma.String(required=True, **_said("of the next page; empty: none"))


class MendedCauseSchema(Schema):
    """A cause of leaving that was mended: its people are called first."""

    id = ma.String(required=True)
    cause = ma.Dict(keys=ma.String(), values=ma.String(), required=True)
    since = ma.String(required=True, metadata=_TIME)
    until = ma.String(required=True, metadata=_TIME)
    at = ma.String(required=True, metadata=_TIME | {"description": "when it was declared"})
    who = ma.String(required=True)
    why = ma.String(required=True)
    taken_back = ma.String(required=True, allow_none=True, metadata=_TIME)
    taken_back_by = ma.String(required=True)
    sentence = ma.Nested(TranslatedSchema, required=True)


class MendedCausesSchema(Schema):
    """Mended causes, the latest declaration first."""

    causes = ma.List(ma.Nested(MendedCauseSchema), required=True)


AskedCauseSchema: Final = StrictTable.from_dict(
    {
        **{name: text(f"name a {_TITLES[name]}", MAX_WORD) for name in DIMENSIONS},
        "since": ma.Raw(required=True, **field_texts(f"give the time of its start: {TIME}")),
        "until": ma.Raw(**field_texts(f"give the time of its end, now if left out: {TIME}")),
        "why": text(f"give at most {MAX_WHY} characters", MAX_WHY),
    },
    name="AskedCause",
)
"""A cause that is declared mended; at least one of its dimensions is named."""

CauseActionSchema: Final = StrictTable.from_dict(
    {
        "action": ma.String(
            required=True, validate=OneOf(TAKE_BACK), **field_texts(f"use {TAKE_BACK}")
        )
    },
    name="CauseAction",
)
"""A step on a mended cause."""
