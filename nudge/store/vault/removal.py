"""Removal of a person's entries from the vault. Each step is idempotent."""

from __future__ import annotations

from dataclasses import dataclass

from nudge.domain.identity.sealing import Home
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys


@dataclass(frozen=True)
class Removal:
    """Removal of a person's entries from the vault, a key at a time."""

    client: Client
    keys: Keys

    def remove_books(self, home: Home) -> int:
        """Remove a subject's numbers, texts, standing decisions, offers, grants and event ids.

        Returns:
            How many texts there were.
        """
        p, subject = home.partition, home.subject
        texts = int(self.client.call("HLEN", self.keys.texts(p, subject)))
        keys = self.keys
        books = (keys.numbers, keys.texts, keys.assigned, keys.offered, keys.granting, keys.seen)
        self.client.call("DEL", *(key(p, subject) for key in books))
        return texts

    def remove_entry(self, home: Home) -> None:
        """Remove the entry that leads from a hashed id to its subject."""
        self.client.call("DEL", self.keys.vault(home.partition, home.subject))

    def remove_person(self, home: Home) -> None:
        """Remove the list of a subject's ids, and the subject it was merged into."""
        self.client.call("DEL", self.keys.person(home.partition, home.subject))
