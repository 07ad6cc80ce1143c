"""Partings of two visitors who had been taken for one: each step is one write, and idempotent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nudge.domain.identity.sealing import Home
from nudge.domain.journal.records import Event
from nudge.store.journal.digests import digest_of
from nudge.store.journal.journal import EVENT_MEMORY
from nudge.store.vault.visitors import PARTING
from nudge.store.wire.client import Arg, Client
from nudge.store.wire.codec import encode
from nudge.store.wire.keys import Keys

MOST_BEHIND: Final = 20_000
"""Records behind those that were read which the script looks through."""
PARTED: Final = "parted"
"""The field of `person:<subject>` with the position of its record, until all is done."""


@dataclass(frozen=True)
class Partings:
    """Partings: the vault's and the journal's part in taking two visitors apart."""

    client: Client
    keys: Keys

    def note(self, one: Home, other: Home) -> None:
        """Note with both that they are being taken apart."""
        for mine, of in ((one, other), (other, one)):
            key = self.keys.person(mine.partition, mine.subject)
            self.client.call("HSET", key, PARTING, f"{of.partition} {of.subject}")

    def forget(self, leaves: Home, stays: Home) -> None:
        """Remove the notes: it is done."""
        for home in (stays, leaves):
            key = self.keys.person(home.partition, home.subject)
            self.client.call("HDEL", key, PARTING, PARTED)

    def part(self, home: Home, event: Event, upto: int, *, leaves: bool) -> int:
        """Append a record that sets the subject's state, if none came behind a position.

        Args:
            home: of the subject.
            event: the record.
            upto: last position that was read.
            leaves: the subject leaves the one that it had turned out to be.

        Returns:
            The record's position; 0 where there is a newer one, and the state must be made anew.
        """
        p = home.partition
        args: list[Arg] = [self.keys.prefix(p), home.subject, upto, encode(event)]
        names = [self.keys.journal(p), self.keys.seq(p)]
        return int(self.client.run("part", names, [*args, int(leaves), MOST_BEHIND]))

    def parted_at(self, home: Home) -> int:
        """Return the position of the record by which a subject left; 0 without one."""
        key = self.keys.person(home.partition, home.subject)
        return int(self.client.call("HGET", key, PARTED) or 0)

    def unlist(self, stays: Sequence[Home], leaves: Home) -> None:
        """Take a subject from the list of those that turned out to be another one.

        Args:
            stays: the subject that listed it, and whom that one turned out to be.
            leaves: the subject.
        """
        for home in stays:
            key = self.keys.person(home.partition, home.subject)
            # How many ids are left is counted anew when the next one comes.
            self.client.call("HDEL", key, f"s:{leaves.subject}", "w")

    def remember(self, home: Home, events: Iterable[tuple[Event, float]]) -> None:
        """Remember ids of events with a subject, so that none of them is taken again.

        Args:
            home: of the subject.
            events: each with its stamp in seconds.
        """
        key = self.keys.seen(home.partition, home.subject)
        for event, stamp in events:
            self.client.call("ZADD", key, "NX", round(stamp * 1000), digest_of(event))
        self.client.call("PEXPIRE", key, int(EVENT_MEMORY * 1000))

    def set_books(
        self, home: Home, kept: Mapping[str, Mapping[str, bytes]], gone: Mapping[str, Iterable[str]]
    ) -> None:
        """Write and remove fields of a subject's books.

        Args:
            home: of the subject.
            kept: `numbers` or `texts` -> fields to write.
            gone: the same -> fields to remove.
        """
        names = {"numbers": self.keys.numbers, "texts": self.keys.texts}
        for family, key_of in names.items():
            key = key_of(home.partition, home.subject)
            for name, value in kept.get(family, {}).items():
                self.client.call("HSET", key, name, value)
            for name in gone.get(family, ()):
                self.client.call("HDEL", key, name)
