"""Snapshots in the store: the publisher's lease, the kept versions and their bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from nudge import faults
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

AT: Final = "at:"
"""Prefix of the publisher's fields that say when each kept version was published."""
FAILING: Final = "failing:"
"""Prefix of the fields of `versions` that name the slots whose learner fails."""


@dataclass(frozen=True)
class PublishLease:
    """The right to publish for a slot.

    Attributes:
        owner: who holds it.
        token: the fencing token; rises with every new owner.
        version: last published; 0 before the first.
    """

    slot: str
    owner: str
    token: int
    version: int


@dataclass(frozen=True)
class Snapshots:
    """Snapshots: published by one lease holder a slot, read by version."""

    client: Client
    keys: Keys

    def acquire(self, slot: str, owner: str, ttl: float) -> PublishLease | None:
        """Take the lease for `ttl` seconds, or renew one's own; None while another has it."""
        reply = self.client.run(
            "lease", [self.keys.config("publisher", slot)], [owner, int(ttl * 1000)]
        )
        return None if reply is None else PublishLease(slot, owner, int(reply[0]), int(reply[1]))

    def release(self, lease: PublishLease) -> None:
        """Give the lease back, so that the next owner need not wait for it to run out."""
        self.client.run("lease", [self.keys.config("publisher", lease.slot)], [lease.owner, 0])

    def publish(
        self, lease: PublishLease, blob: bytes, at: float, forget: Iterable[int]
    ) -> PublishLease:
        """Make the next version current, and return the lease with it.

        Args:
            lease: held for the slot.
            blob: the policy, whose version is the lease's plus one.
            at: seconds, when it was published.
            forget: versions to remove.

        Raises:
            FencedError: another publisher holds the slot. Nothing was published.
            StoreAwayError: no answer; it may have been published.
        """
        publisher = self.keys.config("publisher", lease.slot)
        names = [publisher, self.keys.config("snapshots", lease.slot), self.keys.config("versions")]
        version = lease.version + 1
        gone = sorted(forget)
        faults.point("publish.before")
        self.client.run("publish", names, [lease.token, lease.slot, version, blob, *gone])
        faults.point("publish.after")
        # Not with it: a time that is lost costs no more than a version that is kept too long.
        self.client.call("HSET", publisher, f"{AT}{version}", repr(at))
        if gone:
            self.client.call("HDEL", publisher, *(f"{AT}{one}" for one in gone))
        return replace(lease, version=version)

    def versions(self) -> tuple[str, str]:
        """Return what changes with every quarantine, and with every hold of a policy."""
        found = self.client.call("HMGET", self.keys.config("versions"), "quarantines", "holds")
        first, second = ((one or b"").decode() for one in found)
        return first, second

    def note_failure(self, slot: str, why: str) -> None:
        """Note that a slot cannot be published, for those who serve; its next version clears it."""
        self.client.call("HSET", self.keys.config("versions"), f"{FAILING}{slot}", why)

    def published(self, slot: str) -> dict[int, float]:
        """Return the kept versions -> seconds of publication (0 where unknown)."""
        known = dict(_pairs(self.client, self.keys.config("publisher", slot)))
        kept = self.client.call("HKEYS", self.keys.config("snapshots", slot))
        return {
            int(name): float(known.get(f"{AT}{int(name)}", 0)) for name in sorted(kept, key=int)
        }

    def count_since(self, slot: str, since: float) -> tuple[int, float]:
        """Return how often a slot was published since a moment, and when it was last.

        Of old versions one an hour is kept: the number is off by at most what an hour had.

        Args:
            slot: name of the slot.
            since: seconds.
        """
        kept = self.published(slot)
        if not kept or max(kept.values()) < since:
            return 0, 0.0
        before = [version for version, at in kept.items() if at < since]
        first = max(before, default=min(kept) - 1)
        return max(kept) - first, max(kept.values())

    def read(self, slot: str, version: int) -> bytes | None:
        """Return the bytes of one version, or None where it is not kept."""
        blob: bytes | None = self.client.call("HGET", self.keys.config("snapshots", slot), version)
        return blob


def _pairs(client: Client, key: str) -> list[tuple[str, str]]:
    return [(name.decode(), value.decode()) for name, value in client.read_hash(key).items()]
