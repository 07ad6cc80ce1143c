"""The reach of a visitor by a call: when, and by which channel, the policy allows one. Pure.

Work lists, win-back, call lists and measures ask here, so that they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from bandits.units import DAY
from nudge.domain.basics.intervals import Intervals, merge, minus
from nudge.domain.contact import contact as reasons
from nudge.domain.contact.contact import NO_CAPACITY, ContactFacts
from nudge.domain.contact.contact_calendar import calendar_intervals
from nudge.domain.contact.contact_capacity import Capacity, limit, spans
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.contact.contact_rules import forbidden, personal_intervals
from nudge.domain.contact.contact_words import REASON_SENTENCES

_STEP: Final = 4.0 * DAY
"""Seconds that are searched in one go."""
_NO_POLICY: Final = {
    "zh": "没有配置触达规则。",
    "en": "There is no contact policy.",
}


class CallReach(NamedTuple):
    """The reach of a visitor by one channel, or by the best one.

    Attributes:
        channel: of the contact policy; empty where there is no policy.
        start: seconds, the first moment that is allowed; None where none is.
        reason: code of what forbids it at the moment that was asked for; empty where it is allowed.
    """

    channel: str
    start: float | None
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether a contact is allowed at the moment that was asked for."""
        return not self.reason

    @property
    def sentence(self) -> dict[str, str] | None:
        """The reason in words, by language; None where a contact is allowed."""
        if not self.channel:
            return dict(_NO_POLICY)
        return dict(REASON_SENTENCES[self.reason]) if self.reason else None


@dataclass(frozen=True)
class CallPlanner:
    """The planner of calls of one purpose, for many visitors at one time.

    Attributes:
        policy: of contacts.
        purpose: of the contacts.
        channels: the preferred first.
        capacity: used of the gateways.
        ahead: seconds for which an allowed moment is searched.
    """

    policy: ContactPolicy
    purpose: str
    channels: tuple[str, ...]
    capacity: Capacity
    ahead: float
    _days: dict[tuple[str, str, float, float], Intervals] = field(default_factory=dict)

    def best(self, known: ContactFacts, at: float) -> CallReach:
        """Return the earliest reach of a visitor from a moment (seconds) on.

        Of channels that are allowed at the same moment the preferred one counts; where none is, the
        reason of the preferred one.
        """
        found = self.each(known, at)
        allowed = [one for one in found if one.start is not None]
        return min(allowed, key=lambda one: one.start or 0.0) if allowed else found[0]

    def each(self, known: ContactFacts, at: float) -> list[CallReach]:
        """Return the reach of a visitor by each channel, the preferred first."""
        return [self._by(channel, known, at) for channel in self.channels]

    def _by(self, channel: str, known: ContactFacts, at: float) -> CallReach:
        start, end, reason = at, at + self.ahead, ""
        while start < end:
            calendar = self._calendar(channel, known, start, min(start + _STEP, end))
            allowed = personal_intervals(self.policy, known, self.purpose, channel, calendar)
            left = self._free(channel, allowed)
            if left:
                first = left[0][0]
                return CallReach(
                    channel, first, "" if first == at else self._why(channel, known, at)
                )
            first = calendar[0][0] if calendar else start
            reason = reason or (NO_CAPACITY if allowed else self._why(channel, known, first))
            if not allowed and reason in _FOR_GOOD and self._is_for_good(channel, known, end):
                break
            start += _STEP
        return CallReach(channel, None, reason)

    def _why(self, channel: str, known: ContactFacts, at: float) -> str:
        """Return what forbids a contact at a moment: the visitor's own, the calendar, or room."""
        return forbidden(self.policy, known, self.purpose, channel, at) or NO_CAPACITY

    def _is_for_good(self, channel: str, known: ContactFacts, end: float) -> bool:
        """Return whether what forbids a contact still does at the end of the search."""
        return forbidden(self.policy, known, self.purpose, channel, end) in _FOR_GOOD

    def _calendar(self, channel: str, known: ContactFacts, start: float, end: float) -> Intervals:
        zone = self.policy.zone_of(known)
        key = (zone.key, channel, start, end)
        if key not in self._days:
            self._days[key] = calendar_intervals(
                self.policy, zone, self.purpose, channel, start, end
            )
        return self._days[key]

    def _free(self, channel: str, allowed: Intervals) -> Intervals:
        most = limit(self.policy, self.purpose, channel)
        if most is None or not allowed:
            return allowed
        if not most:
            return ()  # the share of the purpose is less than one contact in an hour
        return minus(allowed, merge(spans(self.capacity.full(channel, most))))


_FOR_GOOD: Final = frozenset(
    {
        *("blacklisted", "complaint", "no_consent"),
        *(reasons.UNKNOWN_PURPOSE, reasons.UNKNOWN_CHANNEL, reasons.NO_OFFERS),
    }
)
"""Reasons that a later moment rarely lifts."""
