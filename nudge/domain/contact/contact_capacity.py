"""What the gateways can carry: contacts by channel and hour.

Hours are those of UTC, so that each is as long as the next, whatever clocks do.
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
    """What is used of the hours, while contacts are made or planned.

    Attributes:
        version: another one whenever an hour is full for somebody for whom it was not. No other
            capacity has the same.
    """

    def __init__(self, used: Mapping[str, Mapping[int, int]] | None = None) -> None:
        """Begin with what is used: channel -> hour since the epoch -> contacts."""
        self.version = next(_VERSIONS)
        self._used: dict[str, dict[int, int]] = defaultdict(dict)
        for channel, hours in (used or {}).items():
            self._used[channel] = dict(hours)
        self._full: dict[tuple[str, int], set[int]] = {}

    def take(self, channel: str, at: float, count: int = 1) -> None:
        """Use so many more contacts of the hour of a moment in seconds."""
        hour, hours = hour_of(at), self._used[channel]
        hours[hour] = now = hours.get(hour, 0) + count
        for (of, most), full in self._full.items():
            if of == channel and now >= most and hour not in full:
                full.add(hour)
                self.version = next(_VERSIONS)

    def room(self, policy: ContactPolicy, purpose: str, channel: str, at: float) -> int | None:
        """How many more find room in the hour of a moment, at least 0; None: any number.

        Args:
            policy: of the installation.
            purpose: of the contacts.
            channel: of the contacts.
            at: seconds.
        """
        most = limit(policy, purpose, channel)
        return None if most is None else max(0, most - self._used[channel].get(hour_of(at), 0))

    def forbidden(self, policy: ContactPolicy, purpose: str, channel: str, at: float) -> str | None:
        """`no_capacity` where the hour is full for this purpose, or None."""
        return NO_CAPACITY if self.room(policy, purpose, channel, at) == 0 else None

    def full(self, channel: str, most: int) -> Collection[int]:
        """The hours in which there are so many contacts, or more."""
        found = self._full.get((channel, most))
        if found is None:
            hours = {hour for hour, count in self._used[channel].items() if count >= most}
            found = self._full[channel, most] = hours
        return found


def hour_of(at: float) -> int:
    """The hour of a moment: whole hours since the epoch."""
    return math.floor(at) // HOUR


def hours_of(intervals: Iterable[Interval]) -> set[int]:
    """The hours of which some moment is in the intervals."""
    return {
        hour
        for start, end in intervals
        for hour in range(hour_of(start), -(-math.ceil(end) // HOUR))
    }


def spans(hours: Collection[int]) -> list[Interval]:
    """The hours as moments in seconds."""
    return [(float(hour * HOUR), float((hour + 1) * HOUR)) for hour in hours]


def limit(policy: ContactPolicy, purpose: str, channel: str) -> int | None:
    """The contacts in an hour from which on a purpose finds no room; None: there is no limit.

    Transactional contacts are never held back, but what they use is used. A channel or a purpose
    that the policy does not know has no room.
    """
    if purpose in policy.exempt:
        return None
    way, wanted = policy.channels.get(channel), policy.purposes.get(purpose)
    if way is None or wanted is None:
        return 0
    # The small number keeps 0.29 of 100, which is a little less in binary, at 29.
    return None if way.capacity is None else math.floor(way.capacity * wanted.share + 1e-9)
