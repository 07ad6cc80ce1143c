"""Settlement of plans: which of a visitor's plans must not be sent any more. Pure.

It is asked where something changed behind the plans: two ids turned out to be one visitor, or the
visitor refused. Calendar and clock have not changed, so only the visitor's own part of the contact
policy is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from nudge.domain.contact.contact import Contact, ContactFacts
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.contact.contact_rules import personal_blocks
from nudge.domain.timing.windows import PAST

MERGED: Final = "merged"
"""Reason of a plan beside another one for the same purpose, made under the visitor's other id."""


class PlannedContact(NamedTuple):
    """A plan as far as its settlement needs it.

    Attributes:
        unit: key that it sticks by: one plan of a cycle has it.
        period: cycle.
        contact: that it makes.
    """

    unit: str
    period: int
    contact: Contact


def settle_plans(
    policy: ContactPolicy, known: ContactFacts, plans: Sequence[PlannedContact], at: float
) -> Mapping[int, str]:
    """Find the plans that have to go.

    Of two for the same purpose the earlier stays: the later one is more easily withdrawn. Among
    purposes the higher priority stays.

    Args:
        policy: of the installation.
        known: facts about the visitor, without any plan.
        plans: of the visitor, under whatever id they were made.
        at: seconds, now.

    Returns:
        Index of each plan that goes -> reason; `past` for one whose time has passed and whose place
        another one takes.
    """
    gone: dict[int, str] = {}
    stays: dict[str, int] = {}
    planned: list[Contact] = []
    for i in sorted(range(len(plans)), key=lambda n: _order(policy, plans[n], at)):
        one, before = plans[i], stays.get(plans[i].unit)
        if before is not None and _over(plans[before], at):
            if one.period == plans[before].period or _over(one, at):
                gone[i] = PAST if _over(one, at) else MERGED
                continue
            gone[before] = PAST
        elif before is not None:
            gone[i] = MERGED
            continue
        if not _over(one, at):
            reason = _obstacle(policy, known._replace(planned=tuple(planned)), one.contact)
            if reason is not None:
                gone[i] = reason
                continue
            planned.append(one.contact)
        stays[one.unit] = i
    return gone


def _order(policy: ContactPolicy, one: PlannedContact, at: float) -> tuple[bool, float, float]:
    """Past plans first, the latest of them before the others; then by priority and time."""
    if _over(one, at):
        return False, 0.0, -one.contact.at
    return True, -policy.priority(one.contact.purpose), one.contact.at


def _over(one: PlannedContact, at: float) -> bool:
    return one.contact.at <= at


def _obstacle(policy: ContactPolicy, known: ContactFacts, one: Contact) -> str | None:
    """Return what forbids a contact besides the calendar; None for what the policy lacks, too."""
    if one.purpose not in policy.purposes or one.channel not in policy.channels:
        return None
    ask = policy, known, one.purpose, one.channel, one.at, one.at + 1.0, one.content
    blocks = personal_blocks(*ask)
    return next((reason for reason, low, high in blocks if low <= one.at < high), None)
