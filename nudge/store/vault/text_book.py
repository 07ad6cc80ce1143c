"""The texts that visitors wrote, read for many of them at once: encrypted, as they are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from nudge.domain.care.experience.text_ref import TextRef
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

PART = 1_000
"""Visitors whose texts are asked for together, so that memory stays bounded."""


@dataclass(frozen=True)
class TextBook:
    """The texts of visitors."""

    client: Client
    keys: Keys

    def read(self, refs: Sequence[TextRef]) -> Iterator[bytes | None]:
        """Yield each text, encrypted; None for one that was erased or never kept.

        Args:
            refs: where they are kept, in any order; those of one visitor that follow each other
                take one call.

        Raises:
            StoreAwayError: no answer.
        """
        groups = [(home, list(some)) for home, some in groupby(refs, lambda ref: ref[:2])]
        for start in range(0, len(groups), PART):
            part = groups[start : start + PART]
            calls = [([self.keys.texts(*home)], [ref.name for ref in some]) for home, some in part]
            for reply in self.client.run_each("read_texts", calls):
                yield from reply
