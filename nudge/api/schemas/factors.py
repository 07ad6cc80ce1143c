"""Schema of the report of factors of leaving, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api.operation import query_parameter
from nudge.api.schemas.figure_fields import TIME, LakeSchema, TranslatedSchema, definition_field
from nudge.domain.care.factors.conditions import Relation
from nudge.domain.care.factors.factor_query import ASKED_KINDS
from nudge.domain.care.factors.findings import Cut, Reason, Shape, Verdict
from nudge.domain.reports.questions import FORMATS


def _figure(description: str = "") -> ma.Float:
    more = {"metadata": {"description": description}} if description else {}
    return ma.Float(required=True, allow_none=True, **more)  # type: ignore[arg-type] # of marshmallow


def _count(description: str) -> ma.Integer:
    return ma.Integer(required=True, metadata={"description": description})


def _word(names: type[Any], *, unknown: bool = False) -> ma.String:
    known = validate.OneOf([one.value for one in names])
    return ma.String(required=True, allow_none=unknown, validate=known)


def _interval() -> ma.List[Any]:
    return ma.List(ma.Float(), required=True, allow_none=True)


class FactorConditionSchema(Schema):
    """A condition on a factor: a level, or a bound of a number."""

    factor = ma.String(required=True)
    relation = _word(Relation)
    value = ma.String(required=True)


class FactorEffectSchema(Schema):
    """The effect of a factor, all other factors held equal."""

    factor = ma.String(required=True)
    scene = ma.String(required=True, metadata={"description": "empty for a behaviour"})
    verdict = _word(Verdict)
    reason = _word(Reason, unknown=True)
    partner = ma.String(required=True, allow_none=True)
    needed = ma.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "people that would show an odds ratio of 1.5"},
    )
    first = ma.Nested(FactorConditionSchema, required=True, allow_none=True)
    other = ma.Nested(FactorConditionSchema, required=True, allow_none=True)
    people = ma.Integer(required=True, allow_none=True)
    rate = _figure("share of the first side that left")
    other_rate = _figure("share of the other side that left")
    odds = _figure("of leaving, first side to the other")
    interval = _interval()
    p_adjusted = _figure("after correction for all tests of the report")
    sentence = ma.Nested(TranslatedSchema, required=True)


class FactorCutSchema(Schema):
    """The effects among all people, in a segment, or for a kind of leaving."""

    cut = _word(Cut)
    group = ma.String(
        required=True,
        metadata={"description": "segment, or source and kind of leaving: told:need_gone"},
    )
    people = _count("in the cut")
    left = _count("of them left")
    needed = _count("people who have to leave, and to stay, before anything is told; 0: enough did")
    sentence = ma.Nested(TranslatedSchema, required=True)
    effects = ma.List(ma.Nested(FactorEffectSchema), required=True)


class FactorPairSchema(Schema):
    """Two conditions that together go with more, or less, leaving than each by itself."""

    conditions = ma.List(ma.Nested(FactorConditionSchema), required=True)
    people = _count("who meet both")
    rate = _figure("share of them that left")
    other_rate = _figure("share of all others that left")
    expected = _figure("share that would leave, if each condition only added its own")
    odds = _figure("by which both together multiply the odds beyond that")
    interval = _interval()
    p_adjusted = _figure()
    sentence = ma.Nested(TranslatedSchema, required=True)


class FactorRuleSchema(Schema):
    """A rule of the told model."""

    shape = _word(Shape)
    conditions = ma.List(ma.Nested(FactorConditionSchema), required=True)
    odds = ma.Float(required=True)
    sentence = ma.Nested(TranslatedSchema, required=True)


class ToldModelSchema(Schema):
    """The told model: at most twelve rules that rank people by their chance to leave."""

    base = ma.Float(required=True)
    auc = _figure("of five folds; null where there are no rules")
    rules = ma.List(ma.Nested(FactorRuleSchema), required=True)


class FactorsSchema(Schema):
    """The report of factors of leaving."""

    as_of = ma.String(
        required=True,
        metadata={"format": "date-time", "description": "time until which the log is included"},
    )
    start = ma.String(required=True, data_key="from", metadata={"format": "date-time"})
    end = ma.String(required=True, data_key="to", metadata={"format": "date-time"})
    known_from = ma.String(
        required=True,
        metadata={"format": "date-time", "description": "what is known of people begins here"},
    )
    lake = ma.Nested(LakeSchema, required=True)
    definition = definition_field()
    segment = ma.String(required=True)
    scene = ma.String(required=True)
    kind = ma.String(required=True)
    people_known = _count("whom the lake knew before `from`, and who had not left")
    people = _count("who were looked at")
    left = _count("of them left between `from` and `to`")
    alpha = ma.Float(required=True)
    interval_level = ma.Float(required=True)
    headline = ma.Nested(TranslatedSchema, required=True)
    cuts = ma.List(ma.Nested(FactorCutSchema), required=True)
    pairs = ma.List(ma.Nested(FactorPairSchema), required=True)
    model = ma.Nested(ToldModelSchema, required=True)
    known_late = ma.List(ma.String(), required=True)
    left_out = ma.Dict(
        keys=ma.String(),
        values=ma.String(),
        required=True,
        metadata={"description": "column that is no factor -> why"},
    )


PARAMETERS: Final = (
    query_parameter(
        "from",
        f"who left then or later did so in the period, and what is known of people is from before "
        f"it; by default 8 weeks before `to`; {TIME}",
    ),
    query_parameter("to", f"who left then or later stayed; by default now; {TIME}"),
    query_parameter(
        "segment", "context attribute by which people are divided: each segment by itself, too"
    ),
    query_parameter("scene", "only effects of this scene's scores; all others are held equal"),
    query_parameter(
        "kind",
        "only this kind of leaving; who left otherwise is left out",
        enum=list(ASKED_KINDS),
    ),
    query_parameter("format", "json, or csv for spreadsheets", enum=list(FORMATS[:2])),
)
