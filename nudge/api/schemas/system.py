"""Schema of the system's state, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api.schemas.figure_fields import TranslatedSchema
from nudge.domain.system.system_row import Part, RowState

_TIME: Final = {"format": "date-time"}


class SystemRowSchema(TranslatedSchema):
    """One thing that runs: its state in a word and in a sentence."""

    part = ma.String(required=True, validate=validate.OneOf([one.value for one in Part]))
    name = ma.String(
        required=True,
        metadata={"description": "within the part, such as a fold's; empty where it is the part"},
    )
    state = ma.String(required=True, validate=validate.OneOf([one.value for one in RowState]))
    figures = ma.Dict(
        keys=ma.String(),
        values=ma.Float(),
        required=True,
        metadata={"description": "behind the sentence: seconds, records, bytes, shares"},
    )
    link = ma.String(required=True, metadata={"description": "section of the runbook"})


class SystemVersionsSchema(Schema):
    """The versions of what runs."""

    nudge = ma.String(required=True)
    python = ma.String(required=True)
    documents = ma.Dict(keys=ma.String(), values=ma.Integer(), required=True)
    slots = ma.Dict(keys=ma.String(), values=ma.Integer(), required=True)
    policies = ma.Dict(keys=ma.String(), values=ma.Integer(), required=True)


class SystemKeySchema(Schema):
    """An API key, without its secret."""

    key_id = ma.String(required=True)
    name = ma.String(required=True)
    scopes: ma.List[Any] = ma.List(ma.String(), required=True)
    origins: ma.List[Any] = ma.List(ma.String(), required=True)
    made_at = ma.String(required=True, metadata=_TIME)
    revoked_at = ma.String(required=True, allow_none=True, metadata=_TIME)


class SystemSchema(TranslatedSchema):
    """The state of everything that runs, with the verdict on it in a sentence."""

    at = ma.String(required=True, metadata=_TIME)
    rows: ma.List[Any] = ma.List(ma.Nested(SystemRowSchema), required=True)
    versions = ma.Nested(SystemVersionsSchema, required=True)
    keys: ma.List[Any] = ma.List(
        ma.Nested(SystemKeySchema),
        required=True,
        allow_none=True,
        metadata={"description": "for admins; null for others, and without the store"},
    )
