"""Tail of the journal: what one fold has read is not read and decoded again for the next."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import Final

from nudge.domain.journal.records import JournalEntry
from nudge.store.journal.journal import Journal
from nudge.store.store import Store

MOST: Final = 40_000
"""Entries of one partition that stay in memory."""
_PLACE: Final = attrgetter("position")


@dataclass(frozen=True)
class JournalTail(Journal):
    """The journal of a process whose folds read the same entries one behind the other.

    Attributes:
        tails: partition -> its last entries.
    """

    tails: dict[int, list[JournalEntry]] = field(default_factory=dict)

    def read(self, partition: int, after: int, count: int) -> list[JournalEntry]:
        """Read entries behind position `after`, as `Journal.read` does."""
        tail = self.tails.setdefault(partition, [])
        if tail and after < tail[0].position - 1:
            return super().read(partition, after, count)
        first = bisect_right(tail, after, key=_PLACE)
        if len(tail) - first < count:
            last = tail[-1].position if tail else after
            tail += super().read(partition, last, count - (len(tail) - first))
        end = min(first + count, len(tail))
        while 0 < end < len(tail) and tail[end].position == tail[end - 1].position:
            end += 1  # a record of many is whole
        found = tail[first:end]
        del tail[: max(0, len(tail) - MOST)]
        return found


class FoldStore(Store):
    """The store of that process."""

    @cached_property
    def journal(self) -> Journal:
        """The journal, whose last entries stay in memory."""
        return JournalTail(self.client, self.keys)
