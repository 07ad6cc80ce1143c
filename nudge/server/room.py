"""Room: which connections are closed where there are too many, or where they hold too much."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import Final

from nudge.server.connection import Connection, Stage

BATCH: Final = 64
"""Connections that are closed at once: looking for the oldest costs time."""


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
