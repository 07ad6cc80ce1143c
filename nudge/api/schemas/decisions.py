"""Schemas of POST /v1/decisions: they load requests, and the OpenAPI document shows them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from marshmallow import Schema, ValidationError, validate
from marshmallow import fields as ma

from nudge.api import forms
from nudge.api.schemas.optional_fields import load_with_warnings, warning_of
from nudge.config.slot_fields import Items, StrictTable, field_texts
from nudge.domain.choosing.requests import DecisionRequest, FieldWarning
from nudge.domain.identity.input_rules import InputRules
from nudge.domain.journal.records import DecisionReason
from nudge.domain.values.number_words import mask_numbers, mask_table, replace_numbers
from nudge.domain.values.refusal import ValueRefusedError
from nudge.errors import InvalidRequestError, NudgeError

MAX_SLOTS: Final = 20
MAX_VISITORS: Final = 100
REASONS: Final = tuple(one.value for one in DecisionReason)


def _unique(names: list[str]) -> None:
    if len(set(names)) < len(names):
        raise ValidationError("name each slot once")


def _slots() -> Items:
    right = f'list 1 to {MAX_SLOTS} slots, such as ["denomination", "banner"]'
    field = Items(
        forms.name("name a slot: a-z, 0-9, _ . - only, at most 64 characters"),
        required=True,
        validate=[validate.Length(1, MAX_SLOTS, error=right), _unique],
        **field_texts(right),
    )
    field.metadata = {**field.metadata, "uniqueItems": True}
    return field


ANY: Final = ["object", "array", "string", "number", "boolean", "null"]


def _optional(kind: Mapping[str, object]) -> dict[str, object]:
    """Describe a field that may be of any form: what does not fit is left out and told."""
    return {"type": ANY, "anyOf": [dict(kind), {"description": "is left out, with a warning"}]}


class VisitorItems(Items):
    """A field for a list of visitors, each of whom is loaded alone."""

    openapi: ClassVar[dict[str, object]] = {
        "minItems": 1,
        "maxItems": MAX_VISITORS,
        "items": {
            "anyOf": [
                {"$ref": "#/components/schemas/Visitor"},
                {"description": "is refused by its place in the list"},
            ]
        },
    }

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> list[Any]:  # noqa: ANN401 (marshmallow's own signature)
        if not isinstance(value, list) or not 1 <= len(value) <= MAX_VISITORS:
            raise self.make_error("invalid")
        return value


def _token(right: str, *, empty: bool = False) -> forms.DoorField:
    field = forms.text(right, forms.MAX_TOKEN)
    field.allow_none = empty
    field.openapi = _optional(field.openapi)
    return field


def _msisdn() -> forms.DoorField:
    # The number's own door is the installation's: see `_ask`.
    return forms.DoorField(
        lambda value: value, "give a phone number", _optional({"type": "string"})
    )


def _context() -> forms.ValueTable:
    field = forms.context()
    field.openapi = _optional({"type": "object", **field.openapi})
    return field


class VisitorSchema(StrictTable):
    """One visitor of a bulk request."""

    visitor_id = forms.visitor_id()
    context = _context()
    device_token = _token("send the device_token of an earlier answer, or leave it out", empty=True)
    msisdn = _msisdn()
    link_token = _token("send the link_token of an SMS, or leave it out")


class BulkRequestSchema(StrictTable):
    """A bulk request: decisions in some slots of a page, for up to 100 visitors."""

    channel = forms.channel()
    page = forms.page()
    slots = _slots()
    visitors = VisitorItems(
        ma.Nested(VisitorSchema), required=True, **field_texts(f"list 1 to {MAX_VISITORS} visitors")
    )


class DecisionRequestSchema(VisitorSchema):
    """A request for decisions in some slots of a page, for one visitor."""

    channel = forms.channel()
    page = forms.page()
    slots = _slots()
    force = forms.force(MAX_SLOTS)
    rehearsal = forms.rehearsal()


class TypedAmountSchema(Schema):
    """Limits of an amount that the visitor may type, in yuan."""

    min = ma.Float(required=True)
    max = ma.Float(required=True)
    step = ma.Float(required=True, metadata={"description": "step between amounts, from `min` on"})


class SlotAnswerSchema(Schema):
    """A decision in one slot: the variant to show, with its propensity and reason."""

    decision_id = ma.String(
        required=True, metadata={"description": "id to send with `shown` and `clicked`"}
    )
    variant = ma.String(required=True)
    value = ma.Raw(
        required=True, allow_none=True, metadata={"description": "value of the variant in the slot"}
    )
    propensity = ma.Float(required=True, validate=validate.Range(0, 1))
    reason = ma.String(required=True, validate=validate.OneOf(REASONS))
    policy = ma.String(required=True, metadata={"description": "kind of the policy"})
    policy_version = ma.Integer(required=True, metadata={"description": "version of the snapshot"})
    sticky = ma.Boolean(
        required=True, metadata={"description": "true: an earlier decision, repeated"}
    )
    degraded = ma.Boolean(
        required=True,
        metadata={
            "description": "true: the store was away: decided without the visitor's state, or not "
            "written yet"
        },
    )
    free_amount = ma.Nested(
        TypedAmountSchema,
        required=True,
        allow_none=True,
        metadata={"description": "amounts that may be typed instead; null if none may"},
    )


class FieldWarningSchema(Schema):
    """An optional field of the request that did not fit and was left out."""

    field = ma.String(required=True)
    message = ma.String(required=True)


class PageAnswerSchema(Schema):
    """The answer for a page: a decision for each slot."""

    decisions = ma.Dict(
        keys=ma.String(),
        values=ma.Nested(SlotAnswerSchema),
        required=True,
        metadata={"description": "slot -> decision"},
    )
    device_token = ma.String(
        required=True,
        metadata={"description": "token to send with the next call from this device"},
    )
    warnings = ma.List(
        ma.Nested(FieldWarningSchema),
        metadata={
            "description": "optional fields that did not fit and were left out; "
            "missing where all fitted"
        },
    )
    numbers_masked = forms.numbers_masked()


class VisitorAnswerSchema(PageAnswerSchema):
    """The answer for one visitor of a bulk request."""

    visitor_id = ma.String(required=True)


class RefusedVisitorSchema(Schema):
    """A visitor of a bulk request who does not fit; the others are answered."""

    visitor_id = ma.String(
        required=True, allow_none=True, metadata={"description": "as sent; null if it is no text"}
    )
    index = ma.Integer(required=True, metadata={"description": "place in the list, from 0"})
    code = ma.String(required=True)
    message = ma.String(required=True)
    errors = ma.Raw(metadata={"description": "field -> messages about its value"})


RESULTS: Final[dict[str, Any]] = {
    "title": "BulkAnswer",
    "type": "object",
    "required": ["results"],
    "description": "results of a bulk request, one for each of its visitors, in their order",
    "properties": {
        "results": {
            "type": "array",
            "items": {"anyOf": [VisitorAnswerSchema, RefusedVisitorSchema]},
        }
    },
}


# Making a schema costs four times as much as using it.
ONE: Final = DecisionRequestSchema()
MANY: Final = BulkRequestSchema()
EACH: Final = VisitorSchema()
OPTIONAL: Final = frozenset({"context", "device_token", "msisdn", "link_token"})
"""Fields without which a page still gets its answer."""


@dataclass(frozen=True)
class RefusedVisitor:
    """A visitor of a bulk request who does not fit.

    Attributes:
        visitor_id: as sent; None if it is no text.
        index: place in the list, from 0.
        errors: field -> messages.
    """

    visitor_id: str | None
    index: int
    code: str
    message: str
    errors: object


def load_request(body: Mapping[str, Any], rules: InputRules) -> DecisionRequest:
    """Load a body as the question of one page; optional fields that do not fit are left out.

    Raises:
        InvalidRequestError: some fields are invalid; it holds the messages of all of them.
    """
    try:
        return _ask(*load_with_warnings(ONE, body, OPTIONAL), rules)
    except ValidationError as error:
        raise _invalid(error.messages) from error


def load_requests(
    body: Mapping[str, Any],
    rules: InputRules,
    beyond: Collection[int] = (),
    limit: NudgeError | None = None,
) -> list[DecisionRequest | RefusedVisitor]:
    """Load a body as the questions of several visitors; one who does not fit costs no other.

    Args:
        body: as sent.
        rules: for values from outside.
        beyond: places of visitors who are refused as they are.
        limit: why these are refused.

    Raises:
        InvalidRequestError: what all of them share is invalid.
    """
    try:
        shared: dict[str, Any] = MANY.load(body)
    except ValidationError as error:
        raise _invalid(error.messages) from error
    visitors = shared.pop("visitors")
    return [
        _refused(one, index, limit)
        if limit is not None and index in beyond
        else _visitor(shared, one, index, rules)
        for index, one in enumerate(visitors)
    ]


def _visitor(
    shared: Mapping[str, Any], raw: object, index: int, rules: InputRules
) -> DecisionRequest | RefusedVisitor:
    table = raw if isinstance(raw, dict) else {}
    try:
        if table is not raw:
            raise _invalid({"_schema": ["is not a table; write {visitor_id, ...}"]})
        try:
            data, warnings = load_with_warnings(EACH, table, OPTIONAL)
        except ValidationError as error:
            raise _invalid(error.messages) from error
        return _ask({**shared, **data}, warnings, rules)
    except InvalidRequestError as error:
        return _refused(table, index, error)


def _refused(raw: object, index: int, error: NudgeError) -> RefusedVisitor:
    sent = raw.get("visitor_id") if isinstance(raw, dict) else None
    known = sent if isinstance(sent, str) else None
    told = error.errors if isinstance(error, InvalidRequestError) else None
    return RefusedVisitor(known, index, error.code, str(error), told)


def _ask(
    data: dict[str, Any], warnings: tuple[FieldWarning, ...], rules: InputRules
) -> DecisionRequest:
    try:
        data["visitor_id"] = rules.visitor_id(data["visitor_id"])
    except ValueRefusedError as error:
        raise _invalid({"visitor_id": [str(error)]}) from error
    data["slots"] = tuple(data["slots"])
    if data.get("msisdn") is not None:
        try:
            data["msisdn"] = rules.number(data["msisdn"])
        except ValueRefusedError as error:
            del data["msisdn"]
            warnings = (*warnings, warning_of("msisdn", error))
    masked = _mask_words(data)
    return DecisionRequest(**data, warnings=warnings, masked=masked)


def _mask_words(data: dict[str, Any]) -> int:
    """Mask phone numbers in the request's own words, in place; return how many there were."""
    context = data.get("context")
    found = mask_table(context) if context else None
    if found:
        data["context"] = found.table
    data["page"], in_page = replace_numbers(data["page"], mask_numbers)
    return in_page + (found.numbers if found else 0)


def _invalid(errors: object) -> InvalidRequestError:
    return InvalidRequestError("the request is invalid; see `errors` for each field", errors)
