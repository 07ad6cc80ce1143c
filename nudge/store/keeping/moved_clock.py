"""The moved time of a store, for the history of a demonstration alone: scripts read it."""

from __future__ import annotations

from dataclasses import dataclass

from nudge.store.wire.client import Client
from nudge.store.wire.moved_time import WALL_KEY, wall_text


@dataclass(frozen=True)
class MovedClock:
    """The moved time of one store; `nudge.clock.moved` tells its processes to read it.

    Attributes:
        client: of the store.
    """

    client: Client

    def go_to(self, at: float) -> None:
        """Move the time to a moment, in seconds since the epoch, UTC."""
        self.client.call("SET", WALL_KEY, wall_text(at))

    def end(self) -> None:
        """Take the moved time away: the store has the server's own again."""
        self.client.call("DEL", WALL_KEY)
