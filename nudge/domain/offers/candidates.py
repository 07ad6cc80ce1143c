"""Candidates: each offer by each channel, with what keeps it from going out now. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from nudge.domain.choosing.choice import ChoiceInput, StandingDecision, choose, group_of
from nudge.domain.choosing.eligibility import CONTRADICTS, KEEPING, removal_reasons
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.contact.contact import UNKNOWN_CHANNEL
from nudge.domain.contact.contact_reach import Reach
from nudge.domain.journal.records import Decision, DecisionReason
from nudge.domain.offers.offer_reasons import OfferReason, contact_reason
from nudge.domain.slots.slot import OfferTerms, SlotMode, Variant

PAGE: Final = "page"
"""The channel of an offer that a page shows."""


class Candidate(NamedTuple):
    """An offer by one channel.

    Attributes:
        live: the slot.
        variant: that is offered.
        terms: of the slot.
        channel: `page`, or one of the contact policy.
        value: that the policy expects, in the unit of the slot's reward; None before it learned.
        start: seconds, the first moment; None where it cannot go out today.
        reason: None where it may go out.
        detail: code of the rule that keeps it back; empty for none.
    """

    live: LiveSlot
    variant: Variant
    terms: OfferTerms
    channel: str
    value: float | None
    start: float | None
    reason: OfferReason | None = None
    detail: str = ""

    @property
    def name(self) -> tuple[str, str]:
        """The offer, whatever the channel: slot and variant."""
        return self.live.slot.name, self.variant.name

    @property
    def group(self) -> str:
        """The group of benefits; empty for none."""
        return self.variant.availability.exclusive


def list_candidates(
    slots: Sequence[LiveSlot],
    known: ChoiceInput,
    assigned: Mapping[str, StandingDecision],
    reach: Sequence[Reach],
) -> Iterator[Candidate]:
    """Yield every offer of these slots by every channel of its slot.

    Args:
        slots: in service.
        known: what a decision would know of the visitor, on a page.
        assigned: unit -> the decision that the visitor keeps.
        reach: which contacts may go out until the end of the visitor's day.
    """
    table = {(one.purpose, one.channel): one for one in reach}
    for live in slots:
        terms = live.slot.offer_terms
        if terms is None:
            continue
        for channel in (PAGE, *terms.channels):
            way = Reach(terms.purpose, channel, None, UNKNOWN_CHANNEL)
            if channel == PAGE:
                way = Reach(terms.purpose, PAGE, known.at, None)
            found = table.get((terms.purpose, channel), way)
            yield from _by_channel(live, terms, _through(known, channel), assigned, found)


def _through(known: ChoiceInput, channel: str) -> ChoiceInput:
    """Return what is known where an offer goes by a channel."""
    if channel == PAGE:
        return known
    context = {**known.context, "channel": channel}
    return replace(known, ask=replace(known.ask, channel=channel), context=context)


def _by_channel(
    live: LiveSlot,
    terms: OfferTerms,
    known: ChoiceInput,
    assigned: Mapping[str, StandingDecision],
    way: Reach,
) -> Iterator[Candidate]:
    slot = live.slot
    gone = removal_reasons(slot, live.rules, known.eligibility(slot))
    made = choose(live, known, assigned)
    stands = made.decision.variant if isinstance(made, StandingDecision) else None
    only = _only(live, made, known)
    worth = live.policy.worth_one(known.context).tolist() if live.policy_version else ()
    for number, variant in enumerate(slot.variants):
        value = float(worth[number]) if worth else None
        back = _kept_back(variant, gone, stands, only, way)
        yield Candidate(live, variant, terms, way.channel, value, way.start, *back)


def _only(live: LiveSlot, made: StandingDecision | Decision, known: ChoiceInput) -> str | None:
    """Return the one variant of who is not personalised; None for all others."""
    if live.slot.mode == SlotMode.SHADOW:
        return live.slot.fallback_for(known.ask.page)
    if group_of(live.slot, known.subject, known.holdout) == DecisionReason.POLICY:
        return None
    return made.decision.variant if isinstance(made, StandingDecision) else made.variant


def _kept_back(
    variant: Variant,
    gone: Mapping[str, str],
    stands: str | None,
    only: str | None,
    way: Reach,
) -> tuple[OfferReason | None, str]:
    """Return what keeps an offer back, and the code of the rule; None for nothing."""
    why = gone.get(variant.name)
    if why is not None and (stands != variant.name or why not in KEEPING):
        is_other = why.startswith(f"{CONTRADICTS}:")
        reason = OfferReason.CONTRADICTS if is_other else OfferReason.NOT_ELIGIBLE
        return reason, why
    if only is not None and variant.name != only:
        return OfferReason.HOLDOUT, ""
    if stands is not None and stands != variant.name:
        return OfferReason.STANDING, stands
    if way.reason is not None:
        return contact_reason(way.reason), way.reason
    return None, ""
