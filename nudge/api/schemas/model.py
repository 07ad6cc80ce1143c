"""Schemas of a slot's model, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api.schemas.figure_fields import TranslatedSchema, definition_field, hidden_field
from nudge.api.schemas.slots import PolicySchema
from nudge.domain.slots.slot import SlotMode


def _some(text: str) -> dict[str, Any]:
    return {"required": True, "allow_none": True, "metadata": {"description": text}}


def _shares() -> ma.Dict:
    return ma.Dict(
        keys=ma.String(),
        values=ma.Float(),
        required=True,
        metadata={
            "description": "variant -> probability that the policy shows it; empty where hidden"
        },
    )


def _visitors() -> ma.Integer:
    return ma.Integer(**_some("exposures; null where hidden"))


class LearnedSchema(Schema):
    """The source of the snapshot: time, revision and observations."""

    at = ma.String(required=True, metadata={"format": "date-time"})
    revision = ma.Integer(required=True, metadata={"description": "of the slot, as learned for"})
    exposures = ma.Integer(**_some("exposures counted; null in snapshots of earlier versions"))
    conversions = ma.Integer(**_some("rewarded ones; null in snapshots of earlier versions"))
    effective = ma.Float(
        **_some("exposures of this moment that they weigh as much as; null where none is told")
    )


class HalfLifeSchema(Schema):
    """A half-life that the learner believes in, and how much."""

    days = ma.Float(**_some("null: nothing is forgotten"))
    weight = ma.Float(required=True)


class TermSchema(Schema):
    """A learned effect on the rate of one variant, on the logit scale."""

    attributes = ma.List(
        ma.String(), required=True, metadata={"description": "empty: the variant alone"}
    )
    values: ma.List[Any] = ma.List(
        ma.String(allow_none=True),
        required=True,
        metadata={"description": "value of each attribute; null: not known"},
    )
    variant = ma.String(required=True)
    mean = ma.Float(required=True, metadata={"description": "of the posterior"})
    deviation = ma.Float(required=True, metadata={"description": "its standard deviation"})


class ValueSharesSchema(Schema):
    """The distribution for visitors with one value of an attribute."""

    attribute = ma.String(required=True)
    value = ma.String(**_some("null: not known"))
    hidden = hidden_field("exposures")
    visitors = _visitors()
    shares = _shares()


class CellSharesSchema(Schema):
    """The distribution that is served to visitors of one cell, exactly."""

    cell = ma.String(required=True, metadata={"description": "as explained decisions name it"})
    context = ma.Dict(required=True, metadata={"description": "values that lie in the cell"})
    hidden = hidden_field("exposures")
    visitors = _visitors()
    shares = _shares()
    rates = ma.Dict(
        keys=ma.String(),
        values=ma.Float(),
        **_some("variant -> expected conversion rate; null where none is estimated"),
    )
    revenue = ma.Dict(
        keys=ma.String(),
        values=ma.Float(),
        **_some("variant -> expected yuan an exposure, where revenue is the objective; or null"),
    )


class ModelSchema(Schema):
    """The model of a slot: the policy of the newest snapshot, as figures and in words."""

    slot = ma.String(required=True)
    revision = ma.Integer(required=True)
    mode = ma.String(required=True, validate=validate.OneOf([str(one) for one in SlotMode]))
    objective = ma.String(required=True)
    serves = ma.String(required=True, validate=validate.OneOf(("policy", "fallback")))
    fallback = ma.String(required=True, metadata={"description": "variant, by default"})
    holdout = ma.Float(
        required=True, metadata={"description": "share of visitors who always get the fallback"}
    )
    usual = ma.Float(
        required=True,
        metadata={"description": "share of visitors who get the operator's own rule"},
    )
    titles = ma.Dict(
        keys=ma.String(),
        values=ma.Dict(keys=ma.String(), values=ma.String()),
        required=True,
        metadata={"description": "variant -> its title by language, of those that have one"},
    )
    policy_share = ma.Float(
        required=True, metadata={"description": "share of visitors for whom the policy draws"}
    )
    policy = ma.Nested(PolicySchema, required=True)
    learned = ma.Nested(LearnedSchema, **_some("null before the first snapshot"))
    page_share = ma.Float(**_some("weight of what only pages said; null where all is fact"))
    learned_share = ma.Float(
        required=True,
        metadata={"description": "share of draws by what was learned; the rest show the baseline"},
    )
    floor = ma.Float(
        required=True,
        metadata={"description": "least probability of a variant that may be shown, as drawn now"},
    )
    floor_configured = ma.Float(
        required=True, metadata={"description": "the same, as the slot is configured"}
    )
    draws = ma.Integer(**_some("posterior draws; null for a policy without"))
    width = ma.Float(**_some("factor by which the posterior was widened"))
    half_lives: ma.List[Any] = ma.List(ma.Nested(HalfLifeSchema), required=True)
    half_weight_days = ma.Float(
        **_some("days after which an observation has half its weight; null: never, or not told")
    )
    terms: ma.List[Any] = ma.List(
        ma.Nested(TermSchema), required=True, metadata={"description": "the surest, at most 64"}
    )
    terms_in_all = ma.Integer(required=True)
    shown = _shares()
    visitors = ma.Integer(
        **_some("exposures behind `values`; null where the snapshot does not have them")
    )
    values: ma.List[Any] = ma.List(ma.Nested(ValueSharesSchema), required=True)
    cells: ma.List[Any] = ma.List(
        ma.Nested(CellSharesSchema), required=True, metadata={"description": "most frequent, 12"}
    )
    sentences: ma.List[Any] = ma.List(ma.Nested(TranslatedSchema), required=True)
    definition = definition_field()
