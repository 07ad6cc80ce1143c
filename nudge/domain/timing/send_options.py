"""What is possible for a customer now: windows, the cycle, and whether an earlier plan stands."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Final

from nudge.domain.basics.intervals import Intervals, merge, minus
from nudge.domain.choosing.choice import StandingDecision
from nudge.domain.contact.contact import NO_CAPACITY, ContactFacts
from nudge.domain.contact.contact_capacity import Capacity, spans
from nudge.domain.contact.contact_personal import permission, unpressed
from nudge.domain.contact.contact_rules import forbidden
from nudge.domain.slots.window import Window
from nudge.domain.timing.windows import (
    OVER,
    Calendar,
    WindowQuery,
    cycle_at,
    left_of,
    length_of,
    next_cycle,
    send_time,
)

NO_CYCLE: Final = -1


@dataclass(frozen=True)
class SendOptions:
    """What is possible for a customer.

    Attributes:
        cycle: its index; `NO_CYCLE` where no date is known.
        allowed: window -> moments.
        blocked: window -> why not.
        stands: the customer has a plan that holds.
        past: that plan, where its time has passed: nothing changes it any more.
        mark: the same number is the same `cycle` and `blocked`; given by `SendOptionsCache`.
    """

    cycle: int
    allowed: Mapping[str, Intervals]
    blocked: Mapping[str, str]
    stands: bool = False
    past: StandingDecision | None = None
    mark: int = 0
    _lengths: dict[str, float] = field(init=False, compare=False, repr=False, default_factory=dict)

    def send_time(self, window: str, key: str, salt: bytes) -> float:
        """The moment of a key in a window; as `windows.send_time`."""
        intervals, length = self.allowed[window], self._lengths.get(window)
        if length is None:
            length = self._lengths[window] = length_of(intervals)
        return send_time(intervals, length, key, salt)


class SendOptionsCache:
    """What is possible from one moment on: found once for all of whom nothing special is known.

    Attributes:
        calendar: of the contact policy.
        windows: of the slot, at least one; all of one anchor.
        at: seconds; what lies before is past.
    """

    def __init__(self, calendar: Calendar, windows: Mapping[str, Window], at: float) -> None:
        self.calendar, self.windows, self.at = calendar, windows, at
        self._anchor = next(iter(windows.values())).anchor
        self._found: dict[object, SendOptions] = {}
        self._marks: dict[object, int] = {}
        # A count, since threads share this: two of them may find the same length.
        self._next = count(1)
        self._common: set[int] = set()
        self._open: dict[int, tuple[int, SendOptions]] = {}

    def of(
        self,
        known: ContactFacts,
        purpose: str,
        channel: str,
        expected_at: float | None,
        before: StandingDecision | None,
    ) -> SendOptions:
        """What is possible for a customer.

        Args:
            known: of the customer.
            purpose: of the contact.
            channel: of the contact.
            expected_at: seconds, when the next recharge is expected; None where nobody knows.
            before: the customer's last plan for this purpose.
        """
        policy = self.calendar.policy
        permitted = permission(known, channel, self.at)
        if before or permitted is None or not unpressed(policy, known, purpose, self.at):
            wanted = WindowQuery(known, purpose, channel, self.at)
            made = chance_of(self.calendar, self.windows, wanted, expected_at, before)
            return self._marked(made)
        cycle = None
        if self._anchor == "cycle":
            cycle = cycle_at(self._anchor, policy.zone_of(known), self.at, expected_at)
        key = known.zone, purpose, channel, permitted, cycle
        found = self._found.get(key)
        if found is None:
            wanted = WindowQuery(known, purpose, channel, self.at)
            made = chance_of(self.calendar, self.windows, wanted, expected_at, None)
            found = self._found.setdefault(key, self._marked(made))
            self._common.add(id(found))
        return found

    def left(
        self, chance: SendOptions, capacity: Capacity, channel: str, most: int | None
    ) -> SendOptions:
        """A chance without the hours that are full.

        Args:
            chance: of `of`, for a new plan.
            capacity: of the gateways.
            channel: of the contact.
            most: contacts from which on an hour is full; None for no limit.
        """
        if most is not None and most <= 0:
            return self._marked(_without(chance, ((-math.inf, math.inf),)))
        full = capacity.full(channel, most) if most is not None else ()
        if not full:
            return chance
        known = self._open.get(id(chance))
        if known and known[0] == capacity.version:
            return known[1]
        left = self._marked(_without(chance, merge(spans(full))))
        if id(chance) in self._common:
            self._open[id(chance)] = capacity.version, left
        return left

    def _marked(self, chance: SendOptions) -> SendOptions:
        key = chance.cycle, tuple(sorted(chance.blocked.items()))
        return replace(chance, mark=self._marks.setdefault(key, next(self._next)))


def _without(chance: SendOptions, full: Intervals) -> SendOptions:
    left = {name: minus(intervals, full) for name, intervals in chance.allowed.items()}
    gone = {name: NO_CAPACITY for name, intervals in left.items() if not intervals}
    allowed = {name: intervals for name, intervals in left.items() if intervals}
    return replace(chance, allowed=allowed, blocked={**chance.blocked, **gone})


def chance_of(
    calendar: Calendar,
    windows: Mapping[str, Window],
    wanted: WindowQuery,
    expected_at: float | None,
    before: StandingDecision | None,
) -> SendOptions:
    """What is possible for a customer.

    A month of which nothing is left is over: the next one is looked at.

    Args:
        calendar: of the contact policy.
        windows: of the slot, at least one; all of one anchor.
        wanted: for what contact.
        expected_at: seconds, when the next recharge is expected; None where nobody knows.
        before: the customer's last plan for this purpose.
    """
    anchor = next(iter(windows.values())).anchor
    zone = calendar.policy.zone_of(wanted.known)
    cycle = cycle_at(anchor, zone, wanted.at, expected_at)
    allowed, blocked = left_of(calendar, windows, cycle, wanted)
    if cycle and OVER.issuperset(blocked.values()) and not allowed and (then := next_cycle(cycle)):
        cycle = then
        allowed, blocked = left_of(calendar, windows, cycle, wanted)
    index = cycle.index if cycle else NO_CYCLE
    if before is None or before.period != index or not _holds(calendar, wanted, before):
        return SendOptions(index, allowed, blocked)
    others = {name: why for name, why in blocked.items() if name != before.decision.variant}
    past = before.decision.due is not None and before.decision.due <= wanted.at
    return SendOptions(index, allowed, others, stands=True, past=before if past else None)


def _holds(calendar: Calendar, wanted: WindowQuery, before: StandingDecision) -> bool:
    """Whether a plan is still allowed; what is past was sent, or will not be."""
    due = before.decision.due
    if due is None:
        return False
    ask = calendar.policy, wanted.known, wanted.purpose, wanted.channel
    return due <= wanted.at or forbidden(*ask, due) is None
