"""The rewrite of the store's own log, so that removed data is gone from the disk as well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

WANTED: Final = "rewrite_wanted"
DONE: Final = "rewrite_done"
BEGUN: Final = "rewrite_begun"


@dataclass(frozen=True)
class LogRewrite:
    """The rewrite of the store's own log, after which nothing of a forgotten person is on disk."""

    client: Client
    keys: Keys

    def want_rewrite(self) -> None:
        """Note that something was removed that must leave the log."""
        self.client.call("HINCRBY", self.keys.config("store"), WANTED, 1)

    def is_wanted(self) -> bool:
        """Return whether something was removed since the last finished rewrite began."""
        wanted, done = self.client.call("HMGET", self.keys.config("store"), WANTED, DONE)
        return int(wanted or 0) > int(done or 0)

    def rewrite(self) -> None:
        """Begin the wanted rewrite, or note that it has ended; idempotent.

        Idempotent: any number of processes may call it again and again. A server that has no log,
        or does not let one rewrite it, is asked once for each wish.

        Raises:
            StoreAwayError: no answer.
        """
        if not self.is_wanted() or self.client.is_rewriting():
            return
        of = self.keys.config("store")
        wanted, begun = self.client.call("HMGET", of, WANTED, BEGUN)
        if begun is not None:
            # It began behind that wish, and is not running any more.
            self.client.call("HSET", of, DONE, begun)
            self.client.call("HDEL", of, BEGUN)
        if int(wanted) > int(begun or 0):
            self.client.call("HSET", of, BEGUN, wanted)
            self.client.rewrite_log()
