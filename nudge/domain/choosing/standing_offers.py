"""Standing offers: of a group of benefits, the one that a visitor was offered binds the others.

One person, one price: whatever slot or channel offered it. See docs/decisions/0044-next.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.choosing.stock import TAKING, field_of
from nudge.domain.contact.contact import FAILED, Contact
from nudge.domain.journal.records import Decision
from nudge.domain.slots.slot import Slot

SHARED: Final = "*"
"""Unit of an offer that several units made: none of them may change it alone."""
TOLD: Final = ""
"""Unit of an offer that another system made, as a contact says."""
_MILLI: Final = 1000


class StandingOffer(NamedTuple):
    """An offer of a group of benefits that a visitor was made.

    Attributes:
        benefit: of the group.
        until: seconds; from then on it binds nothing.
        unit: the one that made it, and may replace it where its own decision cannot stand.
    """

    benefit: str
    until: float
    unit: str


StandingOffers = Mapping[str, StandingOffer]
"""Group of benefits -> the offer that stands."""
NO_OFFERS: Final[StandingOffers] = MappingProxyType({})


class NewOffer(NamedTuple):
    """An offer that a decision makes.

    Attributes:
        group: of benefits.
        offer: of the group.
    """

    group: str
    offer: StandingOffer

    @property
    def binding(self) -> NewOffer:
        """The offer as one that binds whatever the time is."""
        return self._replace(offer=self.offer._replace(until=math.inf))


def find_offer(slot: Slot, decision: Decision) -> NewOffer | None:
    """Return the offer that a decision makes; None where it binds nothing.

    What is not remembered, and what is only a test or a shadow, binds nobody.
    """
    variant = slot.variant(decision.variant)
    if variant is None or not variant.availability.exclusive or not decision.unit:
        return None
    if decision.reason not in TAKING:
        return None
    until = (decision.period + 1) * slot.stickiness.period
    offer = StandingOffer(variant.benefit, until, decision.unit)
    return NewOffer(variant.availability.exclusive, offer)


def binding_benefits(offers: StandingOffers, unit: str, at: float) -> dict[str, str]:
    """Return the benefit by group that binds a decision of a unit at a moment in seconds.

    A unit does not bind itself: its own decision either stands, or is replaced.
    """
    return {
        group: one.benefit for group, one in offers.items() if one.until > at and one.unit != unit
    }


def with_offer(offers: StandingOffers, new: NewOffer | None) -> StandingOffers:
    """Return the offers with one more, as the store keeps them."""
    if new is None:
        return offers
    offer, before = new.offer, offers.get(new.group)
    if before and before.benefit == offer.benefit:
        unit = offer.unit if before.unit == offer.unit else SHARED
        offer = StandingOffer(offer.benefit, max(offer.until, before.until), unit)
    return {**offers, new.group: offer}


def told_offers(
    contacts: Iterable[Contact], slots: Mapping[str, LiveSlot], at: float
) -> dict[str, StandingOffer]:
    """Return the offers that contacts made, by the content that they name as `slot:variant`.

    Such an offer stands as long as a decision of the slot sticks. The first of a group counts;
    what failed for good reached nobody.

    Args:
        contacts: of the visitor, by time.
        slots: in service.
        at: seconds, now.
    """
    found: dict[str, StandingOffer] = {}
    for one in contacts:
        name, _, variant = one.content.partition(":")
        live = slots.get(name) if variant and one.told != FAILED else None
        offered = live.slot.variant(variant) if live else None
        if live is None or offered is None or not offered.availability.exclusive:
            continue
        until = one.at + live.slot.stickiness.period
        if one.at <= at < until:
            offer = StandingOffer(offered.benefit, until, TOLD)
            found.setdefault(offered.availability.exclusive, offer)
    return found


def every_offer(
    offers: StandingOffers,
    contacts: Iterable[Contact],
    slots: Mapping[str, LiveSlot],
    at: float,
) -> StandingOffers:
    """Return the offers of decisions, and those of contacts in groups without one.

    Args:
        offers: of the visitor's decisions.
        contacts: of the visitor, by time.
        slots: in service.
        at: seconds, now.
    """
    standing = {group: one for group, one in offers.items() if one.until > at}
    return {**told_offers(contacts, slots, at), **standing}


def pack_offer(new: NewOffer) -> str:
    """Return an offer as the store's scripts read it."""
    offer = new.offer
    return f"{new.group} {round(offer.until * _MILLI)} {quote(offer.benefit, safe='')} {offer.unit}"


def unpack_offer(told: bytes) -> StandingOffer:
    """Return the offer that the store keeps of a group."""
    until, benefit, unit = told.decode().split(" ", 2)
    return StandingOffer(unquote(benefit), int(until) / _MILLI, unit)


def offer_name(slot: str, variant: str) -> str:
    """Return the name of an offer, which contacts give as their content."""
    return field_of(slot, variant)
