"""Has the store write its log anew, so that what was removed is gone from the disk as well."""

from __future__ import annotations

from typing import Final

from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

WANTED: Final = "rewrite_wanted"
DONE: Final = "rewrite_done"
BEGUN: Final = "rewrite_begun"


def want_rewrite(client: Client, keys: Keys) -> None:
    """Note that something was removed that must leave the log."""
    client.call("HINCRBY", keys.config("store"), WANTED, 1)


def is_wanted(client: Client, keys: Keys) -> bool:
    """Whether something was removed since the last rewriting that is done began."""
    wanted, done = client.call("HMGET", keys.config("store"), WANTED, DONE)
    return int(wanted or 0) > int(done or 0)


def rewrite(client: Client, keys: Keys) -> None:
    """Go on with the rewriting that is wanted: begin it, or note that it has ended.

    It may be called again and again, by any number of processes: one more rewriting does no harm.
    A server that has no log, or does not let one rewrite it, is asked once for each wish.

    Raises:
        StoreAwayError: no answer.
    """
    if not is_wanted(client, keys) or client.is_rewriting():
        return
    of = keys.config("store")
    wanted, begun = client.call("HMGET", of, WANTED, BEGUN)
    if begun is not None:
        # It began behind that wish, and is not running any more.
        client.call("HSET", of, DONE, begun)
        client.call("HDEL", of, BEGUN)
    if int(wanted) > int(begun or 0):
        client.call("HSET", of, BEGUN, wanted)
        client.rewrite_log()
