"""Capacity of the gateways: contacts by channel and hour.

Hours are those of UTC, so that all have the same length, whatever local clocks do.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from bandits.units import HOUR
from nudge.domain.basics.intervals import Interval
from nudge.domain.contact.contact import NO_CAPACITY
from nudge.domain.contact.contact_policy import ContactPolicy

_VERSIONS: Final = itertools.count(1)


class Capacity:
    """The used capacity of each hour, while contacts are made or planned.

    Attributes:
        version: changes whenever an hour becomes full for some purpose; unique among all
            capacities.
    """

    def __init__(self, used: Mapping[str, Mapping[int, int]] | None = None) -> None:
        """Start from the contacts already counted: channel -> hour since the epoch -> contacts."""
        self.version = next(_VERSIONS)
        self._used: dict[str, dict[int, int]] = defaultdict(dict)
        for channel, hours in (used or {}).items():
            self._used[channel] = dict(hours)
        self._full: dict[tuple[str, int], set[int]] = {}

    def take(self, channel: str, at: float, count: int = 1) -> None:
        """Use capacity for `count` contacts in the hour of a moment (seconds)."""
        hour, hours = hour_of(at), self._used[channel]
        hours[hour] = now = hours.get(hour, 0) + count
        for (of, most), full in self._full.items():
            if of == channel and now >= most and hour not in full:
                full.add(hour)
                self.version = next(_VERSIONS)

    def room(self, policy: ContactPolicy, purpose: str, channel: str, at: float) -> int | None:
        """Return how many contacts still fit into the hour of `at` (seconds); None for no limit."""
        most = limit(policy, purpose, channel)
        return None if most is None else max(0, most - self._used[channel].get(hour_of(at), 0))

    def forbidden(self, policy: ContactPolicy, purpose: str, channel: str, at: float) -> str | None:
        """Return `no_capacity` where the hour is full for this purpose, or None."""
        return NO_CAPACITY if self.room(policy, purpose, channel, at) == 0 else None

    def full(self, channel: str, most: int) -> Collection[int]:
        """Return the hours with at least `most` contacts."""
        found = self._full.get((channel, most))
        if found is None:
            hours = {hour for hour, count in self._used[channel].items() if count >= most}
            found = self._full[channel, most] = hours
        return found


def hour_of(at: float) -> int:
    """Return the hour of a moment: whole hours since the epoch."""
    return math.floor(at) // HOUR


def hours_of(intervals: Iterable[Interval]) -> set[int]:
    """Return the hours that share a moment with the intervals."""
    return {
        hour
        for start, end in intervals
        for hour in range(hour_of(start), -(-math.ceil(end) // HOUR))
    }


def spans(hours: Collection[int]) -> list[Interval]:
    """Return hours as intervals in seconds."""
    return [(float(hour * HOUR), float((hour + 1) * HOUR)) for hour in hours]


def limit(policy: ContactPolicy, purpose: str, channel: str) -> int | None:
    """Return the contacts in an hour from which on a purpose is refused; None for no limit.

    Transactional contacts are never refused, but they use capacity. An unknown channel or purpose
    has a limit of 0.
    """
    if purpose in policy.exempt:
        return None
    terms, aim = policy.channels.get(channel), policy.purposes.get(purpose)
    if terms is None or aim is None:
        return 0
    # The small number keeps 0.29 of 100, which is a little less in binary, at 29.
    return None if terms.capacity is None else math.floor(terms.capacity * aim.share + 1e-9)
