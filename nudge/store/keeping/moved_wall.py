"""The moved time of a store, and the removal of all that an installation has in it.

Both are for the history of a demonstration alone (docs/decisions/0052-demo-history.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys
from nudge.store.wire.moved_time import WALL_KEY, wall_text


@dataclass(frozen=True)
class MovedWall:
    """The key from which scripts take the time while the clock is moved."""

    client: Client

    def put(self, at: float) -> None:
        """Set the store's time to a moment.

        Raises:
            StoreAwayError: no answer.
        """
        self.client.call("SET", WALL_KEY, wall_text(at))

    def remove(self) -> None:
        """Take the moved time out of the store.

        Raises:
            StoreAwayError: no answer.
        """
        self.client.call("DEL", WALL_KEY)


def remove_all(client: Client, keys: Keys) -> None:
    """Remove every key of an installation; it may be repeated.

    Raises:
        StoreAwayError: no answer.
    """
    for name in set(client.scan(f"{keys.namespace}:*")):
        client.call("UNLINK", name)
