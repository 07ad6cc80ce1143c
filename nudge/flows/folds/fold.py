"""A fold: a consumer of the journal whose state can be thrown away and rebuilt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from nudge.domain.journal.records import JournalEntry
from nudge.store.folds.folds import Commit

S = TypeVar("S")


class Fold(Protocol[S]):
    """A function from entries to commits, with a state of its own for each partition."""

    @property
    def name(self) -> str:
        """Of the fold: part of its keys."""
        ...

    @property
    def batch(self) -> int:
        """Most entries of one commit."""
        ...

    def prepare(self, partition: int) -> S:
        """The fold's own state as of its committed position."""
        ...

    def handle(self, partition: int, state: S, entries: Sequence[JournalEntry]) -> tuple[S, Commit]:
        """What a batch comes to: the state behind it, and what is to be committed."""
        ...
