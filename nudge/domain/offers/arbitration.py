"""Arbitration: of all offers by all channels one goes out next, and each other has a reason. Pure.

The order: priority of the slot, expected value, the channel that disturbs least, and last the names
of slot and variant, so that the same facts give the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from nudge.domain.offers.candidates import PAGE, Candidate
from nudge.domain.offers.offer_reasons import OfferReason


class NextOffer(NamedTuple):
    """The result of an arbitration.

    Attributes:
        chosen: None where nothing may go out today.
        others: every other candidate, with the reason and what it lost to.
    """

    chosen: Candidate | None
    others: tuple[Candidate, ...]


def arbitrate(candidates: Iterable[Candidate]) -> NextOffer:
    """Choose the next offer and its channel; the order of the candidates does not matter."""
    every = sorted(candidates, key=_order)
    chosen = next((one for one in every if one.reason is None), None)
    others = (one for one in every if one is not chosen)
    return NextOffer(chosen, tuple(_lost(one, chosen) for one in others))


def offers_of(found: NextOffer) -> Sequence[Candidate]:
    """Return all candidates of an arbitration, the chosen one first."""
    return (*((found.chosen,) if found.chosen else ()), *found.others)


def _order(one: Candidate) -> tuple[Any, ...]:
    slot, value = one.live.slot, one.value
    channels = (PAGE, *one.terms.channels)
    # Values in other units cannot be compared: such slots come one behind the other.
    unit = slot.terms.objective, slot.terms.event, slot.terms.window
    return (
        -one.terms.priority,
        unit,
        value is None,
        -(value or 0.0),
        channels.index(one.channel),
        *one.name,
    )


def _lost(one: Candidate, chosen: Candidate | None) -> Candidate:
    """Return a candidate with the reason for which it is not the next one."""
    if one.reason is not None or chosen is None:
        return one
    detail = ":".join(chosen.name)
    if one.name == chosen.name:
        return one._replace(reason=OfferReason.OTHER_CHANNEL, detail=chosen.channel)
    if one.group and one.group == chosen.group and one.variant.benefit != chosen.variant.benefit:
        return one._replace(reason=OfferReason.CONTRADICTS, detail=detail)
    if one.terms.priority < chosen.terms.priority:
        return one._replace(reason=OfferReason.LOWER_PRIORITY, detail=detail)
    return one._replace(reason=OfferReason.LOWER_VALUE, detail=detail)
