"""States of visitors in the store, and when the next exposure of each closes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import decode_state, encode_state
from nudge.store.folds.folds import FoldWrite
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys


@dataclass(frozen=True)
class VisitorStates:
    """The states of an installation's visitors, and when their exposures close.

    `put`, `schedule` and `age` are the one writer: the fold and a rebuild both commit what they
    give.
    """

    client: Client
    keys: Keys

    def due(self, partition: int, before: float, most: int, generation: int = 0) -> list[str]:
        """List subjects with an exposure that closed before a time, those that wait longest first.

        Args:
            partition: of the journal.
            before: seconds.
            most: subjects.
            generation: of the fold's state.
        """
        key = self.keys.open(partition, generation)
        found = self.client.call("ZRANGEBYSCORE", key, "-inf", f"({before!r}", "LIMIT", 0, most)
        return [subject.decode() for subject in found]

    def read_each(
        self, partition: int, subjects: Sequence[str], generation: int = 0
    ) -> dict[str, bytes | None]:
        """Read the states of subjects, undecoded; None where the store has none."""
        names = [self.keys.visitor(partition, subject, generation) for subject in subjects]
        blobs = self.client.call("MGET", *names) if names else []
        return dict(zip(subjects, blobs, strict=True))

    def has(self, partition: int, subject: str, generation: int = 0) -> bool:
        """Return True where the store has a state of the subject."""
        key = self.keys.visitor(partition, subject, generation)
        return bool(self.client.call("EXISTS", key))

    def closings(
        self, partition: int, subjects: Sequence[str], generation: int = 0
    ) -> dict[str, float | None]:
        """Read when the next exposure of each subject closes, in seconds; None without one."""
        scores = self.client.call("ZMSCORE", self.keys.open(partition, generation), *subjects)
        return {
            subject: None if score is None else float(score)
            for subject, score in zip(subjects, scores, strict=True)
        }

    def put(
        self, partition: int, subject: str, state: VisitorState, generation: int = 0
    ) -> FoldWrite:
        """Return the write of a state, which expires when the state says."""
        key = self.keys.visitor(partition, subject, generation)
        return FoldWrite("SET", key, (encode_state(state), "PX", int(state.keep * 1000)))

    def schedule(
        self, partition: int, subject: str, closes: float | None, generation: int = 0
    ) -> FoldWrite:
        """Return the write of when the subject's next exposure closes (seconds; None: never)."""
        key = self.keys.open(partition, generation)
        if closes is None:
            return FoldWrite("ZREM", key, (subject,))
        return FoldWrite("ZADD", key, (repr(closes), subject))

    def age(self, partition: int, subjects: Iterable[str], generation: int) -> Iterator[FoldWrite]:
        """Yield the writes that give each state the rest of its life, from its watermark."""
        for subject, blob in self.read_each(partition, list(subjects), generation).items():
            if blob is not None:
                state = decode_state(blob)
                until = round((state.watermark + state.keep) * 1000)
                key = self.keys.visitor(partition, subject, generation)
                yield FoldWrite("PEXPIREAT", key, (until,))
