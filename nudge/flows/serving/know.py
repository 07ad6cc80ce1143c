"""Know: everything that a choice may look at, from the visitor's state and the request. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from nudge.domain.basics.money import yuan_of
from nudge.domain.choosing.choice import ChoiceInput
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.choosing.requests import DecisionRequest
from nudge.domain.choosing.standing_offers import StandingOffers, every_offer
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.caller import Caller
from nudge.domain.people.failures import with_failure_told
from nudge.domain.people.rhythm import Rhythm
from nudge.domain.people.visitor import VisitorState
from nudge.domain.prefill.filling import PrefillNumbers, filling
from nudge.domain.prefill.numbers import flags
from nudge.domain.slots.segments import Segments, name_segments
from nudge.domain.slots.slot import Scalar
from nudge.flows.serving.identify import PageVisitor
from nudge.store.vault.state_reader import NOBODY, StateReader


class PageKnowledge(NamedTuple):
    """Everything known when a page's slots are decided.

    Attributes:
        choice: the input of every slot's choice.
        numbers: that the answer may hold.
    """

    choice: ChoiceInput
    numbers: PrefillNumbers


@dataclass(frozen=True)
class Knower:
    """The second step of a decision: what is known of the visitor?

    Attributes:
        sealer: opens numbers, and has the key of the draw.
        holdout: global share of subjects who are never personalised.
        segments: that visitors may belong to.
        rhythm: of the crowd; None where none is known.
        states: reads the visitor's.
    """

    sealer: Sealer
    holdout: float
    segments: Segments
    rhythm: Rhythm | None
    states: StateReader

    def know(
        self,
        request: DecisionRequest,
        visitor: PageVisitor,
        caller: Caller,
        live: Mapping[str, LiveSlot],
        at: float,
    ) -> PageKnowledge:
        """Put together what is known.

        Args:
            request: of the page.
            visitor: of the page.
            caller: whose API key it is.
            live: slots in service.
            at: seconds, now.
        """
        view, device = visitor.view, visitor.device
        mine = view.owned and not visitor.degraded
        state = self.states.state(view.state) if mine else NOBODY
        device_id = device.id if device else ""
        numbers = filling(self.sealer.vault, view.numbers, state, device_id, at)
        choice = ChoiceInput(
            ask=request,
            subject=view.subject,
            context=self._context(request, state, numbers, at),
            at=at,
            holdout=self.holdout,
            source=caller.key_id,
            key=self.sealer.draw_key,
            degraded=visitor.degraded,
            benefits=state.benefits if mine else None,
            left=None if visitor.degraded else view.left,
            public=view.public,
            amounts=frozenset(map(yuan_of, state.affordable)),
            by_page=not caller.is_server,
            offers=self._offers(request, visitor, state, live, at) if mine else {},
        )
        return PageKnowledge(choice, numbers)

    def _offers(
        self,
        request: DecisionRequest,
        visitor: PageVisitor,
        state: VisitorState,
        live: Mapping[str, LiveSlot],
        at: float,
    ) -> StandingOffers:
        """Return what the visitor was offered, where a slot of the page may contradict it."""
        for name in request.slots:
            if live[name].offers_benefits:
                return every_offer(visitor.view.offers, state.contacts, live, at)
        return {}

    def _context(
        self, request: DecisionRequest, state: VisitorState, numbers: PrefillNumbers, at: float
    ) -> dict[str, Scalar]:
        has = flags(numbers.entries)
        told = {**dict.fromkeys(has, False), **request.context}
        # What the page knows of this visit counts more than what the service remembers; but it can
        # not take away a number that is there.
        known = with_failure_told(state.context(at, self.rhythm), told, at)
        known |= {name: True for name, there in has.items() if there}
        known |= {"channel": request.channel, "page": request.page}
        return name_segments(self.segments, known, at)
