"""A walk through the vault's books: the numbers and the texts of all visitors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nudge.domain.prefill.numbers import LAST
from nudge.store.wire.client import Arg, Client
from nudge.store.wire.keys import Keys


@dataclass(frozen=True)
class SealedEntry:
    """A cipher in one of the vault's books.

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
    """Books of the vault: a walk through every number and every text."""

    client: Client
    keys: Keys

    def numbers(self) -> Iterator[SealedEntry]:
        """Yield every number of every visitor: a walk over all keys.

        Raises:
            StoreAwayError: no answer.
        """
        for key, field, cipher in self._fields("numbers"):
            device = field.partition(":")[0]
            if device != LAST:
                yield SealedEntry(key, field, device, cipher)

    def texts(self) -> Iterator[SealedEntry]:
        """Yield every text of every visitor: a walk over all keys.

        Raises:
            StoreAwayError: no answer.
        """
        for key, field, cipher in self._fields("texts"):
            yield SealedEntry(key, field, field, cipher)

    def replace(self, sealed: SealedEntry, cipher: bytes) -> bool:
        """Replace a cipher if it is still there unchanged; return whether it was replaced."""
        args: list[Arg] = [sealed.field, sealed.cipher, cipher]
        return bool(self.client.run("replace", [sealed.key], args))

    def remove_number(self, sealed: SealedEntry) -> None:
        """Remove a number from its book, and the note that it was typed last."""
        device, label = sealed.field.split(":", 1)
        self.client.run("take_out", [sealed.key], [sealed.field, f"{LAST}:{device}", f"{label} "])

    def _fields(self, family: str) -> Iterator[tuple[str, str, bytes]]:
        for key in self.client.scan(f"{self.keys.namespace}:{{p*}}:{family}:*"):
            for field, cipher in self.client.call("HGETALL", key).items():
                yield key, field.decode(), cipher
