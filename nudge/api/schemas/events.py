"""Event types with their fields: the one table; `domain` has the types of pages and servers."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from marshmallow import Schema, ValidationError, validate
from marshmallow import fields as ma

from nudge.api import forms
from nudge.api.schemas.optional_fields import load_with_warnings, warning_of
from nudge.config.slot_fields import Instant, OneOf, StrictTable, field_texts
from nudge.domain.basics.slot_values import MAX_INTEGER, suggestion
from nudge.domain.care.experience.leaving import KINDS, LEAVING
from nudge.domain.choosing.requests import EventRequest, FieldWarning, RejectedEvent
from nudge.domain.identity.input_rules import InputRules
from nudge.domain.journal.event import EVENT_TYPES, NEEDS_DECISION
from nudge.domain.people.consent_proof import SOURCE, TEXT_VERSION
from nudge.domain.people.consents import SMS_REPLY
from nudge.domain.people.deliveries import MESSAGE_ID
from nudge.domain.values.amounts import FEN_TEXT, YUAN, parse_amount, parse_fen
from nudge.domain.values.closed_list import ClosedList
from nudge.domain.values.flags import parse_flag
from nudge.domain.values.ids import MAX_EVENT_ID
from nudge.domain.values.number_words import mask_numbers, mask_table
from nudge.domain.values.quantities import parse_quantity
from nudge.domain.values.refusal import ValueRefusedError

STEPS: Final = ClosedList(("home", "recharge", "amount", "number", "pay_tapped", "method"))
MAX_FEEDBACK: Final = 1000
MAX_MESSAGE_ID: Final = 64
MOST_SCORE: Final = 10
ENVELOPE: Final = frozenset({"event_id", "type", "visitor_id", "at", "decision_id"})
LINK: Final = "token"
"""Field of `sms_clicked` that holds the link token of the SMS."""
PRIVATE: Final = frozenset({"msisdn", "device_token"})
"""Fields that never enter a record."""
CASE: Final = "case"
HIDDEN_ELSEWHERE: Final = frozenset({"text", "other_id", "refund_of", MESSAGE_ID, CASE})
"""Fields that are encrypted or hashed before they are written; in ids numbers are hashed, and an id
of a case has a form that no number has."""
_CASE_ID: Final = re.compile(r"[0-9]{1,5}-[0-9a-f]{18}")
AMOUNT: Final = "amount"
IN_FEN: Final = "amount_fen"
"""Field that a sender may give in place of `amount`; only `amount` enters a record."""

IDENTIFIED: Final = "identified"
REFUNDED: Final = "refunded"
FAILED: Final = "sms_failed"

Fields = dict[str, ma.Field[Any]]


def _word(right: str, *, required: bool = False) -> forms.DoorField:
    return forms.text(right, forms.MAX_NAME, required=required)


def _listed(right: str) -> forms.DoorField:
    # The list itself is the installation's: see `OWN_DOORS`.
    return forms.text(right, forms.MAX_NAME, required=True)


def _money() -> Fields:
    amount = forms.DoorField(parse_amount, YUAN, {"type": "number"})
    return {AMOUNT: amount, IN_FEN: forms.DoorField(parse_fen, FEN_TEXT, {"type": "integer"})}


def _msisdn() -> forms.DoorField:
    return forms.DoorField(lambda value: value, "give a phone number", {"type": "string"})


def _step() -> forms.DoorField:
    kind = {"type": "string", "enum": list(STEPS.words)}
    right = f"use one of {', '.join(STEPS.words)}"
    return forms.DoorField(STEPS.parse, right, kind, required=True)


def _method() -> forms.DoorField:
    return _word('name the method of payment, such as "wallet"')


def _content() -> forms.DoorField:
    return _word('give the tag of what it says, such as "spring"')


def _message_id() -> ma.Field[Any]:
    right = f"give the message's id at the gateway, 1 to {MAX_MESSAGE_ID} characters"
    return forms.external_id(right, MAX_MESSAGE_ID, required=False)


def _token() -> forms.DoorField:
    return forms.text("give the device_token of an earlier answer", forms.MAX_TOKEN)


def _score(value: object) -> float:
    found = parse_quantity(value)
    if not 0 <= found <= MOST_SCORE:
        raise ValueRefusedError(f"is out of range; give a number from 0 to {MOST_SCORE}")
    return int(found) if found.is_integer() else found


def _case_id(value: object) -> str:
    if not (isinstance(value, str) and _CASE_ID.fullmatch(value)):
        raise ValueRefusedError("is not the id of a case; give one of GET /v1/winback")
    return value


def _feedback() -> Fields:
    longest = f"give at most {MAX_FEEDBACK} characters"
    scale = {"type": "number", "minimum": 0, "maximum": MOST_SCORE}
    return {
        "scene": _word("name what the visitor had done"),
        "touch_point": _word('name where the visitor met you, such as "app_home" or "hall"'),
        "score": forms.DoorField(_score, f"give a number from 0 to {MOST_SCORE}", scale),
        "text": ma.String(
            validate=validate.Length(max=MAX_FEEDBACK, error=longest), **field_texts(longest)
        ),
        **_leaving(),
    }


def _reply() -> ma.Field[Any]:
    right = f"give what the reply says, 1 to {MAX_FEEDBACK} characters"
    within = validate.Length(min=1, max=MAX_FEEDBACK, error=right)
    return ma.String(required=True, validate=within, **field_texts(right))


def _leaving() -> Fields:
    kind = {"type": "string", "enum": list(KINDS.words)}
    return {LEAVING: forms.DoorField(KINDS.parse, f"use one of {', '.join(KINDS.words)}", kind)}


FIELDS: Final[Mapping[str, Fields]] = {
    "shown": {},
    "clicked": {},
    "step": {
        "step": _step(),
        "method": _method(),
        **_money(),
        "msisdn": _msisdn(),
        "device_token": _token(),
    },
    "prefill_kept": {},
    "prefill_edited": {},
    "payment_failed": {
        "reason": _word('say why, such as "insufficient_balance"'),
        "method": _method(),
    },
    "feedback": _feedback(),
    "paid": {**_money(), "method": _method(), "msisdn": _msisdn()},
    "sms_sent": {
        "purpose": _word('name the purpose, such as "reminder"'),
        "content": _content(),
        MESSAGE_ID: _message_id(),
    },
    "sms_delivered": {MESSAGE_ID: _message_id()},
    "sms_failed": {MESSAGE_ID: _message_id(), "reason": _word("say why, as the gateway does")},
    "sms_clicked": {LINK: forms.text("give the link's token", forms.MAX_TOKEN)},
    "sms_reply": {"text": _reply(), "msisdn": _msisdn()},
    "contacted": {
        "channel": _listed('name the channel, such as "sms" or "call"'),
        "purpose": _listed('name the purpose, such as "reminder"'),
        "content": _content(),
        MESSAGE_ID: _message_id(),
    },
    "consent": {
        "channel": _listed('name the channel, such as "sms"'),
        "given": forms.DoorField(
            parse_flag, "write true or false", {"type": "boolean"}, required=True
        ),
        TEXT_VERSION: _word('name the version of the text that was agreed to, such as "2026-03"'),
        SOURCE: _word('name where it was said, such as "app" or "hall"'),
    },
    "complaint": {**_leaving()},
    "identified": {"other_id": forms.visitor_id(required=False), "msisdn": _msisdn()},
    "benefit_granted": {"group": _word("name the group of the benefit", required=True)},
    "winback_outcome": {
        "outcome": _word('say what came of it, such as "recharged"'),
        CASE: forms.DoorField(
            _case_id, "give the id of a case; left out: the open one", {"type": "string"}
        ),
        **_leaving(),
    },
    "refunded": {
        "refund_of": forms.external_id("give the event_id of the payment", MAX_EVENT_ID),
        **_money(),
    },
}
"""Event type -> its own fields; any event may also name its decision."""

SERVER_NEEDS: Final = {"paid": (AMOUNT,)}
"""Event type -> fields that a server must give; a page's claim may omit them."""

OWN_DOORS: Final[Mapping[str, Callable[[InputRules], Callable[[object], object]]]] = {
    "visitor_id": lambda rules: rules.visitor_id,
    "other_id": lambda rules: rules.visitor_id,
    "msisdn": lambda rules: rules.number,
    "channel": lambda rules: rules.channels.parse,
    "purpose": lambda rules: rules.purposes.parse,
}
"""Field -> the door that its value passes besides the form's: of the installation."""


def _envelope(event_type: str) -> Fields:
    decision = forms.text(
        "give the decision_id from an answer",
        forms.MAX_DECISION_ID,
        required=event_type in NEEDS_DECISION,
    )
    at = "give seconds since the epoch, or a date and time with its zone"
    right = f"give each event an id of its own, 1 to {MAX_EVENT_ID} characters"
    return {
        "event_id": forms.external_id(right, MAX_EVENT_ID),
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
NEEDED: Final = frozenset({"event_id", "type", "at"})
"""Fields without which, or with another value of which, it would be another event. The time
decides what is credited: one that does not fit must not become now."""
NEEDED_OF: Final[Mapping[str, frozenset[str]]] = {REFUNDED: frozenset({AMOUNT, IN_FEN})}
"""Event type -> more such fields: a refund without its amount would be one of the whole payment."""
OPTIONAL: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(n for n, field in schema.fields.items() if not field.required)
    - NEEDED
    - NEEDED_OF.get(name, frozenset())
    for name, schema in _SCHEMAS.items()
}
"""Event type -> fields that never cost the event."""


@dataclass(frozen=True)
class EventDoor:
    """The door by which the items of a batch come in.

    Attributes:
        server: the sender is a server and must give the fields of `SERVER_NEEDS`.
        rules: for values from outside.
        is_known: tells a decision_id of this service from any other text.
    """

    server: bool
    rules: InputRules
    is_known: Callable[[str], bool]

    def load(self, raw: object) -> EventRequest | RejectedEvent:
        """Parse one item of a batch as an event, or reject it with the reason.

        An optional field that does not fit is left out and told: it never costs the event.
        """
        if not isinstance(raw, dict):
            return RejectedEvent(
                "", "invalid", "an event is an object; write {event_id, type, ...}"
            )
        schema = _SCHEMAS.get(raw["type"]) if isinstance(raw.get("type"), str) else None
        if schema is None:
            cure = suggestion(raw.get("type"), EVENT_TYPES)
            return reject(raw, f"type: unknown event type; {cure}")
        try:
            optional = OPTIONAL[raw["type"]]
            data, warnings = load_with_warnings(schema, raw, optional)
            told = [*warnings, *self._own_doors(data, optional), *_one_amount(data)]
            told += self._links(data)
        except ValidationError as error:
            return reject(raw, _join_messages(error.messages_dict))
        problem = self._problem(data, told)
        return reject(raw, problem) if problem else _event_request(data, tuple(told))

    def _own_doors(self, data: dict[str, Any], optional: Collection[str]) -> Iterator[FieldWarning]:
        """Pass values through the installation's doors, in place.

        Raises:
            ValidationError: a field that is needed does not fit.
        """
        for name in [name for name in data if name in OWN_DOORS]:
            try:
                data[name] = OWN_DOORS[name](self.rules)(data[name])
            except ValueRefusedError as error:
                if name not in optional:
                    raise ValidationError({name: [str(error)]}) from error
                del data[name]
                yield warning_of(name, error)

    def _links(self, data: dict[str, Any]) -> Iterator[FieldWarning]:
        """Leave out what names nothing here, where the event says enough without it."""
        decision = data.get("decision_id")
        needed = data["type"] in NEEDS_DECISION or not data.get("visitor_id")
        if decision and not needed and not self.is_known(decision):
            del data["decision_id"]
            yield warning_of("decision_id", "was not given by this service")
        if data["type"] == "step" and "msisdn" in data and not data.get("device_token"):
            del data["msisdn"]
            wrong = "needs the device_token of the device on which it was typed"
            yield warning_of("msisdn", wrong)

    def _problem(self, data: Mapping[str, Any], told: Iterable[FieldWarning]) -> str | None:
        """Describe the first missing field; None if the event is complete."""
        why = {one.field: one.message.partition("; the field was left out")[0] for one in told}
        for name in SERVER_NEEDS.get(data["type"], ()) if self.server else ():
            if name not in data:
                refused = why.get(name) or why.get(IN_FEN)
                return f"{name}: {refused or 'is missing; a server must give it'}"
        by_number = data["type"] == SMS_REPLY and "msisdn" in data
        if not by_number and not any(data.get(x) for x in ("visitor_id", "decision_id", LINK)):
            named = ("visitor_id", "decision_id", LINK, "msisdn")
            wrong = next((one for one in named if one in why), None)
            if wrong:
                return f"{wrong}: {why[wrong]}"
            return "visitor_id: is missing; give it, or a decision_id"
        if data["type"] == FAILED and not (MESSAGE_ID in data or data.get("decision_id")):
            refused = why.get(MESSAGE_ID) or why.get("decision_id")
            return f"{MESSAGE_ID}: {refused or 'is missing; give it, or the decision_id'}"
        if data["type"] == IDENTIFIED and not ("other_id" in data or "msisdn" in data):
            other = next((one for one in ("other_id", "msisdn") if one in why), None)
            return f"{other}: {why[other]}" if other else None
        return None


def _one_amount(data: dict[str, Any]) -> Iterator[FieldWarning]:
    """Put the amount that was given in fen in the place of the one in yuan.

    Two amounts that differ are none: nobody knows which one was paid.

    Raises:
        ValidationError: they differ, and the event means nothing without them.
    """
    fen = data.pop(IN_FEN, None)
    if fen is None:
        return
    yuan = data.setdefault(AMOUNT, fen)
    if yuan != fen:
        if data["type"] in NEEDED_OF:
            raise ValidationError({AMOUNT: [f"is another than {IN_FEN}; give one of them"]})
        del data[AMOUNT]
        yield warning_of(AMOUNT, f"is another amount than {IN_FEN}; give one of them")


def _event_request(data: dict[str, Any], warnings: tuple[FieldWarning, ...]) -> EventRequest:
    fields = {name: value for name, value in data.items() if name not in ENVELOPE | PRIVATE}
    words = {name: value for name, value in fields.items() if name not in HIDDEN_ELSEWHERE}
    found = mask_table(words)
    return EventRequest(
        event_id=data["event_id"],
        type=data["type"],
        visitor_id=data.get("visitor_id", ""),
        at=data.get("at"),
        decision_id=data.get("decision_id"),
        fields=fields | found.table if found else fields,
        msisdn=data.get("msisdn"),
        device_token=data.get("device_token"),
        warnings=warnings,
        masked=found.numbers if found else 0,
    )


def reject(raw: object, message: str, code: str = "invalid") -> RejectedEvent:
    """Reject an item of a batch, under the id that it came with."""
    event_id = raw.get("event_id") if isinstance(raw, dict) else None
    known = event_id[:MAX_EVENT_ID] if isinstance(event_id, str) else ""
    if isinstance(event_id, int) and not isinstance(event_id, bool):
        known = str(event_id)[:MAX_EVENT_ID] if abs(event_id) < MAX_INTEGER else ""
    return RejectedEvent(known, code, mask_numbers(message))


def _join_messages(messages: Mapping[str, Any]) -> str:
    return "; ".join(f"{name}: {' '.join(map(str, found))}" for name, found in messages.items())
