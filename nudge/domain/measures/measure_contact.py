"""Contact for a measure: whether the visitor may be contacted now, by which channel. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from bandits.units import DAY
from nudge.domain.care.case import Case, CaseAction
from nudge.domain.contact.contact import ContactFacts
from nudge.domain.contact.contact_capacity import Capacity
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.measures.measure import Measure
from nudge.domain.worklist.call_reach import CallPlanner

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
    _planners: dict[tuple[str, tuple[str, ...]], CallPlanner] = field(
        default_factory=dict, repr=False
    )

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
        planner = self._planner(measure)
        if planner is None:
            return MeasureContact(measure.channels[0])
        found = planner.each(known, self.at)
        if (channel := next((one.channel for one in found if one.is_open), "")) != "":
            return MeasureContact(channel)
        starts = (one.start for one in found if one.start is not None)
        return MeasureContact("", found[0].reason, min(starts, default=None))

    def _planner(self, measure: Measure) -> CallPlanner | None:
        if self.policy is None:
            return None
        key = (measure.purpose, measure.channels)
        if key not in self._planners:
            self._planners[key] = CallPlanner(self.policy, *key, self.capacity, LOOK)
        return self._planners[key]
