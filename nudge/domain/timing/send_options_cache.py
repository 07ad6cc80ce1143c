"""A cache of send options: found once for all visitors of whom nothing special is known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import count

from nudge.domain.basics.intervals import Intervals, merge, minus
from nudge.domain.choosing.choice import StandingDecision
from nudge.domain.contact.contact import NO_CAPACITY, ContactFacts
from nudge.domain.contact.contact_capacity import Capacity, spans
from nudge.domain.contact.contact_personal import permission, unpressed
from nudge.domain.contact.pressure_rules import ContactKind
from nudge.domain.slots.window import Anchor, Window, windows_for
from nudge.domain.timing.send_options import OptionsKey, SendOptions, find_options
from nudge.domain.timing.windows import Calendar, WindowQuery, cycle_at


class SendOptionsCache:
    """The options from one moment on; safe to share between threads.

    Attributes:
        calendar: of the contact policy.
        windows: of the slot, at least one; those of a purpose are of one anchor.
        at: seconds; what lies before is past.
        first_day: of each window, its first day alone is used.
    """

    def __init__(
        self,
        calendar: Calendar,
        windows: Mapping[str, Window],
        at: float,
        *,
        first_day: bool = False,
    ) -> None:
        self.calendar, self.windows, self.at = calendar, windows, at
        self.first_day = first_day
        self._anchors: dict[str, Anchor | None] = {}
        self._common: dict[OptionsKey, SendOptions] = {}
        self._marks: dict[tuple[int, tuple[tuple[str, str], ...]], int] = {}
        # A count, since threads share this: two of them may find the same length.
        self._next = count(1)
        self._left: dict[tuple[OptionsKey, int], tuple[int, SendOptions]] = {}

    def find_options(
        self,
        known: ContactFacts,
        purpose: str,
        channel: str,
        expected_at: float | None,
        before: StandingDecision | None,
        content: str = "",
    ) -> SendOptions:
        """Return the options for a visitor.

        `expected_at` is in seconds, when the next recharge is expected; None where nobody knows.
        `before` is the visitor's last plan for this purpose; `content` is the tag of what the SMS
        says, if any.
        """
        policy = self.calendar.policy
        permitted = permission(known, channel, self.at)
        kind = ContactKind(purpose, channel, content)
        # A refused offer keeps its tag, of which there may be any number: it is not remembered.
        refused = policy.refuses_offer(kind)
        if before or permitted is None or refused or not unpressed(policy, known, kind, self.at):
            return self._find_own(known, kind, expected_at, before)
        cycle = None
        if self._find_anchor(purpose) == "cycle":
            cycle = cycle_at("cycle", policy.zone_of(known), self.at, expected_at)
        if content not in policy.ruled_content:
            # Who is like a visitor without contacts is so whatever the SMS says.
            kind = kind._replace(content="")
        key = known.zone, kind, permitted, cycle
        found = self._common.get(key)
        if found is None:
            own = self._find_own(known, kind, expected_at, None)
            found = self._common.setdefault(key, replace(own, key=key))
        return found

    def _find_anchor(self, purpose: str) -> Anchor | None:
        """Return the anchor of a purpose's windows; None where it has none."""
        if purpose not in self._anchors:
            own = windows_for(self.windows, purpose).values()
            self._anchors[purpose] = next((one.anchor for one in own), None)
        return self._anchors[purpose]

    def subtract_full(
        self, options: SendOptions, capacity: Capacity, channel: str, most: int | None
    ) -> SendOptions:
        """Return options without the hours that are full.

        Args:
            options: of this cache, for a new plan.
            capacity: of the gateways.
            channel: of the contact.
            most: contacts from which on an hour is full; None for no limit.
        """
        if most is None:
            return options
        if most <= 0:
            return self._mark(_subtract(options, ((-math.inf, math.inf),)))
        full = capacity.full(channel, most)
        if not full:
            return options
        if options.key is None:
            return self._mark(_subtract(options, merge(spans(full))))
        version, found = self._left.get((options.key, most), (-1, options))
        if version != capacity.version:
            version, found = capacity.version, self._mark(_subtract(options, merge(spans(full))))
            self._left[options.key, most] = version, found
        return found

    def _find_own(
        self,
        known: ContactFacts,
        kind: ContactKind,
        expected_at: float | None,
        before: StandingDecision | None,
    ) -> SendOptions:
        wanted = WindowQuery(known, kind.purpose, kind.channel, self.at, kind.content)
        found = find_options(self.calendar, self.windows, wanted, expected_at, before)
        return self._mark(replace(found, first_day=True) if self.first_day else found)

    def _mark(self, options: SendOptions) -> SendOptions:
        key = options.cycle, tuple(sorted(options.blocked.items()))
        return replace(options, mark=self._marks.setdefault(key, next(self._next)))


def _subtract(options: SendOptions, full: Intervals) -> SendOptions:
    left = {name: minus(intervals, full) for name, intervals in options.allowed.items()}
    gone = {name: NO_CAPACITY for name, intervals in left.items() if not intervals}
    allowed = {name: intervals for name, intervals in left.items() if intervals}
    return replace(options, allowed=allowed, blocked={**options.blocked, **gone}, key=None)
