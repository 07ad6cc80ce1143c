"""Check of one contact: whether it may be made at a moment, every reason against it, and when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from bandits.units import DAY
from nudge.domain.contact.contact import HOLIDAY, NO_CAPACITY, QUIET_HOURS, WEEKDAY, ContactFacts
from nudge.domain.contact.contact_capacity import Capacity
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.contact.contact_rules import list_forbidding
from nudge.domain.contact.pressure_rules import ContactKind
from nudge.domain.worklist.call_reach import CallPlanner

AHEAD: Final = 31.0 * DAY
"""Seconds ahead in which a moment is looked for."""
CALENDAR: Final = frozenset({HOLIDAY, WEEKDAY, QUIET_HOURS})
"""Reasons that are equal for all visitors of a time zone."""


class ContactCheck(NamedTuple):
    """The judgement of the contact policy on one contact.

    Attributes:
        kind: purpose and channel.
        at: seconds, the moment that was asked about.
        zone: of the visitor.
        reasons: codes of all that forbids it at that moment, the visitor's own first.
        earliest: seconds, the first moment from `at` on at which it is allowed; None where there is
            none within `AHEAD`.
    """

    kind: ContactKind
    at: float
    zone: ZoneInfo
    reasons: tuple[str, ...]
    earliest: float | None

    @property
    def is_allowed(self) -> bool:
        """Whether the contact may be made at that moment."""
        return not self.reasons


def check_contact(
    policy: ContactPolicy, known: ContactFacts, kind: ContactKind, at: float, used: Capacity
) -> ContactCheck:
    """Judge one contact as the planner would; nothing is planned.

    Args:
        policy: of contacts.
        known: facts about the visitor, as the policy takes them.
        kind: purpose and channel, which the policy knows.
        at: seconds.
        used: of the gateways' hours.
    """
    reasons = list_forbidding(policy, known, kind, at)
    if not reasons and used.forbidden(policy, kind.purpose, kind.channel, at):
        reasons = (NO_CAPACITY,)
    planner = CallPlanner(policy, kind.purpose, (kind.channel,), used, AHEAD)
    (reach,) = planner.each(known, at)
    return ContactCheck(kind, at, policy.zone_of(known), _personal_first(reasons), reach.start)


def _personal_first(reasons: Iterable[str]) -> tuple[str, ...]:
    """Return reasons in their order, but the calendar's last: they hold for everybody."""
    return tuple(sorted(reasons, key=lambda reason: reason in CALENDAR))
