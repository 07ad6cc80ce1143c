"""Contact for a measure: whether the visitor may be contacted now, by which channel. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from bandits.units import DAY
from nudge.domain.basics.intervals import Intervals
from nudge.domain.care.case import Case, CaseAction
from nudge.domain.contact.contact import ContactFacts
from nudge.domain.contact.contact_calendar import calendar_intervals
from nudge.domain.contact.contact_capacity import Capacity
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.contact.contact_rules import forbidden, personal_intervals
from nudge.domain.measures.measure import Measure

TALK: Final = float(DAY)
"""Seconds for which a contact that was made counts as the one in which the measure is told."""
LOOK: Final = 8.0 * DAY
"""Seconds in which the next moment for a contact is looked for."""


class MeasureContact(NamedTuple):
    """The contact in which a measure may be told.

    Attributes:
        channel: that is open now; empty where none is.
        reason: code of what forbids the first channel; None where a channel is open.
        start: seconds, the next moment of some channel; None where there is none within days.
    """

    channel: str
    reason: str | None = None
    start: float | None = None


@dataclass(frozen=True)
class ContactSearch:
    """The search for contacts at one moment; the calendar of a channel is read once for all.

    Attributes:
        policy: of contacts; None where none is configured: nothing forbids them.
        capacity: used of the gateways.
        at: seconds, now.
    """

    policy: ContactPolicy | None
    capacity: Capacity
    at: float
    _calendars: dict[tuple[str, str, ZoneInfo], Intervals] = field(default_factory=dict, repr=False)

    def find(self, measure: Measure, case: Case, known: ContactFacts) -> MeasureContact:
        """Find the contact in which the measure of a case may be told now.

        Who has just been contacted about the case may be told of it: the policy was asked for that
        contact, which is one of its caps now.

        Args:
            measure: with its channels and purpose.
            case: with the contacts that were made.
            known: facts about the visitor.
        """
        since = self.at - TALK
        made = [one for one in case.steps if one.action == CaseAction.CONTACT and one.at > since]
        if made:
            return MeasureContact(str(made[-1].fact("channel") or measure.channels[0]))
        policy, reasons = self.policy, list[str]()
        for channel in measure.channels:
            why = self._forbidden(policy, known, measure.purpose, channel) if policy else None
            if why is None:
                return MeasureContact(channel)
            reasons.append(why)
        return MeasureContact("", reasons[0], self._start(measure, known))

    def _forbidden(
        self, policy: ContactPolicy, known: ContactFacts, purpose: str, channel: str
    ) -> str | None:
        why = forbidden(policy, known, purpose, channel, self.at)
        return why or self.capacity.forbidden(policy, purpose, channel, self.at)

    def _start(self, measure: Measure, known: ContactFacts) -> float | None:
        """Return the next moment of any channel that the policy knows."""
        policy, purpose = self.policy, measure.purpose
        if policy is None or purpose not in policy.purposes or purpose in policy.exempt:
            return None
        found = (
            personal_intervals(
                policy, known, purpose, one, self._calendar(policy, known, purpose, one)
            )
            for one in measure.channels
            if one in policy.channels
        )
        return min((free[0][0] for free in found if free), default=None)

    def _calendar(
        self, policy: ContactPolicy, known: ContactFacts, purpose: str, channel: str
    ) -> Intervals:
        zone = policy.zone_of(known)
        key, until = (purpose, channel, zone), self.at + LOOK
        if key not in self._calendars:
            self._calendars[key] = calendar_intervals(
                policy, zone, purpose, channel, self.at, until
            )
        return self._calendars[key]
