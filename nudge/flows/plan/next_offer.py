"""The next offer of a visitor, by what the store knows of them: a read, which writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from nudge.domain.basics.money import yuan_of
from nudge.domain.choosing.choice import ChoiceInput
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.choosing.requests import DecisionRequest
from nudge.domain.choosing.standing_offers import StandingOffers, every_offer
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.offers.arbitration import NextOffer, arbitrate
from nudge.domain.offers.candidates import list_candidates
from nudge.domain.people.rhythm import Rhythm
from nudge.domain.people.visitor import VisitorState
from nudge.domain.slots.segments import Segments, name_segments
from nudge.flows.plan.reach import find_reach
from nudge.store.store import Store
from nudge.store.vault.visitors import VisitorView


class VisitorOffers(NamedTuple):
    """The next offer of a visitor, and the offers that stand.

    Attributes:
        found: of the arbitration.
        standing: by group of benefits.
    """

    found: NextOffer
    standing: StandingOffers


@dataclass(frozen=True)
class NextOfferDesk:
    """The desk that says what a visitor is offered next.

    Attributes:
        slots: in service.
        segments: that visitors may belong to.
        policy: of contacts; None where none is configured: then pages alone make offers.
        holdout: global share of subjects who are never personalised.
        key: secret of draws, by which a decision would be drawn.
        rhythm: of the crowd; None while none is known.
    """

    store: Store
    slots: Mapping[str, LiveSlot]
    segments: Segments
    policy: ContactPolicy | None
    holdout: float
    key: bytes
    rhythm: Rhythm | None = None

    def find(
        self, view: VisitorView, state: VisitorState, where: tuple[str, str], at: float
    ) -> VisitorOffers:
        """Find the next offer of a visitor.

        Args:
            view: of the visitor.
            state: of the visitor.
            where: channel and page that a page's offer would be shown on.
            at: seconds, now.

        Raises:
            StoreAwayError: no answer.
        """
        offering = [one for _, one in sorted(self.slots.items()) if one.slot.offer_terms]
        standing = every_offer(view.offers, state.contacts, self.slots, at)
        known = self._known(view, state, where, at, offering, standing)
        reach = find_reach(self.store, self.policy, view, state, at) if self.policy else []
        found = arbitrate(list_candidates(offering, known, view.assigned, reach))
        return VisitorOffers(found, standing)

    def _known(
        self,
        view: VisitorView,
        state: VisitorState,
        where: tuple[str, str],
        at: float,
        slots: list[LiveSlot],
        standing: StandingOffers,
    ) -> ChoiceInput:
        channel, page = where
        names = tuple(one.slot.name for one in slots)
        context = state.context(at, self.rhythm) | {"channel": channel, "page": page}
        return ChoiceInput(
            ask=DecisionRequest(view.subject, channel, page, names),
            subject=view.subject,
            context=name_segments(self.segments, context, at),
            at=at,
            holdout=self.holdout,
            source="",
            key=self.key,
            degraded=False,
            benefits=state.benefits,
            left=view.left,
            amounts=frozenset(map(yuan_of, state.affordable)),
            offers=standing,
        )
