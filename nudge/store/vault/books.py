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


@dataclass(frozen=True)
class Books:
    """Books of the vault: a walk through every number and every text.

    Attributes:
        client: of the store.
        keys: of the installation.
    """

    client: Client
    keys: Keys

    def numbers(self) -> Iterator[SealedEntry]:
        """Every number of everybody: a walk over every key there is.

        Raises:
            StoreAwayError: no answer.
        """
        for key, field, cipher in self._fields("numbers"):
            device = field.partition(":")[0]
            if device != LAST:
                yield SealedEntry(key, field, device, cipher)

    def texts(self) -> Iterator[SealedEntry]:
        """Every text of everybody: a walk over every key there is.

        Raises:
            StoreAwayError: no answer.
        """
        for key, field, cipher in self._fields("texts"):
            yield SealedEntry(key, field, field, cipher)

    def replace(self, sealed: SealedEntry, cipher: bytes) -> bool:
        """Replace a cipher unless it has changed or gone; return whether it was replaced."""
        args: list[Arg] = [sealed.field, sealed.cipher, cipher]
        return bool(self.client.run("replace", [sealed.key], args))

    def remove_number(self, sealed: SealedEntry) -> None:
        """Take a number out of its book, and with it that it was typed last."""
        device, label = sealed.field.split(":", 1)
        self.client.run("take_out", [sealed.key], [sealed.field, f"{LAST}:{device}", f"{label} "])

    def _fields(self, family: str) -> Iterator[tuple[str, str, bytes]]:
        for key in self.client.scan(f"{self.keys.namespace}:{{p*}}:{family}:*"):
            for field, cipher in self.client.call("HGETALL", key).items():
                yield key, field.decode(), cipher
