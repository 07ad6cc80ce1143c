"""What is possible for one customer now: windows, the cycle, and whether an earlier plan stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nudge.domain.choice import Kept
from nudge.domain.contact_rules import forbidden
from nudge.domain.intervals import Intervals
from nudge.domain.window import Window
from nudge.domain.windows import (
    OVER,
    Calendar,
    Wanted,
    cycle_at,
    left_of,
    next_cycle,
)

NO_CYCLE: Final = -1


@dataclass(frozen=True)
class Chance:
    """What is possible for a customer.

    Attributes:
        cycle: its index; `NO_CYCLE` where no date is known.
        allowed: window -> moments.
        blocked: window -> why not.
        stands: the customer has a plan that holds.
        past: that plan, where its time has passed: nothing changes it any more.
    """

    cycle: int
    allowed: Mapping[str, Intervals]
    blocked: Mapping[str, str]
    stands: bool = False
    past: Kept | None = None


def chance_of(
    calendar: Calendar,
    windows: Mapping[str, Window],
    wanted: Wanted,
    expected_at: float | None,
    before: Kept | None,
) -> Chance:
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
        return Chance(index, allowed, blocked)
    others = {name: why for name, why in blocked.items() if name != before.decision.variant}
    past = before.decision.due is not None and before.decision.due <= wanted.at
    return Chance(index, allowed, others, stands=True, past=before if past else None)


def _holds(calendar: Calendar, wanted: Wanted, before: Kept) -> bool:
    """Whether a plan is still allowed; what is past was sent, or will not be."""
    due = before.decision.due
    if due is None:
        return False
    ask = calendar.policy, wanted.known, wanted.purpose, wanted.channel
    return due <= wanted.at or forbidden(*ask, due) is None
