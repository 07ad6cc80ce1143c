"""A page's choice: all its slots for one visitor, and the draw again where stock ran out. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from nudge.domain.choosing.choice import ChoiceInput, StandingDecision, choose
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.choosing.stock import taken_by
from nudge.domain.journal.records import Decision


class NewDecision(NamedTuple):
    """A decision that is to be logged.

    Attributes:
        live: its slot.
        decision: as drawn.
        takes: field of the stock that it takes a unit of; empty where it takes none.
    """

    live: LiveSlot
    decision: Decision
    takes: str


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
    """Decide every slot of a page.

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
        else:
            found.fresh.append(NewDecision(live, one, taken_by(live.slot, one)))
    return found


def redraw_stocked(
    fresh: Sequence[NewDecision], known: ChoiceInput, assigned: Mapping[str, StandingDecision]
) -> list[Decision]:
    """Redraw the slots with limited stock: the store is away, so the stock is unknown."""
    blind = replace(known, left=None, tries=known.tries + 1)
    decisions = []
    for one in fresh:
        again = choose(one.live, blind, assigned) if one.takes else one.decision
        decisions.append(again if isinstance(again, Decision) else one.decision)
    return decisions
