"""Schema of the audit, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema
from marshmallow import fields as ma

from nudge.api.operation import query_parameter
from nudge.api.schemas.figure_fields import TIME

MOST: Final = 1_000
PAGE: Final = 100
FORMATS: Final = ("json", "csv")


class AuditLineSchema(Schema):
    """A line of the audit: who did what to what, when and why."""

    at = ma.String(required=True, metadata={"format": "date-time"})
    who = ma.String(
        required=True,
        metadata={
            "description": "`user:NAME`, a key's id, a name that a command gave, or a monitor; "
            "empty where nobody is known"
        },
    )
    action = ma.String(
        required=True,
        metadata={"description": "such as `slot_changed`, or the operationId that a user called"},
    )
    object = ma.String(required=True, metadata={"description": "such as `slot:banner`, or a path"})
    why = ma.String(required=True)
    revision = ma.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "that it made, or version of the policy that it held"},
    )
    diff: ma.List[Any] = ma.List(
        ma.String(), required=True, metadata={"description": "what it changed, `key: old -> new`"}
    )


class AuditSchema(Schema):
    """A page of the audit, the newest line first."""

    lines: ma.List[Any] = ma.List(ma.Nested(AuditLineSchema), required=True)
    cursor = ma.String(
        required=True, metadata={"description": "of the next page; empty where there is none"}
    )


PARAMETERS: Final = (
    query_parameter("who", "only what this user or key did"),
    query_parameter("object", "only objects that begin with this, such as `slot:banner`"),
    query_parameter("action", "only this action"),
    query_parameter("from", f"only then or later; {TIME}"),
    query_parameter("to", f"only before; {TIME}"),
    query_parameter("limit", f"most lines of the page: 1 to {MOST}, {PAGE} if left out"),
    query_parameter("cursor", "of the page before: where this one begins"),
    query_parameter("format", "json or csv", enum=list(FORMATS)),
)
