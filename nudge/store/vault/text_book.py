"""The texts that visitors wrote, read for many of them at once: encrypted, as they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from typing import NamedTuple

from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

PART = 1_000
"""Texts that are asked for together, so that memory stays bounded."""


class TextPlace(NamedTuple):
    """The place of a text in the vault.

    Attributes:
        partition: of the visitor.
        subject: who wrote it.
        name: of the text among that visitor's.
    """

    partition: int
    subject: str
    name: str


@dataclass(frozen=True)
class TextBook:
    """The texts of visitors."""

    client: Client
    keys: Keys

    def read(self, places: Iterable[TextPlace]) -> Iterator[bytes | None]:
        """Yield each text, encrypted; None for one that was erased, moved or never kept.

        Args:
            places: where they are kept, in any order; those of one partition that follow each other
                take one call for a thousand.

        Raises:
            StoreAwayError: no answer.
        """
        for partition, some in groupby(places, lambda place: place.partition):
            while part := list(islice(some, PART)):
                keys = [self.keys.texts(partition, place.subject) for place in part]
                found = self.client.run("read_texts", keys, [place.name for place in part])
                yield from (text or None for text in found)
