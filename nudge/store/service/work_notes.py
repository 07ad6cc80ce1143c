"""Notes of work lists in the store: the worker whose turn it is to assign, what each call took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nudge.store.wire.client import Arg, Client
from nudge.store.wire.keys import Keys

KNOWN: Final = 3_600_000
"""Milliseconds for which the case that a call took is known."""


@dataclass(frozen=True)
class WorkNotes:
    """Notes of work lists."""

    client: Client
    keys: Keys

    def acquire(self, owner: str, ttl: float) -> bool:
        """Take the turn for `ttl` seconds, or keep one's own; False while another worker has it.

        It spares work and protects nothing: the script that appends a step refuses a second one at
        the same revision of a case.
        """
        args: list[Arg] = [owner, int(ttl * 1000)]
        return self.client.run("lease", [self.keys.config("assigner")], args) is not None

    def release(self, owner: str) -> None:
        """Give the turn back, so that the next owner need not wait for it to run out."""
        self.client.run("lease", [self.keys.config("assigner")], [owner, 0])

    def taken(self, call: str) -> str:
        """Return the id of the case that a call tried to take last; empty where it did not."""
        found = self.client.call("GET", self.keys.config("next_case", call))
        return (found or b"").decode()

    def note_taken(self, call: str, case: str) -> None:
        """Write which case a call is about to take."""
        self.client.call("SET", self.keys.config("next_case", call), case, "PX", KNOWN)
