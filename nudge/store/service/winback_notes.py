"""Notes of win-back in the store: mended causes, the uplift in force, whose turn the order is."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from nudge.domain.winback.mended_cause import MendedCause
from nudge.domain.winback.uplift_in_force import UpliftInForce
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys


@dataclass(frozen=True)
class WinbackNotes:
    """Notes of win-back: causes that were declared mended, and the uplift in force."""

    client: Client
    keys: Keys

    def acquire(self, owner: str, ttl: float) -> bool:
        """Take the turn to order for `ttl` seconds, or keep one's own; False if another has it.

        It spares work and protects nothing: the order is made of the cases alone.
        """
        lease = [self.keys.config("winback_turn")]
        return self.client.run("lease", lease, [owner, int(ttl * 1000)]) is not None

    def causes(self) -> list[MendedCause]:
        """Return every cause that was declared mended, the latest first, taken back or not."""
        found = self.client.read_hash(self.keys.config("mended"))
        causes = [MendedCause(**orjson.loads(text)) for text in found.values()]
        return sorted(causes, key=lambda one: (-one.at, one.id))

    def cause(self, name: str) -> MendedCause | None:
        """Return one cause by its id; None where there is none."""
        text = self.client.call("HGET", self.keys.config("mended"), name)
        return None if text is None else MendedCause(**orjson.loads(text))

    def put_new(self, cause: MendedCause) -> bool:
        """Write a new cause; return False where one of its id is there. First writer wins."""
        text = orjson.dumps(cause.plain)
        return bool(self.client.call("HSETNX", self.keys.config("mended"), cause.id, text))

    def put(self, cause: MendedCause) -> None:
        """Write a cause over the one of its id."""
        self.client.call("HSET", self.keys.config("mended"), cause.id, orjson.dumps(cause.plain))

    def uplift(self) -> UpliftInForce | None:
        """Return the uplift in force; None before the first was fitted."""
        text = self.client.call("GET", self.keys.config("uplift"))
        return None if text is None else UpliftInForce.read(orjson.loads(text))

    def put_uplift(self, uplift: UpliftInForce) -> None:
        """Put an uplift into force; the order follows when it is next made whole."""
        self.client.call("SET", self.keys.config("uplift"), orjson.dumps(uplift.plain))
