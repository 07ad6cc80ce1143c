"""The wall clock of a history: it stands where the history is, for all its processes."""

from __future__ import annotations

from multiprocessing.sharedctypes import Synchronized
from typing import TypeAlias

from nudge.store.keeping.moved_clock import MovedClock
from nudge.store.wire.client import Client

Moment: TypeAlias = "Synchronized[float]"
"""Seconds since the epoch, UTC, in memory that several processes share."""


class WallClock:
    """A clock that stands until it is moved on; one process moves it.

    The store's time is moved first: no process believes in a later one than the store.
    """

    def __init__(self, shared: Moment, client: Client) -> None:
        self._shared, self._store = shared, MovedClock(client)
        self._store.go_to(shared.value)

    @property
    def at(self) -> float:
        """The moment that the clock shows."""
        return self._shared.value

    def __call__(self) -> float:
        """Return the moment that the clock shows."""
        return self._shared.value

    def go_to(self, at: float) -> None:
        """Move the clock on to a moment; one that has passed leaves it where it is."""
        if at > self._shared.value:
            self._store.go_to(at)
            self._shared.value = at

    def end(self) -> None:
        """Take the moved time out of the store."""
        self._store.end()
