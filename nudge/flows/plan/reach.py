"""The reach of a visitor today, by what the store knows of them and of the gateways."""

from __future__ import annotations

from nudge.domain.contact.contact import ContactFacts
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.contact.contact_reach import Reach, list_reach
from nudge.domain.people.visitor import VisitorState
from nudge.domain.timing.plan_request import contact_facts_of
from nudge.store.store import Store
from nudge.store.vault.visitors import VisitorView


def find_reach(
    store: Store, policy: ContactPolicy, found: VisitorView, state: VisitorState, at: float
) -> list[Reach]:
    """Find what may reach a visitor until the end of their day, for each purpose and channel.

    Args:
        store: knows what is used of the gateways.
        policy: of contacts.
        found: the visitor, with their plans.
        state: of the visitor.
        at: seconds, now.

    Raises:
        StoreAwayError: no answer.
    """
    capacity = store.capacity.of_channels(policy, policy.channels)
    return list(list_reach(policy, read_facts(policy, found, state, at), capacity, at))


def read_facts(
    policy: ContactPolicy, found: VisitorView, state: VisitorState, at: float
) -> ContactFacts:
    """Read the facts about a visitor that the contact policy asks for, with every plan."""
    return contact_facts_of(policy, found.assigned.values(), state, at)
