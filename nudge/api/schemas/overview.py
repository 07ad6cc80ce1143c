"""Schema of the overview, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api.schemas.figure_fields import TranslatedSchema, definition_field, hidden_field
from nudge.api.schemas.reports import JobSchema

VERDICTS: Final = ("above", "below", "usual", "too_early", "open", "nothing")
STATES: Final = (
    *("winner", "too_early", "cannot_tell", "no_report"),
    *("mismatch", "failing", "frozen", "shadow", "off"),
)
_TIME: Final = {"format": "date-time"}


def _time(description: str) -> ma.String:
    about = _TIME | {"description": description}
    return ma.String(required=True, allow_none=True, metadata=about)


def _count(description: str) -> ma.Integer:
    return ma.Integer(required=True, allow_none=True, metadata={"description": description})


class OverviewEstimateSchema(Schema):
    """A figure with the ends of its interval."""

    value = ma.Float(required=True)
    low = ma.Float(required=True, allow_none=True)
    high = ma.Float(required=True, allow_none=True)


def _estimate(description: str) -> ma.Nested:
    about = {"description": description}
    return ma.Nested(OverviewEstimateSchema, required=True, allow_none=True, metadata=about)


class OverviewHourSchema(Schema):
    """The visits that began in one hour."""

    start = ma.String(required=True, data_key="from", metadata=_TIME)
    visits = ma.Integer(required=True)
    paid = ma.Integer(required=True)
    rate = _estimate("share of the visits that paid; null without visits")
    usual = _estimate(
        "the same hour of the days before, and what is usual for one day; null where too few days "
        "are known"
    )
    open = ma.Boolean(required=True, metadata={"description": "its visits may still pay"})
    quarantined = ma.Boolean(
        required=True, metadata={"description": "an hour that later days are not compared with"}
    )


class OverviewConversionSchema(TranslatedSchema):
    """The conversion of the last 24 hours, beside usual days, with a sentence."""

    verdict = ma.String(required=True, validate=validate.OneOf(VERDICTS))
    rate = _estimate("share of the visits that paid, of hours that are over")
    change = _estimate("payments beyond a usual day's, as a share; null where it cannot be told")
    usual_days = ma.Integer(required=True, metadata={"description": "days compared with"})
    visits = ma.Integer(required=True)
    paid = ma.Integer(required=True)
    hours: ma.List[Any] = ma.List(ma.Nested(OverviewHourSchema), required=True)


class OverviewLiftSchema(Schema):
    """The lift of a group of visitors over another one in 30 days."""

    hidden = hidden_field()
    visitors = ma.Integer(required=True)
    compared_visitors = ma.Integer(required=True)
    money = _estimate("yuan, beyond what the visitors would have paid as the other group's")
    rate = _estimate("lift of the share of visitors who paid")


class OverviewUsualSchema(OverviewLiftSchema, TranslatedSchema):
    """The lift of a slot's policy over the operator's own rule, with a sentence."""

    slot = ma.String(required=True)


class OverviewLiftsSchema(TranslatedSchema):
    """The lifts of 30 days, with the sentence of that over the holdout."""

    holdout = ma.Nested(
        OverviewLiftSchema,
        required=True,
        allow_none=True,
        metadata={"description": "over visitors held out of every slot; null without any"},
    )
    usual: ma.List[Any] = ma.List(
        ma.Nested(OverviewUsualSchema),
        required=True,
        metadata={"description": "of each slot with a group that gets the operator's own rule"},
    )


class OverviewCountsSchema(Schema):
    """The numbers of what waits for people; null where `worklist.toml` is wrong."""

    alarms = ma.Integer(required=True, metadata={"description": "that are not resolved"})
    warnings = _count("cases of warnings that are not closed")
    warnings_due = _count("of these, due until midnight")
    winback = _count("cases of win-back that are not closed")
    winback_due = _count("of these, due until midnight")


class OverviewShareSchema(Schema):
    """The share of a variant in the traffic now."""

    variant = ma.String(required=True)
    title = ma.Nested(TranslatedSchema, required=True)
    share = ma.Float(required=True)


class OverviewSlotSchema(TranslatedSchema):
    """The line of a slot: its verdict in a sentence, and what is served now."""

    slot = ma.String(required=True)
    title = ma.String(required=True)
    mode = ma.String(required=True)
    state = ma.String(required=True, validate=validate.OneOf(STATES))
    shares: ma.List[Any] = ma.List(ma.Nested(OverviewShareSchema), required=True)
    as_of = _time("time until which the report behind the sentence knows everything")
    exposures = _count("that the policy drew, as the report has them")
    since = ma.String(
        required=True,
        allow_none=True,
        metadata={"format": "date", "description": "day since which the verdict has held"},
    )
    lift = _estimate("over the holdout, as a share")
    lift_usual = _estimate("over the operator's own rule, as a share")


class OverviewChangeSchema(TranslatedSchema):
    """A change since yesterday's midnight, with a sentence."""

    at = ma.String(required=True, metadata=_TIME)
    slot = ma.String(required=True, allow_none=True)
    object = ma.String(required=True, metadata={"description": "such as `slot:banner`"})
    action = ma.String(required=True)
    who = ma.String(required=True)
    why = ma.String(required=True)


class OverviewSchema(TranslatedSchema):
    """How the channel does now, with the verdict on it in words."""

    at = ma.String(required=True, metadata=_TIME)
    as_of = _time("time until which conversion and lift know everything; null before the first")
    start = ma.String(
        required=True,
        allow_none=True,
        data_key="from",
        metadata=_TIME | {"description": "first moment of the 30 days of `lift`"},
    )
    job = ma.Nested(
        JobSchema,
        required=True,
        allow_none=True,
        metadata={"description": "that makes newer figures of the lake; null: none is needed"},
    )
    definition = definition_field()
    conversion = ma.Nested(
        OverviewConversionSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null before the first report"},
    )
    lift = ma.Nested(
        OverviewLiftsSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null before the first report"},
    )
    counts = ma.Nested(OverviewCountsSchema, required=True)
    slots: ma.List[Any] = ma.List(ma.Nested(OverviewSlotSchema), required=True)
    changes: ma.List[Any] = ma.List(
        ma.Nested(OverviewChangeSchema),
        required=True,
        metadata={"description": "the newest first, at most 20; a policy's updates are one"},
    )
