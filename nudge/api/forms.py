"""Fields that several requests share; each error message names a valid value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from marshmallow import ValidationError, validate
from marshmallow import fields as ma

from nudge.config.slot_fields import JsonTable, Matches, OneOf, field_texts
from nudge.config.slot_schema import CHANNELS
from nudge.domain.basics.slot_values import scalar_problem, text_problem
from nudge.domain.identity.number import LONGEST

MAX_VISITOR_ID: Final = 200
MAX_EVENT_ID: Final = 128
MAX_DECISION_ID: Final = 64
MAX_TOKEN: Final = 512
MAX_ATTRIBUTES: Final = 50
MAX_NAME: Final = 64
MAX_TEXT: Final = 200
PRINTABLE: Final = r"^[^\x00-\x1f\x7f-\x9f]+$"
PAGE_NAME: Final = r"^[a-z0-9][a-z0-9_.-]{0,63}$"


def text(right: str, longest: int, *, required: bool = False) -> ma.String:
    """Make a field of text: 1 to `longest` characters, none of them a control character."""
    return ma.String(
        required=required,
        validate=[
            validate.Length(1, longest, error=right),
            Matches(PRINTABLE, "leave control characters out"),
        ],
        **field_texts(right),
    )


def name(right: str) -> ma.String:
    """Make a field for the name of a page, slot or variant, as slots are configured."""
    return ma.String(validate=Matches(PAGE_NAME, right), **field_texts(right))


def visitor_id(*, required: bool = True) -> ma.String:
    """Make the field of the visitor's external id."""
    right = f"give the visitor's id, 1 to {MAX_VISITOR_ID} characters"
    return text(right, MAX_VISITOR_ID, required=required)


def external_ids(written: str) -> tuple[str, ...]:
    """Return the ids that a path may mean: as it comes in today, then as it is written.

    What earlier versions took, with blanks around it, can still be read and erased.
    """
    return tuple(dict.fromkeys((written.strip() or written, written)))


def msisdn() -> ma.String:
    """Make the field of a phone number, whose format `domain.identity.number` checks."""
    return text("give a phone number", LONGEST)


def channel() -> ma.String:
    """Make the field of the visitor's channel."""
    right = f"use one of {', '.join(CHANNELS)}"
    return ma.String(required=True, validate=OneOf(*CHANNELS), **field_texts(right))


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
