"""The guard in the store: which worker has its turn, and what it saw last in each slot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys


@dataclass(frozen=True)
class GuardNotes:
    """Notes of the harm guard: whose turn it is, and what it saw last.

    Attributes:
        client: of the store.
        keys: of the installation.
    """

    client: Client
    keys: Keys

    def acquire(self, owner: str, ttl: float) -> bool:
        """Take the turn for `ttl` seconds, or keep one's own; False while another has it.

        It spares work and protects nothing: what the guard does to a slot it does as an operator
        would, naming the revision that it looked at.
        """
        return (
            self.client.run("lease", [self.keys.config("guard")], [owner, int(ttl * 1000)])
            is not None
        )

    def release(self, owner: str) -> None:
        """Give the turn back, so that the next owner need not wait for it to run out."""
        self.client.run("lease", [self.keys.config("guard")], [owner, 0])

    def note(self, slot: str, seen: Mapping[str, object]) -> None:
        """Keep what was seen of a slot, in place of what was seen before."""
        self.client.call("SET", self.keys.config("guarded", slot), orjson.dumps(seen))

    def noted(self, slot: str) -> dict[str, object] | None:
        """What was seen last of a slot; None before the first look."""
        text = self.client.call("GET", self.keys.config("guarded", slot))
        return None if text is None else orjson.loads(text)
