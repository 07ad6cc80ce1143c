"""Places of schedulers in the list of withdrawals: how far each has acknowledged.

A place is kept for each partition, since each has a list, and a clock, of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nudge.store.wire.client import Arg, Client
from nudge.store.wire.keys import Keys

MOST: Final = 100
"""Schedulers that may have a place."""
Places = Mapping[int, int]
"""Partition -> microseconds of the last withdrawal that is acknowledged."""


@dataclass(frozen=True)
class SchedulerPlaces:
    """The place of each scheduler of an installation: how far it has acknowledged withdrawals."""

    client: Client
    keys: Keys

    def read(self, scheduler: str) -> dict[int, int]:
        """Return the places of a scheduler; none for one that never acknowledged anything.

        Raises:
            StoreAwayError: no answer.
        """
        every = list(self.keys.every_partition())
        names = [_member(scheduler, p) for p in every]
        scores = self.client.call("ZMSCORE", self._key, *names)
        found = zip(every, scores, strict=True)
        return {p: int(float(score)) for p, score in found if score is not None}

    def move(self, scheduler: str, places: Places) -> bool:
        """Move places forward, never back; idempotent, also where two do it at once.

        Returns:
            False where there are too many schedulers to take another one.

        Raises:
            StoreAwayError: no answer; they may have moved.
        """
        known = self.names()
        if scheduler not in known and len(known) >= MOST:
            return False
        rows: list[Arg] = [
            part for p, at in places.items() for part in (str(at), _member(scheduler, p))
        ]
        if rows:
            self.client.call("ZADD", self._key, "GT", *rows)
        return True

    def names(self) -> set[str]:
        """Return the names of the schedulers that have a place."""
        found = self.client.call("ZRANGE", self._key, 0, -1)
        return {name.decode().rpartition("|")[0] for name in found}

    @property
    def _key(self) -> str:
        return self.keys.config("scheduler_places")


def _member(scheduler: str, partition: int) -> str:
    return f"{scheduler}|{partition}"
