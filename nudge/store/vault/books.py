"""Walks through the vault's books: the numbers and the texts of everybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nudge.domain.people.numbers import LAST
from nudge.store.wire.client import Arg, Client
from nudge.store.wire.keys import Keys


@dataclass(frozen=True)
class SealedEntry:
    """One cipher of a book.

    Attributes:
        key: of the book.
        field: of the cipher in the book: `<device>:<label>` or an event's id.
        about: to whom or what it belongs, as the vault's seal wants it.
        cipher: the sealed number or text.
    """

    key: str
    field: str
    about: str
    cipher: bytes


def numbers(client: Client, keys: Keys) -> Iterator[SealedEntry]:
    """Every number of everybody: a walk over every key there is.

    Raises:
        StoreAwayError: no answer.
    """
    for key, field, cipher in _fields(client, keys, "numbers"):
        device = field.partition(":")[0]
        if device != LAST:
            yield SealedEntry(key, field, device, cipher)


def texts(client: Client, keys: Keys) -> Iterator[SealedEntry]:
    """Every text of everybody: a walk over every key there is.

    Raises:
        StoreAwayError: no answer.
    """
    for key, field, cipher in _fields(client, keys, "texts"):
        yield SealedEntry(key, field, field, cipher)


def replace(client: Client, sealed: SealedEntry, cipher: bytes) -> bool:
    """Put another cipher in the place of one, unless it has changed or gone; whether it was put."""
    args: list[Arg] = [sealed.field, sealed.cipher, cipher]
    return bool(client.run("replace", [sealed.key], args))


def remove_number(client: Client, sealed: SealedEntry) -> None:
    """Take a number out of its book, and with it that it was typed last."""
    device, label = sealed.field.split(":", 1)
    client.run("take_out", [sealed.key], [sealed.field, f"{LAST}:{device}", f"{label} "])


def _fields(client: Client, keys: Keys, family: str) -> Iterator[tuple[str, str, bytes]]:
    for key in client.scan(f"{keys.namespace}:{{p*}}:{family}:*"):
        for field, cipher in client.call("HGETALL", key).items():
            yield key, field.decode(), cipher
