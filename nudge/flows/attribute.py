"""Attribute: from decisions and events to exposures, rewards and the visitors' states.

A fold. It reads its own exposures and rewards too, and passes them by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import structlog

from nudge.domain.attribution import advance, step
from nudge.domain.records import Decision, Entry, Event, Record
from nudge.domain.visitor import VisitorState, decode_state, encode_state
from nudge.errors import CorruptRecordError
from nudge.store.client import Client
from nudge.store.folds import Commit, Write, kept
from nudge.store.keys import Keys

log = structlog.get_logger()

KEEP_MS: Final = 90 * 86_400_000
"""Milliseconds that a state outlives its visitor's last touch."""
DUE: Final = 250
"""Most visitors whose exposures are closed with one batch, besides those that the batch touches."""
WATERMARK: Final = "watermark"

Visitors = dict[str, VisitorState]


@dataclass(frozen=True)
class Attribute:
    """The fold `attribute`. Its own state in a partition is the watermark, in seconds.

    Attributes:
        client: of the store.
        keys: of the installation.
        batch: most entries of one commit.
    """

    client: Client
    keys: Keys
    batch: int = 500
    name: ClassVar[str] = "attribute"

    def prepare(self, partition: int) -> float:
        """The partition's watermark as of the committed position."""
        (watermark,) = kept(self.client, self.keys, partition, self.name, WATERMARK)
        return float(watermark or 0.0)

    def handle(
        self, partition: int, watermark: float, entries: Sequence[Entry]
    ) -> tuple[float, Commit]:
        """What a batch comes to.

        Args:
            partition: of the journal.
            watermark: before the batch.
            entries: in order, at least one.

        Returns:
            The watermark behind the batch, and what is to be committed.
        """
        after = max(watermark, *(entry.stamp for entry in entries))
        due = self._due(partition, after)
        touched = _subjects(entries)
        loaded = self._load(partition, dict.fromkeys((*touched, *due)))
        visitors, records = fold(loaded, watermark, entries)
        visitors = {subject: advance(state, after) for subject, state in visitors.items()}
        writes = self._writes(partition, loaded, visitors, due)
        writes.append(Write("HSET", self.keys.fold(partition, self.name), (WATERMARK, repr(after))))
        return after, Commit(entries[-1].position, records, writes)

    def _due(self, partition: int, watermark: float) -> list[str]:
        """Subjects with an exposure that has closed, those that wait longest first."""
        below = f"({watermark!r}"
        found = self.client.call(
            "ZRANGEBYSCORE", self.keys.open(partition), "-inf", below, "LIMIT", 0, DUE
        )
        return [subject.decode() for subject in found]

    def _load(self, partition: int, subjects: Iterable[str]) -> Visitors:
        names = {subject: self.keys.visitor(partition, subject) for subject in subjects}
        blobs = self.client.call("MGET", *names.values()) if names else []
        return {s: _state(s, blob) for s, blob in zip(names, blobs, strict=True)}

    def _writes(
        self, partition: int, before: Visitors, after: Visitors, due: Sequence[str]
    ) -> list[Write]:
        writes: list[Write] = []
        listed = self.keys.open(partition)
        waiting = set(due)
        for subject, state in after.items():
            if state == before[subject]:
                continue
            key = self.keys.visitor(partition, subject)
            writes.append(Write("SET", key, (encode_state(state), "PX", KEEP_MS)))
            closes = state.next_close()
            if closes is None:
                if subject in waiting or before[subject].open:
                    writes.append(Write("ZREM", listed, (subject,)))
            elif closes != before[subject].next_close() or subject in waiting:
                writes.append(Write("ZADD", listed, (repr(closes), subject)))
        return writes


def fold(
    visitors: Mapping[str, VisitorState], watermark: float, entries: Sequence[Entry]
) -> tuple[Visitors, list[Record]]:
    """The visitors' states behind the entries, and the records that come of them.

    Args:
        visitors: subject -> state, of every subject in the entries.
        watermark: of the partition before the entries, in seconds.
        entries: in order.
    """
    states = dict(visitors)
    records: list[Record] = []
    for entry in entries:
        watermark = max(watermark, entry.stamp)
        if isinstance(entry.record, Decision | Event):
            subject = entry.record.subject
            before = advance(states[subject], watermark)
            states[subject], exposures, rewards = step(before, entry)
            records += exposures
            records += rewards
    return states, records


def _subjects(entries: Sequence[Entry]) -> list[str]:
    return [e.record.subject for e in entries if isinstance(e.record, Decision | Event)]


def _state(subject: str, blob: bytes | None) -> VisitorState:
    """The visitor's state; a new one where what is kept cannot be read.

    The state is rebuilt from the journal when need be; meanwhile one visitor's bytes must not
    stop the partition.
    """
    if blob is None:
        return VisitorState()
    try:
        return decode_state(blob)
    except CorruptRecordError:
        log.exception("visitor_state_unreadable", subject=subject)
        return VisitorState()
