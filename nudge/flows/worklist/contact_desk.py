"""The desk that asks the contact policy about the visitors of many cases at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nudge.domain.care.case import Case
from nudge.domain.choosing.choice import StandingDecision
from nudge.domain.contact.contact import ContactFacts
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.identity.sealing import Home
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.people.visitor import VisitorState
from nudge.domain.timing.plan_request import (
    list_plans,
    read_contact_facts,
    with_planned_content,
)
from nudge.domain.worklist.case_reach import CaseReach, find_case_reach
from nudge.domain.worklist.work_policy import ContactPlan
from nudge.store.store import Store
from nudge.store.vault.state_reader import StateReader

MOST_STEPS: Final = 16
"""Subjects that are followed; mergings go to smaller subjects only, so there is always an end."""


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
        known = self._facts({Home(one.subject, one.partition) for one in open_ones}, policy, at)
        seen: dict[tuple[ContactFacts, str, str], CaseReach] = {}

        def find(facts: ContactFacts, purpose: str, channel: str) -> CaseReach:
            # Most visitors of a page look alike to the policy.
            ask = facts, purpose, channel
            if ask not in seen:
                seen[ask] = find_case_reach(policy, *ask, at)
            return seen[ask]

        return {
            case.id: tuple(
                find(known[Home(case.subject, case.partition)], self.plan.purpose(case.kind), name)
                for name in self.plan.channels
            )
            for case in open_ones
        }

    def _facts(
        self, homes: Iterable[Home], policy: ContactPolicy, at: float
    ) -> Mapping[Home, ContactFacts]:
        """Read the facts about visitors, those of whom each turned out to be."""
        found: dict[Home, ContactFacts] = {}
        asked = {home: home for home in homes}
        for _ in range(MOST_STEPS):
            if not asked:
                break
            states = self._states(asked.values())
            books = self._plans(asked.values(), at)
            after: dict[Home, Home] = {}
            for first, home in asked.items():
                state = states[home]
                if state.into is not None:
                    after[first] = Home(*state.into)
                else:
                    found[first] = _facts_of(policy, state, books.get(home, ()), at)
            asked = after
        return found

    def _states(self, homes: Iterable[Home]) -> dict[Home, VisitorState]:
        reader = StateReader()
        found: dict[Home, VisitorState] = {}
        for p, subjects in _by_partition(homes).items():
            generation = self.store.folds.generation_of(p, FoldName.ATTRIBUTE)
            blobs = self.store.visitor_states.read_each(p, subjects, generation)
            found |= {Home(one, p): reader.person(blob) for one, blob in blobs.items()}
        return found

    def _plans(self, homes: Iterable[Home], at: float) -> dict[Home, tuple[StandingDecision, ...]]:
        found: dict[Home, tuple[StandingDecision, ...]] = {}
        for p, subjects in _by_partition(homes).items():
            for subject, plans in self.store.withdrawals.read_books(p, subjects, at).items():
                found[Home(subject, p)] = tuple(plans.standing(p, subject).values())
        return found


def _by_partition(homes: Iterable[Home]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for home in homes:
        found[home.partition].append(home.subject)
    return found


def _facts_of(
    policy: ContactPolicy, state: VisitorState, plans: tuple[StandingDecision, ...], at: float
) -> ContactFacts:
    planned = list_plans(plans, at, state.contacts)
    known = policy.in_own_words(read_contact_facts(state, planned, None))
    if not policy.tells_content or not plans:
        return known
    contacts = with_planned_content(known.contacts, plans)
    return known._replace(contacts=contacts)
