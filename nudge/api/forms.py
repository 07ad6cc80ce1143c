"""Fields that several requests share; each error message names a valid value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from marshmallow import ValidationError, validate
from marshmallow import fields as ma

from nudge.config.slot_fields import JsonTable, Matches, field_texts
from nudge.config.slot_schema import CHANNELS
from nudge.domain.basics.slot_values import scalar_problem, text_problem
from nudge.domain.values.closed_list import ClosedList
from nudge.domain.values.ids import MAX_ID, parse_id
from nudge.domain.values.refusal import ValueRefusedError
from nudge.domain.values.words import parse_word

NUMBERS_MASKED: Final = "numbers_masked"
MAX_DECISION_ID: Final = 64
MAX_TOKEN: Final = 512
MAX_ATTRIBUTES: Final = 50
MAX_NAME: Final = 64
MAX_TEXT: Final = 200
PAGE_NAME: Final = r"^[a-z0-9][a-z0-9_.-]{0,63}$"
PAGE_CHANNELS: Final = ClosedList(CHANNELS)


class DoorField(ma.Field[Any]):
    """A field whose value comes in by one of the doors of `domain.values`.

    Args:
        parse: the door; it raises `ValueRefusedError`.
        right: a right value, in words.
        openapi: the value's type in the document.
        required: without it there is no request.
    """

    def __init__(
        self,
        parse: Callable[[object], object],
        right: str,
        openapi: Mapping[str, object],
        *,
        required: bool = False,
    ) -> None:
        super().__init__(required=required, **field_texts(right))
        self.parse = parse
        self.openapi = dict(openapi)

    def _deserialize(self, value: object, *_: object, **__: object) -> object:
        try:
            return self.parse(value)
        except ValueRefusedError as error:
            raise ValidationError(str(error)) from error


def text(right: str, longest: int, *, required: bool = False) -> DoorField:
    """Make a field of text: 1 to `longest` characters, none of them a control character."""
    kind = {"type": "string", "minLength": 1, "maxLength": longest}
    return DoorField(lambda value: parse_word(value, longest), right, kind, required=required)


def name(right: str) -> ma.String:
    """Make a field for the name of a page, slot or variant, as slots are configured."""
    return ma.String(validate=Matches(PAGE_NAME, right), **field_texts(right))


def external_id(right: str, longest: int = MAX_ID, *, required: bool = True) -> DoorField:
    """Make the field of an id that another system gave: text, or a whole number."""
    kind = {"type": ["string", "integer"]}
    return DoorField(lambda value: parse_id(value, longest), right, kind, required=required)


def visitor_id(*, required: bool = True) -> DoorField:
    """Make the field of the visitor's external id."""
    right = f"give the visitor's id, 1 to {MAX_ID} characters"
    return external_id(right, required=required)


def numbers_masked() -> ma.Integer:
    """Make the field of an answer that tells how many numbers stood in words."""
    text = "phone numbers that were masked in words of the request; missing where there were none"
    return ma.Integer(validate=validate.Range(1), metadata={"description": text})


def channel() -> DoorField:
    """Make the field of the visitor's channel."""
    right = f"use one of {', '.join(CHANNELS)}"
    kind = {"type": "string", "examples": list(CHANNELS)}
    return DoorField(PAGE_CHANNELS.parse, right, kind, required=True)


def page() -> ma.String:
    """Make the field of the page that the visitor is on."""
    right = 'name the page, such as "home": a-z, 0-9, _ . - only, at most 64 characters'
    return ma.String(required=True, validate=Matches(PAGE_NAME, right), **field_texts(right))


_SCALAR: Final = {
    "anyOf": [
        {"type": "string", "maxLength": MAX_TEXT},
        {"type": "number"},
        {"type": "boolean"},
        {"type": "null"},
    ]
}


class ValueTable(JsonTable):
    """A field with a small table: names of at most 64 characters, and values of one kind.

    Attributes:
        openapi: attributes for the OpenAPI document that marshmallow has no words for.
    """

    def __init__(
        self, right: str, *, most: int, check: Callable[[object], str | None], value: object
    ) -> None:
        super().__init__(right, check=check, validate=[_at_most(most), _short_names])
        self.openapi = {
            "additionalProperties": value,
            "maxProperties": most,
            "propertyNames": {"minLength": 1, "maxLength": MAX_NAME},
        }


def context() -> ValueTable:
    """Make the field of the context: attributes of the visit that the caller knows."""
    right = "give a table of text, numbers, true or false, such as last_amount: 50"
    return ValueTable(right, most=MAX_ATTRIBUTES, check=_attribute_problem, value=_SCALAR)


def force(most: int) -> ValueTable:
    """Make the field of forced variants, with which a person previews a page."""
    right = "give slot -> variant; it needs the scope admin as well"
    value = {"type": "string", "minLength": 1}
    return ValueTable(right, most=most, check=text_problem, value=value)


def rehearsal() -> DoorField:
    """Make the field that says whether a call is only a rehearsal, of which nothing is counted."""
    right = "use true or false; true needs the scope admin as well"
    return DoorField(_parse_flag, right, {"type": "boolean", "default": False})


def _parse_flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueRefusedError("use true or false")


def _attribute_problem(value: object) -> str | None:
    if isinstance(value, str) and len(value) > MAX_TEXT:
        return f"is too long; give at most {MAX_TEXT} characters"
    return scalar_problem(value)


def _at_most(most: int) -> Callable[[dict[str, Any]], None]:
    def check(table: dict[str, Any]) -> None:
        if len(table) > most:
            raise ValidationError(f"give at most {most} values")

    return check


def _short_names(table: dict[str, Any]) -> None:
    wrong = [key for key in table if not 1 <= len(key) <= MAX_NAME]
    if wrong:
        message = f"use names of 1 to {MAX_NAME} characters"
        raise ValidationError({key: [message] for key in wrong})
