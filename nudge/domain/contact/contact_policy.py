"""The contact policy of an installation: the visitors, times and frequencies that it allows.

Values only; the rules are in `contact_rules`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

from bandits.units import DAY
from nudge.domain.basics.local_time import find_zone
from nudge.domain.contact.contact import ONLY_AFTER, Contact, ContactFacts
from nudge.domain.contact.pressure_rules import (
    CONTENT,
    VARIANT,
    ContactKind,
    ContentLimit,
    PressureTerms,
    RollingLimit,
    SequenceRule,
    is_of_sort,
    list_turns,
)
from nudge.domain.contact.receipts import without_failed
from nudge.domain.values.closed_list import ClosedList
from nudge.domain.values.refusal import ValueRefusedError


@dataclass(frozen=True)
class Purpose:
    """A purpose of contacts, such as a reminder.

    Attributes:
        priority: a higher purpose goes first, and displaces planned contacts of a lower one.
        exempt: transactional: it counts towards no cap, and no rule applies to it but one: it
            carries no offer.
        share: of an hour's capacity, from 0 to 1: once that much is used, by whatever purpose, this
            purpose is refused. The rest is left to purposes with a larger share.
        aliases: other spellings of the name.
    """

    name: str
    priority: int = 0
    exempt: bool = False
    share: float = 1.0
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Channel:
    """A channel that reaches visitors, such as SMS.

    Attributes:
        consent: `required`: the latest word must be a yes; `unless_refused`: it must not be a no.
        quiet: local hours without contacts, as seconds of the day from 0 to 86,400: start
            (included) and end (excluded). A start above the end spans midnight.
        capacity: contacts in each hour; None for no limit.
        aliases: other spellings of the name, such as `短信`.
    """

    name: str
    consent: Literal["required", "unless_refused"]
    quiet: tuple[tuple[int, int], ...] = ()
    capacity: int | None = None
    aliases: tuple[str, ...] = ()

    @property
    def quiet_parts(self) -> tuple[tuple[int, int], ...]:
        """Quiet hours as parts of one local day: no part spans midnight."""
        parts: list[tuple[int, int]] = []
        for start, end in self.quiet:
            parts += [(start, end)] if start < end else [(start, DAY), (0, end)]
        return tuple(parts)


@dataclass(frozen=True)
class Holidays:
    """Days on which nothing goes out. A date in both lists is forbidden.

    Attributes:
        country: ISO 3166 code, whose public holidays are forbidden; None for none.
        region: of the country, for its own holidays.
        forbidden: further dates.
        allowed: dates that are open even on a holiday or a forbidden weekday.
    """

    country: str | None = None
    region: str | None = None
    forbidden: frozenset[date] = frozenset()
    allowed: frozenset[date] = frozenset()


@dataclass(frozen=True)
class Caps:
    """The most contacts over all channels, by the visitor's local calendar; None for no limit.

    Attributes:
        day: in a local day, from midnight to midnight; at least 1.
        week: in an ISO week, Monday to Sunday; at least 1.
        month: in a calendar month; at least 1.
    """

    day: int | None = None
    week: int | None = None
    month: int | None = None


@dataclass(frozen=True)
class ContactPolicy:
    """The contact policy: rules over all outgoing channels of an installation.

    Attributes:
        zone: of visitors whose own zone is unknown.
        channels: name -> channel.
        purposes: name -> purpose.
        spacing: least seconds between any two contacts.
        weekdays: open to contacts; 0 is Monday.
        complaint_pause: seconds without contacts after a complaint; infinite: never again.
        limits: on contacts in any stretch of a length.
        content: limit on contacts of one content; None for none.
        offers: tags of content that are offers, beside variants of slots.
        sequences: rules over the order of two sorts of contact.
        failed: `no_contact`: a message that did not arrive, by its receipt, counts nowhere;
            `contact`: it counts like any other.
    """

    zone: ZoneInfo
    channels: Mapping[str, Channel]
    purposes: Mapping[str, Purpose]
    caps: Caps = Caps()
    spacing: float = 0.0
    weekdays: frozenset[int] = frozenset(range(7))
    holidays: Holidays = Holidays()
    complaint_pause: float = 0.0
    limits: tuple[RollingLimit, ...] = ()
    content: ContentLimit | None = None
    offers: frozenset[str] = frozenset()
    sequences: tuple[SequenceRule, ...] = ()
    failed: Literal["no_contact", "contact"] = "no_contact"

    def zone_of(self, known: ContactFacts) -> ZoneInfo:
        """Return the visitor's time zone, or the policy's."""
        return find_zone(known.zone) or self.zone

    def in_own_words(self, known: ContactFacts) -> ContactFacts:
        """Return the facts as this policy takes them.

        Consents are to its channels, however they were spelt: earlier versions kept `SMS` as it
        came, and such a refusal counts as well. Messages that did not arrive are no contacts,
        unless the policy counts them.
        """
        if known.contacts and self.failed == "no_contact":
            made = without_failed(known.contacts)
            known = known if made is known.contacts else known._replace(contacts=made)
        if all(one.channel in self.channels for one in known.consents):
            return known
        consents = (one._replace(channel=self._word_for(one.channel)) for one in known.consents)
        return known._replace(consents=tuple(consents))

    def _word_for(self, channel: str) -> str:
        try:
            return self.channel_words.parse(channel)
        except ValueRefusedError:
            return channel

    @cached_property
    def channel_words(self) -> ClosedList:
        """The channels as words that a field may hold."""
        return words_of(self.channels.values())

    @cached_property
    def purpose_words(self) -> ClosedList:
        """The purposes as words that a field may hold."""
        return words_of(self.purposes.values())

    @cached_property
    def exempt(self) -> frozenset[str]:
        """Purposes to which no rule applies."""
        return frozenset(name for name, one in self.purposes.items() if one.exempt)

    def list_around(self, known: ContactFacts, purpose: str) -> tuple[Contact, ...]:
        """Return the contacts made, and those planned that do not give way to a purpose."""
        if not known.planned:
            return known.contacts
        rank, exempt = self.priority(purpose), self.exempt
        stay = (
            one
            for one in known.planned
            if one.purpose in exempt or self.priority(one.purpose) >= rank
        )
        return (*known.contacts, *stay)

    def carries_offer(self, one: Contact | ContactKind) -> bool:
        """Return whether a contact says something that an exempt purpose must not carry.

        It is the variant of a slot, `slot:variant`, or a tag that the policy lists.
        """
        return bool(one.content) and (VARIANT in one.content or one.content in self.offers)

    def refuses_offer(self, kind: ContactKind) -> bool:
        """Return whether a kind of contact is an offer under a purpose that is exempt."""
        return kind.purpose in self.exempt and self.carries_offer(kind)

    @cached_property
    def tells_content(self) -> bool:
        """True where some rule asks for the content of contacts."""
        return self.content is not None or bool(self.ruled_content)

    @cached_property
    def needs_contacts(self) -> bool:
        """True where some contact is allowed only behind another one."""
        return any(one.kind == ONLY_AFTER for one in self.sequences)

    @cached_property
    def ruled_content(self) -> frozenset[str]:
        """Tags of content that sequences name."""
        sorts = (sort for one in self.sequences for sort in (one.contact, one.other))
        return frozenset(one[len(CONTENT) :] for one in sorts if one.startswith(CONTENT))

    def find_terms(self, kind: ContactKind) -> PressureTerms:
        """Return the rules over several contacts that hold for a kind of contact."""
        if kind.content and kind.content not in self.ruled_content:
            kind = kind._replace(content="")
        found = self._terms.get(kind)
        return found or self._terms.setdefault(kind, self._make_terms(kind))

    def _make_terms(self, kind: ContactKind) -> PressureTerms:
        return PressureTerms(
            tuple(one for one in self.limits if one.covers(kind)),
            tuple(turn for rule in self.sequences for turn in list_turns(rule, kind)),
            tuple(
                one
                for one in self.sequences
                if one.kind == ONLY_AFTER and is_of_sort(one.contact, kind)
            ),
        )

    @cached_property
    def _terms(self) -> dict[ContactKind, PressureTerms]:
        """Rules by kind, as they were found: of purposes, channels and tags that are listed."""
        return {}

    def priority(self, purpose: str) -> float:
        """Return a purpose's priority; an unknown purpose gives way to none."""
        found = self.purposes.get(purpose)
        return math.inf if found is None else found.priority


def words_of(entries: Iterable[Channel | Purpose]) -> ClosedList:
    """Return the names of channels or purposes as words that a field may hold."""
    named = tuple(entries)
    aliases = {other: one.name for one in named for other in one.aliases}
    return ClosedList(tuple(one.name for one in named), aliases)
