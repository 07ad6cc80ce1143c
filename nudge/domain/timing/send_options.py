"""Send options: windows, the cycle, and whether an earlier plan stands, for a visitor now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bandits.units import DAY
from nudge.domain.basics.intervals import Intervals
from nudge.domain.choosing.choice import StandingDecision
from nudge.domain.contact.contact_rules import forbidden
from nudge.domain.contact.pressure_rules import ContactKind
from nudge.domain.slots.window import Window, windows_for
from nudge.domain.timing.windows import (
    OTHER_PURPOSE,
    OVER,
    Calendar,
    Cycle,
    WindowQuery,
    beginning_of,
    cycle_at,
    left_of,
    length_of,
    next_cycle,
    send_time,
)

NO_CYCLE: Final = -1
MINUTE: Final = 60.0
STANDS: Final = float(DAY)
"""Seconds behind its time for which a plan from `now` stands: asked again, the same is answered.

A plan of an exempt purpose stands until its time: each receipt is one of its own.
"""
OptionsKey = tuple[str | None, ContactKind, bool, Cycle | None]
"""Key of options that many visitors have at one moment: their zone, if known, kind of the contact,
whether they agreed to the channel, and the cycle where it depends on the visitor."""


@dataclass(frozen=True)
class SendOptions:
    """The options for a visitor.

    Attributes:
        cycle: its index; `NO_CYCLE` where no date is known.
        allowed: window -> moments.
        blocked: window -> reason.
        within: window -> seconds of allowed time to be used, of those that are not used whole.
        first_day: only the first day of what is allowed of a window is used, as in a pilot.
        stands: the visitor has a plan that holds.
        past: that plan, where its time has passed: nothing changes it any more.
        mark: number of `cycle` and `blocked` in a `SendOptionsCache`: equal numbers, equal values.
        key: by which a `SendOptionsCache` keeps them; None where they are one visitor's own.
    """

    cycle: int
    allowed: Mapping[str, Intervals]
    blocked: Mapping[str, str]
    within: Mapping[str, float] = field(default_factory=dict)
    first_day: bool = False
    stands: bool = False
    past: StandingDecision | None = None
    mark: int = 0
    key: OptionsKey | None = None
    _lengths: dict[str, float] = field(init=False, compare=False, repr=False, default_factory=dict)

    def find_send_time(self, window: str, key: str, salt: bytes) -> float:
        """Return the moment of a key in a window; see `windows.send_time`."""
        intervals, length = self.find_moments(window), self._lengths.get(window)
        if length is None:
            length = self._lengths[window] = length_of(intervals)
        return send_time(intervals, length, key, salt)

    def find_moments(self, window: str) -> Intervals:
        """Return the moments at which an SMS of a window may go out."""
        intervals, within = self.allowed[window], self.within.get(window)
        if self.first_day:
            end = intervals[0][0] + DAY
            intervals = tuple((low, min(high, end)) for low, high in intervals if low < end)
        return intervals if within is None else beginning_of(intervals, within)


def find_options(
    calendar: Calendar,
    windows: Mapping[str, Window],
    wanted: WindowQuery,
    expected_at: float | None,
    before: StandingDecision | None,
) -> SendOptions:
    """Return the options for a visitor.

    A month of which nothing is left is over: the next one is looked at.

    Args:
        calendar: of the contact policy.
        windows: of the slot, at least one; those of a purpose are of one anchor.
        wanted: contact that is to be made.
        expected_at: seconds, when the next recharge is expected; None where nobody knows.
        before: the visitor's last plan for this purpose.
    """
    own = windows_for(windows, wanted.purpose)
    strange = dict.fromkeys(windows.keys() - own.keys(), OTHER_PURPOSE)
    if not own:
        return SendOptions(NO_CYCLE, {}, strange)
    anchor = next(iter(own.values())).anchor
    zone = calendar.policy.zone_of(wanted.known)
    cycle = cycle_at(anchor, zone, wanted.at, expected_at)
    allowed, blocked = left_of(calendar, own, cycle, wanted)
    if cycle and OVER.issuperset(blocked.values()) and not allowed and (then := next_cycle(cycle)):
        cycle = then
        allowed, blocked = left_of(calendar, own, cycle, wanted)
    index = cycle.index if cycle else NO_CYCLE
    if anchor == "now":
        index = _find_index(calendar, wanted, before)
    within = {name: one.within for name, one in own.items() if one.within}
    blocked |= strange
    if before is None or before.period != index or not _holds(calendar, wanted, before):
        return SendOptions(index, allowed, blocked, within)
    others = {name: why for name, why in blocked.items() if name != before.decision.variant}
    past = before.decision.due is not None and before.decision.due <= wanted.at
    kept = before if past else None
    return SendOptions(index, allowed, others, within, stands=True, past=kept)


def _find_index(calendar: Calendar, wanted: WindowQuery, before: StandingDecision | None) -> int:
    """Return the cycle of a plan from now: that of the plan before while it stands, or a new one.

    New ones count minutes: nothing is planned for the minute that runs.
    """
    due = before.decision.due if before is not None else None
    if before is not None and due is not None:
        exempt = wanted.purpose in calendar.policy.exempt
        if wanted.at <= due + (0.0 if exempt else STANDS):
            return before.period
    return int(wanted.at // MINUTE)


def _holds(calendar: Calendar, wanted: WindowQuery, before: StandingDecision) -> bool:
    """Return whether a plan is still allowed; one of the past was sent, or will not be."""
    due = before.decision.due
    if due is None:
        return False
    ask = calendar.policy, wanted.known, wanted.purpose, wanted.channel
    return due <= wanted.at or forbidden(*ask, due, wanted.content) is None
