"""Places of texts that visitors wrote: the vault holds them, encrypted, and the journal none."""

from __future__ import annotations

from typing import NamedTuple

from nudge.domain.journal.event import text_name
from nudge.domain.journal.records import Source


class TextRef(NamedTuple):
    """The place of a text.

    Attributes:
        partition: of the visitor.
        subject: who wrote it.
        source: of the event with which it came.
        event_id: of that event.
        is_low: whether the score beside it is low.
    """

    partition: int
    subject: str
    source: Source
    event_id: str
    is_low: bool

    @property
    def name(self) -> str:
        """Name of the text in the visitor's book, under which it is sealed, too."""
        return text_name(self.source, "feedback", self.event_id)
