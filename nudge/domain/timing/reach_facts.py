"""Facts that the contact policy asks for, from what the store knows of a visitor. Pure."""

from __future__ import annotations

from collections.abc import Collection

from nudge.domain.choosing.choice import StandingDecision
from nudge.domain.contact.contact import ContactFacts
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.people.visitor import VisitorState
from nudge.domain.timing.plan_request import (
    list_plans,
    read_contact_facts,
    with_planned_content,
)


def reach_facts(
    policy: ContactPolicy, state: VisitorState, kept: Collection[StandingDecision], at: float
) -> ContactFacts:
    """Return the facts about a visitor that the contact policy asks for, with every plan.

    Args:
        policy: of contacts.
        state: of the visitor.
        kept: decisions that the visitor keeps, plans among them.
        at: seconds, now.
    """
    plans = list_plans(kept, at, state.contacts)
    known = policy.in_own_words(read_contact_facts(state, plans, None))
    return known._replace(contacts=with_planned_content(known.contacts, kept))
