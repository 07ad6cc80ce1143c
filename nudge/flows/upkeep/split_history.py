"""The records of the subjects that a split concerns, read once and then only further."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from nudge import clock
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.journal.records import JournalEntry
from nudge.domain.people.merging import merge_states
from nudge.domain.people.parting import ReadLimits
from nudge.domain.people.visitor import VisitorState
from nudge.errors import StoreAwayError
from nudge.lake.files.history import History
from nudge.store.store import Store

LOOK: Final = 0.01

Tell = Callable[[int], object]
"""Is told how many entries were read."""


class FoldBehindError(StoreAwayError):
    """The fold `attribute` has not read the journal: what it would still write is not known."""

    code = "fold_behind"


@dataclass
class SplitHistory:
    """The records of some subjects, from lake and journal.

    Attributes:
        subjects: whose records are kept.
        partitions: of these subjects.
        root: partition of the subject that all had become.
        patience: seconds to wait for the fold.
        tell: see `Tell`.
        entries: read so far.
        read: partition -> last position that was read.
    """

    store: Store
    history: History
    subjects: frozenset[str]
    partitions: frozenset[int]
    root: int
    patience: float
    tell: Tell
    entries: list[JournalEntry] = field(default_factory=list)
    read: dict[int, int] = field(default_factory=dict)

    def further(self) -> ReadLimits:
        """Read on to the journal's end; return up to where records count.

        Whatever the fold sends for a record within the limits has arrived at the root before the
        root's own limit.

        Raises:
            FoldBehindError: no worker runs, or it has much to do.
            JournalGapError: neither lake nor journal holds a position.
        """
        limits = self._ends()
        self._wait(limits)
        written = self._ends()
        self._wait(written)
        root = self.store.journal.last_position(self.root)
        for p in self.partitions:
            self._read(p, max(written[p], root) if p == self.root else written[p])
        return ReadLimits(limits, root)

    def opening(self, subjects: Iterable[str]) -> VisitorState:
        """Return the state of subjects of which the lake has no records any more, as one."""
        wanted = set(subjects)
        state = VisitorState()
        for p in self.partitions:
            for _, one in sorted(self.history.opening(p).states_of(wanted).items()):
                state = merge_states(state, one.having(into=None))
        return state

    def _ends(self) -> dict[int, int]:
        return {p: self.store.journal.last_position(p) for p in self.partitions}

    def _wait(self, ends: dict[int, int]) -> None:
        until = clock.monotonic() + self.patience
        for p, end in ends.items():
            while self.store.folds.position_of(p, FoldName.ATTRIBUTE) < end:
                if clock.monotonic() > until:
                    text = f"attribute has not read partition {p} yet"
                    raise FoldBehindError(f"{text}; start `nudge work`, and do it again")
                clock.sleep(LOOK)

    def _read(self, partition: int, upto: int) -> None:
        after = self.read.get(partition)
        if after is None:
            after = self.history.opening(partition).position
        read = 0
        for entry in self.history.entries(partition, after, upto):
            read += 1
            if entry.record.subject in self.subjects:
                self.entries.append(entry)
        self.read[partition] = max(after, upto)
        self.tell(read)
