"""Record: take events, each once. A bad one is told why and never costs the good ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from nudge import faults
from nudge.domain.choosing.requests import (
    EventRequest,
    EventWarning,
    RecordResult,
    RejectedEvent,
)
from nudge.domain.identity.link import Link
from nudge.domain.identity.region import region_of
from nudge.domain.identity.sealing import Sealer, new_label, new_subject
from nudge.domain.journal.caller import Caller
from nudge.domain.journal.event import (
    CAPPED,
    EVENT_TYPES,
    MAX_AGE,
    NEEDS_DECISION,
    SURPLUS,
    may_reward,
    may_send,
    skew_of,
    source_of,
    text_name,
)
from nudge.domain.journal.records import AWAY, Event, Ref
from nudge.domain.people.consents import SMS_REPLY
from nudge.domain.people.deliveries import MESSAGE_ID
from nudge.domain.people.facts import REFUND_OF, REFUNDABLE
from nudge.domain.prefill.numbers import OWN
from nudge.domain.slots.reward_event import PAID
from nudge.errors import StoreAwayError
from nudge.spool.spool import Spool
from nudge.store.journal.appends import Append, NamedId, VaultEntry
from nudge.store.journal.journal import place_of
from nudge.store.keeping.spooled_append import SpooledAppend, pack
from nudge.store.store import Store
from nudge.store.vault.people import TEXTS

OTHER_ID: Final = "other_id"
"""The field of `identified` that holds the visitor's second external id."""
TEXT: Final = "text"
"""The field of `feedback` that holds what somebody wrote."""
TOKEN: Final = "token"  # noqa: S105 (a field's name)
"""The field of `sms_clicked` that holds the link token of the SMS."""
IDENTIFIED: Final = "identified"
NAMES: Final = (REFUND_OF, MESSAGE_ID)
"""Fields that hold another system's ids."""


@dataclass(frozen=True)
class RoutedEvent:
    """An event with the partition that it goes to.

    Attributes:
        partition: of its visitor.
        arrival: what is appended.
        masked: phone numbers that were masked in it.
    """

    partition: int
    arrival: Append
    masked: int = 0


@dataclass(frozen=True)
class Recorder:
    """Takes events.

    Attributes:
        store: of the installation.
        sealer: hashes and ids.
        spool: takes what the store does not.
        skew: seconds that servers' clocks may be behind.
    """

    store: Store
    sealer: Sealer
    spool: Spool
    skew: float = 0.0

    def record(self, sent: Sequence[EventRequest], caller: Caller, at: float) -> RecordResult:
        """Append what is in order.

        Args:
            sent: at most 1,000 events.
            caller: whose key it is; decides what is a fact and what a claim.
            at: seconds, now.

        Raises:
            SpoolFullError: the store is away and the spool takes no more; repeat the call later.
        """
        outcomes = [self._routed(one, caller, at) for one in sent]
        rejected = tuple(o for o in outcomes if isinstance(o, RejectedEvent))
        routed = [o for o in outcomes if isinstance(o, RoutedEvent)]
        taken = (e for e, o in zip(sent, outcomes, strict=True) if isinstance(o, RoutedEvent))
        warnings = tuple(EventWarning.of(event, one) for event in taken for one in event.warnings)
        gathered: list[Append] = []
        try:
            fresh = self._append(routed, gathered, closes=caller.is_server)
        except StoreAwayError:
            # What part of them arrived is found out when the spool is drained.
            self._spool(routed, at, closes=caller.is_server)
            fresh, gathered = len(routed), []
        too_many = tuple(_too_many(one) for one in gathered)
        known = len(routed) - fresh - len(too_many)
        masked = sum(one.masked for one in routed)
        return RecordResult(fresh, known, (*rejected, *too_many), warnings, masked)

    def _append(
        self, routed: Sequence[RoutedEvent], gathered: list[Append], *, closes: bool
    ) -> int:
        """Append events; return how many were new, and add to `gathered` what was refused."""
        if not all(one.arrival.record.subject for one in routed):
            raise StoreAwayError("only the store knows whose decision an event names")
        groups: dict[int, list[Append]] = defaultdict(list)
        for one in routed:
            groups[one.partition].append(one.arrival)
        self.store.stock.confirm_elsewhere(one.arrival for one in routed)
        faults.point("record.before_append")
        fresh = self.store.people.append_people(groups, closes=closes, refused=gathered.append)
        faults.point("record.after_append")
        return fresh

    def _spool(self, routed: Sequence[RoutedEvent], at: float, *, closes: bool) -> None:
        dated = [RoutedEvent(one.partition, _dated(one.arrival, at)) for one in routed]
        items = [SpooledAppend(one.partition, one.arrival, closes) for one in dated]
        self.spool.append([pack(item) for item in items])

    def _routed(self, sent: EventRequest, caller: Caller, at: float) -> RoutedEvent | RejectedEvent:
        hidden = self._without_numbers(sent)
        found = self._route(hidden, caller, at)
        if isinstance(found, RoutedEvent):
            return replace(found, masked=hidden.masked) if hidden.masked else found
        # The sender knows its event by the id that it gave.
        return found if hidden is sent else replace(found, event_id=sent.event_id)

    def _without_numbers(self, sent: EventRequest) -> EventRequest:
        """Return the event without numbers in its ids: these stay unique, and equal in a retry."""
        hidden = self.sealer.hide_numbers(sent.event_id)
        named = {name: sent.fields[name] for name in NAMES if name in sent.fields}
        unnamed = {
            name: self.sealer.hide_numbers(value)
            for name, value in named.items()
            if isinstance(value, str)
        }
        count = sum(unnamed[name] != named[name] for name in unnamed)
        count += hidden != sent.event_id
        if not count:
            return sent
        fields = {**sent.fields, **unnamed}
        return replace(sent, event_id=hidden, fields=fields, masked=sent.masked + count)

    def _route(self, sent: EventRequest, caller: Caller, at: float) -> RoutedEvent | RejectedEvent:
        ref = self.sealer.unseal(sent.decision_id) if sent.decision_id else None
        link = self._link(sent)
        # Senders may have tokens of their own, but those tell nobody who it is.
        if link is None and not (sent.visitor_id or sent.decision_id) and TOKEN in sent.fields:
            return _rejected(sent, "unknown_decision", "token was not given by this service")
        ref = ref or (link.ref if link else None)
        problem = _problem(sent, ref, caller, at)
        if problem:
            return problem
        named, notes = self._named(sent, at), self._notes(sent, caller)
        event = self._event(sent, ref, caller)
        if link is not None:
            # Known without a look at the journal, which may not go back as far.
            known = replace(event, subject=link.subject)
            return RoutedEvent(link.ref.partition, Append("", known, notes=notes, named=named))
        hashed = self._visitor_hash(sent)
        if hashed:
            home = self.sealer.partition(hashed, self.store.keys.partitions)
            # Whoever was shown a decision is who it was made for, whatever id they go by.
            here = ref is not None and ref.partition == home and ref.position < AWAY
            of = place_of(ref) if ref and here else ""
            return RoutedEvent(home, Append(hashed, event, of, notes, named))
        subject = self._subject_of(ref) if ref else None
        if ref is None or subject is None:
            return _rejected(sent, "unknown_decision", "decision_id is not known (any more)")
        known = replace(event, subject=subject)
        of = place_of(ref) if subject and ref.position < AWAY else ""
        return RoutedEvent(ref.partition, Append("", known, of, notes, named))

    def _visitor_hash(self, sent: EventRequest) -> str:
        """Return the hash of the id, or of the number, that says who it is; empty for neither."""
        if sent.visitor_id:
            return self.sealer.visitor_hash(sent.visitor_id)
        by_number = _is_by_number(sent) and sent.msisdn
        return self.sealer.number_hash(by_number) if by_number else ""

    def _link(self, sent: EventRequest) -> Link | None:
        """Of the SMS whose link was followed."""
        token = sent.fields.get(TOKEN)
        return self.sealer.links.link(token) if isinstance(token, str) else None

    def _subject_of(self, ref: Ref) -> str | None:
        """Whose decision it is; None where there is none, empty where only the store knows."""
        try:
            entry = self.store.journal.read_one(ref)
        except StoreAwayError:
            return ""
        return entry.record.subject if entry else None

    def _event(self, sent: EventRequest, ref: Ref | None, caller: Caller) -> Event:
        # Whoever has a link's token can ask as the visitor: it is not written down.
        private = {OTHER_ID, TEXT, *({TOKEN} if self._link(sent) else ())}
        fields = {name: value for name, value in sent.fields.items() if name not in private}
        if sent.fields.get(TEXT):
            fields["has_text"] = True
        if sent.msisdn and sent.type == IDENTIFIED:
            fields |= region_of(sent.msisdn)
        if sent.type == PAID and caller.is_server:
            fields[REFUNDABLE] = True
        source = source_of(caller)
        event = Event(
            subject=new_label() if _is_by_number(sent) else new_subject(),
            event_id=sent.event_id,
            type=sent.type,
            source=source,
            decision=ref,
            fields=fields,
            at=sent.at,
            skew=skew_of(sent.at, source, self.skew),
        )
        if source == "server" or not may_reward(sent.type, fields, source):
            return event
        marks = {CAPPED: True} | ({SURPLUS: True} if sent.surplus else {})
        return replace(event, fields=fields | marks)

    def _named(self, sent: EventRequest, at: float) -> NamedId | None:
        """The number, or the second id, that an event names."""
        other = sent.fields.get(OTHER_ID)
        if isinstance(other, str) and sent.msisdn is None:
            hashed = self.sealer.visitor_hash(other)
            home = self.sealer.partition(hashed, self.store.keys.partitions)
            return NamedId(hashed, home, new_subject())
        if sent.msisdn is None or sent.type == SMS_REPLY:
            return None
        hashed = self.sealer.number_hash(sent.msisdn)
        home = self.sealer.partition(hashed, self.store.keys.partitions)
        device, homes = self._device(sent)
        sealed = self.sealer.vault.seal(sent.msisdn.to_seal, device) if device else b""
        ms = round((at if sent.at is None else min(sent.at, at)) * 1000)
        return NamedId(hashed, home, new_label(), device, sealed, ms, homes)

    def _device(self, sent: EventRequest) -> tuple[str, str]:
        """Under what the number is kept: the device that typed it, or as the visitor's own.

        With it the visitors whom the device's token names.
        """
        if sent.type == IDENTIFIED:
            return OWN, ""
        device = self.sealer.device(sent.device_token)
        if device is None:
            return "", ""
        return device.id, " ".join(device.marks(claims=self.store.pages_own_ids))

    def _notes(self, sent: EventRequest, caller: Caller) -> tuple[VaultEntry, ...]:
        """Find the texts of people, for the vault: the journal cannot forget."""
        text = sent.fields.get(TEXT)
        if not isinstance(text, str) or not text:
            return ()
        # As unique as the event: a page's text takes no server's place.
        field = text_name(source_of(caller), sent.type, sent.event_id)
        return (VaultEntry(TEXTS, field, self.sealer.vault.seal(text, field)),)


def _too_many(arrival: Append) -> RejectedEvent:
    record = arrival.record
    name = record.event_id if isinstance(record, Event) else ""
    text = "the other id or number has too many visitors already; is it a person's own?"
    return RejectedEvent(name, "too_many_visitors", text)


def _dated(arrival: Append, at: float) -> Append:
    """The arrival with the time at which it came: the journal's stamp will be a later one."""
    record = arrival.record
    return arrival if record.at is not None else replace(arrival, record=replace(record, at=at))


def _problem(
    sent: EventRequest, ref: Ref | None, caller: Caller, at: float
) -> RejectedEvent | None:
    """Why the event cannot be taken, if so; `at` is now, in seconds."""
    problem = _type_problem(sent, caller) or _reference_problem(sent, ref)
    if problem is None and sent.at is not None and sent.at < at - MAX_AGE:
        return _rejected(sent, "too_old", "at lies more than 7 days back")
    return problem


def _type_problem(sent: EventRequest, caller: Caller) -> RejectedEvent | None:
    if sent.type not in EVENT_TYPES:
        known = ", ".join(sorted(EVENT_TYPES))
        return _rejected(sent, "unknown_type", f"type {sent.type!r} is none of {known}")
    if not may_send(caller, sent.type):
        return _rejected(sent, "forbidden", f"{sent.type!r} needs a key with the scope ingest")
    return None


def _reference_problem(sent: EventRequest, ref: Ref | None) -> RejectedEvent | None:
    if sent.decision_id and ref is None:
        return _rejected(sent, "unknown_decision", "decision_id was not given by this service")
    if sent.type == IDENTIFIED and bool(sent.fields.get(OTHER_ID)) == bool(sent.msisdn):
        return _rejected(sent, "invalid", "'identified' needs either other_id or msisdn")
    if sent.type in NEEDS_DECISION and ref is None:
        return _rejected(sent, "invalid", f"{sent.type!r} needs the decision_id that it answers")
    if not sent.visitor_id and ref is None and not _is_by_number(sent):
        return _rejected(sent, "invalid", "visitor_id is missing")
    return None


def _is_by_number(sent: EventRequest) -> bool:
    """Return True for a reply of which the gateway knows the number alone."""
    named = sent.visitor_id or sent.decision_id
    return sent.type == SMS_REPLY and sent.msisdn is not None and not named


def _rejected(sent: EventRequest, code: str, message: str) -> RejectedEvent:
    return RejectedEvent(sent.event_id, code, message)
