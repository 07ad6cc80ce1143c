"""Schema of the closed loop's report, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api.operation import query_parameter
from nudge.api.schemas.figure_fields import TIME, LakeSchema, TranslatedSchema, definition_field
from nudge.domain.loop.loop_cases import WORDS
from nudge.domain.loop.loop_question import KINDS
from nudge.domain.loop.loop_steps import LoopStep
from nudge.domain.reports.questions import FORMATS

VERDICTS: Final = ("helps", "no_difference", "harms", "cannot_answer")
_JUDGED: Final = ("better", "worse", "unclear")


def figure(description: str = "") -> ma.Float:
    """Make the field of a figure that may be unknown."""
    more = {"metadata": {"description": description}} if description else {}
    return ma.Float(required=True, allow_none=True, **more)  # type: ignore[arg-type] # of marshmallow


def count(description: str = "") -> ma.Integer:
    """Make the field of a count."""
    more = {"metadata": {"description": description}} if description else {}
    return ma.Integer(required=True, **more)  # type: ignore[arg-type] # of marshmallow


def _interval() -> ma.List[Any]:
    return ma.List(ma.Float(allow_none=True), required=True, allow_none=True)


def _nested(schema: type[Schema], description: str = "") -> ma.Nested:
    more = {"metadata": {"description": description}} if description else {}
    return ma.Nested(schema, required=True, allow_none=True, **more)  # type: ignore[arg-type] # of marshmallow


class LoopEstimateSchema(Schema):
    """A figure with its interval."""

    value = ma.Float(required=True)
    interval = _interval()


class LoopAnswerSchema(LoopEstimateSchema):
    """A difference, judged together with all others of the report."""

    level = ma.Float(required=True)
    verdict = ma.String(required=True, validate=validate.OneOf(_JUDGED))


class LoopStepSchema(Schema):
    """A step of the closed loop."""

    step = ma.String(required=True, validate=validate.OneOf([one.value for one in LoopStep]))
    name = ma.Nested(TranslatedSchema, required=True)
    cases = count("that came to the step")
    of = count("that came to the step before; of `kept` those whose horizon is over")
    share = figure("of these that came to it; null: no step before, or too few people")
    interval = _interval()
    seconds_from_before = figure("median from the step before")
    seconds_from_opening = figure("median from the opening")
    cost = ma.Float(required=True, metadata={"description": "yuan of the step"})


class LoopMoneySchema(Schema):
    """The costs of cases and what they brought, in yuan."""

    contacts = count()
    contact_cost = ma.Float(required=True)
    time_cost = ma.Float(required=True, metadata={"description": "of agents' time"})
    grant_cost = ma.Float(required=True, metadata={"description": "of measures"})
    cost = ma.Float(required=True, metadata={"description": "of all three"})
    revenue = ma.Float(
        required=True, metadata={"description": "paid within the horizon, each yuan once"}
    )


class HoldoutEffectSchema(TranslatedSchema):
    """The effect of acting on cases, against those held out, in words, too."""

    answerable = ma.Boolean(required=True)
    why = ma.String(required=True, metadata={"description": "nobody_held, not_over, few; or empty"})
    verdict = ma.String(required=True, validate=validate.OneOf(VERDICTS))
    people = ma.Integer(required=True, allow_none=True)
    people_held = ma.Integer(required=True, allow_none=True)
    left_out = ma.Integer(
        required=True, allow_none=True, metadata={"description": "cases without a comparison"}
    )
    kept = _nested(LoopEstimateSchema, "share kept of the cases acted on")
    kept_held = _nested(LoopEstimateSchema, "of like cases held out")
    difference = _nested(LoopAnswerSchema)
    more_kept = _nested(LoopEstimateSchema, "cases kept because somebody acted")
    more_yuan = _nested(LoopEstimateSchema, "paid because somebody acted")
    yuan_per_contact = _nested(LoopEstimateSchema, "the same for each case contacted")


class LoopGroupSchema(Schema):
    """The figures of all cases, or of those with one value."""

    value = ma.String(required=True, allow_none=True, metadata={"description": "null: all cases"})
    name = ma.Nested(TranslatedSchema, required=True)
    cases = count("that are not held out")
    people = count("of these cases")
    held_out = count("cases on which nobody acts")
    not_over = count("cases whose horizon is not over; whether they are kept is not judged")
    steps = ma.List(ma.Nested(LoopStepSchema), required=True)
    money = ma.Nested(LoopMoneySchema, required=True)
    holdout = _nested(HoldoutEffectSchema, "null by agent or team: see `results`")


class LoopResultSchema(TranslatedSchema):
    """The result of an agent or a team with like cases, in words, too."""

    name = ma.String(required=True)
    people = count()
    cases = count("that are judged")
    hidden = ma.Boolean(required=True, metadata={"description": "too few people to judge"})
    kept = _nested(LoopEstimateSchema)
    against_held = _nested(LoopAnswerSchema, "against like cases that are held out")
    against_others = _nested(LoopAnswerSchema, "against like cases of the others")
    expected = figure("difference from the others, drawn to the middle of all")
    rank = ma.Integer(
        required=True, allow_none=True, metadata={"description": "null: none can be told apart"}
    )


class LoopSchema(Schema):
    """The report of the closed loop."""

    as_of = ma.String(
        required=True,
        metadata={"format": "date-time", "description": "time until which the log is included"},
    )
    start = ma.String(required=True, data_key="from", metadata={"format": "date-time"})
    end = ma.String(required=True, data_key="to", metadata={"format": "date-time"})
    lake = ma.Nested(LakeSchema, required=True)
    definition = definition_field()
    by = ma.String(required=True)
    kind = ma.String(required=True)
    kept_within = ma.String(
        required=True, metadata={"description": "a payment so long behind the opening keeps"}
    )
    interval_level = ma.Float(required=True)
    headline = ma.Nested(TranslatedSchema, required=True)
    whole = ma.Nested(LoopGroupSchema, required=True)
    groups = ma.List(
        ma.Nested(LoopGroupSchema), required=True, metadata={"description": "most cases first"}
    )
    number_of_groups = count("there are; the largest 100 are told")
    results = ma.List(
        ma.Nested(LoopResultSchema), required=True, metadata={"description": "by agent or team"}
    )
    ranking = ma.Nested(TranslatedSchema, required=True, allow_none=True)


PARAMETERS: Final = (
    query_parameter(
        "from", f"only cases opened then or later; by default 8 weeks before `to`; {TIME}"
    ),
    query_parameter("to", f"only cases opened before; by default now; {TIME}"),
    query_parameter("by", "word by which cases are grouped", enum=list(WORDS)),
    query_parameter("kind", "only cases of this kind", enum=list(KINDS)),
    query_parameter(
        "kept_within", "a payment so long behind the opening keeps: 12h, 30d (the default)"
    ),
    query_parameter("format", "json, or csv for spreadsheets", enum=list(FORMATS[:2])),
)
