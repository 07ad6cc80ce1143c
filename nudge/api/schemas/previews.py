"""Schemas of previews of a slot's changes, for requests and for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import Schema, ValidationError, validate, validates_schema
from marshmallow import fields as ma

from nudge.api.schemas.figure_fields import TranslatedSchema, definition_field
from nudge.config.slot_fields import StrictTable, field_texts

MOST: Final = 2**53
WAYS: Final = ("patch", "revision", "policy_version")
CURE: Final = f"give one of {', '.join(WAYS)}"


class AskedPreviewSchema(StrictTable):
    """A change of a slot that is only looked at: one of the three ways to change it."""

    patch = ma.Dict(
        keys=ma.String(), **field_texts("write keys of the slot to change, as PATCH takes them")
    )
    revision = ma.Integer(
        strict=True,
        validate=validate.Range(1, MOST, error="give a revision of the slot"),
        **field_texts("give a revision of the slot, whose content is to be served again"),
    )
    policy_version = ma.Integer(
        strict=True,
        allow_none=True,
        validate=validate.Range(1, MOST, error="give a version that is kept, or null"),
        **field_texts("give a version of the policy that is kept, or null to learn on"),
    )

    @validates_schema(skip_on_field_errors=True)
    def check_ways(self, data: Mapping[str, Any], **_: object) -> None:
        """Require one way, and no other besides it."""
        if len(data) != 1:
            raise ValidationError({"patch": [CURE]})


class PreviewSchema(Schema):
    """The effect of a change of a slot, before it is made."""

    slot = ma.String(required=True)
    revision = ma.Integer(
        required=True, metadata={"description": "of the slot now: the change names it in If-Match"}
    )
    action = ma.String(
        required=True,
        validate=validate.OneOf(("update", "unchanged")),
        metadata={"description": "what the change would do"},
    )
    diff = ma.List(ma.String(), required=True, metadata={"description": "`key: old -> new`"})
    before = ma.Dict(
        keys=ma.String(),
        values=ma.Float(),
        required=True,
        metadata={"description": "variant -> share of all visitors who see it now"},
    )
    after = ma.Dict(
        keys=ma.String(),
        values=ma.Float(),
        required=True,
        allow_none=True,
        metadata={"description": "the same after the change; null: the learner has yet to say"},
    )
    moved = ma.Float(
        required=True,
        allow_none=True,
        metadata={"description": "share of the visitors who would see something else"},
    )
    visitors = ma.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "exposures it is counted over; null before the first policy"},
    )
    sentence = ma.Nested(TranslatedSchema, required=True)
    definition = definition_field()
