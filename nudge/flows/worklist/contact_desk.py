"""The desk that asks the contact policy about the visitors of many cases at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nudge.domain.care.case import Case
from nudge.domain.contact.contact import ContactFacts
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.identity.sealing import Home
from nudge.domain.timing.plan_request import contact_facts_of
from nudge.domain.worklist.case_reach import CaseReach, find_case_reach
from nudge.domain.worklist.work_policy import ContactPlan
from nudge.store.store import Store
from nudge.store.vault.state_reader import StateReader


@dataclass(frozen=True)
class ContactDesk:
    """The desk that says from when a case's visitor may be contacted, and by what.

    Attributes:
        policy: of contacts; None where none is configured: then nothing is known.
        plan: channels and purposes of work lists.
    """

    store: Store
    policy: ContactPolicy | None
    plan: ContactPlan

    def reach(self, cases: Sequence[Case], at: float) -> dict[str, tuple[CaseReach, ...]]:
        """Return the reach of the visitor of each case, by its id and channel.

        Args:
            cases: of any visitors; those held out have no reach.
            at: seconds, now.

        Raises:
            StoreAwayError: no answer.
        """
        if self.policy is None:
            return {}
        policy = self.policy
        open_ones = [one for one in cases if not one.held]
        known = self._facts(open_ones, policy, at)
        seen: dict[tuple[ContactFacts, str, str], CaseReach] = {}

        def find(facts: ContactFacts, purpose: str, channel: str) -> CaseReach:
            # Most visitors of a page look alike to the policy.
            ask = facts, purpose, channel
            if ask not in seen:
                seen[ask] = find_case_reach(policy, *ask, at)
            return seen[ask]

        return {
            case.id: tuple(
                find(facts, self.plan.purpose(case.kind), name) for name in self.plan.channels
            )
            for case, facts in zip(open_ones, known, strict=True)
        }

    def _facts(self, cases: Sequence[Case], policy: ContactPolicy, at: float) -> list[ContactFacts]:
        """Read the facts about visitors, those of whom each turned out to be."""
        reader = StateReader()
        homes = [Home(one.subject, one.partition) for one in cases]
        return [
            contact_facts_of(policy, view.assigned.values(), reader.person(view.state), at)
            for view in self.store.visitors.follow_each(homes)
        ]
