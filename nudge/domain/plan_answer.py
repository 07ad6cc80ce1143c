"""From what was chosen for an SMS to the answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nudge.domain.asked import Given
from nudge.domain.choice import SHADOW, Kept
from nudge.domain.contact import Contact, Known
from nudge.domain.contact_policy import ContactPolicy
from nudge.domain.contact_rules import displaced
from nudge.domain.link import Link
from nudge.domain.planning import Timing, Wish, contact_of
from nudge.domain.records import Decision
from nudge.domain.sealing import Sealer
from nudge.domain.served import Served
from nudge.domain.window import SLOT


@dataclass(frozen=True)
class Answering:
    """Makes answers.

    Attributes:
        sealer: seals ids and tokens.
        policy: on contacts.
        slots: as they are served.
    """

    sealer: Sealer
    policy: ContactPolicy
    slots: Mapping[str, Served]

    def timing(
        self,
        wish: Wish,
        known: Known,
        plans: Mapping[Contact, Kept],
        kept: Mapping[str, Kept],
    ) -> Timing:
        """The answer to a customer who is written to.

        Args:
            wish: the question.
            known: of the customer, before.
            plans: what else is planned for them.
            kept: slot -> what stands.
        """
        plan, made = kept[SLOT], kept[SLOT].decision
        return Timing(
            visitor_id=wish.visitor_id,
            send_at=made.due,
            zone=self.policy.zone_of(known).key,
            decision_id=self.sealer.seal(plan.ref),
            window=shown_of(self.slots[SLOT], made),
            propensity=propensity_of(made),
            link_token=self.sealer.links.token(Link(made.subject, plan.ref)),
            reason=made.reason,
            blocked=made.removed,
            sticky=not plan.fresh,
            decisions={name: self._given(kept[name]) for name in wish.slots},
            displaces=self._displaced(known, plan, plans),
        )

    def _displaced(
        self, known: Known, plan: Kept, plans: Mapping[Contact, Kept]
    ) -> tuple[str, ...]:
        new = contact_of(plan)
        if not plan.fresh or new is None or not plans:
            return ()
        gone = displaced(self.policy, known, new)
        return tuple(self.sealer.seal(plans[one].ref) for one in gone)

    def _given(self, kept: Kept) -> Given:
        made = kept.decision
        slot = self.slots[made.slot].slot
        shown = shown_of(self.slots[made.slot], made)
        variant = slot.variant(shown)
        return Given(
            decision_id=self.sealer.seal(kept.ref),
            variant=shown,
            value=variant.value if variant else None,
            propensity=propensity_of(made),
            reason=made.reason,
            policy=made.policy,
            policy_version=made.policy_version,
            sticky=not kept.fresh,
            degraded=made.degraded,
            free_amount=slot.free_amount,
        )


def shown_of(served: Served, made: Decision) -> str:
    """The variant that is used: in shadow mode the fallback, whatever was drawn."""
    return served.slot.fallback_for(made.page) if made.reason == SHADOW else made.variant


def propensity_of(made: Decision) -> float:
    """With which the variant that is used was drawn; the fallback of shadow mode is certain."""
    return 1.0 if made.reason == SHADOW else made.propensity
