"""The guard in the store: which worker has its turn, and what it saw last in each slot."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys


def acquire(client: Client, keys: Keys, owner: str, ttl: float) -> bool:
    """Take the turn for `ttl` seconds, or keep one's own; False while another has it.

    It spares work and protects nothing: what the guard does to a slot it does as an operator
    would, naming the revision that it looked at.
    """
    return client.run("lease", [keys.config("guard")], [owner, int(ttl * 1000)]) is not None


def release(client: Client, keys: Keys, owner: str) -> None:
    """Give the turn back, so that the next owner need not wait for it to run out."""
    client.run("lease", [keys.config("guard")], [owner, 0])


def note(client: Client, keys: Keys, slot: str, seen: Mapping[str, object]) -> None:
    """Keep what was seen of a slot, in place of what was seen before."""
    client.call("SET", keys.config("guarded", slot), orjson.dumps(seen))


def noted(client: Client, keys: Keys, slot: str) -> dict[str, object] | None:
    """What was seen last of a slot; None before the first look."""
    text = client.call("GET", keys.config("guarded", slot))
    return None if text is None else orjson.loads(text)
