"""Members of segments in the store: their records, lists, and counts by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from nudge.domain.journal.fold_name import FoldName
from nudge.domain.membership.member import NO_MEMBER, Member, decode_member, encode_member
from nudge.domain.membership.member_watch import Move
from nudge.domain.membership.segment_book import SegmentKey
from nudge.store.folds.folds import Folds, FoldWrite
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

JOINED: Final = "+"
LEFT: Final = "-"


class DayMoves(NamedTuple):
    """The number of visitors who joined and left a segment on a day."""

    joined: int = 0
    left: int = 0


class MemberPlace(NamedTuple):
    """The place of a member in the order of a list: behind it the next page begins."""

    partition: int
    subject: str


@dataclass(frozen=True)
class MemberStore:
    """The members of an installation's segments.

    `put` and `count` are the one writer: the fold and a rebuild both commit what they give.
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
        return self.client.scores_before(self.keys.member_due(partition, generation), before, most)

    def walk(
        self, partition: int, cursor: str, most: int, generation: int = 0
    ) -> tuple[str, list[str]]:
        """Return the next part of all subjects, and the cursor behind it; "0" at the end.

        Who was there all the time is found; some are found twice.
        """
        key = self.keys.member_due(partition, generation)
        after, rows = self.client.call("ZSCAN", key, cursor, "COUNT", most)
        # A connection of the library makes pairs of the rows, and a number of the cursor.
        names = [row[0] if isinstance(row, list | tuple) else row for row in _scanned(rows)]
        return _text(after), list(map(_text, names))

    def read_each(
        self, partition: int, subjects: Sequence[str], generation: int = 0
    ) -> dict[str, Member]:
        """Read the records of subjects; an empty one where the store has none."""
        names = [self.keys.member(partition, subject, generation) for subject in subjects]
        blobs = self.client.call("MGET", *names) if names else []
        return {s: decode_member(blob) for s, blob in zip(subjects, blobs, strict=True)}

    def put(
        self, partition: int, subject: str, before: Member, after: Member, generation: int = 0
    ) -> Iterator[FoldWrite]:
        """Yield the writes of a record that changed, with its lists."""
        key, due = (
            self.keys.member(partition, subject, generation),
            self.keys.member_due(partition, generation),
        )
        if after == NO_MEMBER:
            yield FoldWrite("DEL", key)
            yield FoldWrite("ZREM", due, (subject,))
        else:
            yield FoldWrite("SET", key, (encode_member(after),))
            if after.due != before.due:
                yield FoldWrite("ZADD", due, (repr(after.due), subject))
        was, now = _segments(before), _segments(after)
        for text in sorted(was - now):
            yield FoldWrite("ZREM", self.keys.members(partition, text, generation), (subject,))
        for text in sorted(now - was):
            yield FoldWrite("ZADD", self.keys.members(partition, text, generation), ("0", subject))

    def count(
        self, partition: int, moves: Iterable[tuple[str, Move]], generation: int = 0
    ) -> Iterator[FoldWrite]:
        """Yield the writes that count moves, each with the date of its day."""
        sums = Counter(
            (move.key.text, f"{day}{JOINED if move.joined else LEFT}") for day, move in moves
        )
        for (text, name), number in sorted(sums.items()):
            key = self.keys.member_days(partition, text, generation)
            yield FoldWrite("HINCRBY", key, (name, number))

    def days(self, key: SegmentKey) -> dict[str, DayMoves]:
        """Return the moves of a segment by date, over all partitions.

        Raises:
            StoreAwayError: no answer.
        """
        sums: Counter[str] = Counter()
        for p in self.keys.every_partition():
            name = self.keys.member_days(p, key.text, self._generation(p))
            found = self.client.read_hash(name)
            sums.update({day.decode(): int(number) for day, number in found.items()})
        dates = dict.fromkeys(name[:-1] for name in sums)
        return {day: DayMoves(sums[day + JOINED], sums[day + LEFT]) for day in dates}

    def sizes(self, keys: Sequence[SegmentKey]) -> Mapping[SegmentKey, int]:
        """Return the number of members of segments, over all partitions."""
        found = dict.fromkeys(keys, 0)
        for p in self.keys.every_partition():
            generation = self._generation(p)
            names = [self.keys.members(p, one.text, generation) for one in keys]
            sizes = self.client.call_each([("ZCARD", name) for name in names])
            for one, size in zip(keys, sizes, strict=True):
                found[one] += int(size)
        return found

    def page(
        self, key: SegmentKey, after: MemberPlace | None, most: int
    ) -> Iterator[tuple[MemberPlace, Member]]:
        """Yield the next members of a segment in the order of partition and subject.

        Args:
            key: of the segment.
            after: the place behind which the page begins; None for the first.
            most: members.
        """
        left = most
        for p in self.keys.every_partition():
            if after and p < after.partition:
                continue
            generation = self._generation(p)
            start = f"({after.subject}" if after and p == after.partition else "-"
            name = self.keys.members(p, key.text, generation)
            rows = self.client.call("ZRANGEBYLEX", name, start, "+", "LIMIT", 0, left)
            subjects = [row.decode() for row in rows]
            for subject, member in self.read_each(p, subjects, generation).items():
                yield MemberPlace(p, subject), member
            left -= len(subjects)
            if not left:
                return

    def watermarks(self) -> list[float]:
        """Return the moment up to which each partition's members are judged, in seconds."""
        folds = Folds(self.client, self.keys)
        return [
            float(folds.read_fields(p, FoldName.SEGMENT, "watermark")[0] or 0.0)
            for p in self.keys.every_partition()
        ]

    def _generation(self, partition: int) -> int:
        return Folds(self.client, self.keys).generation_of(partition, FoldName.SEGMENT)


def _segments(member: Member) -> set[str]:
    return {SegmentKey(one.kind, one.segment).text for one in member.groups}


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _scanned(rows: Sequence[object]) -> Sequence[object]:
    """Return the names among a scan's rows: pairs, or a flat list of names and scores."""
    return rows if rows and isinstance(rows[0], list | tuple) else rows[::2]
