"""A page's choice: all its slots for one visitor, and the draw again where stock ran out. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from nudge.domain.choosing.choice import ChoiceInput, StandingDecision, choose
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.choosing.standing_offers import NewOffer, find_offer
from nudge.domain.choosing.stock import taken_by
from nudge.domain.journal.records import Decision


class NewDecision(NamedTuple):
    """A decision that is to be logged.

    Attributes:
        live: its slot.
        decision: as drawn.
        takes: field of the stock that it takes a unit of; empty where it takes none.
        offer: that it makes; None where it binds nothing.
    """

    live: LiveSlot
    decision: Decision
    takes: str
    offer: NewOffer | None = None


class PageChoice(NamedTuple):
    """The decisions of a page's slots.

    Attributes:
        standing: those that stick.
        fresh: those that are new.
    """

    standing: list[StandingDecision]
    fresh: list[NewDecision]


def choose_page(
    slots: Sequence[LiveSlot], known: ChoiceInput, assigned: Mapping[str, StandingDecision]
) -> PageChoice:
    """Decide every slot of a page; what one offers binds those behind it.

    Args:
        slots: of the page.
        known: the visitor and the page.
        assigned: unit -> the decision that the visitor keeps.
    """
    found = PageChoice([], [])
    for live in slots:
        one = choose(live, known, assigned)
        if isinstance(one, StandingDecision):
            found.standing.append(one)
            continue
        offer = find_offer(live.slot, one) if live.offers_benefits else None
        found.fresh.append(NewDecision(live, one, taken_by(live.slot, one), offer))
        if offer:
            known = known.with_offers([offer])
    return found


def redraw_stocked(
    fresh: Sequence[NewDecision], known: ChoiceInput, assigned: Mapping[str, StandingDecision]
) -> list[Decision]:
    """Redraw what hangs on the store, which is away: its stock is unknown, and what was offered."""
    blind = replace(known, left=None, benefits=None, tries=known.tries + 1)
    decisions = []
    for one in fresh:
        again = choose(one.live, blind, assigned) if one.takes or one.offer else one.decision
        decisions.append(again if isinstance(again, Decision) else one.decision)
    return decisions
