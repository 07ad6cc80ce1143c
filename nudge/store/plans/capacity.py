"""Capacity of a gateway's hours, over all partitions: taken before a plan is written.

Whoever dies in between has taken places that nobody uses: an hour may stay a little emptier than
it could be, and is never over its capacity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nudge.domain.contact.contact_capacity import Capacity, hour_of
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.store.wire.client import Arg, Client
from nudge.store.wire.keys import Keys


@dataclass(frozen=True)
class HourCapacity:
    """Capacity of the gateway, taken by the hour."""

    client: Client
    keys: Keys

    def used(self, channel: str) -> dict[int, int]:
        """Return hours since the epoch -> contacts that are planned in them.

        Raises:
            StoreAwayError: no answer.
        """
        found = self.client.call("HGETALL", self.keys.config("capacity", channel))
        return {int(hour): int(count) for hour, count in found.items()}

    def planned(self, channel: str, hours: Sequence[int]) -> dict[int, int]:
        """Return the contacts that are planned in some hours since the epoch; in others none are.

        Raises:
            StoreAwayError: no answer.
        """
        if not hours:
            return {}
        found = self.client.call("HMGET", self.keys.config("capacity", channel), *hours)
        return {hour: int(n) for hour, n in zip(hours, found, strict=True) if n is not None}

    def of_channels(self, policy: ContactPolicy, channels: Iterable[str]) -> Capacity:
        """Return what is used of those channels that have a limit.

        Args:
            policy: of contacts.
            channels: those that the policy does not know count for nothing.

        Raises:
            StoreAwayError: no answer.
        """
        known = {name: one for name in channels if (one := policy.channels.get(name))}
        limited = [name for name, one in known.items() if one.capacity is not None]
        return Capacity({name: self.used(name) for name in limited})

    def reserve(
        self, channel: str, wanted: Mapping[int, tuple[int, int]], at: float
    ) -> dict[int, int]:
        """Take places in hours, never more than there are.

        Args:
            channel: of the gateway.
            wanted: hour -> the most contacts that may be planned in it, and how many more are
                wanted.
            at: seconds, now.

        Returns:
            Hour -> how many were taken: fewer than wanted where there are no more.

        Raises:
            StoreAwayError: no answer; they may have been taken.
        """
        if not wanted:
            return {}
        args: list[Arg] = [hour_of(at)]
        for hour, (most, count) in wanted.items():
            args += [hour, most, count]
        taken = self.client.run("reserve", [self.keys.config("capacity", channel)], args)
        return dict(zip(wanted, taken, strict=True))

    def release(self, channel: str, counts: Mapping[int, int]) -> None:
        """Give places back.

        Raises:
            StoreAwayError: no answer; they may stay taken.
        """
        for hour, count in counts.items():
            if count:
                self.client.call("HINCRBY", self.keys.config("capacity", channel), hour, -count)
