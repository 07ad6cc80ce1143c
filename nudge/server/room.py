"""Room: which connections are closed where they are late, too many, or hold too much."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable
from typing import Final

from nudge.clock import monotonic
from nudge.server.connection import Connection, Stage
from nudge.server.connections import Connections
from nudge.server.limits import Limits
from nudge.server.refusal import no_room

SWEEP: Final = 0.25
"""Seconds between two looks at all deadlines."""
LATE: Final = 16
"""Connections of one turn that are closed for being late: many may be late at once."""
BATCH: Final = 64
"""Connections that are closed at once for new ones: looking for the oldest costs time."""


class Room:
    """The bounds of time, number and memory of all connections; for the loop's thread."""

    def __init__(self, connections: Connections, limits: Limits) -> None:
        self._connections = connections
        self._limits = limits
        self._late: deque[Connection] = deque()
        self._swept = 0.0

    @property
    def pause(self) -> float:
        """Seconds that the loop may wait for events."""
        return 0.0 if self._late else SWEEP

    def keep(self) -> None:
        """Keep all bounds: of time by looking now and then, of memory at once."""
        if self._late:
            self._close_late()
        elif monotonic() - self._swept >= SWEEP:
            self._sweep()
        if self._connections.held > self._limits.held_bytes:
            self._free_memory()

    def close_oldest(self) -> None:
        """Close those that wait the longest, and whose requests nobody is answering."""
        with self._connections.handover:
            unlucky = oldest(self._connections.by_file.values())
        for one in unlucky:
            self._connections.close(one)

    def _sweep(self) -> None:
        """Look for those that are late, and count what all hold."""
        now = self._swept = monotonic()
        everyone = self._connections.by_file.values()
        self._late.extend(one for one in everyone if one.is_late(now))
        self._connections.held = sum(one.held for one in everyone)

    def _close_late(self) -> None:
        """Close some that are late, with a word where the client waits for one."""
        for _ in range(min(LATE, len(self._late))):
            one = self._late.popleft()
            with self._connections.handover:
                late = one.is_late(monotonic()) and self._has(one)
            if not late:
                continue
            if (error := one.excuse()) is None:
                self._connections.close(one)
            else:
                self._connections.refuse(one, error)

    def _has(self, one: Connection) -> bool:
        return self._connections.by_file.get(one.sock.fileno()) is one

    def _free_memory(self) -> None:
        everyone = self._connections.by_file.values()
        with self._connections.handover:
            unlucky = too_much_held(everyone, self._limits.held_bytes)
        for one in unlucky:
            if one.stage is Stage.READ:
                self._connections.refuse(one, no_room())
            else:
                self._connections.close(one)
        self._connections.held = sum(one.held for one in everyone)


def oldest(connections: Iterable[Connection]) -> list[Connection]:
    """Return those that wait the longest, and whose requests nobody is answering."""
    waiting = (one for one in connections if one.stage is not Stage.BUSY)
    return heapq.nsmallest(BATCH, waiting, key=_since)


def too_much_held(connections: Iterable[Connection], most: int) -> list[Connection]:
    """Return the oldest that have to go, so that the others hold at most so many bytes."""
    everyone = list(connections)
    excess = sum(one.held for one in everyone) - most
    found = []
    waiting = [one for one in everyone if one.stage is not Stage.BUSY and one.held]
    for one in sorted(waiting, key=_since):
        if excess <= 0:
            break
        found.append(one)
        excess -= one.held
    return found


def _since(one: Connection) -> float:
    return one.since
