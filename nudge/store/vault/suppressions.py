"""Suppressions: what an erased person had refused, kept for the hash of each id and number.

Such an id leads to a subject of its own, of which nothing is known but the refusals. So everything
that asks for the id, whichever way, finds them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgpack

from nudge.domain.identity.sealing import Home
from nudge.domain.journal.records import Event
from nudge.store.wire.client import Arg, Client
from nudge.store.wire.codec import encode
from nudge.store.wire.keys import Keys

REFUSED: Final = "refused"
"""The field of `person:<subject>` with the refusals of who is being erased."""


class Refusals(NamedTuple):
    """The refusals of a person.

    Attributes:
        channels: each with the time of its refusal, in seconds.
        complained_at: seconds, of the latest complaint; None without one.
    """

    channels: tuple[tuple[str, float], ...] = ()
    complained_at: float | None = None

    def with_more(self, other: Refusals) -> Refusals:
        """Return the refusals of two, the later one of each channel."""
        last = dict(sorted((*self.channels, *other.channels), key=lambda one: one[1]))
        complaints = [at for at in (self.complained_at, other.complained_at) if at is not None]
        return Refusals(tuple(sorted(last.items())), max(complaints, default=None))


@dataclass(frozen=True)
class Suppressions:
    """Suppressions in the vault and the journal."""

    client: Client
    keys: Keys

    def noted(self, home: Home) -> Refusals:
        """Return the refusals that were noted when the erasure of a subject began."""
        key = self.keys.person(home.partition, home.subject)
        found = self.client.call("HGET", key, REFUSED)
        if found is None:
            return Refusals()
        channels, complained_at = msgpack.unpackb(found)
        return Refusals(tuple((str(c), float(at)) for c, at in channels), complained_at)

    def note(self, home: Home, refusals: Refusals) -> None:
        """Note the refusals of who is about to be erased: the state will not have them any more."""
        key = self.keys.person(home.partition, home.subject)
        self.client.call("HSET", key, REFUSED, msgpack.packb(list(refusals)))

    def suppress(
        self,
        hashed: Home,
        subject: str,
        mine: Sequence[str],
        records: Sequence[Event],
        forgotten: str = "",
    ) -> None:
        """Give an id to a subject of its own that has the refusals; idempotent.

        Args:
            hashed: the id, and where it is at home.
            subject: the new one.
            mine: subjects of the erased person.
            records: of the refusals.
            forgotten: subject of the same partition whose list of ids goes in the same step.
        """
        p = hashed.partition
        packed = msgpack.packb([list(mine), [encode(one) for one in records]], use_bin_type=False)
        args: list[Arg] = [self.keys.prefix(p), p, hashed.subject, subject, forgotten, packed]
        self.client.run("suppress", [self.keys.journal(p), self.keys.seq(p)], args)

    def is_untouched(self, hashed: Home, subject: str) -> bool:
        """Return True for an id of which nothing is known but what an erased person refused."""
        p = hashed.partition
        if self.client.call("HGET", self.keys.person(p, subject), "suppressed") is None:
            return False
        if self.client.call("HGET", self.keys.vault(p, hashed.subject), "c") is not None:
            return False
        families = (self.keys.seen, self.keys.assigned, self.keys.numbers, self.keys.texts)
        names = [key(p, subject) for key in families]
        person = self.client.call("HGETALL", self.keys.person(p, subject))
        merged = b"into" in person or any(name.startswith(b"s:") for name in person)
        return not merged and not self.client.call("EXISTS", *names)
