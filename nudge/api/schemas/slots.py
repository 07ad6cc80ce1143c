"""Schemas of slots and their figures, for the OpenAPI document."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api.schemas.figure_fields import TranslatedSchema, definition_field
from nudge.api.schemas.quarantines import HoldSchema
from nudge.config.slot_schema import SlotSchema


class StockSchema(Schema):
    """The state of a limited stock."""

    stock = ma.Integer(required=True, metadata={"description": "total number to give away"})
    taken = ma.Integer(required=True)
    left = ma.Integer(required=True)


class HarmEstimateSchema(Schema):
    """An estimate of the policy's harm, with an interval that is valid at every look."""

    value = ma.Float(required=True, allow_none=True)
    low = ma.Float(required=True, allow_none=True)
    high = ma.Float(required=True, allow_none=True)


class ByGroupSchema(Schema):
    """Exposures of the policy and of the holdout."""

    policy = ma.Integer(required=True)
    holdout = ma.Integer(required=True)


class MetricFindingSchema(Schema):
    """The harm guard's finding about one metric: a share of leavers, or yuan an exposure."""

    metric = ma.String(required=True)
    exposures = ma.Nested(ByGroupSchema, required=True)
    policy = ma.Float(
        required=True,
        allow_none=True,
        metadata={"description": "null while there are fewer than 20 conversions"},
    )
    holdout = ma.Float(required=True, allow_none=True)
    rise = ma.Nested(HarmEstimateSchema, required=True, allow_none=True)
    harm = ma.Boolean(required=True)
    capped = ma.Dict(
        allow_none=True,
        metadata={"description": "yuan above `cap` of one exposure, which the guard leaves out"},
    )


class GuardLookSchema(Schema):
    """The harm guard's last look at a slot."""

    revision = ma.Integer(required=True, metadata={"description": "revision of the slot"})
    since_revision = ma.Integer(
        required=True, metadata={"description": "first revision whose exposures count"}
    )
    as_of = ma.String(required=True, metadata={"format": "date-time"})
    harm = ma.Boolean(required=True)
    found = ma.List(ma.Nested(MetricFindingSchema), required=True)
    sentence = ma.Nested(
        TranslatedSchema,
        required=True,
        allow_none=True,
        metadata={"description": "reason why the slot was frozen; null without harm"},
    )


class ServingSchema(Schema):
    """The policy, stock and guard with which a slot is served now."""

    policy = ma.String(required=True, metadata={"description": "kind of the policy"})
    policy_version = ma.Integer(
        required=True, metadata={"description": "0 before the first snapshot"}
    )
    floor = ma.Float(
        required=True,
        metadata={
            "description": "least probability of an eligible variant, as the policy draws now; "
            "`floor` of the slot is the configured one"
        },
    )
    stock = ma.Dict(
        keys=ma.String(),
        values=ma.Nested(StockSchema),
        metadata={"description": "limited variant -> stock; empty while the store is away"},
    )
    guard = ma.Nested(
        GuardLookSchema,
        allow_none=True,
        metadata={"description": "only for slots with a guard; null before its first look"},
    )
    held = ma.Nested(
        HoldSchema,
        metadata={"description": "only while an earlier version of the policy is held"},
    )
    definition = definition_field()


class LiveSlotSchema(SlotSchema):
    """A slot: its configuration, and the policy that serves it."""

    serving = ma.Nested(ServingSchema, required=True)


class SlotChangeSchema(LiveSlotSchema):
    """A slot after a change."""

    action = ma.String(required=True, validate=validate.OneOf(("create", "update", "unchanged")))
    diff = ma.List(ma.String(), required=True, metadata={"description": "`key: old -> new`"})


class RevisionSchema(Schema):
    """A revision of a slot: the change, its author, time and reason."""

    revision = ma.Integer(required=True)
    at = ma.String(required=True, metadata={"description": "ISO 8601, in the operator's zone"})
    who = ma.String(required=True)
    why = ma.String(required=True)
    action = ma.String(required=True)
    diff = ma.List(ma.String(), required=True)


class RevisionsSchema(Schema):
    """All revisions of a slot, the newest first."""

    slot = ma.String(required=True)
    revisions = ma.List(ma.Nested(RevisionSchema), required=True)


class SlotsSchema(Schema):
    """All slots."""

    slots = ma.List(ma.Nested(LiveSlotSchema), required=True)


_TOTAL: Final = "total of all time, at `counted_at`"
_INFERRED: Final = "as the newest report has it, at `as_of`; null until it has"


def _inferred(more: str = "") -> dict[str, str]:
    return {"description": f"{_INFERRED}{more}"}


class FiguresSchema(Schema):
    """Totals of exposures as of this second, and their rates as of the newest report."""

    exposures = ma.Integer(required=True, metadata={"description": _TOTAL})
    conversions = ma.Integer(required=True, metadata={"description": _TOTAL})
    rate = ma.Float(
        required=True, allow_none=True, metadata=_inferred(": conversions an exposure then")
    )
    revenue = ma.Float(required=True, metadata={"description": f"yuan, {_TOTAL}"})
    revenue_per_exposure = ma.Float(required=True, allow_none=True, metadata=_inferred(": yuan"))


class VariantFiguresSchema(FiguresSchema):
    """Figures of one variant, over the exposures that the policy drew."""

    variant = ma.String(required=True)
    estimate = ma.Float(
        required=True,
        allow_none=True,
        metadata=_inferred(": AIPW mean of the objective, conversions or yuan an exposure"),
    )
    interval = ma.List(
        ma.Float(allow_none=True),
        required=True,
        allow_none=True,
        metadata=_inferred(": low and high end of `estimate`, for one look"),
    )
    chance_to_be_best = ma.Float(required=True, allow_none=True, metadata=_inferred())
    expected_loss = ma.Float(required=True, allow_none=True, metadata=_inferred())
    share_now = ma.Float(
        required=True,
        allow_none=True,
        metadata={"description": "of the visitors, that the policy gives it now"},
    )


class PolicySchema(Schema):
    """The policy that serves a slot now."""

    kind = ma.String(required=True)
    version = ma.Integer(required=True)
