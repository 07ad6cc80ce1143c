"""Schemas of OFREP, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, validate
from marshmallow import fields as ma

CODES: Final = ("FLAG_NOT_FOUND", "INVALID_CONTEXT", "PARSE_ERROR", "TARGETING_KEY_MISSING")
CONTEXT: Final[dict[str, Any]] = {
    "title": "EvaluationRequest",
    "type": "object",
    "description": "the evaluation context of OpenFeature",
    "properties": {
        "context": {
            "type": "object",
            "description": "the visitor's id as `targetingKey`; `channel` and `page`; what is "
            "known of the visit. What is no attribute is left out and told in the metadata",
            "additionalProperties": True,
        }
    },
}


class FlagMetadataSchema(Schema):
    """The metadata of a flag: what is told beside its value."""

    decision_id = ma.String(
        required=True, metadata={"description": "id to send with `shown` and `clicked`"}
    )
    propensity = ma.Float(required=True, validate=validate.Range(0, 1))
    policy = ma.String(required=True, metadata={"description": "kind of the policy"})
    policy_version = ma.Integer(required=True, metadata={"description": "version of the snapshot"})
    reason = ma.String(required=True, metadata={"description": "reason of the decision"})
    holdout = ma.Boolean(required=True, metadata={"description": "the visitor is in a holdout"})
    fallback = ma.Boolean(required=True, metadata={"description": "nothing was chosen"})
    degraded = ma.Boolean(required=True, metadata={"description": "the store was away"})
    free_amount_min = ma.Float(metadata={"description": "least amount that may be typed, yuan"})
    free_amount_max = ma.Float(metadata={"description": "largest amount that may be typed"})
    free_amount_step = ma.Float(metadata={"description": "step between amounts"})
    device_token = ma.String(metadata={"description": "context to send with the next call"})
    left_out = ma.String(metadata={"description": "names of the context that did not fit"})
    numbers_masked = ma.Integer(metadata={"description": "phone numbers masked in words"})


class FlagSchema(Schema):
    """The evaluation of a flag."""

    key = ma.String(required=True, metadata={"description": "name of the slot"})
    reason = ma.String(
        required=True,
        validate=validate.OneOf(("SPLIT", "TARGETING_MATCH", "STATIC", "DEFAULT")),
    )
    variant = ma.String(required=True)
    value = ma.Raw(metadata={"description": "missing: the application's own default stands"})
    metadata = ma.Nested(FlagMetadataSchema, required=True)


class FlagFailureSchema(Schema):
    """A flag that was not evaluated; the application's own default stands."""

    key = ma.String(required=True, metadata={"description": "as asked for"})
    errorCode = ma.String(  # noqa: N815 (the protocol's word)
        required=True, validate=validate.OneOf(CODES)
    )
    errorDetails = ma.String(required=True)  # noqa: N815 (the protocol's word)


class BulkFailureSchema(Schema):
    """A bulk call that was not evaluated."""

    errorCode = ma.String(  # noqa: N815 (the protocol's word)
        required=True, validate=validate.OneOf(CODES)
    )
    errorDetails = ma.String(required=True)  # noqa: N815 (the protocol's word)


class FlagSetMetadataSchema(Schema):
    """The metadata of a bulk answer: what is told beside all flags."""

    device_token = ma.String(
        required=True, metadata={"description": "context to send with the next call"}
    )
    left_out = ma.String(metadata={"description": "names of the context that did not fit"})
    numbers_masked = ma.Integer(metadata={"description": "phone numbers masked in words"})


FLAGS: Final[dict[str, Any]] = {
    "title": "FlagSet",
    "type": "object",
    "required": ["flags", "metadata"],
    "properties": {
        "flags": {"type": "array", "items": {"anyOf": [FlagSchema, FlagFailureSchema]}},
        "metadata": FlagSetMetadataSchema,
    },
}
