"""The form of the funnel's report, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final, get_args

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api.operation import query_parameter
from nudge.api.schemas.reports import LakeSchema
from nudge.domain.funnel.funnel import Compare
from nudge.domain.funnel.funnel_query import DIMENSIONS

_VERDICT: Final = validate.OneOf(("better", "worse", "unclear"))


def _interval() -> ma.List[Any]:
    return ma.List(ma.Float(), required=True, allow_none=True)


class SummarySchema(Schema):
    """In words."""

    zh = ma.String(required=True)
    en = ma.String(required=True)


class ChangeSchema(Schema):
    """Of the share that is lost, against the earlier period."""

    loss_rate = ma.Float(required=True, allow_none=True)
    interval = _interval()
    verdict = ma.String(required=True, validate=_VERDICT)


class StageSchema(Schema):
    """A stage of the path."""

    stage = ma.String(required=True)
    visits = ma.Integer(required=True, metadata={"description": "that reached it"})
    share_of_all = ma.Float(required=True, allow_none=True)
    went_on = ma.Integer(required=True)
    lost = ma.Integer(required=True, metadata={"description": "that reached nothing behind it"})
    loss_rate = ma.Float(required=True, allow_none=True)
    interval = _interval()
    seconds_to_next = ma.Float(
        required=True, allow_none=True, metadata={"description": "median time"}
    )
    change = ma.Nested(ChangeSchema, metadata={"description": "with `compare`"})


class GroupSchema(Schema):
    """A value of the dimension."""

    group = ma.String(required=True, metadata={"description": "empty: unknown"})
    hidden = ma.Boolean(
        required=True, metadata={"description": "fewer than 20 people: no figures are told"}
    )
    stages = ma.List(ma.Nested(StageSchema))


class PathSchema(Schema):
    """Visits that took the same way."""

    path = ma.List(ma.String(), required=True)
    kind = ma.String(
        required=True, validate=validate.OneOf(("straight", "skips", "loops", "skips and loops"))
    )
    visits = ma.Integer(required=True)
    share = ma.Float(required=True)


class LeakSchema(Schema):
    """Visits of a group that are lost at a stage for a reason."""

    group = ma.String(required=True)
    stage = ma.String(required=True)
    reason = ma.String(
        required=True, allow_none=True, metadata={"description": "null: none was given"}
    )
    lost = ma.Integer(required=True)
    of_visits = ma.Integer(required=True)
    rate = ma.Float(required=True, allow_none=True)
    usual_rate = ma.Float(required=True, allow_none=True)
    excess = _interval()
    payments_lost = ma.Float(required=True)
    verdict = ma.String(required=True, validate=_VERDICT)


class LeaksSchema(Schema):
    """Where the path leaks, the largest first."""

    by_stage = ma.List(ma.Dict(), required=True)
    by_reason = ma.List(ma.Dict(), required=True)
    ranked = ma.List(ma.Nested(LeakSchema), required=True)


class DisagreementSchema(SummarySchema):
    """Payments that one source tells of and another does not."""

    finding = ma.String(required=True)
    visits = ma.Integer()
    payments = ma.Integer()
    of = ma.Integer(required=True)


class FunnelSchema(Schema):
    """Where visitors leave the path, and for what reason."""

    as_of = ma.String(
        required=True,
        metadata={"format": "date-time", "description": "all that was logged by then is in it"},
    )
    start = ma.String(required=True, data_key="from", metadata={"format": "date-time"})
    end = ma.String(required=True, data_key="to", metadata={"format": "date-time"})
    lake = ma.Nested(LakeSchema, required=True)
    by = ma.String(required=True, metadata={"description": "empty: not divided"})
    compare = ma.Dict(
        required=True, allow_none=True, metadata={"description": "with what: with, from, to"}
    )
    interval_level = ma.Float(required=True)
    visits = ma.Integer(required=True)
    visitors = ma.Integer(required=True)
    headline = ma.Nested(SummarySchema, required=True)
    stages = ma.List(ma.Nested(StageSchema), required=True)
    groups = ma.List(ma.Nested(GroupSchema), required=True)
    paths = ma.List(ma.Nested(PathSchema), required=True)
    leaks = ma.Nested(LeaksSchema, required=True)
    disagreements = ma.List(ma.Nested(DisagreementSchema), required=True)


_TIME: Final = "seconds since the epoch, a date (midnight UTC), or a date and time with its zone"


PARAMETERS: Final = (
    query_parameter(
        "from", f"visits that began then or later; 7 days before `to` without: {_TIME}"
    ),
    query_parameter("to", f"visits that began before; until now without: {_TIME}"),
    query_parameter("by", f"one of {DIMENSIONS}, a context attribute, or none; channel without"),
    query_parameter("slot", "whose variants, with by=variant"),
    query_parameter("compare", "with the last one", enum=list(get_args(Compare))),
)
