"""Watches over visitors in the store, and when something is due for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nudge.domain.care.watch import KEEP, NOTHING, Watch, decode_watch, encode_watch
from nudge.store.folds.folds import FoldWrite
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

_MILLI: Final = 1000


@dataclass(frozen=True)
class WatchStore:
    """The watches of an installation.

    `put` and `schedule` are the one writer: the fold and a rebuild both commit what they give.
    """

    client: Client
    keys: Keys

    def due(
        self, partition: int, before: float, most: int, generation: int = 0
    ) -> list[tuple[str, float]]:
        """List subjects for whom something was due before a time, and when, the earliest first.

        Args:
            partition: of the journal.
            before: seconds.
            most: subjects.
            generation: of the fold's state.
        """
        key = self.keys.watch_due(partition, generation)
        return self.client.scores_before(key, before, most)

    def read_each(
        self, partition: int, subjects: Sequence[str], generation: int = 0
    ) -> dict[str, Watch]:
        """Read the watches over subjects; an empty one where the store has none."""
        names = [self.keys.watch(partition, subject, generation) for subject in subjects]
        blobs = self.client.call("MGET", *names) if names else []
        return {s: decode_watch(blob) for s, blob in zip(subjects, blobs, strict=True)}

    def put(self, partition: int, subject: str, watch: Watch, generation: int = 0) -> FoldWrite:
        """Return the write of a watch, which expires by the time of its visitor's last entry.

        A rebuild, which is faster than time, gives the same end.
        """
        key = self.keys.watch(partition, subject, generation)
        if watch == NOTHING:
            return FoldWrite("DEL", key)
        due = watch.due
        last = max(watch.touched, due or 0.0)
        until = round((last + KEEP) * _MILLI)
        return FoldWrite("SET", key, (encode_watch(watch), "PXAT", max(until, 1)))

    def schedule(
        self, partition: int, subject: str, due: float | None, generation: int = 0
    ) -> FoldWrite:
        """Return the write of when something is due for a subject (seconds; None: never)."""
        key = self.keys.watch_due(partition, generation)
        if due is None:
            return FoldWrite("ZREM", key, (subject,))
        return FoldWrite("ZADD", key, (repr(due), subject))
