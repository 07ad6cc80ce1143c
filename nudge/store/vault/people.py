"""The vault's part in events: the owner of a number, and the merging of two ids.

What only the vault may hold travels with an event as notes, and is written by the script that
appends it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgpack
import structlog

from bandits.units import DAY
from nudge.domain.identity.sealing import NUMBERS as NUMBER_PREFIX
from nudge.domain.identity.sealing import Home
from nudge.domain.journal.event import VIA
from nudge.domain.journal.records import Event
from nudge.domain.people.facts import DEVICE, NUMBER
from nudge.domain.people.merging import INTO, PARTITION
from nudge.domain.prefill.numbers import LAST, OWN
from nudge.errors import NudgeError
from nudge.store.journal.appends import Append, NamedId, Note, VaultEntry
from nudge.store.journal.digests import digest_of, earlier_digest_of
from nudge.store.journal.journal import EVENT_MEMORY, Journal
from nudge.store.vault.visitors import CLOSED, KEPT, VisitorBook
from nudge.store.wire.client import Arg, Client, Reply
from nudge.store.wire.codec import encode
from nudge.store.wire.keys import Keys

log = structlog.get_logger()

REFUSAL_MEMORY: Final = 7 * DAY * 1000
"""Milliseconds for which refused mergings are told after the last one."""
MOST_VISITORS: Final = 50
"""The most ids that one id or number gathers where no setting says so."""
NUMBERS: Final = "numbers"
TEXTS: Final = "texts"
IDENTIFIED: Final = "identified"


class TooManyVisitorsError(NudgeError):
    """An id or a number would gather more visitors than one person has ids."""

    code = "too_many_visitors"


@dataclass(frozen=True)
class People:
    """People: ids that are one person, and events that name them.

    Attributes:
        most_visitors: the most ids that one id or number may gather.
    """

    client: Client
    keys: Keys
    most_visitors: int = MOST_VISITORS

    def append_people(
        self,
        arrivals: Mapping[int, Sequence[Append]],
        *,
        closes: bool,
        lasting: bool = True,
        note: Note = lambda _: None,
        refused: Callable[[Append], object] = lambda _: None,
    ) -> int:
        """Append records, each once, after the ids that they name were found in the vault.

        Args:
            arrivals: partition -> records of visitors that are at home there.
            closes: their visitors cannot be claimed by a device any more: servers spoke of them.
            lasting: see `Journal.append_once`.
            note: called with each record that was new, unless it stood for a number to be labelled.
            refused: is told of each that names an id which has gathered too many visitors.

        Returns:
            How many were new.
        """
        plain = {
            partition: [self._labelled(one, lasting=closes) for one in group if not _says_who(one)]
            for partition, group in arrivals.items()
        }
        fresh = Journal(self.client, self.keys).append_followed(
            {p: g for p, g in plain.items() if g}, closes=closes, lasting=lasting, note=note
        )
        for partition, group in arrivals.items():
            for one in group:
                if one.named and _says_who(one):
                    new = self.identify(partition, one, one.named, refused=refused)
                    fresh += new
                    if new:
                        note(one)
        return fresh

    def _labelled(self, arrival: Append, *, lasting: bool) -> Append:
        """Return the record with the number's subject in place of the number."""
        named, record = arrival.named, arrival.record
        if named is None or not isinstance(record, Event):
            return arrival
        label = self.label_of(named, lasting=lasting)
        fields = {**record.fields, NUMBER: label} | ({DEVICE: named.device} if named.device else {})
        notes = book_notes(named, label)
        return replace(
            arrival,
            record=replace(record, fields=fields),
            notes=(*arrival.notes, *notes),
            named=None,
            homes=named.homes,
        )

    def label_of(self, named: NamedId, *, lasting: bool = True) -> str:
        """Return the subject of an id; a new id gets one.

        Args:
            named: the id.
            lasting: a server names it: it is kept for good.
        """
        return self._subject(named.home, named.hash, named.proposed, "", lasting=lasting)

    def _subject(
        self, home: int, hashed: str, proposed: str, claims: str, *, lasting: bool = True
    ) -> str:
        args: list[Arg] = [self.keys.prefix(home), home, hashed, proposed, int(lasting), claims]
        found = self.client.run("label", [self.keys.vault(home, hashed)], args)
        return str(found.decode())

    def identify(
        self,
        home: int,
        arrival: Append,
        named: NamedId,
        *,
        refused: Callable[[Append], object] = lambda _: None,
    ) -> int:
        """Merge a visitor with the one whom an event names; return how many records that added.

        Args:
            home: partition in which the visitor is at home.
            arrival: the event, of a visitor by hash or by subject.
            named: the other id.
            refused: is told where the other id has gathered too many visitors: nothing is merged.
        """
        event = arrival.record
        if not isinstance(event, Event):
            raise TypeError(f"a {event.kind} identifies nobody")
        subject, label = self._named_subjects(home, arrival, named)
        one, other = Home(subject, home), Home(label, named.home)
        self._note(other, book_notes(named, label))
        if any(self._seen(of, event) for of in (one, other)):
            return 0
        try:
            stays, linked = self.link(one, other, event)
        except TooManyVisitorsError:
            self.note_refusal(label)
            refused(arrival)
            return 0
        if linked:
            return 1
        if any(self._seen(of, event) for of in (one, other)):
            return 0  # the same call, made twice at the same time
        fields = dict(event.fields)
        if stays != one:
            fields[VIA] = one.subject
        said = replace(event, subject=stays.subject, fields=fields)
        return Journal(self.client, self.keys).append_followed(
            {stays.partition: [Append("", said)]}, closes=True
        )

    def _named_subjects(self, home: int, arrival: Append, named: NamedId) -> tuple[str, str]:
        """Return the subjects of both ids; what devices claimed before ends, first of all.

        Of two ids the event's own is that of the visit: the server says that whoever uses it is the
        other one, and means the device, too. Where a number is named, it says so of nobody.
        """
        of_number = named.proposed.startswith(NUMBER_PREFIX)
        hashed, subject = arrival.visitor_hash, arrival.record.subject
        claims = CLOSED if of_number else KEPT
        if hashed:
            subject = self._subject(home, hashed, subject, claims)
        else:
            self.client.call("HSETNX", self.keys.person(home, subject), "claims", claims)
        return subject, self._subject(named.home, named.hash, named.proposed, CLOSED)

    def note_refusal(self, subject: str) -> None:
        """Note that an id or a number has too many visitors, for operations to look at."""
        log.warning("merge_refused", subject=subject, most=self.most_visitors)
        key = self.keys.config("refused_merges")
        self.client.call("INCR", key)
        self.client.call("PEXPIRE", key, REFUSAL_MEMORY)

    def refused_merges(self) -> int:
        """Count the mergings refused of late; 0 where none was in the last 7 days.

        Raises:
            StoreAwayError: no answer.
        """
        return int(self.client.call("GET", self.keys.config("refused_merges")) or 0)

    def _note(self, home: Home, notes: Sequence[VaultEntry]) -> None:
        """Write entries into a book before the event is appended; idempotent."""
        true = VisitorBook(self.client, self.keys).root_of(home) if notes else home
        self.write_numbers(true, notes)

    def write_numbers(self, home: Home, notes: Sequence[VaultEntry]) -> None:
        """Write entries into the subject's book of numbers; idempotent."""
        if notes:
            Journal(self.client, self.keys).note(home.partition, home.subject, notes)

    def _seen(self, of: Home, event: Event) -> bool:
        """Return whether the event was appended before, to the subject of either id."""
        seen = self.keys.seen(of.partition, of.subject)
        now, before = self.client.call("ZMSCORE", seen, digest_of(event), earlier_digest_of(event))
        if now is not None or before is None:
            return now is not None
        journal = Journal(self.client, self.keys)
        return journal.holds(of.partition, of.subject, int(float(before)), event)

    def link(self, one: Home, other: Home, event: Event) -> tuple[Home, bool]:
        """Merge two subjects and append the event that says so; idempotent.

        Args:
            one: a subject.
            other: another one.
            event: `identified`; its subject and where it goes are filled in.

        Returns:
            The one that stays, and whether the event was appended: not where they were one before.

        Raises:
            TooManyVisitorsError: they would have gathered more ids than one visitor may.
        """
        # A number is no visitor; the id that gathers the others is not one of them.
        most = self.most_visitors + (not other.subject.startswith(NUMBER_PREFIX))
        while True:
            one, other = (
                VisitorBook(self.client, self.keys).root_of(one),
                VisitorBook(self.client, self.keys).root_of(other),
            )
            if one.subject == other.subject:
                return one, False
            stays, leaves = sorted((one, other), key=lambda home: home.subject)
            if not self._list(stays, leaves, most):
                raise TooManyVisitorsError(f"more than {self.most_visitors} ids would be one")
            self._copy(leaves, stays)
            into, *book = self._linked(leaves, stays, event)
            self._write(stays, *book)
            if into == _place(stays):
                return stays, True
            # Somebody else said at the same time into whom it went.

    def _linked(self, leaves: Home, stays: Home, event: Event) -> list[Reply]:
        p = leaves.partition
        # From here on each record of it says so: `parting` can tell them apart.
        fields = {**event.fields, INTO: stays.subject, PARTITION: stays.partition, VIA: True}
        said = replace(event, subject=leaves.subject, fields=fields)
        memory = int(EVENT_MEMORY * 1000)
        args: list[Arg] = [
            self.keys.prefix(p),
            leaves.subject,
            _place(stays),
            digest_of(event),
            encode(said),
            memory,
        ]
        into, numbers, texts = self.client.run(
            "link", [self.keys.journal(p), self.keys.seq(p)], args
        )
        return [into.decode(), numbers, texts]

    def _list(self, stays: Home, leaves: Home, most: int) -> bool:
        """Note the merged subject with the one that stays: an erasure of it then finds both.

        Returns:
            Whether it was noted: not where one visitor would have more ids than may be.
        """
        p = stays.partition
        row = [stays.subject, leaves.subject, str(leaves.partition)]
        packed = msgpack.packb([*row, self._gathered(leaves), most, self._gathered(stays)])
        args: list[Arg] = [self.keys.prefix(p), packed]
        (listed,) = self.client.run("gather", [self.keys.seq(p)], args)
        return bool(listed)

    def _gathered(self, home: Home) -> int:
        """Count the ids that a subject has gathered, its own included; a number is none."""
        own = not home.subject.startswith(NUMBER_PREFIX)
        found = self.client.call("HGETALL", self.keys.person(home.partition, home.subject))
        counted = found.get(b"w")
        if counted is not None:
            return int(counted)
        others = [(name.decode()[2:], int(p)) for name, p in found.items() if name[:2] == b"s:"]
        return own + sum(self._gathered(Home(name, p)) for name, p in others)

    def _copy(self, leaves: Home, stays: Home) -> None:
        of = leaves.partition, leaves.subject
        books = (
            self.client.call("HGETALL", name(*of)) for name in (self.keys.numbers, self.keys.texts)
        )
        self._write(stays, *books)

    def _write(self, stays: Home, numbers: Reply, texts: Reply) -> None:
        of = stays.partition, stays.subject
        for name, book in ((self.keys.numbers(*of), numbers), (self.keys.texts(*of), texts)):
            flat = [x for pair in book.items() for x in pair] if isinstance(book, dict) else book
            if flat:
                self.client.call("HSET", name, *flat)


def _says_who(arrival: Append) -> bool:
    of_visitor = isinstance(arrival.record, Event) and arrival.record.type == IDENTIFIED
    return of_visitor and arrival.named is not None


def book_notes(named: NamedId, label: str) -> tuple[VaultEntry, ...]:
    """Return the entries that a number adds to its visitor's book."""
    if not named.sealed:
        return ()
    kept = VaultEntry(NUMBERS, f"{named.device}:{label}", named.sealed)
    if named.device == OWN:
        return (kept,)
    return kept, VaultEntry(NUMBERS, f"{LAST}:{named.device}", f"{label} {named.at}".encode())


def _place(home: Home) -> str:
    return f"{home.partition} {home.subject}"
