"""Answers to schedulers, made of the decisions for an SMS. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nudge.domain.choosing.choice import StandingDecision
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.choosing.requests import SlotAnswer
from nudge.domain.contact.contact import Contact, ContactFacts
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.identity.link import Link
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.block import BlockDecision
from nudge.domain.journal.records import Decision, DecisionReason, Ref
from nudge.domain.slots.window import SLOT
from nudge.domain.timing.plan_request import PlanAnswer, PlanRequest, content_of, was_sent


class StandingPlan(NamedTuple):
    """A plan that stands.

    Attributes:
        ref: place of its decision in the journal.
        drawn: its decision.
        fresh: written by this call.
    """

    ref: Ref
    drawn: BlockDecision
    fresh: bool

    @property
    def contact(self) -> Contact | None:
        """Contact that the plan makes; None where nothing is sent."""
        shape, due = self.drawn.shape, self.drawn.due
        if due is None:
            return None
        return Contact(due, shape.channel, shape.page, content_of(shape))


class PlanNames(NamedTuple):
    """The names of a plan outside the service.

    Attributes:
        decision_id: sealed; comes back with `sms_sent`.
        link_token: for the link in the SMS.
    """

    decision_id: str
    link_token: str


@dataclass(frozen=True)
class PlanAnswerer:
    """Makes answers to schedulers.

    Attributes:
        policy: contact policy.
        slots: live slots by name.
    """

    sealer: Sealer
    policy: ContactPolicy
    slots: Mapping[str, LiveSlot]

    def seal_names(self, plans: Sequence[StandingPlan]) -> Iterator[PlanNames]:
        """Return the names of each plan, in order; sealed all at once."""
        ids = self.sealer.seal_each([plan.ref for plan in plans])
        links = [Link(plan.drawn.subject, plan.ref) for plan in plans]
        return map(PlanNames, ids, self.sealer.links.token_each(links))

    def answer(
        self,
        wish: PlanRequest,
        known: ContactFacts,
        plan: StandingPlan,
        named: PlanNames,
        extras: Mapping[str, StandingDecision],
        displaced: Iterable[Ref] = (),
    ) -> PlanAnswer:
        """Return the answer about a visitor who is written to.

        `known` is of the visitor without this plan; `extras` holds for each slot the decision that
        goes into the same SMS, and `displaced` the plans that must be withdrawn.
        """
        drawn, shape = plan.drawn, plan.drawn.shape
        shadow = shape.reason == DecisionReason.SHADOW
        fallback = self.slots[SLOT].slot.fallback_for(shape.page) if shadow else ""
        return PlanAnswer(
            visitor_id=wish.visitor_id,
            send_at=drawn.due,
            zone=self.policy.zone_of(known).key,
            decision_id=named.decision_id,
            window=fallback or shape.eligible[drawn.choice],
            propensity=1.0 if shadow else shape.pmf[drawn.choice],
            link_token=named.link_token,
            reason=shape.reason,
            blocked=shape.removed,
            sticky=not plan.fresh,
            sent=not plan.fresh and was_sent(plan.contact, known.contacts),
            decisions={name: self._answer_slot(extras[name]) for name in wish.slots},
            displaces=self.seal(displaced),
            content=content_of(shape),
        )

    def seal(self, decisions: Iterable[Ref]) -> tuple[str, ...]:
        """Return the ids of decisions."""
        return tuple(map(self.sealer.seal, decisions))

    def _answer_slot(self, kept: StandingDecision) -> SlotAnswer:
        made = kept.decision
        slot = self.slots[made.slot].slot
        shown = find_shown(self.slots[made.slot], made)
        variant = slot.variant(shown)
        return SlotAnswer(
            decision_id=self.sealer.seal(kept.ref),
            variant=shown,
            value=variant.value if variant else None,
            propensity=_find_propensity(made),
            reason=made.reason,
            policy=made.policy,
            policy_version=made.policy_version,
            sticky=not kept.fresh,
            degraded=made.degraded,
            free_amount=slot.free_amount,
        )


def find_shown(served: LiveSlot, made: Decision) -> str:
    """Return the variant that is used: in shadow mode the fallback, whatever was drawn."""
    return (
        served.slot.fallback_for(made.page)
        if made.reason == DecisionReason.SHADOW
        else made.variant
    )


def _find_propensity(made: Decision) -> float:
    """Return the propensity of the variant used; the fallback of shadow mode is certain."""
    return 1.0 if made.reason == DecisionReason.SHADOW else made.propensity
