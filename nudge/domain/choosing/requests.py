"""Requests of callers and their answers, between the HTTP face and the flows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nudge.domain.identity.number import Number
from nudge.domain.journal.records import Reason
from nudge.domain.slots.slot import FreeAmount, Scalar


@dataclass(frozen=True)
class DecisionRequest:
    """A page's question: what to show this visitor in these slots.

    Attributes:
        visitor_id: external id; hashed before anything is kept.
        channel: `web`, `wap`, `app`, `miniprogram` or `sms`.
        page: name of the page.
        slots: names, without repetition.
        context: attributes that the caller knows.
        device_token: from an earlier answer.
        force: slot -> variant, for tests by people.
        rehearsal: whether every slot gets its fallback, and nothing of it counts (reason
            `shadow`).
        msisdn: the visitor's own number, which only a server may say.
        link_token: of the SMS whose link was followed: it names the visitor.
        warnings: fields that were left out.
        masked: phone numbers that were masked in its words.
        ahead: asked before it is known whether anything will be shown: in every slot `shown` alone
            makes the exposure.
    """

    visitor_id: str
    channel: str
    page: str
    slots: tuple[str, ...]
    context: Mapping[str, Scalar] = field(default_factory=dict)
    device_token: str | None = None
    force: Mapping[str, str] = field(default_factory=dict)
    rehearsal: bool = False
    msisdn: Number | None = None
    link_token: str | None = None
    warnings: tuple[FieldWarning, ...] = ()
    masked: int = 0
    ahead: bool = False


@dataclass(frozen=True)
class SlotAnswer:
    """One slot's answer.

    Attributes:
        decision_id: to be sent with `shown` and `clicked`.
        variant: drawn.
        value: what the variant stands for, as configured.
        propensity: with which it was drawn.
        reason: what the decision may be used for.
        policy: kind of the policy.
        policy_version: of the snapshot.
        sticky: an earlier decision of the same period.
        degraded: decided without the visitor's state, or written later than it was answered.
        free_amount: what the visitor may type instead; None where nothing may be typed.
    """

    decision_id: str
    variant: str
    value: object
    propensity: float
    reason: Reason
    policy: str
    policy_version: int
    sticky: bool
    degraded: bool
    free_amount: FreeAmount | None = None


@dataclass(frozen=True)
class FieldWarning:
    """An optional field that did not fit and was left out.

    Attributes:
        field: its name; of a value in a table, both names with a dot.
        message: for people; it never repeats the value.
    """

    field: str
    message: str


@dataclass(frozen=True)
class PageAnswer:
    """A page's answer.

    Attributes:
        decisions: slot -> what to show.
        device_token: to be sent with the next call.
    """

    decisions: Mapping[str, SlotAnswer]
    device_token: str


@dataclass(frozen=True)
class EventRequest:
    """An event as it was sent.

    Attributes:
        event_id: the client's.
        type: one of the event types.
        visitor_id: external id; may be empty where `decision_id` tells the visitor.
        at: seconds, or None for now.
        decision_id: as answered, or None.
        fields: everything else.
        msisdn: a number that it names: never written down.
        device_token: of the device on which the number was typed.
        warnings: fields that were left out, and those that look wrong.
        masked: phone numbers that were masked in its words.
        surplus: one too many for its address to reward anything.
    """

    event_id: str
    type: str
    visitor_id: str
    at: float | None
    decision_id: str | None
    fields: Mapping[str, Scalar] = field(default_factory=dict)
    msisdn: Number | None = None
    device_token: str | None = None
    warnings: tuple[FieldWarning, ...] = ()
    masked: int = 0
    surplus: bool = False


@dataclass(frozen=True)
class RejectedEvent:
    """An event that was not taken, and why.

    Attributes:
        event_id: as sent; empty where it could not be read.
        code: stable.
        message: for people.
    """

    event_id: str
    code: str
    message: str


@dataclass(frozen=True)
class EventWarning:
    """A field of an event that was taken: it was left out, or looks wrong.

    Attributes:
        event_id: of the event.
        field: its name.
        message: for people; it never repeats the value.
    """

    event_id: str
    field: str
    message: str

    @classmethod
    def of(cls, event: EventRequest, one: FieldWarning) -> EventWarning:
        """Return a warning of an event, with its id."""
        return cls(event.event_id, one.field, one.message)


@dataclass(frozen=True)
class RecordResult:
    """The result of a batch of events.

    Attributes:
        accepted: in the journal now.
        duplicates: were there before.
        rejected: the others.
        warnings: of the events that were taken.
        masked: phone numbers that were masked in them.
    """

    accepted: int
    duplicates: int
    rejected: tuple[RejectedEvent, ...]
    warnings: tuple[EventWarning, ...] = ()
    masked: int = 0
