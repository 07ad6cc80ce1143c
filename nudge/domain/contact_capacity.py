"""What the gateways can carry: contacts by channel and hour, a pure value.

Hours are those of UTC, so that each is as long as the next, whatever clocks do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from nudge.domain.contact import NO_CAPACITY
from nudge.domain.contact_policy import ContactPolicy

HOUR: Final = 3600


@dataclass(frozen=True)
class Capacity:
    """What is used.

    Attributes:
        used: (channel, hours since the epoch) -> contacts.
    """

    used: Mapping[tuple[str, int], int] = field(default_factory=dict)

    def take(self, channel: str, at: float, count: int = 1) -> Capacity:
        """The capacity when so many more have been made in the hour of a moment."""
        key = channel, hour_of(at)
        return Capacity({**self.used, key: self.used.get(key, 0) + count})

    def room(self, policy: ContactPolicy, purpose: str, channel: str, at: float) -> int | None:
        """How many more find room in the hour of a moment, at least 0; None: any number.

        Args:
            policy: of the installation.
            purpose: of the contacts.
            channel: of the contacts.
            at: seconds.
        """
        most = limit(policy, purpose, channel)
        return None if most is None else max(0, most - self.used.get((channel, hour_of(at)), 0))

    def forbidden(self, policy: ContactPolicy, purpose: str, channel: str, at: float) -> str | None:
        """`no_capacity` where the hour is full for this purpose, or None."""
        return NO_CAPACITY if self.room(policy, purpose, channel, at) == 0 else None


def hour_of(at: float) -> int:
    """The hour of a moment: whole hours since the epoch."""
    return math.floor(at) // HOUR


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
