"""Notes of the harm guard in the store: the worker whose turn it is, and its last looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys


@dataclass(frozen=True)
class GuardNotes:
    """Notes of the harm guard: the worker whose turn it is, and its last looks."""

    client: Client
    keys: Keys

    def acquire(self, owner: str, ttl: float) -> bool:
        """Take the turn for `ttl` seconds, or keep one's own; False while another worker has it.

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
        """Write the last look at a slot over the one before."""
        self.client.call("SET", self.keys.config("guarded", slot), orjson.dumps(seen))

    def noted(self, slot: str) -> dict[str, object] | None:
        """Return the last look at a slot; None before the first."""
        text = self.client.call("GET", self.keys.config("guarded", slot))
        return None if text is None else orjson.loads(text)
