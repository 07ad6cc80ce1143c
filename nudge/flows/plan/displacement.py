"""Displacement: earlier plans of a visitor that must not be sent beside what they are answered."""

from __future__ import annotations

from collections.abc import Iterator

from nudge.domain.choosing.choice import StandingDecision
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.contact.contact_rules import displaced_contacts
from nudge.domain.journal.records import Ref
from nudge.domain.timing.plan_answer import StandingPlan
from nudge.flows.plan.candidate import Candidate


def find_displaced(
    policy: ContactPolicy, one: Candidate, plan: StandingPlan | None, at: float
) -> tuple[Ref, ...]:
    """Find the decisions of plans that must be withdrawn, each once.

    Args:
        policy: of contacts.
        one: the visitor.
        plan: that stands now; None where nothing may be sent.
        at: seconds, now.
    """
    if not one.opened.plans.count:
        return ()
    return tuple(dict.fromkeys(x.ref for x in _displaced(policy, one, plan, at)))


def _displaced(
    policy: ContactPolicy, one: Candidate, plan: StandingPlan | None, at: float
) -> Iterator[StandingDecision]:
    opened, before = one.opened, one.before
    if opened.plans.gone:
        gone = opened.plans.withdrawn(opened.partition, opened.subject)
        yield from (x for x in gone if _is_due(x, at))
    if before is not None and _is_due(before, at) and (plan is None or plan.ref != before.ref):
        yield before
    contact = plan.contact if plan and one.plans else None
    if contact is not None and contact.at >= at:
        yield from (one.plans[x] for x in displaced_contacts(policy, one.known, contact))


def _is_due(plan: StandingDecision, at: float) -> bool:
    return (plan.decision.due or 0.0) > at
