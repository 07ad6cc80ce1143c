"""Schemas of the check of one contact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from marshmallow import Schema, ValidationError
from marshmallow import fields as ma

from nudge.api import forms
from nudge.api.schemas.figure_fields import TranslatedSchema
from nudge.config.slot_fields import Instant, StrictTable, field_texts
from nudge.domain.contact.pressure_rules import ContactKind
from nudge.domain.identity.input_rules import InputRules
from nudge.domain.identity.number import Number
from nudge.domain.timing.plan_request import REMINDER, SMS
from nudge.domain.values.refusal import ValueRefusedError
from nudge.errors import InvalidRequestError

MAX_ID: Final = 64
_TIME: Final = {"format": "date-time"}
_ONE: Final = "give either visitor_id or msisdn"
_NUMBER: Final = forms.DoorField(
    # The number's own door is the installation's.
    lambda value: value,
    "give a phone number",
    {"type": ["string", "integer"]},
)


class ContactQuestionSchema(StrictTable):
    """A question whether one visitor may be contacted: by their id, or by their number."""

    visitor_id = forms.visitor_id(required=False)
    msisdn = _NUMBER
    channel = forms.text('of the contact policy, such as "sms"; sms if left out', MAX_ID)
    purpose = forms.text('of the contact policy, such as "reminder"; reminder if left out', MAX_ID)
    at = Instant(**field_texts("a time with its zone, now or within 31 days; now if left out"))


class ContactReasonSchema(Schema):
    """A reason that forbids the contact at that moment."""

    code = ma.String(required=True, metadata={"description": "of the contact policy"})
    detail = ma.Nested(
        TranslatedSchema,
        required=True,
        metadata={"description": "the reason with the visitor's figures, as a clause"},
    )


class ContactCheckSchema(Schema):
    """The answer whether one visitor may be contacted."""

    visitor = ma.String(
        required=True, metadata={"description": "as asked; a phone number is masked"}
    )
    channel = ma.String(required=True)
    purpose = ma.String(required=True)
    at = ma.String(required=True, metadata=_TIME)
    zone = ma.String(required=True, metadata={"description": "the visitor's time zone"})
    allowed = ma.Boolean(required=True, metadata={"description": "at that moment"})
    earliest = ma.String(
        required=True,
        allow_none=True,
        metadata=_TIME | {"description": "from that moment on; null: within 31 days there is none"},
    )
    reasons = ma.List(
        ma.Nested(ContactReasonSchema),
        required=True,
        metadata={"description": "all of them, the visitor's own first; empty where it is allowed"},
    )
    sentence = ma.Nested(TranslatedSchema, required=True)


class ContactCheckRequest(NamedTuple):
    """The question whether one visitor may be contacted.

    Attributes:
        visitor_id: None where the number is given.
        number: None where the id is given.
        kind: purpose and channel.
        at: seconds; None for now.
    """

    visitor_id: str | None
    number: Number | None
    kind: ContactKind
    at: float | None


_EACH: Final = ContactQuestionSchema()


def load_check(table: Mapping[str, Any], rules: InputRules) -> ContactCheckRequest:
    """Load the question about one contact.

    Raises:
        InvalidRequestError: some fields are invalid; it holds the messages of all of them. None of
            them repeats a number.
    """
    try:
        data = _through(_EACH.load(table), rules)
    except ValidationError as error:
        message = "the request is invalid; see `errors` for each field"
        raise InvalidRequestError(message, error.messages) from error
    kind = ContactKind(data.get("purpose", REMINDER), data.get("channel", SMS))
    return ContactCheckRequest(data.get("visitor_id"), data.get("msisdn"), kind, data.get("at"))


def _through(data: Mapping[str, Any], rules: InputRules) -> dict[str, Any]:
    """Return the values, parsed by the doors of the installation.

    Raises:
        ValidationError: some are refused; it holds the messages of all of them.
    """
    doors = {
        "visitor_id": rules.visitor_id,
        "msisdn": rules.number,
        "purpose": rules.purposes.parse,
        "channel": rules.channels.parse,
    }
    found = dict(data)
    one = ("visitor_id" in data) != ("msisdn" in data)
    wrong: dict[str, list[str]] = {} if one else {"visitor_id": [_ONE]}
    for name in doors.keys() & data.keys():
        try:
            found[name] = doors[name](data[name])
        except ValueRefusedError as error:
            wrong[name] = [str(error)]
    if wrong:
        raise ValidationError(dict(wrong))
    return found
