"""The store's clock, moved by hand: three simulated months pass in minutes.

Time is the store's: its scripts stamp what they append by the command `TIME`, and no process can
move that. Here the same scripts ask a key instead. Leases keep the server's own time: they are
about processes, which live in ours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Final
from unittest.mock import patch

from nudge.store.wire import client as clients
from nudge.store.wire.client import Client, Script

KEY: Final = "moved-clock"
ASKED: Final = "redis.call('TIME')"
LEASES: Final = frozenset({"heartbeat", "lease"})


@dataclass
class MovedClock:
    """The clock of a store.

    Attributes:
        client: of the store.
        now: seconds.
    """

    client: Client
    now: float = 0.0

    def move(self, to: float) -> None:
        """Move it; it never goes back.

        Args:
            to: seconds, in steps of a microsecond.
        """
        self.now = max(self.now, to)
        seconds, rest = divmod(round(self.now * 1e6), 1_000_000)
        self.client.call("HSET", KEY, "s", seconds, "us", rest)


def moved(known: Script) -> Script:
    """The script, with the key for its clock."""
    # One that makes another call for the time would mix the two: there is none, and a test says so.
    text = known.text.replace(ASKED, f"redis.call('HMGET', '{KEY}', 's', 'us')")
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


@contextmanager
def moved_clock(client: Client, start: float) -> Iterator[MovedClock]:
    """Move the clock of a store that belongs to this process, for all clients of the process."""
    original: Callable[[str], Script] = clients.script

    @cache
    def script(name: str, **_: bool) -> Script:
        known = original(name)
        return known if name in LEASES else moved(known)

    found = MovedClock(client)
    found.move(start)
    with patch.object(clients, "script", script):
        yield found
