"""Texts of visitors in the vault, read for many events at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys


@dataclass(frozen=True)
class VisitorTexts:
    """The reader of texts, sealed as they are kept."""

    client: Client
    keys: Keys

    def read(self, partition: int, wanted: Sequence[tuple[str, str]]) -> list[bytes | None]:
        """Read texts of one partition; None where one was erased, or moved to another visitor.

        Args:
            partition: of the visitors.
            wanted: subject and name of each text.
        """
        if not wanted:
            return []
        names = [self.keys.texts(partition, subject) for subject, _ in wanted]
        found = self.client.run("read_texts", names, [name for _, name in wanted])
        return [value or None for value in found]
