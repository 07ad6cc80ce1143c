"""Deliveries of notices in the store: each is written before its notice is tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from nudge.domain.alarms.delivery import Delivery
from nudge.store.wire.client import Arg, Client
from nudge.store.wire.keys import Keys


@dataclass(frozen=True)
class Deliveries:
    """Deliveries of an installation's notices, and the worker whose turn it is to send."""

    client: Client
    keys: Keys

    def acquire(self, owner: str, ttl: float) -> bool:
        """Take the turn to send for `ttl` seconds, or keep one's own; False if another has it.

        It spares work and protects nothing: `put` names the tries that were begun.
        """
        turn = [self.keys.config("notifier")]
        return self.client.run("lease", turn, [owner, int(ttl * 1000)]) is not None

    def release(self, owner: str) -> None:
        """Give the turn back, so that the next owner need not wait for it to run out."""
        self.client.run("lease", [self.keys.config("notifier")], [owner, 0])

    def read(self) -> dict[str, Delivery]:
        """Return every delivery by the id of its notice."""
        rows = self.client.read_hash(self.keys.config("notices"))
        return {name.decode(): Delivery.read(orjson.loads(text)) for name, text in rows.items()}

    def of_alarm(self, alarm_id: str) -> list[Delivery]:
        """Return the deliveries that tell of an alarm, the latest first."""
        found = [
            one
            for one in self.read().values()
            if any(occasion.alarm == alarm_id for occasion in one.notice.occasions)
        ]
        return sorted(found, key=lambda one: -one.last)

    def put(self, delivery: Delivery, begun: int) -> bool:
        """Write a delivery if no other try was begun meanwhile; others get False.

        Args:
            delivery: as it is from now on.
            begun: tries that it had when it was read; 0 for a new one.
        """
        args: list[Arg] = [delivery.notice.id, begun, orjson.dumps(delivery.plain)]
        return bool(self.client.run("note_delivery", [self.keys.config("notices")], args))

    def drop(self, ids: Sequence[str]) -> None:
        """Forget deliveries; idempotent."""
        if ids:
            self.client.call("HDEL", self.keys.config("notices"), *ids)
