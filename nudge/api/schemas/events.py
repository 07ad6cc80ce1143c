"""Event types with their fields: the one table; `domain` has the types of pages and servers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from marshmallow import Schema, ValidationError, validate
from marshmallow import fields as ma

from nudge.api import forms
from nudge.config.slot_fields import FiniteNumber, Flag, Instant, OneOf, StrictTable, field_texts
from nudge.domain.basics.slot_values import suggestion
from nudge.domain.choosing.requests import EventRequest, RejectedEvent
from nudge.domain.identity import number as phone
from nudge.domain.identity.number import InvalidNumberError, parse_number
from nudge.domain.journal.event import EVENT_TYPES, NEEDS_DECISION

STEPS: Final = ("home", "recharge", "amount", "number", "pay_tapped", "method")
MAX_AMOUNT: Final = 100_000
MAX_FEEDBACK: Final = 1000
ENVELOPE: Final = frozenset({"event_id", "type", "visitor_id", "at", "decision_id"})
LINK: Final = "token"
"""Field of `sms_clicked` that holds the link token of the SMS."""
PRIVATE: Final = frozenset({"msisdn", "device_token"})
"""Fields that never enter a record."""

Fields = dict[str, ma.Field[Any]]


def _whole_fen(amount: float) -> None:
    exact = Decimal(str(amount))
    if exact != round(exact, 2):
        raise ValidationError("give at most 2 decimals")


def _word(right: str, *, required: bool = False) -> ma.String:
    return forms.text(right, forms.MAX_NAME, required=required)


def _amount() -> FiniteNumber:
    right = f"give yuan, more than 0 and at most {MAX_AMOUNT}"
    limits = validate.Range(0, MAX_AMOUNT, min_inclusive=False, error=right)
    return FiniteNumber(validate=[limits, _whole_fen], **field_texts(right))


def _step() -> ma.String:
    right = f"use one of {', '.join(STEPS)}"
    return ma.String(required=True, validate=OneOf(*STEPS), **field_texts(right))


def _token() -> ma.String:
    return forms.text("give the device_token of an earlier answer", forms.MAX_TOKEN)


def _feedback() -> Fields:
    scale = "give a number from 0 to 10"
    longest = f"give at most {MAX_FEEDBACK} characters"
    return {
        "scene": _word("name what the visitor had done"),
        "score": FiniteNumber(validate=validate.Range(0, 10, error=scale), **field_texts(scale)),
        "text": ma.String(
            validate=validate.Length(max=MAX_FEEDBACK, error=longest), **field_texts(longest)
        ),
    }


FIELDS: Final[Mapping[str, Fields]] = {
    "shown": {},
    "clicked": {},
    "step": {
        "step": _step(),
        "amount": _amount(),
        "msisdn": forms.msisdn(),
        "device_token": _token(),
    },
    "prefill_kept": {},
    "prefill_edited": {},
    "payment_failed": {
        "reason": _word('say why, such as "insufficient_balance"'),
        "method": _word('name the method of payment, such as "wallet"'),
    },
    "feedback": _feedback(),
    "paid": {"amount": _amount(), "msisdn": forms.msisdn()},
    "sms_sent": {"purpose": _word('name the purpose, such as "reminder"')},
    "sms_delivered": {},
    "sms_clicked": {LINK: forms.text("give the link's token", forms.MAX_TOKEN)},
    "contacted": {
        "channel": _word('name the channel, such as "sms" or "call"', required=True),
        "purpose": _word('name the purpose, such as "reminder"', required=True),
    },
    "consent": {
        "channel": _word('name the channel, such as "sms"', required=True),
        "given": Flag(required=True, **field_texts("write true or false")),
    },
    "complaint": {},
    "identified": {"other_id": forms.visitor_id(required=False), "msisdn": forms.msisdn()},
    "benefit_granted": {"group": _word("name the group of the benefit", required=True)},
    "winback_outcome": {"outcome": _word('say what came of it, such as "recharged"')},
}
"""Event type -> its own fields; any event may also name its decision."""

SERVER_NEEDS: Final = {"paid": ("amount",)}
"""Event type -> fields that a server must give; a page's claim may omit them."""


def _envelope(event_type: str) -> Fields:
    decision = forms.text(
        "give the decision_id from an answer",
        forms.MAX_DECISION_ID,
        required=event_type in NEEDS_DECISION,
    )
    at = "give seconds since the epoch, or a date and time with its zone"
    return {
        "event_id": forms.text(
            f"give each event an id of its own, 1 to {forms.MAX_EVENT_ID} characters",
            forms.MAX_EVENT_ID,
            required=True,
        ),
        "type": ma.String(
            required=True, validate=OneOf(event_type), **field_texts("name the type")
        ),
        "visitor_id": forms.visitor_id(required=False),
        "at": Instant(**field_texts(at)),
        "decision_id": decision,
    }


def _schema(event_type: str) -> type[Schema]:
    words = "".join(part.title() for part in event_type.split("_"))
    return StrictTable.from_dict(_envelope(event_type) | FIELDS[event_type], name=f"{words}Event")


CLASSES: Final[Mapping[str, type[Schema]]] = {name: _schema(name) for name in FIELDS}
_SCHEMAS: Final = {name: schema() for name, schema in CLASSES.items()}


def load_event(raw: object, *, server: bool, region: str) -> EventRequest | RejectedEvent:
    """Parse one item of a batch as an event, or reject it with the reason.

    Args:
        raw: item of the batch, of any type.
        server: the sender is a server and must give the fields of `SERVER_NEEDS`.
        region: country of numbers without a country code.
    """
    if not isinstance(raw, dict):
        return RejectedEvent("", "invalid", "an event is an object; write {event_id, type, ...}")
    schema = _SCHEMAS.get(raw["type"]) if isinstance(raw.get("type"), str) else None
    if schema is None:
        cure = suggestion(raw.get("type"), EVENT_TYPES)
        return _reject(raw, f"type: unknown event type; {cure}")
    try:
        data: dict[str, Any] = schema.load(raw)
    except ValidationError as error:
        return _reject(raw, _join_messages(error.messages_dict))
    problem = _problem(data, server=server)
    if problem:
        return _reject(raw, problem)
    try:
        return _event_request(
            data, parse_number(data["msisdn"], region) if data.get("msisdn") else None
        )
    except InvalidNumberError as error:
        return _reject(raw, f"msisdn: {error}")


def _problem(data: Mapping[str, Any], *, server: bool) -> str | None:
    """Describe the first missing field; None if the event is complete."""
    missing = [name for name in SERVER_NEEDS.get(data["type"], ()) if name not in data]
    if server and missing:
        return f"{missing[0]}: is missing; a server must give it"
    if not any(data.get(name) for name in ("visitor_id", "decision_id", LINK)):
        return "visitor_id: is missing; give it, or a decision_id"
    if data["type"] == "step" and data.get("msisdn") and not data.get("device_token"):
        return "device_token: is missing; a number is kept for the device that typed it"
    return None


def _event_request(data: dict[str, Any], msisdn: phone.Number | None) -> EventRequest:
    return EventRequest(
        event_id=data["event_id"],
        type=data["type"],
        visitor_id=data.get("visitor_id", ""),
        at=data.get("at"),
        decision_id=data.get("decision_id"),
        fields={name: value for name, value in data.items() if name not in ENVELOPE | PRIVATE},
        msisdn=msisdn,
        device_token=data.get("device_token"),
    )


def _reject(raw: Mapping[str, object], message: str) -> RejectedEvent:
    event_id = raw.get("event_id")
    known = event_id[: forms.MAX_EVENT_ID] if isinstance(event_id, str) else ""
    return RejectedEvent(known, "invalid", message)


def _join_messages(messages: Mapping[str, Any]) -> str:
    return "; ".join(f"{name}: {' '.join(map(str, found))}" for name, found in messages.items())
