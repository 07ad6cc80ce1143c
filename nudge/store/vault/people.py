"""The vault's part in events: whose number it is, and when two ids are one visitor.

What only the vault may hold travels with an event as notes, and is written by the script that
appends it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from nudge.domain.identity.sealing import Home
from nudge.domain.journal.records import Event
from nudge.domain.people.facts import DEVICE, NUMBER
from nudge.domain.people.merging import INTO, PARTITION
from nudge.domain.people.numbers import LAST, OWN
from nudge.store.journal.journal import (
    EVENT_MEMORY,
    Append,
    NamedId,
    VaultEntry,
    append_followed,
    digest_of,
)
from nudge.store.vault.visitors import root_of
from nudge.store.wire.client import Arg, Client, Reply
from nudge.store.wire.codec import encode
from nudge.store.wire.keys import Keys

NUMBERS: Final = "numbers"
TEXTS: Final = "texts"
IDENTIFIED: Final = "identified"


def append_people(
    client: Client, keys: Keys, arrivals: Mapping[int, Sequence[Append]], *, closes: bool
) -> int:
    """Append records, each once, after the vault was asked for whom they name.

    Args:
        client: of the store.
        keys: of the installation.
        arrivals: partition -> records of visitors that are at home there.
        closes: their visitors cannot be claimed by a device any more: servers spoke of them.

    Returns:
        How many were new.
    """
    plain = {
        partition: [_labelled(client, keys, one) for one in group if not _says_who(one)]
        for partition, group in arrivals.items()
    }
    fresh = append_followed(client, keys, {p: g for p, g in plain.items() if g}, closes=closes)
    for partition, group in arrivals.items():
        for one in group:
            if one.named and _says_who(one):
                fresh += identify(client, keys, partition, one, one.named)
    return fresh


def _says_who(arrival: Append) -> bool:
    of_visitor = isinstance(arrival.record, Event) and arrival.record.type == IDENTIFIED
    return of_visitor and arrival.named is not None


def _labelled(client: Client, keys: Keys, arrival: Append) -> Append:
    """The arrival with the subject of the number that it names, instead of the number."""
    named, record = arrival.named, arrival.record
    if named is None or not isinstance(record, Event):
        return arrival
    label = label_of(client, keys, named)
    fields = {**record.fields, NUMBER: label} | ({DEVICE: named.device} if named.device else {})
    notes = book_notes(named, label)
    return replace(
        arrival, record=replace(record, fields=fields), notes=(*arrival.notes, *notes), named=None
    )


def book_notes(named: NamedId, label: str) -> tuple[VaultEntry, ...]:
    """What the visitor's book is told of a number."""
    if not named.sealed:
        return ()
    kept = VaultEntry(NUMBERS, f"{named.device}:{label}", named.sealed)
    if named.device == OWN:
        return (kept,)
    return kept, VaultEntry(NUMBERS, f"{LAST}:{named.device}", f"{label} {named.at}".encode())


def label_of(client: Client, keys: Keys, named: NamedId) -> str:
    """The subject of an id, which is made if it is new."""
    return _subject(client, keys, named.home, named.hash, named.proposed)


def _subject(client: Client, keys: Keys, home: int, hashed: str, proposed: str) -> str:
    args: list[Arg] = [keys.prefix(home), home, hashed, proposed]
    found = client.run("label", [keys.vault(home, hashed)], args)
    return str(found.decode())


def identify(client: Client, keys: Keys, home: int, arrival: Append, named: NamedId) -> int:
    """Make a visitor and whom an event names one; how many records that added.

    Args:
        client: of the store.
        keys: of the installation.
        home: partition in which the visitor is at home.
        arrival: the event, of a visitor by hash or by subject.
        named: the other id.
    """
    event = arrival.record
    if not isinstance(event, Event):
        raise TypeError(f"a {event.kind} identifies nobody")
    subject = event.subject
    if arrival.visitor_hash:
        subject = _subject(client, keys, home, arrival.visitor_hash, subject)
    label = label_of(client, keys, named)
    one, other = Home(subject, home), Home(label, named.home)
    _note(client, keys, other, book_notes(named, label))
    if any(_seen(client, keys, of, event) for of in (one, other)):
        return 0
    stays, linked = link(client, keys, one, other, event)
    if linked:
        return 1
    if any(_seen(client, keys, of, event) for of in (one, other)):
        return 0  # the same call, made twice at the same time
    said = replace(event, subject=stays.subject)
    return append_followed(client, keys, {stays.partition: [Append("", said)]}, closes=True)


def _note(client: Client, keys: Keys, home: Home, notes: Sequence[VaultEntry]) -> None:
    """Write into a book before anything is said: whoever repeats the call is told it is done."""
    true = root_of(client, keys, home) if notes else home
    for note in notes:
        client.call("HSET", keys.numbers(true.partition, true.subject), note.field, note.value)


def _seen(client: Client, keys: Keys, of: Home, event: Event) -> bool:
    """Whether the event was appended before, to whom either id belonged then."""
    seen = keys.seen(of.partition, of.subject)
    return client.call("ZSCORE", seen, digest_of(event)) is not None


def link(client: Client, keys: Keys, one: Home, other: Home, event: Event) -> tuple[Home, bool]:
    """Make two subjects one visitor and append the event that says so; twice is as good as once.

    Args:
        client: of the store.
        keys: of the installation.
        one: a subject.
        other: another one.
        event: `identified`; its subject and where it goes are filled in.

    Returns:
        The one that stays, and whether the event was appended: not where they were one before.
    """
    while True:
        one, other = root_of(client, keys, one), root_of(client, keys, other)
        if one.subject == other.subject:
            return one, False
        stays, leaves = sorted((one, other), key=lambda home: home.subject)
        _list(client, keys, stays, leaves)
        _copy(client, keys, leaves, stays)
        into, *book = _linked(client, keys, leaves, stays, event)
        _write(client, keys, stays, *book)
        if into == _place(stays):
            return stays, True
        # Somebody else said at the same time into whom it went.


def _linked(client: Client, keys: Keys, leaves: Home, stays: Home, event: Event) -> list[Reply]:
    p = leaves.partition
    fields = {**event.fields, INTO: stays.subject, PARTITION: stays.partition}
    said = replace(event, subject=leaves.subject, fields=fields)
    memory = int(EVENT_MEMORY * 1000)
    args: list[Arg] = [
        keys.prefix(p),
        leaves.subject,
        _place(stays),
        digest_of(event),
        encode(said),
        memory,
    ]
    into, numbers, texts = client.run("link", [keys.journal(p), keys.seq(p)], args)
    return [into.decode(), numbers, texts]


def _place(home: Home) -> str:
    return f"{home.partition} {home.subject}"


def _list(client: Client, keys: Keys, stays: Home, leaves: Home) -> None:
    """Note whom the one that stays was known as: forgetting them forgets all."""
    person = keys.person(stays.partition, stays.subject)
    client.call("HSET", person, f"s:{leaves.subject}", leaves.partition)


def _copy(client: Client, keys: Keys, leaves: Home, stays: Home) -> None:
    of = leaves.partition, leaves.subject
    books = (client.call("HGETALL", name(*of)) for name in (keys.numbers, keys.texts))
    _write(client, keys, stays, *books)


def _write(client: Client, keys: Keys, stays: Home, numbers: Reply, texts: Reply) -> None:
    of = stays.partition, stays.subject
    for name, book in ((keys.numbers(*of), numbers), (keys.texts(*of), texts)):
        flat = [x for pair in book.items() for x in pair] if isinstance(book, dict) else book
        if flat:
            client.call("HSET", name, *flat)
