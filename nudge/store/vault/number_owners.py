"""Owners of numbers, told by the thousand: a few scripts for many, and one by one what is left.

Each step is idempotent, in the order of `People.link`: labels, lists, links. So a load that died is
begun again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import msgpack

from nudge.domain.journal.event import VIA
from nudge.domain.journal.records import Event
from nudge.domain.people.merging import INTO, PARTITION
from nudge.store.journal.appends import Append, NamedId, Note
from nudge.store.journal.digests import digest_of
from nudge.store.journal.journal import EVENT_MEMORY, Journal
from nudge.store.vault.people import People
from nudge.store.wire.client import Arg, Call, Client, Reply
from nudge.store.wire.codec import encode
from nudge.store.wire.keys import Keys

AT_ONCE: Final = 250
"""Visitors of one script: the store is busy with them for some ms."""
LONE: Final = 2
"""Fields of `person:<subject>` of whom nobody turned out to be: when it was made, and its id."""


class Ownership(NamedTuple):
    """A number of a visitor, and the event that tells so.

    Attributes:
        home: partition in which the visitor is at home.
        arrival: the event, of a visitor by hash.
        named: the number.
    """

    home: int
    arrival: Append
    named: NamedId


class _Found(NamedTuple):
    """A subject as the store knows it."""

    subject: str
    seen: bool
    into: str
    fields: int
    has_books: bool


class _Pair(NamedTuple):
    """A visitor and a number, with the event that names both."""

    of: Ownership
    event: Event
    digest: bytes
    visitor: _Found
    number: _Found

    @property
    def place(self) -> str:
        """The number's subject, as the vault says into whom somebody turned out to be."""
        return f"{self.of.named.home} {self.number.subject}"


@dataclass(frozen=True)
class NumberOwners:
    """Owners of numbers: merges visitors with their numbers."""

    client: Client
    keys: Keys
    people: People

    def identify_each(
        self, owners: Sequence[Ownership], refused: Callable[[Append], object], note: Note
    ) -> int:
        """Merge visitors with the owners of their numbers; return how many records that added.

        Args:
            owners: in any order.
            refused: is told of each whose number has gathered too many visitors.
            note: called with each record that was new.

        Raises:
            StoreAwayError: no answer; do it again.
        """
        pairs = [pair for pair in self._pairs(owners) if not _was_told(pair)]
        known = [pair for pair in pairs if pair.visitor.into == pair.place and not pair.number.into]
        plain = [pair for pair in pairs if _is_plain(pair)]
        rest = [pair for pair in pairs if not _is_plain(pair) and pair not in known]
        fresh = self._repeat(known, note)
        linked, left = self._linked(plain, refused, note)
        fresh += linked
        for pair in (*left, *rest):
            new = self.people.identify(
                pair.of.home, pair.of.arrival, pair.of.named, refused=refused
            )
            fresh += new
            if new:
                note(pair.of.arrival)
        return fresh

    def _pairs(self, owners: Sequence[Ownership]) -> Iterator[_Pair]:
        events = [_event(one.arrival) for one in owners]
        digests = [digest_of(event) for event in events]
        visitors = self._labels(
            (one.home, (one.arrival.visitor_hash, event.subject, digest, b""))
            for one, event, digest in zip(owners, events, digests, strict=True)
        )
        numbers = self._labels(
            (one.named.home, (one.named.hash, one.named.proposed, digest, one.named.sealed))
            for one, digest in zip(owners, digests, strict=True)
        )
        return map(_Pair, owners, events, digests, visitors, numbers)

    def _labels(self, wanted: Iterable[tuple[int, tuple[str | bytes, ...]]]) -> list[_Found]:
        def call(p: int, rows: Sequence[tuple[object, ...]]) -> Call:
            args: list[Arg] = [self.keys.prefix(p), p, _packed(rows)]
            return [self.keys.seq(p)], args

        found = []
        for subject, seen, into, fields, books in self._each("label_each", wanted, call, 5):
            name = into.decode() if into else ""
            found.append(_Found(subject.decode(), seen == b"1", name, fields, books == b"1"))
        return found

    def _linked(
        self, pairs: Sequence[_Pair], refused: Callable[[Append], object], note: Note
    ) -> tuple[int, list[_Pair]]:
        """List and link visitors who are alone; return how many were, and the pairs left to do."""
        answers = self._gathered(pairs)
        for pair, answer in zip(pairs, answers, strict=True):
            if answer == 0:
                self.people.note_refusal(pair.number.subject)
                refused(pair.of.arrival)
        listed = [pair for pair, answer in zip(pairs, answers, strict=True) if answer == 1]
        uncounted = [pair for pair, answer in zip(pairs, answers, strict=True) if answer < 0]
        done = self._link(listed)
        for pair, ok in zip(listed, done, strict=True):
            if ok:
                note(pair.of.arrival)
        left = [pair for pair, ok in zip(listed, done, strict=True) if not ok]
        return sum(done), uncounted + left

    def _gathered(self, pairs: Sequence[_Pair]) -> list[int]:
        def call(p: int, rows: Sequence[tuple[object, ...]]) -> Call:
            return [self.keys.seq(p)], [self.keys.prefix(p), _packed(rows)]

        most = self.people.most_visitors
        wanted = (
            (
                pair.of.named.home,
                (
                    *(pair.number.subject, pair.visitor.subject, str(pair.of.home)),
                    *(1, most, 0 if pair.number.fields <= LONE else -1),
                ),
            )
            for pair in pairs
        )
        return [int(answer) for (answer,) in self._each("gather", wanted, call, 1)]

    def _link(self, pairs: Sequence[_Pair]) -> list[bool]:
        memory = int(EVENT_MEMORY * 1000)

        def call(p: int, rows: Sequence[tuple[object, ...]]) -> Call:
            args: list[Arg] = [self.keys.prefix(p), memory, _packed(rows)]
            return [self.keys.journal(p), self.keys.seq(p)], args

        wanted = (
            (pair.of.home, (pair.visitor.subject, pair.place, pair.digest, encode(_said(pair))))
            for pair in pairs
        )
        return [answer == b"1" for (answer,) in self._each("link_each", wanted, call, 1)]

    def _repeat(self, pairs: Sequence[_Pair], note: Note) -> int:
        """Append the events of visitors who are their numbers' owners already."""
        groups: dict[int, list[Append]] = defaultdict(list)
        origins: dict[int, Append] = {}
        for pair in pairs:
            fields = {**pair.event.fields, VIA: pair.visitor.subject}
            said = replace(pair.event, subject=pair.number.subject, fields=fields)
            there = Append("", said)
            origins[id(there)] = pair.of.arrival
            groups[pair.of.named.home].append(there)
        if not groups:
            return 0
        return Journal(self.client, self.keys).append_followed(
            groups, closes=True, note=lambda one: note(origins[id(one)])
        )

    def _each(
        self,
        name: str,
        wanted: Iterable[tuple[int, tuple[object, ...]]],
        call: Callable[[int, Sequence[tuple[object, ...]]], Call],
        width: int,
    ) -> list[Sequence[Reply]]:
        """Run a script for the rows of each partition; return the answers in the order of rows."""
        groups: dict[int, list[tuple[int, tuple[object, ...]]]] = defaultdict(list)
        for place, (p, row) in enumerate(wanted):
            groups[p].append((place, row))
        parts = [(p, rows[i : i + AT_ONCE]) for p, rows in groups.items() for i in _steps(rows)]
        calls = (call(p, [row for _, row in rows]) for p, rows in parts)
        found: dict[int, Sequence[Reply]] = {}
        for (_, rows), reply in zip(parts, self.client.run_ahead(name, calls), strict=True):
            for i, (place, _) in enumerate(rows):
                found[place] = reply[i * width : (i + 1) * width]
        return [found[place] for place in range(len(found))]


def _steps(rows: Sequence[object]) -> range:
    return range(0, len(rows), AT_ONCE)


def _packed(rows: Sequence[tuple[object, ...]]) -> bytes:
    # The scripts' reader knows text and bytes as one.
    packed: bytes = msgpack.packb([x for row in rows for x in row], use_bin_type=False)
    return packed


def _event(arrival: Append) -> Event:
    if not isinstance(arrival.record, Event):
        raise TypeError(f"a {arrival.record.kind} identifies nobody")
    return arrival.record


def _said(pair: _Pair) -> Event:
    fields: Mapping[str, object] = {
        **pair.event.fields,
        INTO: pair.number.subject,
        PARTITION: pair.of.named.home,
        VIA: True,
    }
    return replace(pair.event, subject=pair.visitor.subject, fields=fields)  # type: ignore[arg-type]


def _was_told(pair: _Pair) -> bool:
    return pair.visitor.seen or pair.number.seen


def _is_plain(pair: _Pair) -> bool:
    """Return True for a visitor alone, who turns out to be the owner of a number."""
    visitor, number = pair.visitor, pair.number
    alone = not visitor.into and visitor.fields <= LONE and not visitor.has_books
    return alone and not number.into and number.subject < visitor.subject
