"""Schema of the funnel's report, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final, get_args

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api.operation import query_parameter
from nudge.api.schemas.figure_fields import (
    FILTER,
    TIME,
    LakeSchema,
    TranslatedSchema,
    definition_field,
    hidden_field,
)
from nudge.domain.funnel.funnel import Compare
from nudge.domain.funnel.funnel_query import DIMENSIONS

_VERDICT: Final = validate.OneOf(("better", "worse", "unclear"))


def _interval() -> ma.List[Any]:
    # One visitor tells nothing about the others: then both ends are null.
    return ma.List(ma.Float(allow_none=True), required=True, allow_none=True)


class ChangeSchema(Schema):
    """A change of the lost share against the earlier period."""

    loss_rate = ma.Float(required=True, allow_none=True)
    interval = _interval()
    verdict = ma.String(required=True, validate=_VERDICT)


class StageSchema(Schema):
    """A stage of the path, with the visits that reached it and were lost at it."""

    stage = ma.String(required=True)
    visits = ma.Integer(required=True, metadata={"description": "visits that reached the stage"})
    share_of_all = ma.Float(required=True, allow_none=True)
    went_on = ma.Integer(required=True)
    lost = ma.Integer(required=True, metadata={"description": "visits that reached no later stage"})
    loss_rate = ma.Float(required=True, allow_none=True)
    interval = _interval()
    seconds_to_next = ma.Float(
        required=True, allow_none=True, metadata={"description": "median time to the next stage"}
    )
    change = ma.Nested(ChangeSchema, metadata={"description": "only with `compare`"})


class GroupSchema(Schema):
    """The stages of the visits that share a value of the dimension."""

    group = ma.String(required=True, metadata={"description": "value; empty: unknown"})
    hidden = hidden_field()
    stages = ma.List(ma.Nested(StageSchema))


class PathSchema(Schema):
    """A path of stages, and the visits that took it."""

    path = ma.List(ma.String(), required=True)
    kind = ma.String(
        required=True, validate=validate.OneOf(("straight", "skips", "loops", "skips and loops"))
    )
    visits = ma.Integer(required=True)
    share = ma.Float(required=True)


class LeakSchema(Schema):
    """A leak: visits of a group that were lost at a stage for a reason."""

    group = ma.String(required=True)
    stage = ma.String(required=True)
    reason = ma.String(
        required=True, allow_none=True, metadata={"description": "null: no reason was given"}
    )
    lost = ma.Integer(required=True)
    of_visits = ma.Integer(required=True)
    rate = ma.Float(required=True, allow_none=True)
    usual_rate = ma.Float(required=True, allow_none=True)
    excess = _interval()
    payments_lost = ma.Float(required=True)
    verdict = ma.String(required=True, validate=_VERDICT)


class LeaksSchema(Schema):
    """The leaks of the path, by stage, by reason, and ranked with the largest first."""

    by_stage = ma.List(ma.Dict(), required=True)
    by_reason = ma.List(ma.Dict(), required=True)
    ranked = ma.List(ma.Nested(LeakSchema), required=True)


class DisagreementSchema(TranslatedSchema):
    """Payments that one source reports and another does not."""

    finding = ma.String(required=True)
    visits = ma.Integer()
    payments = ma.Integer()
    of = ma.Integer(required=True)


class ComparedVisitsSchema(TranslatedSchema):
    """The earlier period that a funnel is compared with, and the surest change in words."""

    compare = ma.String(required=True, data_key="with", validate=validate.OneOf(get_args(Compare)))
    start = ma.String(
        required=True, data_key="from", allow_none=True, metadata={"format": "date-time"}
    )
    end = ma.String(required=True, data_key="to", allow_none=True, metadata={"format": "date-time"})
    until = ma.String(
        required=True,
        allow_none=True,
        metadata={
            "format": "date-time",
            "description": "visits from then on are not compared, as their payments may still be "
            "reported; `change` and `leaks` leave them out; null where all are compared",
        },
    )


class FunnelSchema(Schema):
    """The funnel's report: stages, leaks and paths of the visits that began in a period."""

    as_of = ma.String(
        required=True,
        metadata={"format": "date-time", "description": "time until which the log is included"},
    )
    start = ma.String(required=True, data_key="from", metadata={"format": "date-time"})
    end = ma.String(required=True, data_key="to", metadata={"format": "date-time"})
    lake = ma.Nested(LakeSchema, required=True)
    definition = definition_field()
    by = ma.String(required=True, metadata={"description": "dimension; empty: none"})
    where = ma.Dict(
        required=True,
        metadata={"description": "dimension -> value that all visits have, or a list; see `where`"},
    )
    compare = ma.Nested(
        ComparedVisitsSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null where nothing is compared"},
    )
    interval_level = ma.Float(required=True)
    visits = ma.Integer(required=True)
    visitors = ma.Integer(required=True)
    headline = ma.Nested(TranslatedSchema, required=True)
    stages = ma.List(ma.Nested(StageSchema), required=True)
    groups = ma.List(ma.Nested(GroupSchema), required=True)
    paths = ma.List(ma.Nested(PathSchema), required=True)
    leaks = ma.Nested(LeaksSchema, required=True)
    disagreements = ma.List(ma.Nested(DisagreementSchema), required=True)


PARAMETERS: Final = (
    query_parameter(
        "from",
        f"only visits that began then or later; by default 7 days before `to`; {TIME}",
    ),
    query_parameter("to", f"only visits that began before; by default now; {TIME}"),
    query_parameter(
        "by", f"dimension: one of {DIMENSIONS}, a context attribute, or none; by default channel"
    ),
    query_parameter(
        "where",
        "only visits with these values, as `by` shows them: channel:wap,channel:app,hour:09..17; "
        f"{FILTER}; dimensions are those of `by`, and variant:SLOT:VARIANT",
    ),
    query_parameter("slot", "slot of the variants, with by=variant"),
    query_parameter(
        "compare",
        "earlier period to compare with; of a period that is not over the same part of it",
        enum=list(get_args(Compare)),
    ),
)
