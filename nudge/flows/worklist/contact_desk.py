"""The desk that asks the contact policy about the visitors of many cases at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bandits.units import DAY
from nudge.domain.care.case import Case
from nudge.domain.contact.contact import ContactFacts
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.identity.sealing import Home
from nudge.domain.timing.plan_request import contact_facts_of
from nudge.domain.worklist.call_reach import CallPlanner, CallReach
from nudge.domain.worklist.work_policy import ContactPlan
from nudge.store.store import Store
from nudge.store.vault.state_reader import StateReader

AHEAD: Final = 31.0 * DAY
"""Seconds ahead in which a moment is looked for."""


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

    def reach(self, cases: Sequence[Case], at: float) -> dict[str, tuple[CallReach, ...]]:
        """Return the reach of the visitor of each case, by its id and channel.

        Args:
            cases: of any visitors; those held out have no reach.
            at: seconds, now.

        Raises:
            StoreAwayError: no answer.
        """
        if self.policy is None:
            return {}
        open_ones = [one for one in cases if not one.held]
        known = self._facts(open_ones, self.policy, at)
        planners = self._planners(self.policy, {one.kind for one in open_ones})
        seen: dict[tuple[ContactFacts, str], tuple[CallReach, ...]] = {}

        def find(facts: ContactFacts, kind: str) -> tuple[CallReach, ...]:
            # Most visitors of a page look alike to the policy.
            if (facts, kind) not in seen:
                seen[facts, kind] = tuple(planners[kind].each(facts, at))
            return seen[facts, kind]

        return {
            case.id: find(facts, case.kind) for case, facts in zip(open_ones, known, strict=True)
        }

    def _planners(self, policy: ContactPolicy, kinds: Iterable[str]) -> dict[str, CallPlanner]:
        """Return the planner of calls for each kind of cases."""
        channels = tuple(self.plan.channels)
        used = self.store.capacity.of_channels(policy, channels)
        return {
            kind: CallPlanner(policy, self.plan.purpose(kind), channels, used, AHEAD)
            for kind in kinds
        }

    def _facts(self, cases: Sequence[Case], policy: ContactPolicy, at: float) -> list[ContactFacts]:
        """Read the facts about visitors, those of whom each turned out to be."""
        reader = StateReader()
        homes = [Home(one.subject, one.partition) for one in cases]
        return [
            contact_facts_of(policy, view.assigned.values(), reader.person(view.state), at)
            for view in self.store.visitors.follow_each(homes)
        ]
