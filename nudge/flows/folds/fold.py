"""A fold: a consumer of the journal whose state can be thrown away and rebuilt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from nudge.domain.journal.records import JournalEntry
from nudge.store.folds.folds import Commit

S = TypeVar("S")


class Fold(Protocol[S]):
    """A fold: a function from journal entries to commits, with a state for each partition."""

    @property
    def name(self) -> str:
        """The fold's name, a part of its keys."""
        ...

    @property
    def batch(self) -> int:
        """The most entries of one commit."""
        ...

    def prepare(self, partition: int) -> S:
        """Read the fold's own state as of its committed position."""
        ...

    def handle(self, partition: int, state: S, entries: Sequence[JournalEntry]) -> tuple[S, Commit]:
        """Return the state behind a batch, and the commit that it makes."""
        ...
